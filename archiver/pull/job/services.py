"""What the job of a recording works with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judge, Tolerance
from archiver.media.media_client import MediaClient
from archiver.store.base import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What a job works with; every field may be used by many threads at once."""

    store: Store
    media: MediaClient
    measure: Callable[[Path], Facts]
    judge: Judge
    tolerance: Tolerance
    portal: str
