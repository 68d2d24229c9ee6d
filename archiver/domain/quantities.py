"""Lengths of time and sizes as people type them. Pure.

>>> seconds("30m"), size("2M")
(1800, 2000000)
"""

import re

from archiver.errors import UsageError

SI = 1000
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_BYTES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_TIME = re.compile(r"([1-9][0-9]{0,5})\s*([smhd])")
_SIZE = re.compile(r"([1-9][0-9]{0,8})\s*([kKMGT]?)B?")


def seconds(text: str) -> int:
    """Return ``90s``, ``30m``, ``6h`` or ``2d`` in seconds; raises :class:`UsageError`."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise UsageError("must be a length of time: 90s, 30m, 6h or 2d")
    return int(match[1]) * _SECONDS[match[2]]


def size(text: str) -> int:
    """Return ``500M`` or ``20G`` in bytes (powers of 1,000); raises :class:`UsageError`."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise UsageError("must be a size: 800k, 500M, 20G or 1T")
    return int(match[1]) * _BYTES[match[2].replace("K", "k")]


def counted(count: int, one: str, several: str = "") -> str:
    """Return how many there are, in words: ``1 file``, ``2 files``; ``several`` where s won't do.

    >>> counted(1, "file"), counted(0, "file"), counted(2, "file is", "files are")
    ('1 file', '0 files', '2 files are')
    """
    return f"{count} {one if count == 1 else several or f'{one}s'}"


def many(count: int, one: str, several: str = "") -> str:
    """Return the same for counts that may be large: ``50,000 files``.

    >>> many(50_000, "file"), many(1, "day was", "days were")
    ('50,000 files', '1 day was')
    """
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def human_bytes(count: int) -> str:
    """Return ``999 B``, ``1.5 kB``, ``2.0 GB``: steps of 1000, one digit after the point."""
    if count < SI:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= SI
        if round(size, 1) < SI:
            return f"{size:.1f} {unit}"
    return f"{size / SI:.1f} PB"


def human_duration(ms: int) -> str:
    """Return milliseconds as ``4.2 s`` below a minute, else ``1:33`` or ``26:00:05``."""
    if round(ms / 1000, 1) < 60:  # noqa: PLR2004  # seconds in a minute
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
