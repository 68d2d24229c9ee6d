"""Rows that must be listed: without them an empty answer means nothing. Pure.

A date that the portal can't read means *now*, and a token that has lost its right is told that
there is nothing, under HTTP 200. Either way every day is empty. So an empty answer is believed only
once, in the same run, the same form of filter has listed a row that is known to be there: one that
the archive holds, or where it holds none, one of the unfiltered first page. And a filter that does
not list what that page shows of a window lists something else than was asked for.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.domain.recordings import RecordingId, Row
from archiver.domain.times.window import DAY, Window

MOST_SHOWN = 15


class Witness(Struct, frozen=True):
    """A row that must be listed: its id and its portal time."""

    id: RecordingId
    at: datetime


@dataclass(slots=True)
class Witnesses:
    """What a run knows of rows that must be listed, both newest first.

    ``held`` are of the archive: a few, of several days, as the portal may delete any of them.
    ``shown`` are of the unfiltered first page, and ``is_bare`` tells that it had no row at all.
    Where that page came newest first, it showed all that is newer than ``shown_from``.
    ``is_denied`` tells that all of ``held`` were asked for and none was listed.
    """

    held: tuple[Witness, ...] = ()
    shown: tuple[Witness, ...] = ()
    is_bare: bool = False
    shown_from: datetime | None = None
    is_heard: bool = field(default=False, init=False)
    is_denied: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        newest_first = sorted(self.shown, key=lambda each: each.at, reverse=True)
        self.shown = tuple(newest_first[:MOST_SHOWN])
        if self.shown_from is not None and self.shown:
            self.shown_from = max(self.shown_from, self.shown[-1].at)
        self.hear({each.id for each in self.shown})

    def hear(self, ids: Collection[RecordingId]) -> bool:
        """Take in ids that were listed; return whether they are proof of what the token may see."""
        if any(each.id in ids for each in self.held):
            self.is_heard = True
            return True
        return not self.held and any(each.id in ids for each in self.shown)

    def lacking(self, window: Window, ids: Collection[RecordingId]) -> tuple[Witness, ...]:
        """Return what is shown without a filter, lies in a window, and is not among its ``ids``.

        A row in the fractions of the last second lies behind the window's end, and tells nothing.
        """
        return tuple(
            each
            for each in self.shown
            if window.first <= each.at < window.last and each.id not in ids
        )

    def show_all_of(self, window: Window) -> bool:
        """Whether all rows of a window were among those that the unfiltered first page showed.

        Of rows of the oldest second on that page, some may be on the next.
        """
        return self.shown_from is not None and self.shown_from < window.first

    def show(self, rows: Collection[Row], *, are_all: bool) -> None:
        """Take in what the unfiltered first page shows by now, be it all that there is.

        What is older than all of its rows may have been pushed off it; the rest is deleted. A page
        without any row tells of no deletion.
        """
        if not rows:
            return
        ids = {row.id for row in rows}
        times = [row.at for row in rows if row.at is not None]
        reaches_to = min(times, default=None)
        self.shown = tuple(
            each
            for each in self.shown
            if each.id in ids or not (are_all or (reaches_to and each.at > reaches_to))
        )

    @property
    def are_contradicted(self) -> bool:
        """Whether the portal lists nothing of what the archive holds."""
        return bool(self.held) and self.is_denied and not self.is_heard

    @property
    def surest(self) -> Witness | None:
        """The row that the portal itself has shown, and of those one that is held, if any is."""
        held = {each.id for each in self.held}
        both = (each for each in self.shown if each.id in held)
        return next(both, next(iter(self.shown), None))

    @property
    def nearest_to_midnight(self) -> Witness | None:
        """The row that the portal has shown and that a filter of whole days loses soonest."""
        return min(self.shown, key=_from_midnight, default=None)

    @property
    def in_turn(self) -> Iterator[Witness]:
        """Those to ask for, one after the other, until one vouches.

        One that is shown tells at once whether the filter works.
        """
        surest = self.surest
        if surest is not None and surest.id in {each.id for each in self.held}:
            yield surest
            return
        yield from self.held[:1]
        if surest is not None:
            yield surest
        yield from self.held[1:]

    @property
    def silence(self) -> str:
        """Say why an empty answer is not believed."""
        if self.held:
            return "empty, and the portal lists nothing of what the archive holds"
        if self.is_bare:
            return "the portal lists nothing at all, as it would for a token without rights"
        return "empty, and no known row to test the filter with"


def _from_midnight(row: Witness) -> timedelta:
    since = timedelta(hours=row.at.hour, minutes=row.at.minute, seconds=row.at.second)
    return min(since, DAY - since)
