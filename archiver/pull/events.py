"""What a run announces while it works; listeners show it, the core never prints."""

from collections.abc import Callable, Mapping
from datetime import date

from msgspec import Struct

from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import Window
from archiver.manifest.model import Entry
from archiver.manifest.records.files import Head
from archiver.manifest.state import RecordingState
from archiver.store.free_space import has_room


class Began(Struct, frozen=True):
    """The window as it was understood, in the portal's time, and its offset from UTC."""

    window: Window
    utc_offset_minutes: int
    offset_source: str


class StartNamed(Struct, frozen=True):
    """From this day on the archive answers for everything, as ``--since`` has just named it."""

    text: str
    day: date


class LockedOut(Struct, frozen=True):
    """Another run holds the archive; this one waits for its turn, for so many seconds at most."""

    seconds: float


class Limited(Struct, frozen=True):
    """So few downloads run at once, and not as many as are wanted: more files can't be open."""

    workers: int
    wanted: int


SUPPOSED_BYTES_PER_S = 1_000_000
"""How fast audio is supposed to come, where no limit tells: that of a line of 8 Mbit/s."""


class Forecast(Struct, frozen=True):
    """What a first run will come to, if all is as the newest page is; its listing takes so long.

    ``free`` is how many bytes the archive has room for, ``None`` where that is not known. Audio
    comes at ``bytes_per_s``.
    """

    days: int
    recordings: int
    bytes: int
    listing_s: float
    free: int | None
    bytes_per_s: int = SUPPOSED_BYTES_PER_S

    @property
    def audio_s(self) -> float:
        """How long the audio takes, in seconds."""
        return self.bytes / self.bytes_per_s

    @property
    def fits(self) -> bool:
        """Whether there is room for all of it, as far as that is known."""
        return has_room(self.bytes, self.free)


class Paced(Struct, frozen=True):
    """So many windows of a long run are done, and the others will take so many seconds."""

    done: int
    left: int
    rest_s: float


class SliceListed(Struct, frozen=True):
    """A slice is listed: how many rows it has, and whether that is proven."""

    window: Window
    rows: int
    proven: bool
    note: str


class CallsListed(Struct, frozen=True):
    """A slice of calls is listed, proven or not."""

    window: Window
    proven: bool
    note: str


class CallUnread(Struct, frozen=True):
    """A row of the call log can't be read: where it stands, and why not."""

    id: RecordingId
    reason: str


class Settled(Struct, frozen=True):
    """A recording has its outcome."""

    entry: Entry
    is_new_finding: bool


class Adopted(Struct, frozen=True):
    """What an earlier run stored of a recording and did not enter is entered now."""

    entry: Entry
    is_new_finding: bool


class Missed(Struct, frozen=True):
    """What waited for its audio is listed no more: a new finding."""

    entry: Entry
    is_new_finding: bool = True


class Held(Struct, frozen=True):
    """So many recordings of a slice are held already."""

    count: int


class StillOpen(Struct, frozen=True):
    """A finding of an earlier run, or of this one, waits for a person."""

    known: RecordingState


class Stopped(Struct, frozen=True):
    """The run ends before its end; what it had done is entered, and ``head`` is its proof."""

    outcomes: Mapping[Outcome, int]
    head: Head


class Noticed(Struct, frozen=True):
    """Something worth a person's eye that belongs to no one recording."""

    text: str


class Doubted(Struct, frozen=True):
    """The run as a whole is not to be believed, and why: it is not clean."""

    text: str


Event = (
    Began
    | StartNamed
    | LockedOut
    | Limited
    | Forecast
    | Paced
    | SliceListed
    | CallsListed
    | CallUnread
    | Settled
    | Adopted
    | Missed
    | Held
    | StillOpen
    | Stopped
    | Noticed
    | Doubted
)
Announce = Callable[[Event], None]


def unheard(_event: Event) -> None:
    """Let an event pass."""
