"""What a bucket costs beside a folder, and beside rclone: memory and time of the same files.

A pull into an empty archive is timed from its process's start to its end, and weighed by the
kernel (see ``memory``). Portal, server and pull share this machine, so what a network takes is not
in it. Turns of folder, bucket and rclone alternate; the middle one of each is told.

What each side does: a pull lists and proves the day, downloads, judges and stores each recording
with a sidecar, and writes the chain. ``rclone copy`` uploads the files of a finished archive from
disk, as many at once, and checks nothing but what the server answers.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from archiver.sandbox import Encoding
from tests.campaigns.memory import MOST_GROWTH, MOST_MB, weigh
from tests.campaigns.report import Report
from tests.pulls import DEADLINE, Archive, portal
from tests.s3servers.archive import BucketArchive
from tests.s3servers.server import Endpoint

SECONDS_OF_TALK = (12, 13)
"""At the 8,000 bytes a second of the sandbox's stereo: about 100 kB a recording."""
AT_ONCE = 16
"""Downloads of a pull, and transfers of rclone."""
MOST_OF_RCLONE = 2.0


def memory(endpoint: Endpoint, home: Path, report: Report, few: int, many: int) -> None:
    """Weigh pulls of few recordings and of many."""
    peaks = {}
    for recordings in (few, many):
        with portal(recordings) as sandbox:
            into_folder = weigh(Archive(sandbox, home / f"folder-{recordings}"))
            machine = home / f"machine-{recordings}"
            peaks[recordings] = weigh(BucketArchive.empty(sandbox, machine, endpoint))
        report.figures[f"peak for {recordings:,} recordings"] = (
            f"{peaks[recordings]:.1f} MB; into a folder {into_folder:.1f} MB"
        )
    growth = peaks[many] / peaks[few]
    report.figures["growth of the peak"] = f"{growth:.3f}"
    if max(peaks.values()) >= MOST_MB or growth > MOST_GROWTH:
        report.bad.append(f"a pull into a bucket takes too much memory: {peaks}")


def throughput(endpoint: Endpoint, home: Path, report: Report, recordings: int, turns: int) -> None:
    """Time pulls of recordings of the size that telephone calls have."""
    folder, bucket, rclone = [], [], []
    has_rclone = shutil.which("rclone") is not None
    with portal(recordings, kind=Encoding.STEREO, seconds=SECONDS_OF_TALK) as sandbox:
        for turn in range(turns):
            here = Archive(sandbox, home / f"folder-{turn}")
            folder.append(_time(here))
            bucket.append(_time(BucketArchive.empty(sandbox, home / f"machine-{turn}", endpoint)))
            if has_rclone:
                rclone.append(_time_rclone(here.folder, endpoint))
    report.figures |= {
        f"time of {recordings:,} recordings of 100 kB": _seconds(bucket),
        "the same into a folder": _seconds(folder),
        "times as long as into a folder": f"{median(bucket) / median(folder):.2f}",
    }
    if not has_rclone:
        report.skipped.append("rclone is not installed: apt-get install rclone")
        return
    slower = median(bucket) / median(rclone)
    report.figures |= {
        f"rclone copy of that folder, {AT_ONCE} transfers": _seconds(rclone),
        "times as long as rclone": f"{slower:.2f}",
    }
    if slower > MOST_OF_RCLONE:
        report.bad.append(f"a pull into a bucket takes {slower:.2f} times as long as rclone copy")


def _time_rclone(files: Path, endpoint: Endpoint) -> float:
    """Copy a folder into a new bucket with rclone and return how many seconds it took."""
    command, environ = rclone_copy(files, endpoint)
    started = time.monotonic()
    subprocess.run(command, env=environ, check=True, timeout=DEADLINE)
    return time.monotonic() - started


def rclone_copy(files: Path, endpoint: Endpoint) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return what copies a folder into a new bucket with rclone, and its variables."""
    settings = {
        "TYPE": "s3",
        "PROVIDER": "Ceph",
        "ENDPOINT": endpoint.url,
        "ENV_AUTH": "true",
        "ACL": "",
        "FORCE_PATH_STYLE": "true",
    }
    # Without AWS_CA_BUNDLE: where it is set, rclone 1.60 of Debian can't begin.
    environ = {
        "PATH": os.environ["PATH"],
        "RCLONE_CONFIG": os.devnull,
        **endpoint.account(),
        **{f"RCLONE_CONFIG_THERE_{name}": value for name, value in settings.items()},
    }
    there = f"there:{endpoint.bucket()}/portal"
    at_once = ("--transfers", str(AT_ONCE), "--s3-no-check-bucket")
    return ("rclone", "copy", str(files), there, *at_once), environ


def _time(archive: Archive) -> float:
    """Pull into an empty archive and return how many seconds it took."""
    started = time.monotonic()
    ended = replace(archive, options=(*archive.options, "--workers", str(AT_ONCE))).pull()
    seconds = time.monotonic() - started
    if ended.code or ended.told["outcomes"]["archived"] != len(archive.sandbox.world.recordings):
        raise AssertionError(ended.err)
    return seconds


def _seconds(turns: list[float]) -> str:
    return f"{median(turns):.1f} s ({min(turns):.1f} to {max(turns):.1f} s in {len(turns)} turns)"
