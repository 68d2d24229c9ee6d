"""What an archive knows of a request: audio, what it has none of, what is erased, what may fit.

Only the first can be given. The rest is as much a part of the answer: whoever asks for all calls of
a day must learn of each that is not among the files.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.catalog.questions.search_sql import Found
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.domain.row.identity import aliases, goes_by
from archiver.domain.times.window import Window
from archiver.filters.filters import Filters, NumberPattern, Standing
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState


class Archived(Struct, frozen=True):
    """Where a recording stands in the archive, with what its sidecar tells a person."""

    known: RecordingState
    reported_ms: int | None = None
    who: str = ""

    @property
    def id(self) -> RecordingId:
        """Its id."""
        return self.known.id

    @property
    def at(self) -> datetime | None:
        """Its portal time."""
        return self.known.at

    @property
    def audio(self) -> ArchivedFile | None:
        """The audio that can be given: what is held, or what is in quarantine only."""
        return self.known.audio

    @property
    def is_good(self) -> bool:
        """Whether its audio was found to be what the portal said."""
        return self.known.held

    @property
    def is_erased(self) -> bool:
        """Whether it was erased or disposed of, or that has begun."""
        return self.known.outcome is Outcome.ERASED

    @property
    def state(self) -> str:
        """What is to be known of it before it is taken: nothing, if it is good."""
        return "" if self.is_good else str(self)

    @property
    def refused(self) -> ArchivedFile | None:
        """A newer version that is in quarantine, beside what is held."""
        return self.known.refused_audio

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why a person must look at it though it is held, if that is so, in words."""
        known = self.known
        is_doubtful = known.held and known.is_open and (known.concerns or known.refused_audio)
        return (known.reasons or (str(known.kind),)) if is_doubtful else ()

    def __str__(self) -> str:
        """Say where it stands: ``archived``, ``quarantined (truncated)``, ``gone``."""
        known = self.known
        if known.held:
            return "archived"
        verdict = f" ({known.verdict})" if known.verdict else ""
        return f"{known.outcome}{verdict}{', accepted' if known.accepted else ''}"


class SearchAnswer(Struct, frozen=True):
    """What an archive answers to a search: ``untold`` may fit, as nothing tells its numbers.

    What is ``erased`` is in no other of these: nothing tells its numbers, on purpose.
    ``unfit`` has a wanted id, and is said to have another number, agent or time than was asked for.
    """

    given: tuple[Archived, ...]
    absent: tuple[Archived, ...]
    erased: tuple[Archived, ...] = ()
    untold: tuple[Archived, ...] = ()
    unfit: tuple[Archived, ...] = ()


def by_id(catalog: Catalog, ids: Sequence[str], also: Filters) -> SearchAnswer:
    """Return what the archive knows of these ids; ``also`` is what is asked of them besides."""
    known = catalog.recordings.many(ids)
    every = {each: Archived(known[RecordingId(each)]) for each in ids if each in known}
    if also.is_empty or not every:
        return _divided([*every.values()])
    wanted = replace(also, ids=tuple(every))
    erased = {each.id for each in every.values() if each.is_erased}
    fit = erased.union(row.id for row in catalog.filtered.matching(wanted))
    untold = {row.id for row in catalog.filtered.untold(wanted)} - erased
    return replace(
        _divided([each for id_, each in every.items() if id_ in fit | untold]),
        untold=tuple(each for id_, each in every.items() if id_ in untold),
        unfit=tuple(each for id_, each in every.items() if id_ not in fit | untold),
    )


def whole(catalog: Catalog, ids: Iterable[str]) -> list[str]:
    """Return what is meant by ids, as far as the archive knows it; the others as they were given.

    Of an id that the portal gives to several recordings, each of them is meant. Raises
    :class:`UsageError` for the beginning of several ids.
    """
    each_once: dict[str, None] = {}
    for each in ids:
        found = catalog.filtered.meant(each)
        each_once |= dict.fromkeys(found) if found else {each: None}
    return [*each_once]


def matching(
    catalog: Catalog,
    numbers: Sequence[NumberPattern],
    agents: Sequence[str],
    window: Window | None,
) -> SearchAnswer:
    """Return what the archive knows that matches one of the numbers, one of the agents, a time."""
    first, last = (window.first, window.last) if window else (None, None)
    found = _stand(catalog, [*catalog.search.find(numbers, agents, first, last)])
    if not (numbers or agents):
        erased = catalog.filtered.matching(Filters(window=window, standings=(Standing.ERASED,)))
        return _divided([*found, *map(_of_row, erased)])
    filters = Filters(numbers=tuple(numbers), agents=tuple(agents), window=window)
    known = {each.id for each in found}
    untold = [each for each in catalog.filtered.untold(filters) if each.id not in known]
    return replace(_divided(found), untold=tuple(map(_of_row, untold)))


def erased_of(catalog: Catalog, served: str) -> Archived | None:
    """Return what is erased and goes by this id as served, if anything does.

    Where the portal gives one id to several recordings, its row does not tell which of them it is.
    """
    return next((each for each in going_by(catalog, served) if each.is_erased), None)


def going_by(catalog: Catalog, served: str) -> list[Archived]:
    """Return what the archive knows that goes by this id as served."""
    start, _ = aliases(served)
    known = catalog.recordings.many([served, *catalog.search.beginning_with(start)])
    return [Archived(each) for each in known.values() if goes_by(each.id, served)]


def _of_row(row: FoundRow) -> Archived:
    who = " to ".join(each for each in (row.caller, row.called) if each)
    return Archived(row.state, row.reported_ms, who)


def _stand(catalog: Catalog, found: Sequence[Found]) -> list[Archived]:
    known = catalog.recordings.many(each.id for each in found)
    return [Archived(known[each.id], each.reported_ms, " to ".join(each.numbers)) for each in found]


def _divided(every: Sequence[Archived]) -> SearchAnswer:
    return SearchAnswer(
        tuple(each for each in every if each.audio is not None),
        tuple(each for each in every if each.audio is None and not each.is_erased),
        tuple(each for each in every if each.is_erased),
    )
