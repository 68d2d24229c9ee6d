"""What a bucket costs beside a folder: memory and time of the same pulls.

A pull into an empty archive is timed from its process's start to its end, and weighed by the
kernel (see ``memory``). Portal, server and pull share this machine, so what a network takes is not
in it. Turns of folder and bucket alternate; the middle one of each is told.
"""

import time
from pathlib import Path
from statistics import median

from archiver.sandbox import Kind
from tests.campaigns.memory import MOST_GROWTH, MOST_MB, weigh
from tests.campaigns.report import Report
from tests.pulls import Archive, portal
from tests.s3servers.archive import BucketArchive
from tests.s3servers.server import Endpoint

SECONDS_OF_TALK = (12, 13)
"""At the 8,000 bytes a second of the sandbox's stereo: about 100 kB a recording."""


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
    folder, bucket = [], []
    with portal(recordings, kind=Kind.STEREO, seconds=SECONDS_OF_TALK) as sandbox:
        for turn in range(turns):
            folder.append(_time(Archive(sandbox, home / f"folder-{turn}")))
            bucket.append(_time(BucketArchive.empty(sandbox, home / f"machine-{turn}", endpoint)))
    slower = median(bucket) / median(folder)
    report.figures |= {
        f"time of {recordings:,} recordings of 100 kB": _seconds(bucket),
        "the same into a folder": _seconds(folder),
        "times as long as into a folder": f"{slower:.2f}",
    }


def _time(archive: Archive) -> float:
    """Pull into an empty archive and return how many seconds it took."""
    started = time.monotonic()
    ended = archive.pull()
    seconds = time.monotonic() - started
    if ended.code or ended.told["outcomes"]["archived"] != len(archive.sandbox.world.recordings):
        raise AssertionError(ended.err)
    return seconds


def _seconds(turns: list[float]) -> str:
    return f"{median(turns):.1f} s ({min(turns):.1f} to {max(turns):.1f} s in {len(turns)} turns)"
