"""Legal holds, as the chain keeps them: what must stay, for which matter, who said so, and why."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.layout import hold_key
from archiver.domain.recordings import RecordingId
from archiver.json_documents import Later
from archiver.manifest.records.files import ArchivedFile


class HoldAction(StrEnum):
    """What becomes of a hold."""

    ADDED = "added"
    RELEASED = "released"


class HoldChange(Struct, frozen=True):
    """A hold that was added, or released.

    ``hold`` is its number: that of the manifest that added it. ``matter`` names the case.
    ``recordings`` are those that it binds from now on, or binds no more; none in a release means
    the whole hold. ``future`` is the private file of a standing hold's filter, which binds what is
    archived later too. ``had_legal_hold`` are those of which a version had the bucket's own legal
    hold before, by nobody's hold here; ``None`` where that was not asked.
    """

    hold: int
    action: HoldAction
    by: str
    reason: str
    matter: str | None
    recordings: tuple[RecordingId, ...]
    future: ArchivedFile | None
    had_legal_hold: Later[tuple[RecordingId, ...] | None] = None

    def __post_init__(self) -> None:
        if self.hold < 1 or (self.action is HoldAction.ADDED) != bool(self.matter):
            raise ValueError("a hold has a number, and a matter when it is added")
        if self.future and hold_key(self.future.sha256) != self.future.path:
            raise ValueError("not the filter of a hold")
        if not frozenset(self.had_legal_hold or ()) <= frozenset(self.recordings):
            raise ValueError("a legal hold of what is not held")


class OpenHold(Struct, frozen=True):
    """A hold that is in force: its number, its matter, and what it binds.

    ``by`` and ``reason`` are of whoever added it. ``recordings`` are bound whatever they are; a
    standing hold also binds what the filter in ``future`` matches, but for what was ``released``.
    """

    number: int
    matter: str
    by: str
    reason: str
    recordings: frozenset[RecordingId]
    future: ArchivedFile | None
    released: frozenset[RecordingId] = frozenset()

    def without(self, recordings: Iterable[RecordingId]) -> "OpenHold | None":
        """Return what is left when these are released; ``None`` where it binds nothing more."""
        gone = frozenset(recordings)
        left = self.recordings - gone
        if not left and self.future is None:
            return None
        return replace(self, recordings=left, released=self.released | gone)


def open_holds(changes: Iterable[HoldChange]) -> dict[int, OpenHold]:
    """Return the holds in force by their numbers, out of all changes of a chain in their order."""
    holds: dict[int, OpenHold] = {}
    for each in changes:
        if each.action is HoldAction.ADDED:
            holds[each.hold] = _added(each)
        elif each.hold in holds:
            known = holds.pop(each.hold)
            left = known.without(each.recordings) if each.recordings else None
            holds |= {each.hold: left} if left else {}
    return holds


def _added(change: HoldChange) -> OpenHold:
    return OpenHold(
        change.hold,
        change.matter or "",
        change.by,
        change.reason,
        frozenset(change.recordings),
        change.future,
    )
