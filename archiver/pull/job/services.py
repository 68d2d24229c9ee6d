"""What the job of a recording works with."""

from msgspec import Struct

from archiver.domain.outcomes import Tolerance
from archiver.media.media_client import MediaClient
from archiver.store.base import Store


class Services(Struct, frozen=True):
    """What a job works with; every field may be used by many threads at once."""

    store: Store
    media: MediaClient
    tolerance: Tolerance
    portal: str
