"""The private log of who read what, as the chain keeps it: hashes of its days, and nothing else."""

import re
from datetime import date

from msgspec import Struct

from archiver.manifest.records.files import checked_sha256

LOG = re.compile(r"[0-9a-f]{12}")


class ReadDay(Struct, frozen=True):
    """One day (UTC) of a read log, as far as it went when the manifest was written.

    ``log`` is the id of the log: each machine may keep its own. Its lines are kept ``until`` that
    day. ``sha256`` is over the first ``bytes`` of the day's file, which are so many ``lines``;
    later ones are named by later manifests.
    """

    log: str
    day: date
    until: date
    lines: int
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        checked_sha256(self.sha256)
        if not LOG.fullmatch(self.log) or self.until < self.day or self.bytes < self.lines:
            raise ValueError("not a day of a read log")

    @property
    def name(self) -> str:
        """The name of the day's file."""
        return f"{self.day}_{self.until}.jsonl"
