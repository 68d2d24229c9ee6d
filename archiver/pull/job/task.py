"""What the job of a recording is given: plain values, which any process may be sent."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from archiver.domain.times.portal_zone import Offset
from archiver.pull.plan import Work

OffsetOf = Callable[[datetime | None, str], Offset]
"""Tells the offset of a recording by its portal time and its id."""
ERASED_BEFORE = "the very same audio was erased under another id"


class ErasedAudio(Struct, frozen=True):
    """The SHA-256 of audio that was erased: none of it is stored again, under whichever id.

    What lasts no longer than ``allowed_ms`` milliseconds may be anybody's, such as a beep.
    """

    sha256: frozenset[str] = frozenset()
    allowed_ms: int = 0

    def has(self, sha256: str, duration_ms: int | None) -> bool:
        """Whether audio of this hash and length was erased."""
        return sha256 in self.sha256 and (duration_ms or 0) > self.allowed_ms


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
