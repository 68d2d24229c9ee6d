"""Where in a file something was met: how often, how many bytes of it, and the first place."""

from msgspec import Struct


class Spots(Struct):
    """How often something was met, how many bytes of it, and where first (an offset)."""

    count: int = 0
    size: int = 0
    first: int = 0
    looks: bytes = b""

    def note(self, at: int, size: int = 0, looks: bytes = b"") -> None:
        """Count one more; only the first is remembered."""
        if not self.count:
            self.first, self.looks = at, looks
        self.count += 1
        self.size += size

    def places(self, start: int = 0) -> str:
        """Say it in words; ``start`` is the file's offset that ``first`` counts from."""
        plural = "" if self.count == 1 else "s"
        return f"{self.count} place{plural}, the first at byte {start + self.first}"
