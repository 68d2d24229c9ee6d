"""Getting one or a few recordings now: finding them, and fetching each into a plain file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from archiver import zone
from archiver.catalog.numbers import digits, ends
from archiver.download.http import Media
from archiver.errors import UsageError
from archiver.facts import Facts
from archiver.outcomes import Judgement, Tolerance
from archiver.portal.client import Client
from archiver.portal.paging import Ask, Listed, walk
from archiver.portal.survey import drive
from archiver.recordings import RecordingId, Report, Row
from archiver.run.fetching import Fetching
from archiver.run.links import Links
from archiver.run.opening import Opening
from archiver.run.pull import list_slices
from archiver.windows import Window

AROUND_S = 5
"""A version 1 id and its row's time agree to the second; this much is looked at around it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; everything that is given must fit.

    ``number`` in any usual form; ``agent`` is any part of the name, whatever its case.
    """

    ids: tuple[RecordingId, ...] = ()
    number: str | None = None
    agent: str | None = None
    window: Window | None = None

    def fits(self, row: Row) -> bool:
        """Whether a row is wanted, by its id, its numbers and its agent."""
        by_id = not self.ids or row.id in self.ids
        numbers = [str(row.fields.get(name) or "") for name in ("call_from", "call_to")]
        by_number = self.number is None or any(same_number(self.number, n) for n in numbers)
        agent = str(row.fields.get("agent") or "").casefold()
        by_agent = self.agent is None or self.agent.casefold() in agent
        return by_id and by_number and by_agent


def same_number(one: str, other: str) -> bool:
    """Whether two numbers in any usual form are the same, one perhaps without its prefix."""
    return digits(one) in ends(other) or digits(other) in ends(one)


def find(client: Client, opening: Opening, wanted: Wanted) -> tuple[Listed, ...]:
    """Find what is wanted at the portal, in as few requests as it allows.

    An id of version 1 dates itself; other ids need a window. Raises :class:`UsageError` when there
    is nothing to look in.
    """
    seen = [listed for listed in opening.listed if wanted.fits(listed.row)]
    missing = set(wanted.ids) - {listed.row.id for listed in seen}
    if wanted.ids and not missing:
        return tuple(seen)
    found = {listed.row.id: listed for listed in seen}
    if wanted.window is not None:
        found |= _in_window(client, opening, wanted, wanted.window)
    else:
        for id_ in sorted(missing):
            found |= _around(client, opening, wanted, _own_window(id_, opening))
    window = wanted.window
    return tuple(
        listed
        for listed in found.values()
        if window is None or listed.row.at is None or listed.row.at in window
    )


def _around(
    client: Client, opening: Opening, wanted: Wanted, window: Window
) -> dict[RecordingId, Listed]:
    """Look at a few seconds: one request, where the portal honours times of day."""
    ask = Ask.first(Report.RECORDINGS, window)
    walked = drive(walk(ask, opening.manners(), most=1), client.fetch)
    found = {id_: listed for id_, listed in walked.listed.items() if wanted.fits(listed.row)}
    return found or _in_window(client, opening, wanted, window)


def _in_window(
    client: Client, opening: Opening, wanted: Wanted, window: Window
) -> dict[RecordingId, Listed]:
    """Look through a proven listing."""
    return {
        listed.row.id: listed
        for listing in list_slices(client, Report.RECORDINGS, window, opening.manners())
        for listed in listing.listed
        if wanted.fits(listed.row)
    }


def _own_window(id_: RecordingId, opening: Opening) -> Window:
    moment = zone.moment(id_)
    if moment is None:
        raise UsageError(
            f"The id {id_} does not tell when it was made.", advice="Give its day: --day DATE."
        )
    local = moment + timedelta(minutes=opening.offset.minutes)
    return Window.around(local.replace(tzinfo=None), AROUND_S)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches and judges single recordings, with fresh links as they are needed."""

    client: Client
    media: Media
    opening: Opening
    measure: Callable[[Path], Facts]
    judge: Callable[[Facts, int | None, Tolerance], Judgement]
    tolerance: Tolerance

    def fetch(self, listed: Listed, file: BinaryIO, path: Path) -> tuple[Facts, Judgement]:
        """Fetch into ``file``, which lies at ``path``; return what it is.

        Raises what :class:`archiver.run.fetching.Fetching` raises.
        """
        links = Links(
            (listed,),
            fetch=self.client.fetch,
            manners=self.opening.manners(),
            now=self.client.now,
        )
        Fetching(listed.row, links, self.media).into(file)
        file.flush()
        facts = self.measure(path)
        return facts, self.judge(facts, listed.row.reported_ms, self.tolerance)
