"""Commands of a machine whose clock is wrong or fast; the portal keeps the true time.

faketime(1) gives the pull its clock. Setting a clock does not move the one that counts the seconds
since the start (CLOCK_MONOTONIC), so that one is left true. With a fast clock faketime shortens the
waits for the network as well, which bounds how fast it may be: links that live two minutes seem to
live two seconds, and half a minute to wait for an answer is half a second.
"""

import shutil
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace

from archiver.manifest.journal import Journal
from archiver.store.local import LocalStore
from tests.campaigns.report import Report
from tests.campaigns.signals import SLOW
from tests.pulls import Archive, Ended, portal

RECORDINGS = 200
LINK_LIFE_S = 120
CLOCKS = {"2 h ahead": "+2h", "2 h behind": "-2h", "60 times too fast": "+0 x60"}
"""What faketime is told."""
ENDS = {"2 h ahead": {3}, "2 h behind": {3}, "60 times too fast": {0, 3}}
"""A clock that is wrong by more than minutes is said, and no clean run."""
FEW = 4
AHEAD = "+10y"
DUE = {"ARCHIVER_RETENTION": '[{ period = "1y", action = "dispose" }]'}
NOT_DUE = {"ARCHIVER_RETENTION": '[{ period = "15y", action = "dispose" }]'}
KEPT = {"ARCHIVER_RETENTION": '[{ period = "15y", action = "keep" }]'}
"""What is of 2021 is due by the first, and by the others in ten years."""
TRUE_SECONDS = {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
FAKED = (
    "import os, sys; "
    "os.execvp('faketime', ['faketime', '-f', {clock!r}, sys.executable, '-m', 'archiver', "
    "*sys.argv[1:]])"
)


def add(report: Report, folder: Path) -> None:
    """Pull by each clock and tell what came of it."""
    if shutil.which("faketime") is None:
        missing = "faketime is missing: apt-get install faketime"
        report.skipped += [f"a clock {name}: {missing}" for name in CLOCKS]
        return
    with portal(RECORDINGS, link_life=LINK_LIFE_S) as sandbox:
        sandbox.faults = replace(sandbox.faults, media=(SLOW,))
        for number, (name, clock) in enumerate(CLOCKS.items()):
            faked = ("-c", FAKED.format(clock=clock))
            archive = Archive(sandbox, folder / str(number), TRUE_SECONDS, program=faked)
            ended = archive.pull()
            report.figures[f"clock {name}: archived, lost, links renewed"] = (
                f"{len(archive.known())}, {RECORDINGS - len(archive.known())}, "
                f"{ended.told.get('refreshed', 0)}"
            )
            report.bad += [f"a clock {name}: {what}" for what in _wrong(archive, ended, ENDS[name])]
    with portal(FEW) as sandbox:
        _remove(report, Archive(sandbox, folder / "ahead"))


def _remove(report: Report, archive: Archive) -> None:
    """Try to remove what the rules keep or dispose of, by a clock ten years ahead."""
    archive.pull()
    (recording, *_) = archive.known()
    planned = replace(archive, environ=DUE).type("dispose", "--json").told["plan"]
    erasing = ("erase", recording, "--reason", "asked for it", "--yes", "--json")
    faked = ("-c", FAKED.format(clock=AHEAD))
    removed: dict[str, int] = {}
    for name, (environ, words, code) in {
        "planned": (NOT_DUE, ("dispose", "--json"), 4),
        "disposed of": (DUE, ("dispose", "--confirm", planned, "--json"), 4),
        "erased": (KEPT, erasing, 3),
    }.items():
        before = len(archive.stored())
        ahead = replace(archive, environ={**TRUE_SECONDS, **environ}, program=faked)
        ended = ahead.type(*words)
        removed[name] = len(ended.told.get("recordings", ())) if name == "planned" else 0
        removed[name] += before - len(archive.stored())
        if ended.code != code or removed[name]:
            report.bad.append(f"ten years ahead: {name} {removed[name]}, exit {ended.code}")
    figure = f"clock 10 years ahead: {', '.join(removed)}"
    report.figures[figure] = ", ".join(map(str, removed.values()))
    if archive.verified().missing:
        report.bad.append("ten years ahead: something is missing")


def _wrong(archive: Archive, ended: Ended, ends: set[int]) -> list[str]:
    """Return what a wrong clock has spoilt."""
    wrong = [] if ended.code in ends else [f"exit {ended.code}: {ended.err}"]
    times = _times(archive)
    if len(archive.known()) != RECORDINGS:
        wrong.append(f"{len(archive.known())} of {RECORDINGS} archived")
    if any(after < before for before, after in pairwise(times)):
        wrong.append(f"times out of order: {times}")
    return wrong


def _times(archive: Archive) -> list[datetime]:
    """Return when the run began, and when each of its manifests was written."""
    runs = [each.run for _, each in Journal(LocalStore(archive.folder)).manifests()]
    return [runs[0].started, *(run.ended for run in runs if run.ended)]
