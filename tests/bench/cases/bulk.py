"""A day of recordings, downloaded by all sides in turns: over http and over TLS."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.sides import BULK, Side, environment, pull
from tests.bench.timing import futex_calls
from tests.bench.turns import Measured, in_turns, lacking, table, wall_ratio
from tests.bench.work import work

FEW = 200
"""So many recordings are enough where system calls are counted: strace makes each slow."""
OURS, CURL, ARIA2, CAREFUL = "archiver", "curl --parallel", "aria2c", "careful script"
OVER_TLS = (OURS, CURL, ARIA2)
OVER_HTTP = {
    CURL: Goal("bulk against `curl --parallel` and one `sync`: its wall", 3, 2, "×"),
    ARIA2: Goal("bulk against `aria2c`: its wall", 1.3, 1, "×"),
}
TLS = Goal("bulk over TLS against `curl --parallel` and one `sync`: its wall", 2.5, 1.5, "×")
BESIDE_CAREFUL = Goal("bulk against the careful script", 12, 20, "× faster", grows=True)
USER = Goal("processor a recording, user, all processes", 2.5, 1.5, "ms")
FUTEX = Goal("futex calls a recording", 50, 20, "")
MEMORY = Goal("memory of all processes", 250, 180, "MB")


def run(size: Size, home: Path) -> Figures:
    """Download the day over http and over TLS, and count system calls."""
    sides = [each for each in BULK if each.name not in size.leave_out]
    figures = Figures(left_out=[*lacking(sides), *size.leave_out])
    plain = _downloaded(size, home / "http", sides, figures, tls=False)
    few = [each for each in sides if each.name in OVER_TLS]
    safe = _downloaded(size, home / "tls", few, figures, tls=True)
    calls = futex_calls_each(min(FEW, size.recordings), size.seconds, home / "futex")
    figures.reached = [*reached(plain, safe, size.recordings), Reached(FUTEX, calls)]
    if calls is None:
        figures.left_out.append("futex calls (strace not installed)")
    return figures


def reached(
    plain: Mapping[str, Measured], safe: Mapping[str, Measured], recordings: int
) -> list[Reached]:
    """Return what the sides over http and over TLS came to."""
    ours = plain[OURS]
    return [
        *(Reached(goal, wall_ratio(plain, OURS, name)) for name, goal in OVER_HTTP.items()),
        Reached(BESIDE_CAREFUL, wall_ratio(plain, CAREFUL, OURS)),
        Reached(TLS, wall_ratio(safe, OURS, CURL)),
        Reached(USER, ours.user_s / recordings * 1_000),
        Reached(MEMORY, ours.peak_mb),
    ]


def _downloaded(
    size: Size, home: Path, sides: Sequence[Side], figures: Figures, *, tls: bool
) -> dict[str, Measured]:
    """Let the sides download the day in turns, and tell what that took."""
    (home / "turns").mkdir(parents=True)
    with work(home, size.recordings, size.seconds, tls=tls) as day:
        measured = in_turns(day, home / "turns", size.turns, sides)
    shutil.rmtree(home)
    done = f"{size.recordings:,} recordings, {day.bytes / 1e6:.0f} MB, the median of the turns"
    figures.lines += [
        *([""] if figures.lines else []),
        f"Over {'TLS' if tls else 'http'}, {done}, quickest and slowest beside it:",
        "",
        *table(measured, size.recordings),
    ]
    return measured


def futex_calls_each(recordings: int, seconds: int, home: Path) -> float | None:
    """Return how often threads of a pull wait for one another, for each recording."""
    home.mkdir()
    with work(home, recordings, seconds, tls=False) as day:
        archive = home / "archive"
        calls = futex_calls(pull()(day, archive), environment(day, archive), home)
    return None if calls is None else calls / recordings


CASE = Case("bulk", "A day of recordings", run)
