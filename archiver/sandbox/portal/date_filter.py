"""The portal's date filter, with the habits of the framework behind it.

The value is split on " - ". A side without ":" is widened, the first to 00:00:00 and the second to
23:59:59; both ends are inclusive. A side that does not parse silently becomes now.

>>> noon = datetime(2021, 4, 20, 12)
>>> first, last = understand("Apr 01, 2021 - Apr 12, 2021", noon)
>>> f"{first} to {last}"
'2021-04-01 00:00:00 to 2021-04-12 23:59:59'
"""

import re
from datetime import date, datetime, time

from archiver.sandbox.faults import FilterFaults

Span = tuple[datetime, datetime]
"""First and last second, both inclusive, on the portal's clock."""

_NONE = FilterFaults()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?"
_ENGLISH = re.compile(rf"([a-z]{{3}})[a-z]* (\d{{1,2}}),? (\d{{4}}){_TIME}", re.IGNORECASE)
_ISO = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}}){_TIME}")


def understand(value: str, now: datetime, faults: FilterFaults = _NONE) -> Span:
    """Return the span that ``value`` asks for; ``now`` is the portal's clock, naive."""
    sides = [*value.split(" - "), ""][:2]
    first = _side(sides[0], "00:00:00", now, faults)
    last = _side(sides[1], "23:59:59", now, faults)
    if faults.whole_days:
        first = datetime.combine(first, time())
        last = datetime.combine(last, time(23, 59, 59))
    return first, last


def _side(text: str, widened: str, now: datetime, faults: FilterFaults) -> datetime:
    timed = ":" in text
    if faults.dates_unreadable or (timed and faults.times_unreadable):
        return now
    return _parse(text.strip() if timed else f"{text.strip()} {widened}") or now


def _parse(text: str) -> datetime | None:
    """Read ``Apr 01, 2021 10:00:00`` or ``2021-04-01 10:00``; ``None`` for anything else."""
    if match := _ENGLISH.fullmatch(text):
        name, day, year, *clock = match.groups()
        month = _MONTHS.index(name.lower()) + 1 if name.lower() in _MONTHS else 0
    elif match := _ISO.fullmatch(text):
        year, digits, day, *clock = match.groups()
        month = int(digits)
    else:
        return None
    hour, minute, second = (int(part or 0) for part in clock)
    try:
        return datetime.combine(date(int(year), month, int(day)), time(hour, minute, second))
    except ValueError:
        return None
