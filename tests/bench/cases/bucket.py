"""Into a bucket, beside copying a finished archive there from disk.

The server is Ceph's gateway where it is installed, else the stand-in of ``tests/s3`` (moto), which
checks every request and is served by the process that measures.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.sides import PATH, Side, environment, pull
from tests.bench.timing import took
from tests.bench.turns import in_turns, lacking, table, wall_ratio
from tests.bench.work import Work, work
from tests.campaigns.cluster import StandIn
from tests.campaigns.cost import AT_ONCE, rclone_copy
from tests.s3.account import ENVIRONMENT
from tests.s3.guard import Guard
from tests.s3servers.ceph import Ceph
from tests.s3servers.server import Endpoint

OURS, RCLONE, S5CMD = "archiver pull", "rclone copy", "s5cmd cp"
PART = 2
"""So many times fewer recordings than in bulk are enough: a server of objects takes its time."""
BESIDE_RCLONE = Goal("into a bucket against `rclone copy` from disk: its wall", 2, 1, "×")


def run(size: Size, home: Path) -> Figures:
    """Archive the day into buckets, and copy its archive there."""
    files, recordings = home / "files", -(-size.recordings // PART)
    with server() as endpoint, work(home, recordings, size.seconds, tls=False) as day:
        took(pull()(day, files), environment(day, files))
        sides = sides_for(endpoint, files)
        (home / "turns").mkdir()
        measured = in_turns(day, home / "turns", size.turns, sides)
    told = f"{recordings:,} recordings into {endpoint.server}, {AT_ONCE} transfers at once:"
    return Figures(
        [Reached(BESIDE_RCLONE, wall_ratio(measured, OURS, RCLONE))],
        [told, "", *table(measured, recordings)],
        lacking(sides),
    )


@contextmanager
def server() -> Iterator[Endpoint]:
    """Start the server that there is."""
    ceph = Ceph()
    if ceph.is_there():
        with ceph.running() as endpoint:
            yield endpoint
        return
    with Guard() as guard:
        keys = (ENVIRONMENT["AWS_ACCESS_KEY_ID"], ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])
        yield StandIn("moto behind a guard", guard.endpoint, keys, "")


def sides_for(endpoint: Endpoint, files: Path) -> tuple[Side, ...]:
    """Return who stores a day in a new bucket, or copies its archive from ``files``."""

    def ours(day: Work, folder: Path) -> Sequence[str]:
        there = {
            **endpoint.account(),
            "ARCHIVER_ARCHIVE": f"s3://{endpoint.bucket()}/portal",
            "ARCHIVER_S3_ENDPOINT": endpoint.url,
            "ARCHIVER_S3_STYLE": "path",
            "HOME": str(folder),
        }
        return pull(settings=there)(day, folder)

    def rclone(_day: Work, _folder: Path) -> Sequence[str]:
        command, environ = rclone_copy(files, endpoint)
        return _with(environ, command)

    def s5cmd(_day: Work, _folder: Path) -> Sequence[str]:
        there = f"s3://{endpoint.bucket()}/portal/"
        asked = ("--endpoint-url", endpoint.url, "--numworkers", str(AT_ONCE), "cp")
        return _with(endpoint.account() | {"PATH": PATH}, ("s5cmd", *asked, f"{files}/", there))

    return (
        Side(OURS, "all that it does for a folder, each object created once and confirmed", ours),
        Side(RCLONE, "uploads the files of a finished archive from disk", rclone, ("rclone",)),
        Side(S5CMD, "the same", s5cmd, ("s5cmd",)),
    )


def _with(environ: Mapping[str, str], command: Sequence[str]) -> list[str]:
    return ["env", "-i", *(f"{name}={value}" for name, value in environ.items()), *command]


CASE = Case("bucket", "Into a bucket", run)
