"""Legal holds, as the chain keeps them: what must stay, for which matter, who said so, and why."""

from dataclasses import dataclass
from enum import StrEnum

from archiver.domain.layout import hold_key
from archiver.domain.recordings import RecordingId
from archiver.manifest.records.files import ArchivedFile


class HoldAction(StrEnum):
    """What becomes of a hold."""

    ADDED = "added"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class HoldChange:
    """A hold that was added, or released.

    ``hold`` is its number: that of the manifest that added it. ``matter`` names the case.
    ``recordings`` are those that it binds from now on, or binds no more; none in a release means
    the whole hold. ``future`` is the private file of a standing hold's filter, which binds what is
    archived later too.
    """

    hold: int
    action: HoldAction
    by: str
    reason: str
    matter: str | None
    recordings: tuple[RecordingId, ...]
    future: ArchivedFile | None

    def __post_init__(self) -> None:
        if self.hold < 1 or (self.action is HoldAction.ADDED) != bool(self.matter):
            raise ValueError("a hold has a number, and a matter when it is added")
        if self.future and hold_key(self.future.sha256) != self.future.path:
            raise ValueError("not the filter of a hold")
