"""Times as people type them.

Everything is portal time: naive, in whole seconds, as in :mod:`archiver.domain.times.window`. The
clock and the portal's offsets are arguments, so the same words always give the same window. A time
that is typed with an offset of its own goes by what the portal's clock showed then; where that may
have been either of two, the window has both.

>>> str(window("2019-06-11", None, None, now=datetime(2019, 6, 12, 9), offsets=always(0)))
'2019-06-11 00:00:00 to 2019-06-12 09:00:00'
>>> str(window("1d", None, None, now=datetime(2019, 6, 12, 9), offsets=always(0)))
'2019-06-11 00:00:00 to 2019-06-12 09:00:00'
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from archiver.domain.times.portal_offsets import OffsetsAt, always
from archiver.domain.times.window import DAY, EARLIEST, LATEST, SECOND, Window
from archiver.errors import UsageError

FORMS = (
    "Write 2019-06-11, 2019-06-11 06:04[:21], an ISO time with its offset, "
    "today, yesterday, 7d or 12h."
)
DAYS = "Write 2019-06-11, today, yesterday or 7d (the day that was seven days ago)."
MINUTES = "Write 05:48 beside --day, or '2019-06-11 05:48'."
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    r"(?P<time>[0-9]{1,2}:[0-9]{2}(?P<seconds>:[0-9]{2}(\.[0-9]{1,6})?)?)"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_OF_DAY = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
_AGO = re.compile(r"([0-9]{1,6})([dh])")


def window(
    since: str | None, until: str | None, day: str | None, *, now: datetime, offsets: OffsetsAt
) -> Window:
    """Return the window that was asked for.

    ``now`` is portal time and ``offsets`` tell the portal's minutes east of UTC. An end reaches to
    the end of the unit it was written in: a date means that whole day, as do ``today`` and ``7d``
    (the day that was seven days ago), a time without seconds that whole minute. Without an end the
    window ends now. Raises :class:`UsageError`.
    """
    now = now.replace(microsecond=0)
    if day is not None:
        if since is not None or until is not None:
            raise UsageError("--day stands for a whole day: leave out --since and --until.")
        return Window.day(_day(day, now))
    if since is None:
        raise UsageError("No time is given.", advice="Give --since, or --day. " + FORMS)
    first = _span(since, "--since", now, offsets).first
    last = _span(until, "--until", now, offsets).last if until is not None else now
    if last < first:
        ends = f"--until ({last})" if until is not None else f"now ({now})"
        raise UsageError(f"--since ({first}) is after {ends}, in the portal's time.")
    return Window(first, last)


def span(
    since: str | None, until: str | None, day: str | None, *, now: datetime, offsets: OffsetsAt
) -> Window | None:
    """Return the span that is meant of what there is already: either end may be left open.

    Unlike :func:`window` it does not end now: what is dated later, by whichever clock, is there
    too. ``None`` where no time is given. Raises :class:`UsageError`.
    """
    if day is not None:
        return window(since, until, day, now=now, offsets=offsets)
    if since is None and until is None:
        return None
    now = now.replace(microsecond=0)
    first = EARLIEST if since is None else _span(since, "--since", now, offsets).first
    last = LATEST if until is None else _span(until, "--until", now, offsets).last
    if last < first:
        raise UsageError(f"--since ({first}) is after --until ({last}), in the portal's time.")
    return Window(first, last)


def at(text: str, day: str | None, *, now: datetime, offsets: OffsetsAt) -> Window:
    """Return the minute or second that ``--at`` names: by itself, or as a time of ``--day``.

    Raises :class:`UsageError` for a time without a day, and for two days.
    """
    if not _OF_DAY.fullmatch(text.strip()):
        named = _span(text, "--at", now.replace(microsecond=0), offsets, MINUTES)
        if day is None:
            return named
        raise UsageError(
            "--at names a day already.",
            advice="Leave out --day, or give the time alone: --day yesterday --at 05:48.",
        )
    if day is None:
        raise UsageError(
            f"--at {text.strip()} names no day.",
            advice=f"Give it as well: --day yesterday --at {text.strip()}.",
        )
    return _span(f"{_day(day, now)} {text.strip()}", "--at", now, offsets, MINUTES)


def is_fixed(text: str) -> bool:
    """Whether ``text`` names the same moment whenever it is read, unlike 7d or yesterday."""
    text = text.strip()
    return bool(_DATE.fullmatch(text) or _MOMENT.fullmatch(text))


def with_offset(*texts: str | None) -> tuple[datetime, ...]:
    """Return the moments, in UTC and naive, of the texts that have an offset of their own.

    A text that names no time is left out: whoever reads it as a window says so.
    """
    moments: list[datetime] = []
    for text in texts:
        match = _MOMENT.fullmatch(text.strip()) if text else None
        if match and match["zone"]:
            with suppress(ValueError, OverflowError):
                moments.append(_in_utc(_read(match)))
    return tuple(moments)


def day_of(text: str, *, now: datetime, offsets: OffsetsAt) -> date:
    """Return the portal day in which what ``--since`` names begins; raises :class:`UsageError`."""
    return _span(text, "--since", now.replace(microsecond=0), offsets).first.date()


def _day(text: str, now: datetime) -> date:
    span = _span(text, "--day", now, always(0), DAYS)
    if not span.is_whole_days:
        raise UsageError(
            "--day takes a whole day.", advice=f"{DAYS} For a minute of it, get has --at 05:48."
        )
    return span.first.date()


def _span(text: str, option: str, now: datetime, offsets: OffsetsAt, advice: str = FORMS) -> Window:
    """Return the day, minute or second that ``text`` names; ``advice`` is for one that can't be."""
    text = text.strip()
    try:
        if (days := {"today": 0, "yesterday": 1}.get(text)) is not None:
            return Window.day(now.date() - days * DAY)
        if ago := _AGO.fullmatch(text):
            count = int(ago[1])
            is_days = ago[2] == "d"
            return Window.day(now.date() - count * DAY) if is_days else _hours_ago(count, now)
        if _DATE.fullmatch(text):
            return Window.day(date.fromisoformat(text))
        if moment := _MOMENT.fullmatch(text):
            return _moment(moment, offsets)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} names no such time.", advice=advice) from error
    raise UsageError(f"{option} is not a time that can be read.", advice=advice)


def _hours_ago(count: int, now: datetime) -> Window:
    return Window.around(now - timedelta(hours=count))


def _moment(match: re.Match[str], offsets: OffsetsAt) -> Window:
    at = _read(match)
    may_be = [at]
    if at.tzinfo is not None:
        utc = _in_utc(at)
        may_be = [utc + timedelta(minutes=each) for each in offsets(utc)]
    unit = timedelta() if match["seconds"] else 59 * SECOND
    return Window(min(may_be), max(may_be) + unit)


def _read(match: re.Match[str]) -> datetime:
    time = match["time"]
    two_digits = f"0{time}" if time[1] == ":" else time
    at = datetime.fromisoformat(f"{match['date']}T{two_digits}{match['zone'] or ''}")
    return at.replace(microsecond=0)


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
