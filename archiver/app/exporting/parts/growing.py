"""A list that grows line by line, hashed as it is written."""

import hashlib
from pathlib import Path

from archiver.app.exporting.output_errors import writing


class GrowingList:
    """A draft at ``path`` of what will be called ``name``; it begins with a ``header``."""

    def __init__(self, name: str, path: Path, header: bytes = b"") -> None:
        self.name = name
        self.path = path
        self.bytes = 0
        self._digest = hashlib.sha256()
        with writing(path):
            self._file = path.open("wb")
        self.add(header)

    def add(self, line: bytes) -> None:
        """Write a line."""
        with writing(self.path):
            self._file.write(line)
        self._digest.update(line)
        self.bytes += len(line)

    def end(self) -> str:
        """Close the draft and return its SHA-256."""
        self.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the draft."""
        with writing(self.path):
            self._file.close()
