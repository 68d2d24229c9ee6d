"""Work that waits, as at a distance: four Dask workers of one thread beside one of them."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from archiver.errors import ExitCode
from archiver.sandbox import Faults, Sandbox, Trouble, Troubled
from tests.bench.timing import Failed
from tests.campaigns.machines import Machines
from tests.pulls import DAY_OPTIONS, Archive, portal

WAIT_S = 0.05
"""So long each link is waited for, in seconds."""
AT_A_DISTANCE = Faults(media=(Troubled(Trouble.SLOW, at=0.0, piece=1 << 20, interval=WAIT_S),))
FEW, MANY = 1, 4
HANDED_OUT = 64


def gains(recordings: int, turns: int) -> list[float]:
    """Return how many times faster many workers are than one, turn by turn.

    Timed from the first link on: what it takes to start is another matter.
    """
    with (
        tempfile.TemporaryDirectory() as made,
        portal(recordings) as sandbox,
        ExitStack() as running,
    ):
        sandbox.faults, folder = AT_A_DISTANCE, Path(made)
        addresses = []
        for count in (FEW, MANY):
            machines = Machines(folder / f"{count}", {}, is_watched=False)
            running.enter_context(machines).add(count, threads=1)
            addresses.append(machines.address)
        found = []
        for turn in range(turns):
            few, many = (
                _wall_s(sandbox, folder / f"{turn}-{number}", each)
                for number, each in enumerate(addresses)
            )
            found.append(few / many)
    return found


def _wall_s(sandbox: Sandbox, folder: Path, address: str) -> float:
    """Return how long a pull by a cluster takes, in seconds."""
    given = ("--dask", address, "--workers", f"{HANDED_OUT}")
    archive = Archive(sandbox, folder, options=(*DAY_OPTIONS, *given))
    asked = sandbox.counts["media"]
    with archive.pulling() as process:
        archive.wait_for_downloads(process, asked + 1)
        began = time.monotonic()
        ended = archive.ended(process)
    if ended.code != ExitCode.CLEAN:
        raise Failed(f"a pull by a cluster ended with {ended.code}: {ended.err[-500:]}")
    return time.monotonic() - began
