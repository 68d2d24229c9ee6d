"""What there is to say while recordings are fetched into plain files: announced, never printed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

from msgspec import Struct

from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judgement
from archiver.domain.times.window import Window
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


class ListWritten(Struct, frozen=True):
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


class DamagedInArchive(Struct, frozen=True):
    """The archive's audio of a recording is not as it was archived; nothing was written."""

    id: str


class NoAudioArchived(Struct, frozen=True):
    """The archive knows a recording and has no audio of it; the portal may be asked for it."""

    recording: Archived
    portal_is_asked: bool


class NotAsAsked(Struct, frozen=True):
    """A recording has an id that was named, and not the number, agent or time that was."""

    recording: Archived


class Untold(Struct, frozen=True):
    """These recordings may match as well: nothing readable tells their numbers and agent."""

    recordings: tuple[Archived, ...]


class ArchiveMatched(Struct, frozen=True):
    """The archive knows so many that match, and the portal is not asked."""

    count: int


class Gap(Enum):
    """Why the archive may not know every recording of a day."""

    NOT_LISTED = auto()
    LISTED_EARLY = auto()
    NO_CALL_LOG = auto()


class DayNotWhole(Struct, frozen=True):
    """There may be more of a day than the archive knows."""

    day: date
    gap: Gap


class PortalMayHaveMore(Struct, frozen=True):
    """What was left out of the answer of the archive may be had of the portal."""


class LookingBack(Struct, frozen=True):
    """No day was named, so the last days are looked at."""

    days: int


class NotListed(Struct, frozen=True):
    """The portal lists no recording of that id at the time looked at: the ``window``, if named."""

    id: str
    window: Window | None = None


class NothingMatches(Struct, frozen=True):
    """The portal lists no recording that matches in the ``window`` that was looked at."""

    window: Window


class NoneArchived(Struct, frozen=True):
    """The archive knows none that matches.

    It answers for every day ``since`` one, or for those that were named: ``first`` is the first
    that it knows.
    """

    since: date | None
    first: date | None


class ArchivedOnly(Struct, frozen=True):
    """The archive has audio of these, which the portal did not list at the time looked at."""

    recordings: tuple[Archived, ...]


class NotCompared(Struct, frozen=True):
    """The archive can't be asked what it has besides what the portal lists."""

    error: ArchiverError


class NotProven(Struct, frozen=True):
    """The portal's listing is not proven: there may be more than was found."""


class NoAudio(Struct, frozen=True):
    """The portal lists a recording without audio, or with a row that can't be read (``why``)."""

    id: str
    why: str | None


class NotFetched(Struct, frozen=True):
    """A recording could not be fetched; the others are."""

    id: str
    error: ArchiverError


class NotArchived(Struct, frozen=True):
    """The archive knows no recording of these ids."""

    ids: tuple[str, ...]


class PortalNotAsked(Struct, frozen=True):
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
    | NoneArchived
    | ArchivedOnly
    | NotCompared
    | NotProven
    | NoAudio
    | NotFetched
    | NotArchived
    | PortalNotAsked
)
AnnounceGet = Callable[[GetEvent], None]
