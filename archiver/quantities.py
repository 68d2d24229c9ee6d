"""Lengths of time and sizes as people type them. Pure.

>>> seconds("30m"), size("2M")
(1800, 2000000)
"""

import re

from archiver.errors import UsageError

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
