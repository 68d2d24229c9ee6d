"""Asking a pull to stop at random moments: it enters what it has, and is gone within seconds."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.manifest.journal import Journal
from archiver.sandbox import Faults, Trouble, Troubled
from archiver.store.local import LocalStore
from tests.campaigns.report import Report
from tests.programs import Running
from tests.pulls import Archive, not_ignored, portal, wait

MOMENTS = 30
RECORDINGS = 300
STOP_S = 5.0
ASKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
AGAIN_EVERY = 5
"""Each so-many-th time the pull is asked twice."""
MOST_DOWNLOADS = 40
PAUSE_S = 0.3
SLOW = Troubled(Trouble.SLOW, at=0.1, piece=200, interval=0.03)
"""Downloads that take a third of a second, so that a request to stop finds some in hand."""
HANGS_EVERY = 4
"""Each so-many-th time links die, and the portal hangs while workers ask it for others."""
HANGING = Faults(media=(Troubled(Trouble.EXPIRED),), report_latency=60.0)
INTERRUPTED = 130


class Stop(Struct, frozen=True):
    """How a pull is asked to stop, and whether while the portal hangs."""

    number: signal.Signals
    twice: bool
    hangs: bool


class Figures(Struct):
    """What the requests came to. ``bad`` must stay empty."""

    asked: int = 0
    asked_twice: int = 0
    at_a_hanging_portal: int = 0
    too_late: int = 0
    longest_s: float = 0.0
    entered: int = 0
    bad: list[str] = field(default_factory=list)


def campaign(recordings: int, moments: int, folder: Path, seed: int) -> Figures:
    """Ask pulls ``moments`` times to stop; each goes on where the one before it ended."""
    figures, chosen = Figures(), random.Random(seed)
    with portal(recordings) as sandbox:
        sandbox.faults = replace(sandbox.faults, media=(SLOW,))
        archive = Archive(sandbox, folder / "0")
        while figures.asked + figures.asked_twice < moments:
            turn = figures.asked + figures.asked_twice
            stop = Stop(
                ASKING[turn % len(ASKING)],
                twice=turn % AGAIN_EVERY == AGAIN_EVERY - 1,
                hangs=turn % HANGS_EVERY == HANGS_EVERY - 1,
            )
            if not _ask(archive, stop, chosen, figures):
                figures.too_late += 1
                _finish(archive, recordings, figures)
                archive = Archive(sandbox, folder / str(figures.too_late))
        _finish(archive, recordings, figures)
    return figures


def _ask(archive: Archive, stop: Stop, chosen: random.Random, figures: Figures) -> bool:
    """Start a pull and ask it to stop; return whether there was something left to stop."""
    downloads = archive.sandbox.counts["media"] + chosen.randint(1, MOST_DOWNLOADS)
    with ExitStack() as running:
        with not_ignored(stop.number):
            process = running.enter_context(archive.pulling())
        archive.wait_for_downloads(process, downloads)
        with _hanging(archive, process) if stop.hangs else nullcontext():
            wait(process, chosen.uniform(0, 0.05))
            if process.poll() is not None:
                return False
            began = time.monotonic()
            process.send_signal(stop.number)
            if stop.twice:
                wait(process, chosen.uniform(0, PAUSE_S))
                process.send_signal(stop.number)
            ended = archive.ended(process)
            figures.longest_s = max(figures.longest_s, time.monotonic() - began)
    if not ended.code:
        return False
    aborted = stop.twice and ended.code == -stop.number
    figures.asked += not stop.twice
    figures.asked_twice += stop.twice
    figures.at_a_hanging_portal += stop.hangs
    if ended.code != INTERRUPTED and not aborted:
        figures.bad.append(f"{stop}: exit {ended.code}: {ended.err}")
    if not aborted:
        figures.bad += [f"{stop}: {what}" for what in _left_open(archive)]
    return True


@contextmanager
def _hanging(archive: Archive, process: Running) -> Iterator[None]:
    """Let links die and the portal hang, from when it was asked for others until the block ends."""
    sandbox = archive.sandbox
    usual, delayed = sandbox.faults, sandbox.counts["delayed"]
    sandbox.faults = HANGING
    try:
        archive.wait_for(process, "delayed", delayed + 1)
        yield
    finally:
        sandbox.faults = usual


def _left_open(archive: Archive) -> list[str]:
    """Return what a pull that wound up should have done, and did not."""
    *_, (_head, last) = Journal(LocalStore(archive.folder)).manifests()
    wrong = [] if last.run.closed else ["its last manifest is not closed"]
    if archive.known().keys() != archive.stored():
        wrong.append("not all that was stored is entered")
    if archive.parts():
        wrong.append("part files are left")
    return wrong


def _finish(archive: Archive, recordings: int, figures: Figures) -> None:
    """Pull to the end: what was stopped is finished."""
    ended = archive.pull_here()
    known = archive.known()
    figures.entered += len(known)
    if ended.code or len(known) != recordings or not archive.verified().is_clean:
        figures.bad.append(f"not whole in the end: exit {ended.code}: {ended.err}")


def add(report: Report, folder: Path) -> None:
    """Run the campaign and tell what came of it."""
    figures = campaign(RECORDINGS, MOMENTS, folder, seed=1)
    report.figures["pulls asked to stop, asked twice"] = f"{figures.asked}, {figures.asked_twice}"
    report.figures["of these while the portal hung"] = figures.at_a_hanging_portal
    report.figures["longest stop"] = f"{figures.longest_s:.1f} s"
    report.bad += figures.bad
    if figures.longest_s > STOP_S:
        report.bad.append(f"a stop took {figures.longest_s:.1f} s")
