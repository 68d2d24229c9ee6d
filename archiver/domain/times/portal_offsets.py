"""What the portal's clock was ahead of UTC at a moment, as rows near it show. Pure.

Clocks change twice a year, so the offset of today says nothing of another half of the year: the
rows before a moment and those after it do. Where both show the same, it was the same between them.

>>> rows = [(datetime(2019, 6, 11, 6, 4, 21), "c136768e-8c0e-11e9-b795-6c2b59c79f5a")]
>>> nearest(rows, rows, datetime(2019, 6, 11, 6))
Nearest(before=(), after=(0,))
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct

from archiver.domain.times.portal_zone import Offset, own_offset
from archiver.domain.times.portal_zone import moment as made_at

OffsetsAt = Callable[[datetime], tuple[int, ...]]
"""Tells the minutes east of UTC that the portal may have had at a moment of UTC, given naive."""
ENOUGH = 2
"""So many rows on either side tell it: a single one may have been dated anew."""
FAR = timedelta(days=31)
"""Rows that are further away tell nothing."""
SPREAD = timedelta(hours=14)
"""No zone is further from UTC."""


def always(minutes: int) -> OffsetsAt:
    """Return what tells the same offset of every moment."""
    return lambda _moment: (minutes,)


def clock(minutes: int) -> str:
    """Return an offset as people write it."""
    return f"UTC{Offset(minutes, 'inferred')}"


def in_words(moment: datetime, offsets: Sequence[int]) -> str:
    """Say that the portal may have had several offsets at a moment of UTC, the least first."""
    return (
        f"At {moment} UTC the portal's clock may have been anything from {clock(offsets[0])}"
        f" to {clock(offsets[-1])}"
    )


def of_several(moment: datetime, offsets: Sequence[int]) -> Iterator[str]:
    """Yield what is said of a moment that is taken for all that it may have been, if several."""
    if len(offsets) > 1:
        yield f"{in_words(moment, offsets)}: all of that is meant."


class Nearest(Struct, frozen=True):
    """The offsets that the rows next to a moment show, ``before`` it and ``after`` it."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def shown(self) -> tuple[int, ...]:
        """Each of them once, the smallest first."""
        return tuple(sorted({*self.before, *self.after}))

    @property
    def is_between(self) -> bool:
        """Whether the moment lies between rows that all show the same."""
        return bool(self.before and self.after) and len(self.shown) == 1


Times = Iterable[tuple[datetime | None, str]]
"""The portal time and the id of rows."""


def nearest(newest_first: Times, oldest_first: Times, moment: datetime) -> Nearest:
    """Return what the rows show that are next to a moment of UTC; no more than needed are read."""
    before = (
        offset for made, offset in _told(newest_first) if made <= moment and moment - made <= FAR
    )
    after = (
        offset for made, offset in _told(oldest_first) if made > moment and made - moment <= FAR
    )
    return Nearest(tuple(islice(before, ENOUGH)), tuple(islice(after, ENOUGH)))


def _told(rows: Times) -> Iterator[tuple[datetime, int]]:
    for at, id_ in rows:
        offset, made = own_offset(at, id_), made_at(id_)
        if offset is not None and made is not None:
            yield made.replace(tzinfo=None), offset
