"""Findings that wait for a person, as the catalog counts them."""

from collections.abc import Mapping
from dataclasses import dataclass

from archiver.manifest.state import RecordingState

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class OpenFindings:
    """How many findings are open, by :attr:`RecordingState.kind`, and the oldest."""

    by_kind: Mapping[str, int]
    sample: tuple[RecordingState, ...]

    @property
    def count(self) -> int:
        """How many there are in all."""
        return sum(self.by_kind.values())
