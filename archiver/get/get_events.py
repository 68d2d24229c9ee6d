"""What there is to say while recordings are fetched into plain files: announced, never printed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judgement
from archiver.errors import ArchiverError
from archiver.get.archive_search import Archived
from archiver.handover.handed_over import HandedOver


@dataclass(frozen=True, slots=True)
class Saved:
    """A recording is a plain file now: at ``place``, a path, or ``stdout``.

    Where a list was asked for, ``row`` is its row there.
    """

    id: str
    place: str
    row: HandedOver | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class ListWritten:
    """The list of ``count`` recordings lies beside them, at ``place``."""

    place: str
    count: int


@dataclass(frozen=True, slots=True)
class SavedFromArchive(Saved):
    """It is the archive's audio, byte by byte; ``recording`` tells where that stands."""

    recording: Archived


@dataclass(frozen=True, slots=True)
class SavedFromPortal(Saved):
    """It was fetched, measured and judged."""

    facts: Facts
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class DamagedInArchive:
    """The archive's audio of a recording is not as it was archived; nothing was written."""

    id: str


@dataclass(frozen=True, slots=True)
class NoAudioArchived:
    """The archive knows a recording and has no audio of it; the portal may be asked for it."""

    recording: Archived
    portal_is_asked: bool


@dataclass(frozen=True, slots=True)
class NotAsAsked:
    """A recording has an id that was named, and not the number, agent or time that was."""

    recording: Archived


@dataclass(frozen=True, slots=True)
class Untold:
    """These recordings may match as well: nothing readable tells their numbers and agent."""

    recordings: tuple[Archived, ...]


@dataclass(frozen=True, slots=True)
class ArchiveMatched:
    """The archive knows so many that match, and the portal is not asked."""

    count: int


class Gap(Enum):
    """Why the archive may not know every recording of a day."""

    NOT_LISTED = auto()
    LISTED_EARLY = auto()
    NO_CALL_LOG = auto()


@dataclass(frozen=True, slots=True)
class DayNotWhole:
    """There may be more of a day than the archive knows."""

    day: date
    gap: Gap


@dataclass(frozen=True, slots=True)
class PortalMayHaveMore:
    """What was left out of the answer of the archive may be had of the portal."""


@dataclass(frozen=True, slots=True)
class LookingBack:
    """No day was named, so the last days are looked at."""

    days: int


@dataclass(frozen=True, slots=True)
class NotListed:
    """The portal lists no recording of that id at the time that was looked at."""

    id: str


@dataclass(frozen=True, slots=True)
class NothingMatches:
    """The portal lists no recording that matches."""


@dataclass(frozen=True, slots=True)
class NotProven:
    """The portal's listing is not proven: there may be more than was found."""


@dataclass(frozen=True, slots=True)
class NoAudio:
    """The portal lists a recording without audio, or with a row that can't be read (``why``)."""

    id: str
    why: str | None


@dataclass(frozen=True, slots=True)
class NotFetched:
    """A recording could not be fetched; the others are."""

    id: str
    error: ArchiverError


@dataclass(frozen=True, slots=True)
class NotArchived:
    """The archive knows no recording of these ids, or none that matches, if there are no ids."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortalNotAsked:
    """There is no token to ask the portal with."""

    error: ArchiverError


GetEvent = (
    SavedFromArchive
    | SavedFromPortal
    | ListWritten
    | DamagedInArchive
    | NoAudioArchived
    | NotAsAsked
    | Untold
    | ArchiveMatched
    | DayNotWhole
    | PortalMayHaveMore
    | LookingBack
    | NotListed
    | NothingMatches
    | NotProven
    | NoAudio
    | NotFetched
    | NotArchived
    | PortalNotAsked
)
AnnounceGet = Callable[[GetEvent], None]
