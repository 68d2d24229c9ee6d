"""Runs of zero bytes where sound never has any: what a disk or a server leaves of a lost page."""

from collections.abc import Iterator
from typing import Final

from archiver.audio.measured import Oddity
from archiver.audio.mpeg.tags import Read
from archiver.domain.audio_facts import Flaw

LEAST: Final = 1_024
"""Shorter runs are not looked for: a page of a disk has four times as many."""
_BLOCK: Final = 1 << 18


def run_of_zeroes(read: Read, begin: int, end: int, least: int = LEAST) -> Iterator[Oddity]:
    """Yield the flaw of a part of a file with ``least`` zeroes in a row, if it has them.

    It is read in blocks, each of which overlaps the one before.
    """
    run = bytes(least)
    for at in range(begin, end - least + 1, _BLOCK):
        found = read(at, min(_BLOCK + least - 1, end - at)).find(run)
        if found >= 0:
            yield Flaw.GAP, f"zeroes that are no sound, the first at byte {at + found}"
            return
