"""The portal's time zone, worked out from its own data.

The portal's times carry no zone, but its ids are version 1 UUIDs (RFC 9562, section 5.1), which
hold the UTC time of their making: the difference is the offset. It is recorded for each recording
together with how it was known, and never changes a name in the archive.

>>> moment("c136768e-8c0e-11e9-b795-6c2b59c79f5a").isoformat()
'2019-06-11T06:04:21.051355+00:00'
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Literal
from uuid import RFC_4122, UUID

from msgspec import Struct

WESTMOST, EASTMOST = -12 * 60, 14 * 60
"""Minutes east of UTC of the zones in which a day begins last, and first."""
QUARTER = timedelta(minutes=15)
MOST_RESIDUAL = timedelta(seconds=120)
CHANGE_MIN = 60
"""So many minutes clocks are moved by, to summer time and back."""
_BEFORE_AND_AFTER = 2
SANE_YEARS = range(2000, 2100)
_GREGORIAN = datetime(1582, 10, 15, tzinfo=UTC)
_CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Offset(Struct, frozen=True):
    """Minutes east of UTC, and how they are known.

    ``set`` by the user, by the recording's own ``id``, ``inferred`` from the others of the run, or
    the ``default`` (UTC).
    """

    minutes: int
    source: Literal["set", "id", "inferred", "default"]

    def __str__(self) -> str:
        hours, minutes = divmod(abs(self.minutes), 60)
        return f"{'-' if self.minutes < 0 else '+'}{hours:02}:{minutes:02}"


def moment(id: str) -> datetime | None:  # noqa: A002  # the field's own word
    """Return when a version 1 UUID was made, in UTC, its 100 ns cut to microseconds.

    ``None`` for any other id, and for a year that no portal can mean.
    """
    if not _CANONICAL.fullmatch(id):
        return None
    parsed = UUID(id)
    if parsed.variant != RFC_4122 or parsed.version != 1:
        return None
    made = _GREGORIAN + timedelta(microseconds=parsed.time // 10)
    return made if made.year in SANE_YEARS else None


def own_offset(at: datetime | None, id: str) -> int | None:  # noqa: A002  # as above
    """Return the minutes from UTC that a row shows: its portal time less its id's time.

    Rounded to the quarter of an hour that every zone keeps to; ``None`` when the two are more than
    :data:`MOST_RESIDUAL` off it, or no zone is that far from UTC.
    """
    made = moment(id)
    if at is None or made is None:
        return None
    difference = at - made.replace(tzinfo=None)
    quarters = round(difference / QUARTER)
    minutes = quarters * 15
    near = abs(difference - quarters * QUARTER) <= MOST_RESIDUAL
    return minutes if near and WESTMOST <= minutes <= EASTMOST else None


def infer(pairs: Iterable[tuple[datetime | None, str]]) -> int | None:
    """Return the offset of now that dated rows show, ``None`` when they show none.

    ``pairs`` are portal time and id of each row. It is what more than half of them show, as single
    ones may be dated anew; unless clocks were changed since most of them.
    """
    told = ((moment(id_), own_offset(at, id_)) for at, id_ in pairs)
    shown = [own for made, own in sorted((m, o) for m, o in told if m and o is not None)]
    changed = _after_a_change(shown)
    if changed is not None:
        return changed
    for minutes, rows in Counter(shown).most_common(1):
        if rows * 2 > len(shown):
            return minutes
    return None


def _after_a_change(shown: list[int]) -> int | None:
    """Return what the newest show, where all before a moment show one offset, all after another.

    ``shown`` are the offsets of rows, the oldest first. One row alone is no change, nor is more
    than the hour that clocks are changed by.
    """
    runs = [(minutes, sum(1 for _ in rows)) for minutes, rows in groupby(shown)]
    if len(runs) != _BEFORE_AND_AFTER:
        return None
    (before, _), (after, rows) = runs
    return after if rows > 1 and abs(after - before) <= CHANGE_MIN else None


def offset_of(row_at: datetime | None, id: str, run_offset: Offset, *, fixed: bool) -> Offset:  # noqa: A002  # as above
    """Return the offset to record for one recording.

    ``fixed`` says that the user set ``run_offset``; otherwise the row's own id is the better
    witness, for it knows about summer time.
    """
    own = None if fixed else own_offset(row_at, id)
    return run_offset if own is None else Offset(own, "id")
