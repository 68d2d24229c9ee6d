"""Times that are typed with an offset: what the portal's clock showed then, as an archive knows it.

Its own recordings near a moment show it. Where they don't, or not all the same, and one is dated
where it matters, nobody knows which recordings are meant: whatever binds or removes refuses such a
time, whatever reads says so.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.app.opening.listener import Listener
from archiver.catalog import Catalog
from archiver.domain.times.portal_offsets import Nearest, clock, in_words
from archiver.domain.times.portal_zone import EASTMOST, WESTMOST
from archiver.domain.times.window import Window
from archiver.errors import UsageError

MINUTE = timedelta(minutes=1)
"""An end that is typed without seconds means all of its minute."""
ADVICE = "Give the time as the portal shows it, without an offset, such as 2019-06-11 06:04."


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

    def _unsure(self, moments: Sequence[datetime]) -> Iterator[str]:
        """Yield why it is not known, of each moment of which it matters."""
        recordings = self.catalog.recordings
        for moment in moments:
            near = recordings.offsets_around(moment)
            shown = self._with_setting(near)
            changed = near.after_a_change if self.utc_offset is None else ()
            may_be = shown or (WESTMOST, EASTMOST)
            if len(may_be) > 1 and recordings.has_dated(_hours(moment, may_be)):
                yield in_words(moment, shown) if shown else _untold(moment)
            elif changed and recordings.has_mute(_hours(moment, changed)):
                yield in_words(moment, changed)

    def _shown(self, moment: datetime) -> tuple[int, ...]:
        return self._with_setting(self.catalog.recordings.offsets_around(moment))

    def _with_setting(self, near: Nearest) -> tuple[int, ...]:
        by_setting = () if self.utc_offset is None else (self.utc_offset,)
        return tuple(sorted({*near.shown, *by_setting}))


def require_between(moments: Sequence[datetime], catalog: Catalog) -> None:
    """Raise :class:`UsageError` for a moment that is not between recordings which show the same.

    What comes after the newest of them may be dated by another offset.
    """
    for moment in moments:
        if not catalog.recordings.offsets_around(moment).is_between:
            raise UsageError(f"{_untold(moment)}.", advice=ADVICE)


def _hours(moment: datetime, may_be: Sequence[int]) -> Window:
    """Return the portal time that a moment of UTC may be of, by the least offset to the most."""
    first, last = timedelta(minutes=may_be[0]), timedelta(minutes=may_be[-1])
    there = Window(moment, moment)
    return Window(there.moved(first).first, there.moved(last + MINUTE).last)


def _untold(moment: datetime) -> str:
    return f"No recording near {moment} UTC tells what the portal's clock showed then"
