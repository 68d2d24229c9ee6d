"""An archive in a bucket of a real server: cut off, raced for, locked, weighed and timed.

The server is Ceph's gateway, started for this on loopback (``tests.s3servers``). ``make test`` does
the same in small with a stand-in (``tests/s3``).

    python -m tests.campaigns.bucket --recordings 2000 --kills 20 --races 1000 --install
"""

import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from archiver.store.s3.bucket_store import BucketStore
from tests.campaigns import cost, worm
from tests.campaigns.kill import cut
from tests.campaigns.races import race
from tests.campaigns.report import Report, finish, parser
from tests.pulls import DAY_OPTIONS, Archive, portal
from tests.s3.stores import bucket_store
from tests.s3servers.archive import BucketArchive, Version, doubled, versions
from tests.s3servers.ceph import Ceph
from tests.s3servers.install import install, lack
from tests.s3servers.server import S3, Endpoint

WRITERS, CHAINS = 4, 8
LOCKING = (*DAY_OPTIONS, "--lock", "governance", "--retain", "30y")
SMALLER = 5
"""A lock bucket gets so many times fewer recordings, and as many fewer kills."""
FEWER = 4
"""How many times fewer recordings are weighed beside all of them."""
TIMED, TURNS = 500, 3


def cut_off(  # noqa: PLR0913 - the size of it, each by name
    endpoint: Endpoint,
    home: Path,
    report: Report,
    *,
    recordings: int,
    kills: int,
    seed: int,
    locked: bool,
) -> None:
    """Kill pulls into buckets again and again; hold what comes of it against an uncut folder."""
    options = LOCKING if locked else DAY_OPTIONS
    begun: list[BucketArchive] = []
    with portal(recordings, gone=recordings // 50, wrong=recordings // 20) as sandbox:

        def empty(number: int) -> BucketArchive:
            machine = home / f"machine-{number}"
            begun.append(
                BucketArchive.empty(sandbox, machine, endpoint, locked=locked, options=options)
            )
            return begun[-1]

        figures = cut(Archive(sandbox, home / "whole"), map(empty, count()), kills, Random(seed))
        found = [each.versions() for each in begun]
        named = sum(each.verified().ok for each in begun)
    kind = "lock bucket" if locked else "bucket"
    told = figures.report(recordings)
    stored, twice = sum(map(len, found)), sum(map(doubled, found))
    report.figures |= {f"{kind}: {what}": value for what, value in told.figures.items()}
    report.figures |= {
        f"{kind}: objects that a chain names": named,
        f"{kind}: versions that the server lists": stored,
        f"{kind}: versions beside another of the same name": twice,
    }
    report.bad += [f"{kind}: {each}" for each in told.bad]
    if stored != named or twice:
        report.bad.append(f"{kind}: {named} objects are named, {stored} versions are there")


def raced_for(endpoint: Endpoint, home: Path, report: Report, contests: int) -> None:
    """Let machines race for the numbers of a few chains at once; short ones, for each is listed.

    Half of the chains are in buckets that keep versions.
    """
    buckets = [endpoint.bucket(versioned=number % 2 > 0) for number in range(CHAINS)]
    writers = [_writers(endpoint, bucket, home / bucket) for bucket in buckets]
    with ThreadPoolExecutor(CHAINS) as pool:
        races = [*pool.map(partial(race, contests=contests // CHAINS), writers)]
    client = endpoint.client()
    found = [each for bucket in buckets for each in _manifests(client, bucket)]
    made, twice = sum(len(each.made) for each in races), doubled(found)
    report.figures |= {
        f"numbers that several of {WRITERS} writers raced for": sum(r.contested for r in races),
        "manifests sent for these and all other numbers": sum(len(r.tried) for r in races),
        f"manifests in the {CHAINS} chains": made,
        "manifests that the server lists": len(found),
        "numbers with two manifests": twice,
    }
    for each, stores in zip(races, writers, strict=True):
        report.bad += each.broken(stores[0])
    if twice or made != len(found):
        report.bad.append(f"{made} manifests were made, {len(found)} are there")


def _writers(endpoint: Endpoint, bucket: str, home: Path) -> list[BucketStore]:
    """Return the archive in a bucket, as several machines have it."""
    return [
        bucket_store(endpoint.client(), f"s3://{bucket}/portal", home / f"{number}")
        for number in range(WRITERS)
    ]


def _manifests(client: S3, bucket: str) -> list[Version]:
    """Return every version of a manifest, with its bucket before its key."""
    return [
        each._replace(key=f"{bucket}/{each.key}")
        for each in versions(client, bucket)
        if "/manifests/" in each.key
    ]


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--recordings", type=int, default=2_000)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--races", type=int, default=1_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--install", action="store_true", help="install Ceph if it is missing")
    chosen = options.parse_args()
    # As an interruption, so that the server is stopped then too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    report, server = Report("bucket"), Ceph()
    if chosen.install and (failed := install(server)):
        report.bad.append(failed)
    if reason := lack(server):
        report.skipped.append(reason)
        return finish(report, record=chosen.record)
    with server.running() as endpoint, tempfile.TemporaryDirectory() as folder:
        home, size = Path(folder), {"recordings": chosen.recordings, "kills": chosen.kills}
        small = {what: number // SMALLER for what, number in size.items()}
        report.figures["server"] = endpoint.server
        worm.campaign(endpoint, home / "worm", report)
        raced_for(endpoint, home / "races", report, chosen.races)
        cut_off(endpoint, home / "cut", report, **size, seed=chosen.seed, locked=False)
        cut_off(endpoint, home / "locked", report, **small, seed=chosen.seed, locked=True)
        cost.throughput(endpoint, home / "time", report, TIMED, TURNS)
        few, many = chosen.recordings // FEWER, chosen.recordings
        cost.memory(endpoint, home / "memory", report, few, many)
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
