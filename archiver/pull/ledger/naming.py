"""What listed rows go by: their id as served, or one of their own where that is another's.

A portal may give one id to two recordings. The one that was seen first has it; each other goes by
an alias that is made of the id and of what tells them apart. Which is which follows from what the
archive knows and from what was listed before in the same run, so a recording keeps its name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Row
from archiver.domain.row.fingerprint import (
    Mark,
    are_of_others,
    are_two,
    call_fingerprint,
    talkers,
)
from archiver.domain.row.identity import alias
from archiver.portal.proving.walk import Listed

Namesakes = Mapping[RecordingId, Mapping[RecordingId, Mark]]
"""By id as served: what goes by it, or by an alias of it, with what tells them apart."""


class _Bearer(Struct, frozen=True):
    """A recording that goes by an id, or an alias of it, and the row of it that was listed now.

    ``is_listed`` tells that this run has listed it, be it in an earlier listing.
    """

    mark: Mark
    is_listed: bool
    now: Listed | None = None

    def is_of(self, mark: Mark, row: Row) -> bool:
        """Whether a row may be of this recording.

        Of one second in one listing, different audio is not one recording's. Nor is what others
        talked at another time, where this run has listed both.
        """
        if are_of_others(self.mark, row):
            return False
        is_version = self.mark.at == mark.at and None not in {self.mark.object, mark.object}
        is_beside = self.now is not None and is_version and self.mark.object != mark.object
        return not is_beside and not are_two(self.mark, mark, at_once=self.is_listed)


def named(
    rows: Iterable[Listed], known: Namesakes, listed: Namesakes, mark_of: Callable[[Row], Mark]
) -> tuple[Listed, ...]:
    """Return rows of one listing under the ids that they go by.

    ``known`` are those of the archive, ``listed`` those of earlier listings of the run.
    """
    by_id: defaultdict[RecordingId, list[tuple[Mark, Listed]]] = defaultdict(list)
    for each in rows:
        by_id[each.row.id].append((mark_of(each.row), each))
    return tuple(
        one
        for id_, some in by_id.items()
        for one in _named(id_, some, known.get(id_, {}), listed.get(id_, {}))
    )


def undecided(known: Namesakes) -> Namesakes:
    """Return the same where only the time tells: of a call, what else is said may change."""
    return {
        id_: {name: Mark(mark.at, None) for name, mark in marks.items()}
        for id_, marks in known.items()
    }


def call_mark_of(row: Row) -> Mark:
    """Return what tells a call from others of its id: all that is said of it."""
    return Mark(row.at, call_fingerprint(row.fields))


def _named(
    served: RecordingId,
    rows: list[tuple[Mark, Listed]],
    known: Mapping[RecordingId, Mark],
    listed: Mapping[RecordingId, Mark],
) -> Iterator[Listed]:
    """Yield the rows of one id as served, each recording once.

    The rows that are most surely of one that is known come first, then those with audio.
    """
    bearers = {name: _Bearer(mark, is_listed=False) for name, mark in known.items()}
    for name, mark in listed.items():
        bearers[name] = _Bearer(_latest(mark, bearers.get(name)), is_listed=True)
    if _is_plain(rows, served, bearers):
        yield rows[0][1]
        return
    marks = [each.mark for each in bearers.values()]

    def surety(pair: tuple[Mark, Listed]) -> tuple[bool, ...]:
        likest = max((pair[0].likeness(each) for each in marks), default=(False, False))
        return *likest, pair[0].object is not None

    in_order = sorted(rows, key=lambda pair: (str(pair[0].at), str(pair[0].object)))
    for mark, each in sorted(in_order, key=surety, reverse=True):
        name = _bearer_of(mark, each.row, bearers) or _new_name(served, mark, bearers)
        bearer = bearers.get(name)
        if bearer is None or bearer.now is None:
            latest = replace(_latest(mark, bearer), talkers=talkers(each.row.fields))
            bearers[name] = _Bearer(latest, is_listed=True, now=each)
    for name, bearer in bearers.items():
        if bearer.now is not None:
            alias_of = None if name == served else served
            yield replace(bearer.now, row=replace(bearer.now.row, id=name, alias_of=alias_of))


def _is_plain(
    rows: list[tuple[Mark, Listed]], served: RecordingId, bearers: Mapping[RecordingId, _Bearer]
) -> bool:
    """Whether the only row of an id is of the only recording that goes by it, as nearly all are."""
    ((mark, only), *others) = rows
    is_only = not others and bearers.keys() <= {served}
    return is_only and all(each.is_of(mark, only.row) for each in bearers.values())


def _latest(mark: Mark, before: _Bearer | None) -> Mark:
    """Return what is known of a recording now; a row that lost its audio still is of that audio."""
    audio = mark.object or (before.mark.object if before else None)
    return Mark(mark.at, audio, mark.talkers)


def _bearer_of(mark: Mark, row: Row, bearers: Mapping[RecordingId, _Bearer]) -> RecordingId | None:
    """Return the name of the recording that a row is of, ``None`` when it is another's."""
    likely = {name: each for name, each in bearers.items() if each.is_of(mark, row)}
    same = {name: mark.likeness(each.mark) for name, each in likely.items()}
    return max(same, key=same.__getitem__, default=None)


def _new_name(
    served: RecordingId, mark: Mark, bearers: Mapping[RecordingId, _Bearer]
) -> RecordingId:
    """Return the id as served if nothing has it, else an alias by what is told apart by."""
    if served not in bearers:
        return served
    at, name = str(mark.at), mark.object or ""
    telling = [at if mark.at != bearers[served].mark.at else name]
    while (made := alias(served, *telling)) in bearers:
        telling += at, name
    return made
