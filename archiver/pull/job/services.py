"""What the job of a recording works with."""

from dataclasses import dataclass

from archiver.domain.outcomes import Tolerance
from archiver.media.media_client import MediaClient
from archiver.store.base import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What a job works with; every field may be used by many threads at once."""

    store: Store
    media: MediaClient
    tolerance: Tolerance
    portal: str
