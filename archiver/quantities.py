"""Lengths of time and sizes as people type them. Pure.

>>> seconds("30m", "--wait"), size("2M", "--bwlimit")
(1800, 2000000)
"""

import re

from archiver.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_BYTES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_TIME = re.compile(r"([0-9]{1,6})\s*([smhd])")
_SIZE = re.compile(r"([0-9]{1,9})\s*([kKMGT]?)B?")


def seconds(text: str, option: str) -> int:
    """Return ``90s``, ``30m``, ``6h`` or ``2d`` in seconds, more than none of them.

    Raises :class:`UsageError` that names the option.
    """
    match = _TIME.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise UsageError(f"{option} is no length of time.", advice="Write 90s, 30m, 6h or 2d.")
    return int(match[1]) * _SECONDS[match[2]]


def size(text: str, option: str) -> int:
    """Return ``500M`` or ``20G`` in bytes (powers of 1,000), more than none of them.

    Raises :class:`UsageError` that names the option.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise UsageError(f"{option} is no size.", advice="Write 800k, 500M, 20G or 1T.")
    return int(match[1]) * _BYTES[match[2].replace("K", "k")]
