"""The windows that are asked for, in words and by the portal's clock."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from archiver.domain.times import time_input as times
from archiver.domain.times.portal_offsets import OffsetsAt, of_several
from archiver.domain.times.window import Window
from archiver.errors import UsageError
from archiver.json_documents import Json

if TYPE_CHECKING:  # a portal's client takes half a second to load, and many commands ask none
    from archiver.portal.session import PortalSession


class WindowRequest(Struct, frozen=True):
    """A window in the words of whoever asks for it: dates, ISO times, ``today``, ``4d``.

    ``day`` is one whole day; else it reaches from ``since`` to ``until``, or to the present. What a
    text may be is said in :mod:`archiver.domain.times.time_input`; an empty one is none, and raises
    :class:`UsageError`.
    """

    since: str | None = None
    until: str | None = None
    day: str | None = None

    def __post_init__(self) -> None:
        refuse_empty(since=self.since, until=self.until, day=self.day)

    @property
    def is_named(self) -> bool:
        """Whether anything was named at all."""
        return any((self.since, self.until, self.day))

    @property
    def is_open_ended(self) -> bool:
        """Whether it is all from a day on."""
        return bool(self.since) and not (self.day or self.until)

    @property
    def is_fixed(self) -> bool:
        """Whether the same words mean the same window tomorrow."""
        return all(times.is_fixed(text) for text in (self.since, self.until, self.day) if text)

    @property
    def with_offset(self) -> tuple[datetime, ...]:
        """The moments, in UTC, that are named with an offset."""
        return times.with_offset(self.since, self.until)

    def require(self, of_what: str) -> None:
        """Raise :class:`UsageError` unless it begins: all there ever was is nobody's default."""
        if not (self.day or self.since):
            raise UsageError(
                f"Which {of_what}? No window is named.",
                advice="Give --day DATE, or --since TIME [--until TIME].",
            )

    def by(self, session: "PortalSession") -> Window:
        """Return the window by the portal's clock and in its zone; raises :class:`UsageError`."""
        return self.at(session.now, session.offsets_at)

    def at(self, now: datetime, offsets: OffsetsAt) -> Window:
        """Return the window by a portal's clock that shows ``now``, minutes east of UTC."""
        return times.window(self.since, self.until, self.day, now=now, offsets=offsets)

    def unsure(self, session: "PortalSession") -> Iterator[str]:
        """Yield what is assumed of times with an offset, as a portal was not seen there."""
        for moment in self.with_offset:
            yield from of_several(moment, session.offsets_at(moment))


def refuse_empty(**times: str | None) -> None:
    """Raise :class:`UsageError` for a time that is named and empty: it would mean any at all."""
    for name, text in times.items():
        if text is not None and not text.strip():
            raise UsageError(f"--{name} is empty.", advice="Leave it out, or name a time.")


def span(window: Window) -> dict[str, Json]:
    """Return a window as JSON has it, in the portal's own time."""
    return {"from": window.first.isoformat(), "to": window.last.isoformat()}
