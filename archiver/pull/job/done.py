"""What the job of a recording came to."""

from collections.abc import Mapping

from msgspec import Struct, field

from archiver.json_documents import Json
from archiver.manifest.model import Entry


class Done(Struct, frozen=True):
    """A recording's entry, and what it cost: bytes fetched, links that were not the first.

    One that ``is_news`` no more tells what the chain has already. ``row`` is the portal's; where it
    ``is_fresh``, the entry's sidecar was written of it just now.
    """

    entry: Entry
    bytes: int = 0
    refreshed: int = 0
    is_news: bool = True
    row: Mapping[str, Json] = field(default_factory=dict)
    is_fresh: bool = False
