"""Where our time goes: a pull whose threads are looked at many times a second.

It runs in one process: what a worker process does is the same, on another core.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.bench.case import Case, Figures, Size
from tests.bench.sides import AT_ONCE, environment
from tests.bench.timing import took
from tests.bench.work import work
from tests.pulls import DAY


def run(size: Size, home: Path) -> Figures:
    """Archive the day once, and tell its stages."""
    told = home / "stages.json"
    asked = ("pull", "--day", f"{DAY:%Y-%m-%d}", "--quiet", "--workers", str(AT_ONCE))
    command = [sys.executable, "-m", "tests.bench.sampled", str(told), *asked]
    with work(home, size.recordings, size.seconds, tls=False) as day:
        took(["env", "ARCHIVER_PROCESSES=1", *command], environment(day, home / "archive"))
    return Figures(lines=table(json.loads(told.read_text()), size.recordings))


def table(seconds: Mapping[str, float], recordings: int) -> list[str]:
    """Return the stages, the longest first; ``all`` is what the process used, looks included."""
    stages = {stage: spent for stage, spent in seconds.items() if stage != "all"}
    seen = sum(stages.values())
    told = f"A pull of {recordings:,} recordings in one process, {AT_ONCE} at once"
    lines = [
        f"{told}: {seen:.1f} s of the processor, and {seconds['all'] - seen:.1f} s for looking.",
        "",
        "| stage | part | a recording |",
        "|---|---|---|",
    ]
    for stage, spent in sorted(stages.items(), key=lambda item: -item[1]):
        lines.append(f"| {stage} | {spent / seen:.0%} | {spent / recordings * 1_000:.2f} ms |")
    return lines


CASE = Case("profile", "Where our time goes", run)
