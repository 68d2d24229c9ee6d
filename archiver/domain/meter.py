"""How far work is: what is done, of how much, how fast, and how long the rest will take. Pure.

>>> meter = Meter(total=400, done=100, bytes=9_000_000, worked=90)
>>> meter.of_recordings(30)
'100 of 400 recordings, 9.0 MB, 300.0 kB/s, about 1:40 left'
>>> Meter(total=8_000_000, done=6_000_000, bytes=6_000_000, worked=6_000_000).of_bytes(3)
'6.0 MB of 8.0 MB, 2.0 MB/s, about 1.0 s left'
"""

from msgspec import Struct

from archiver.domain.quantities import counted, human_bytes, human_duration


class Meter(Struct):
    """Counts what is done; ``worked`` is the part of it that took time, ``bytes`` what that moved.

    Seconds are those since the work began.
    """

    total: int = 0
    done: int = 0
    worked: int = 0
    bytes: int = 0

    def add(self, done: int, *, worked: int = 0, moved: int = 0) -> None:
        """Count more that is done."""
        self.done += done
        self.worked += worked
        self.bytes += moved

    def left_s(self, seconds: float) -> float | None:
        """Return how long the rest takes at the pace so far, ``None`` where there is none yet."""
        return (self.total - self.done) * seconds / self.worked if self.worked else None

    def of_recordings(self, seconds: float) -> str:
        """Return the state of a run that counts recordings."""
        return self._text(f"{self.done} of {counted(self.total, 'recording')}", seconds, self.bytes)

    def of_bytes(self, seconds: float) -> str:
        """Return the state of work that counts bytes."""
        of_all = f" of {human_bytes(self.total)}" if self.total else ""
        return self._text(f"{human_bytes(self.done)}{of_all}", seconds, None)

    def _text(self, state: str, seconds: float, moved: int | None) -> str:
        parts = [state]
        if moved is not None:
            parts.append(human_bytes(moved))
        if seconds:
            parts.append(f"{human_bytes(round(self.bytes / seconds))}/s")
        left = self.left_s(seconds)
        if left is not None and self.total > self.done:
            parts.append(f"about {human_duration(round(left * 1000))} left")
        return ", ".join(parts)
