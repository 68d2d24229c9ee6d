"""Judging the audio of one long call: every frame of it is walked."""

import time
from pathlib import Path
from statistics import median

from archiver.audio.measure import measure
from archiver.sandbox.world.tones import Encoding, Tone, render
from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached

HOUR_S = 3_600
JUDGE = Goal("judging one hour of 8 kHz", 30, 15, "ms")
OFTEN = 5
"""So many times more turns than a whole pull gets: one takes milliseconds."""


def run(size: Size, home: Path) -> Figures:
    """Measure an hour again and again."""
    path = home / "hour.mp3"
    path.write_bytes(render(Tone(Encoding.BARE, HOUR_S)).body)
    each_ms = judged_ms(path, size.turns * OFTEN)
    bytes_mb = path.stat().st_size / 1e6
    told = (
        f"Processor's time for {bytes_mb:.1f} MB, median of {len(each_ms)} turns: "
        f"{median(each_ms):.1f} ms ({min(each_ms):.1f} to {max(each_ms):.1f})."
    )
    return Figures([Reached(JUDGE, median(each_ms))], [told])


def judged_ms(path: Path, turns: int) -> list[float]:
    """Return how long the processor took for a file, each time, in milliseconds."""
    each_ms = []
    for _ in range(turns):
        began = time.process_time()
        facts = measure(path)
        each_ms.append(1_000 * (time.process_time() - began))
        if facts.duration_ms is None:
            raise AssertionError("the audio is not measured")
    return each_ms


CASE = Case("judging", "Judging audio", run)
