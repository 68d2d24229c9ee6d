"""What a chain says was erased, and which holds keep what is left of it."""

from collections.abc import Iterator

from archiver.domain.layout import recording_of, safe_id
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.holds import HoldChange, open_holds
from archiver.manifest.state import entries_of
from archiver.removal.unfinished import Begun, begun_after


class TakenAway:
    """The recordings that are erased, or whose erasure is begun, by the manifests taken in."""

    def __init__(self) -> None:
        self._since: dict[RecordingId, int] = {}
        self._changes: list[HoldChange] = []
        self._begun: Begun = {}

    def __contains__(self, recording: RecordingId) -> bool:
        return recording in self._since

    def take_in(self, manifest: Manifest) -> list[RecordingId]:
        """Take in the next manifest; return what it takes away."""
        self._changes += manifest.holds
        self._begun = begun_after(self._begun, manifest)
        if manifest.kind is not ManifestKind.ERASE:
            return []
        every = [*entries_of(manifest)]
        gone = [each.id for each in every if each.outcome is Outcome.ERASED]
        for each in every:
            if each.outcome is not Outcome.ERASED:
                self._since.pop(each.id, None)
        for id_ in gone:
            self._since.setdefault(id_, manifest.number)
        return gone

    @property
    def unfinished(self) -> int:
        """How many erasures are begun, and not at their end."""
        return len({*self._begun.values()})

    def left_of(self, key: str) -> str | None:
        """Say what is to be done with a file of an erased recording; ``None`` for any other."""
        safe = recording_of(key)
        for id_ in self._since if safe else ():
            if safe_id(id_) == safe:
                held = self.held().get(id_)
                kept = f"what is left of it is held ({held})" if held else "archiver erase --finish"
                return f"its recording is erased: {kept}"
        return None

    def held(self) -> dict[RecordingId, str]:
        """Return the recordings of which a hold keeps what is left, with the names of the holds.

        A standing one keeps what was begun to be erased before it came, as for the door.
        """
        holding = {id_: ", ".join(map(str, self._holding(id_))) for id_ in self._since}
        return {id_: f"hold {numbers}" for id_, numbers in holding.items() if numbers}

    def _holding(self, recording: RecordingId) -> Iterator[int]:
        for each in open_holds(self._changes).values():
            is_standing = each.future and each.number > self._since[recording]
            if recording in each.recordings or (is_standing and recording not in each.released):
                yield each.number
