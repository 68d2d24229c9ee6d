"""Killing a pull again and again: what a plain run makes of what is left.

A kill comes a random moment after a random download, or, every fifth time, at any moment of the
run's first second: while it starts, lists, adopts or closes. When a run is quicker than its kill,
the next one begins with an empty archive, so that every kill cuts a run that had work to do.

    python -m tests.campaigns.kill --kills 50 --recordings 500
"""

import itertools
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from random import Random

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome
from tests.campaigns.report import Report, finish, parser
from tests.pulls import Archive, State, portal, wait

EARLY_KILL = 5
EARLY_S = 1.0
AFTER_FETCH_S = 0.05


class Figures(Struct):
    """What a campaign came to. ``differ`` and ``fetched_again`` must end at 0."""

    kills: int = 0
    archives: int = 0
    fetches: int = 0
    fetched_again: int = 0
    left: int = 0
    adopted: int = 0
    differ: int = 0
    unverified: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"kills {self.kills} in {self.archives} archives, differing states {self.differ}, "
            f"stored objects fetched again {self.fetched_again} of {self.fetches} fetches, "
            f"left by kills {self.left}, adopted {self.adopted}, "
            f"verify's complaints {len(self.unverified)}"
        )

    @property
    def held_up(self) -> bool:
        """Whether every archive came out as if nothing had happened."""
        return not self.report(0).bad

    def report(self, recordings: int) -> Report:
        """Return the figures of pulls of so many recordings, for the page."""
        report = Report("kill", bad=[*self.unverified])
        report.figures = {
            "pulls killed at a random moment": self.kills,
            "recordings a pull": recordings,
            "archives": self.archives,
            "recordings stored and not entered when killed": self.left,
            "adopted by the next run": self.adopted,
            "held recordings fetched again": self.fetched_again,
            "recordings that ended otherwise than uncut": self.differ,
        }
        report.must_be_none(
            "held recordings fetched again", "recordings that ended otherwise than uncut"
        )
        if self.adopted < self.left:
            report.bad.append(f"left {self.left}, adopted {self.adopted}")
        return report


def campaign(recordings: int, kills: int, folder: Path, seed: int) -> Figures:
    """Kill pulls ``kills`` times; compare what becomes of them with one that is left alone."""
    with portal(recordings, gone=recordings // 50, wrong=recordings // 20) as sandbox:
        whole = Archive(sandbox, folder / "whole")
        empty = (Archive(sandbox, folder / str(number)) for number in itertools.count(1))
        return cut(whole, empty, kills, Random(seed))


def cut(whole: Archive, empty: Iterator[Archive], kills: int, random: Random) -> Figures:
    """Pull into ``whole`` uncut; kill pulls of the same into ``empty`` archives, one by one."""
    figures = Figures()
    whole.pull_here()
    states = whole.states()
    while figures.kills < kills:
        figures.archives += 1
        _cut_and_finish(next(empty), states, kills, random, figures)
    return figures


def _cut_and_finish(
    archive: Archive, whole: dict[str, State], kills: int, random: Random, figures: Figures
) -> None:
    """Kill pulls into one archive until one is quicker, or enough; then let one run to its end."""
    at_first = archive.fetches()
    stored_at: dict[str, int] = {}
    left_ever = set[str]()
    stride = max(2, 2 * len(whole) // kills)
    while figures.kills < kills and _killed(archive, stride, random, figures.kills):
        figures.kills += 1
        now = archive.fetches()
        for id_ in archive.stored():
            stored_at.setdefault(id_, now[id_])
        left_ever |= _not_entered(archive, stored_at)
    left = _not_entered(archive, stored_at)  # the last may have ended before it was killed
    told = archive.pull_here().told
    now = archive.fetches()
    figures.fetches += sum(now.values()) - sum(at_first.values())
    owed = (id_ for id_ in stored_at if whole[id_][0] is Outcome.ARCHIVED)
    figures.fetched_again += sum(now[id_] > stored_at[id_] for id_ in owed)
    figures.left += len(left_ever)
    figures.adopted += len(left_ever) - len(left) + told["adopted"]
    after = archive.states()
    figures.differ += sum(after.get(id_) != state for id_, state in whole.items())
    figures.differ += len(after.keys() - whole.keys())
    report = archive.verified()
    flawed = (*report.missing, *report.differ, *report.extra, *report.unreadable)
    figures.unverified += [f"{one.path}: {one.what}" for one in flawed]
    figures.unverified += [str(problem) for problem in report.chain]
    figures.unverified += [f"{path.name}: a part file" for path in archive.parts()]


def _not_entered(archive: Archive, stored: Collection[str]) -> set[str]:
    """Return what is stored and no manifest names yet."""
    return {*stored} - {*(archive.known() if archive.begun() else ())}


def _killed(archive: Archive, stride: int, random: Random, turn: int) -> bool:
    """Start a pull and kill it; return whether it was still running."""
    early = turn % EARLY_KILL == EARLY_KILL - 1
    enough = archive.sandbox.counts["media"] + random.randint(1, stride)
    with archive.pulling() as process:
        if not early:
            archive.wait_for_downloads(process, enough)
        wait(process, random.uniform(0, EARLY_S if early else AFTER_FETCH_S))
        return process.poll() is None


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--recordings", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = campaign(chosen.recordings, chosen.kills, Path(folder), chosen.seed)
    return finish(figures.report(chosen.recordings), record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
