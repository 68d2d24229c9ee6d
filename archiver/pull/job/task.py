"""What the job of a recording is given: plain values, which any process may be sent."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field

from archiver.domain.recordings import RecordingId
from archiver.domain.times.portal_zone import Offset
from archiver.pull.plan import Work

OffsetOf = Callable[[datetime | None, str], Offset]
"""Tells the offset of a recording by its portal time and its id."""
ErasedAs = Mapping[RecordingId, datetime | None]
"""Recordings that were erased, by their ids, with their portal times."""
ERASED_BEFORE = "the very same audio was erased under another id"


class ErasedAudio(Struct, frozen=True):
    """The SHA-256 of audio that was erased: none of it is stored again, under whichever id.

    Each comes with the recordings that had it, and with their portal times, unless the portal lists
    them by their own ids: those have no other. What lasts no longer
    than ``allowed_ms`` milliseconds may be anybody's, such as a beep.
    """

    by_sha256: Mapping[str, ErasedAs] = field(default_factory=dict)
    allowed_ms: int = 0

    def has(self, sha256: str, duration_ms: int | None) -> bool:
        """Whether audio of this hash and length was erased."""
        return sha256 in self.by_sha256 and (duration_ms or 0) > self.allowed_ms

    def is_of(self, sha256: str, at: datetime | None) -> bool:
        """Whether a recording of that time is one that was erased with that audio.

        The portal has given it another id. One of another time may be of others, who were served
        it in error, or heard the same announcement.
        """
        return at is not None and at in self.by_sha256[sha256].values()

    def reason(self, sha256: str) -> str:
        """Return why audio of another recording is not stored, and what ends that."""
        id_ = next(iter(self.by_sha256[sha256]))
        return (
            f"its audio is, to the bit, what was erased as recording {id_}, another one: it is "
            f"stored after archiver erase --undo {id_}, or when other audio is served"
        )


NONE_ERASED = ErasedAudio()


class Task(Struct, frozen=True):
    """One recording to bring to its outcome, with its portal's ``offset`` from UTC.

    One that ``has_orphans`` may find files of it in the archive that no manifest names. What was
    ``erased`` is not stored.
    """

    work: Work
    offset: Offset
    has_orphans: bool = False
    erased: ErasedAudio = NONE_ERASED
