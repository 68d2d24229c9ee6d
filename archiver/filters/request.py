"""Filters as people type them, and what they mean by the portal's clock. Pure.

>>> filters = FilterRequest(number=("0123", "*9001*")).read(datetime(2026, 1, 2), always(0))
>>> filters.numbers
(NumberPattern(text='0123', anywhere=False), NumberPattern(text='9001', anywhere=True))
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import fields, replace

from archiver.domain.outcomes import Verdict
from archiver.domain.row.fields import FieldNotUnderstood, length_ms
from archiver.domain.row.served_numbers import in_ascii_digits, is_number
from archiver.domain.times import time_input as times
from archiver.domain.times.portal_offsets import OffsetsAt, always
from archiver.domain.times.window import Window
from archiver.errors import UsageError
from archiver.filters.caseless import caseless
from archiver.filters.filters import Filters, Length, NumberPattern, Standing

_ANYWHERE = re.compile(r"\*([0-9]{2,20})\*")
_NUMBER_FORMS = (
    "Write it as on the telephone (+44 7700 900123), its last digits (0123), or digits in the "
    "middle between asterisks ('*9001*')."
)
_LENGTH_FORMS = "Write 90s, 1m30s, 1:30 or 1h."
Word = TypeVar("Word", bound=StrEnum)


class FilterRequest(Struct, frozen=True):
    """Which recordings are meant, in the words of whoever asks: a field for each option.

    ``ids`` are whole, the beginning of one, or the name of a file that was got or archived. A
    ``number`` is in any usual form, its last digits, or ``*digits*`` in its middle. Times are as in
    :mod:`archiver.domain.times.time_input`; ``until`` and ``day`` include their end. Several values
    of one field mean any of them, several fields all of them; ``notes`` are words that must all be
    there.
    """

    ids: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    day: str | None = None
    min_length: str | None = None
    max_length: str | None = None
    verdict: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named, so that every recording is meant."""
        return self == FilterRequest()

    @property
    def with_offset(self) -> tuple[datetime, ...]:
        """The moments, in UTC, that were typed with an offset."""
        return times.with_offset(self.since, self.until)

    @property
    def is_fixed(self) -> bool:
        """Whether the same words mean the same time tomorrow."""
        return all(times.is_fixed(text) for text in (self.since, self.until, self.day) if text)

    def within(self, window: Window) -> "FilterRequest":
        """Return the same with what a window has in place of words that move with the clock."""
        if self.day:
            return replace(self, since=f"{window.first}", until=f"{window.last}", day=None)
        since, until = _fixed(self.since, window.first), _fixed(self.until, window.last)
        return replace(self, since=since, until=until)

    def between(self, early: datetime, late: datetime) -> Iterator[Window]:
        """Yield what lies between the ends that words mean by an early clock and by a late one."""
        for since, until, day in ((self.since, None, self.day), (None, self.until, None)):
            by_early, by_late = (
                times.span(since, until, day, now=now, offsets=always(0)) for now in (early, late)
            )
            if by_early and by_late:
                yield from (*by_early.without(by_late), *by_late.without(by_early))

    def check(self, now: datetime) -> None:
        """Raise :class:`UsageError` for what can't be read, before anything is opened.

        What ``now`` is, and in which zone, is not known by then: each end of the time is looked at
        by itself.
        """
        for each in (replace(self, until=None), replace(self, since=None)):
            each.read(now, always(0))

    def read(self, now: datetime, offsets: OffsetsAt) -> Filters:
        """Return what is meant.

        ``now`` is portal time and ``offsets`` tell the portal's minutes east of UTC. Raises
        :class:`UsageError`, which names the option.
        """
        return Filters(
            ids=tuple(dict.fromkeys(_given("an id", self.ids))),
            numbers=tuple(map(number_pattern, self.number)),
            agents=_given("--agent", self.agent),
            window=times.span(self.since, self.until, self.day, now=now, offsets=offsets),
            length=_lengths(self.min_length, self.max_length),
            verdicts=_words("--verdict", Verdict, self.verdict),
            standings=_words("--outcome", Standing, self.outcome),
            statuses=_given("--status", self.status),
            services=_given("--service", self.service),
            regions=_given("--region", self.region),
            notes=tuple(
                word
                for text in _given("--notes", self.notes)
                for word in text.split()
                if caseless(word)
            ),
        )


FILTER_FIELDS = tuple(each.name for each in fields(FilterRequest))
"""The names of the options that are filters, ``ids`` among them."""


def _fixed(text: str | None, end: datetime) -> str | None:
    return text if text is None or times.is_fixed(text) else f"{end}"


def _given(option: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts; an empty one would mean anything at all, or nothing."""
    given = tuple(texts)
    if not all(map(caseless, given)):
        raise UsageError(f"{option[0].upper()}{option[1:]} is empty.", advice="Leave it out.")
    return given


def number_pattern(text: str) -> NumberPattern:
    """Return what a typed number means; raises :class:`UsageError`, naming the option."""
    typed = in_ascii_digits(text)
    if middle := _ANYWHERE.fullmatch(typed.strip()):
        return NumberPattern(middle[1], anywhere=True)
    if not (is_number(typed) and re.search("[1-9]", typed)):
        raise UsageError(
            "--number is no phone number: it has letters or signs that are no part of one, "
            "more digits, or none but zeros.",
            advice=_NUMBER_FORMS,
        )
    return NumberPattern(typed)


def _lengths(shortest: str | None, longest: str | None) -> Length | None:
    if shortest is None and longest is None:
        return None
    least, most = _length("--min-length", shortest), _length("--max-length", longest)
    if least is not None and most is not None and most < least:
        raise UsageError("--min-length is more than --max-length.", advice=_LENGTH_FORMS)
    return Length(least, most)


def _length(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        read = length_ms(text)
    except FieldNotUnderstood:
        read = None
    if read is None:
        raise UsageError(f"{option} is no length of time.", advice=_LENGTH_FORMS)
    return read


def _words(option: str, words: type[Word], texts: Iterable[str]) -> tuple[Word, ...]:
    try:
        return tuple(words(text.strip().casefold().replace("-", "_")) for text in texts)
    except ValueError as error:
        raise UsageError(f"{option} is one of {', '.join(words)}.") from error
