"""Full-size pulls over links that die young or are refused: what is lost, and what it costs.

python -m tests.campaigns.links --recordings 2000 --life 3 --refused 1000
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.manifest.journal import Journal
from archiver.sandbox import Faults, Kind, Sandbox, Trouble, Troubled, World
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk

DAY = datetime(2021, 4, 6, tzinfo=UTC)
REFUSED_ONCE = Faults(media=(Troubled(Trouble.REFUSED, times=1),))


def campaign(count: int, faults: Faults, life: int) -> str:
    """Pull one day of ``count`` recordings; return what it came to in a line."""
    world = World(seed=count)
    last = DAY + timedelta(hours=23)
    world.add(count=count, first=DAY, last=last, kinds=(Kind.BARE,), seconds=(1, 2))
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as home,
        Sandbox(world, faults, token=TOKEN, link_life=life) as sandbox,
    ):
        archive = Path(home, "archive")
        ran = Desk(sandbox, Path(home)).run("pull", "-a", str(archive), "--day", "2021-04-06")
        manifests = Journal(LocalStore(archive)).manifests()
        outcomes = Counter(e.outcome.value for _head, m in manifests for e in m.recordings)
        counts = sandbox.counts
    return (
        f"{count} recordings, links of {life} s: {dict(outcomes)}, exit {ran.code}, "
        f"{counts['recordings']} requests, {counts['media']} downloads, {counts['refused']} "
        f"refused, of these {counts['expired']} expired, {time.monotonic() - started:.0f} s\n"
        f"  {ran.err.splitlines()[-2]}"
    )


def main() -> None:
    """Run both campaigns and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=2_000)
    parser.add_argument("--life", type=int, default=3)
    parser.add_argument("--refused", type=int, default=1_000)
    options = parser.parse_args()
    sys.stdout.write(campaign(options.recordings, Faults(), options.life) + "\n")
    sys.stdout.write(campaign(options.refused, REFUSED_ONCE, 3_600) + "\n")


if __name__ == "__main__":
    main()
