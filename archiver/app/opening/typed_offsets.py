"""Times that go by the portal's clock: what it showed then, and shows now, as an archive knows it.

They are typed with an offset, or in words that move with the clock, such as 7d or yesterday.

Its own recordings near a moment show it. Where they don't, or not all the same, and one is dated
where it matters, nobody knows which recordings are meant: whatever binds or removes refuses such a
time, whatever reads says so.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.app.opening.listener import Listener
from archiver.catalog import Catalog
from archiver.domain.times.portal_offsets import clock, in_words
from archiver.domain.times.portal_zone import CHANGE_MIN, EASTMOST, WESTMOST
from archiver.domain.times.window import Window
from archiver.errors import UsageError
from archiver.filters.request import FilterRequest

MINUTE = timedelta(minutes=1)
"""An end that is typed without seconds means all of its minute."""
ADVICE = "Give the time as the portal shows it, without an offset, such as 2019-06-11 06:04."
ADVICE_FOR_WORDS = (
    "Give the date or the time as the portal shows it, such as 2019-06-11 or 2019-06-11 06:04, "
    "or set utc_offset."
)


class ArchivedOffsets(Struct, frozen=True):
    """The portal's offsets from UTC, as an archive shows them; ``utc_offset`` is the setting."""

    catalog: Catalog
    utc_offset: int | None

    def at(self, moment: datetime) -> tuple[int, ...]:
        """Return the minutes that it may have been, else what is assumed."""
        return self._shown(moment) or (self.catalog.runs.utc_offset(),)

    def require(self, moments: Sequence[datetime]) -> None:
        """Raise :class:`UsageError` unless it is known which recordings lie before these."""
        for words in self._unsure(moments):
            raise UsageError(f"{words}.", advice=ADVICE)

    def tell(self, moments: Sequence[datetime], listener: Listener) -> None:
        """Say what is assumed of these moments, if anything is."""
        for moment in moments:
            for words in self._unsure((moment,)):
                meant = " and ".join(map(clock, self.at(moment)))
                listener.say(f"{words}: {meant} is assumed.", "noticed")

    def require_words(self, request: FilterRequest, now: datetime) -> None:
        """Raise :class:`UsageError` unless it is known what words mean at ``now``, in UTC."""
        for words in self._unsure_words(request, now):
            raise UsageError(words, advice=ADVICE_FOR_WORDS)

    def tell_words(self, request: FilterRequest, now: datetime, listener: Listener) -> None:
        """Say what is assumed of words at ``now``, in UTC, if anything is."""
        for words in self._unsure_words(request, now):
            listener.say(f"{words} {clock(self._assumed)} is assumed.", "noticed")

    @property
    def _assumed(self) -> int:
        """The minutes that the portal's clock of now is taken to be at."""
        return self.catalog.runs.utc_offset() if self.utc_offset is None else self.utc_offset

    def _unsure_words(self, request: FilterRequest, now: datetime) -> Iterator[str]:
        """Yield why it is not known what words mean, if anything is dated where it matters.

        Where nothing tells the clock of now, what is dated near their ends may.
        """
        anywhere = tuple(_by_clocks(request, now, (WESTMOST, EASTMOST)))
        moments = (now, *(each.first for each in anywhere))
        shown = next(filter(None, map(self._shown, moments)), ())
        may_be = sorted({*shown, self._assumed}) if shown else (WESTMOST, EASTMOST)
        if any(map(self.catalog.recordings.has_dated, _by_clocks(request, now, may_be))):
            told = in_words(now, may_be) if shown else _untold(now)
            yield f"{told}, and the words for a time go by it."

    def _unsure(self, moments: Sequence[datetime]) -> Iterator[str]:
        """Yield why it is not known, of each moment of which it matters."""
        recordings = self.catalog.recordings
        for moment in moments:
            shown = self._shown(moment)
            may_be = shown or (WESTMOST, EASTMOST)
            if len(may_be) > 1 and recordings.has_dated(_hours(moment, may_be)):
                yield in_words(moment, shown) if shown else _untold(moment)
            elif shown and not self._is_steady(moment):
                may_be = shown[0] - CHANGE_MIN, shown[-1] + CHANGE_MIN
                if recordings.has_mute(_hours(moment, may_be)):
                    yield in_words(moment, may_be)

    def _is_steady(self, moment: datetime) -> bool:
        """Whether the clock was not changed within an hour, as rows on both sides tell, or is set.

        An hour that it shows twice is of either side for what tells nothing itself.
        """
        if self.utc_offset is not None:
            return True
        around, change = self.catalog.recordings.offsets_around, timedelta(minutes=CHANGE_MIN)
        before, after = around(moment - change), around(moment + change)
        return before.is_between and after.is_between and before.shown == after.shown

    def _shown(self, moment: datetime) -> tuple[int, ...]:
        shown = self.catalog.recordings.offsets_around(moment).shown
        by_setting = () if self.utc_offset is None else (self.utc_offset,)
        return tuple(sorted({*shown, *by_setting}))


def require_between(moments: Sequence[datetime], catalog: Catalog) -> None:
    """Raise :class:`UsageError` for a moment that is not between recordings which show the same.

    What comes after the newest of them may be dated by another offset.
    """
    for moment in moments:
        if not catalog.recordings.offsets_around(moment).is_between:
            raise UsageError(f"{_untold(moment)}.", advice=ADVICE)


def _by_clocks(request: FilterRequest, now: datetime, may_be: Sequence[int]) -> Iterator[Window]:
    """Yield what lies between the ends of words by the least offset and by the most."""
    return request.between(*(now + timedelta(minutes=each) for each in (may_be[0], may_be[-1])))


def _hours(moment: datetime, may_be: Sequence[int]) -> Window:
    """Return the portal time that a moment of UTC may be of, by the least offset to the most."""
    first, last = timedelta(minutes=may_be[0]), timedelta(minutes=may_be[-1])
    there = Window(moment, moment)
    return Window(there.moved(first).first, there.moved(last + MINUTE).last)


def _untold(moment: datetime) -> str:
    return f"No recording near {moment} UTC tells what the portal's clock showed then"
