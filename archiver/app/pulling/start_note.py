"""The day that a first run named, kept on this machine until the chain has it.

What ``4d`` means is told by the portal's clock; a kill before its first answer would lose it.
"""

import os
from contextlib import suppress
from datetime import date
from pathlib import Path

from msgspec import Struct

NAME = "since.txt"
_MOST_CHARS = 512


class StartNote(Struct, frozen=True):
    """The file at ``path``, of the archive of that id. Without it, or where it is cut, no day."""

    path: Path
    archive: str

    def keep(self, day: date) -> None:
        """Keep a day; where nothing can be written, none is kept."""
        with suppress(OSError), self.path.open("w", encoding="utf-8") as file:
            file.write(f"{self.archive} {day}\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def day(self) -> date | None:
        """The day that is kept."""
        with suppress(OSError, ValueError):
            archive, _, text = self.path.read_text(encoding="utf-8")[:_MOST_CHARS].partition(" ")
            if archive == self.archive and text.endswith("\n"):
                return date.fromisoformat(text.strip())
        return None

    def drop(self) -> None:
        """Forget the day: the chain has it."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
