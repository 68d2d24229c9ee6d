"""Pulls with few open files and with little memory: they finish, and what they took is measured.

Memory is limited where the kernel counts what a process may write to (RLIMIT_DATA, setrlimit(2)):
the address space of 20 threads says nothing about what they use. Stacks are kept small, since they
count in full however little of them is touched.
"""

import resource
from pathlib import Path

from msgspec import Struct

from tests.campaigns.memory import PEAK, peak_mb
from tests.campaigns.report import Report
from tests.pulls import DAY, Archive, portal

RECORDINGS = 200
WORKERS = 20
FILES = 64
MEMORY_MIB = 256
STACK_MIB = 1
LIMITED = """
import os, resource, sys
for name, most in {limits!r}.items():
    resource.setrlimit(name, (most, most))
os.execv(sys.executable, [sys.executable, "-c", {program!r}, *sys.argv[1:]])
"""
LIMITS = {
    f"{FILES} open files": {resource.RLIMIT_NOFILE: FILES},
    f"{MEMORY_MIB} MiB": {
        resource.RLIMIT_DATA: MEMORY_MIB << 20,
        resource.RLIMIT_STACK: STACK_MIB << 20,
    },
}


class Figures(Struct, frozen=True):
    """What a limited pull came to: its exit code, what it archived, its peak in MB."""

    limit: str
    code: int
    listed: int
    archived: int
    peak_mb: float
    said: str

    def __str__(self) -> str:
        return (
            f"{self.limit}, {WORKERS} workers wanted: exit {self.code}, {self.archived} archived, "
            f"RSS p100 {self.peak_mb:.1f} MB"
        )

    @property
    def is_whole(self) -> bool:
        """Whether everything was archived."""
        return self.code == 0 and self.archived == self.listed > 0


def campaign(recordings: int, folder: Path) -> list[Figures]:
    """Pull ``recordings`` under each limit, each into an archive of its own."""
    with portal(recordings) as sandbox:
        return [
            _limited(Archive(sandbox, folder / str(number), options=_options()), limit, limits)
            for number, (limit, limits) in enumerate(LIMITS.items())
        ]


def _options() -> tuple[str, ...]:
    return ("--day", f"{DAY:%Y-%m-%d}", "--rate", "60000", "--workers", str(WORKERS))


def _limited(archive: Archive, limit: str, limits: dict[int, int]) -> Figures:
    archive.program = ("-c", LIMITED.format(limits=limits, program=PEAK))
    ended = archive.pull()
    outcomes = ended.told.get("outcomes", {})
    return Figures(
        limit,
        ended.code,
        outcomes.get("listed", 0),
        outcomes.get("archived", 0),
        peak_mb(ended),
        ended.err,
    )


def add(report: Report, folder: Path) -> None:
    """Run the campaign and tell what came of it."""
    for each in campaign(RECORDINGS, folder):
        report.figures[f"{RECORDINGS} recordings within {each.limit}, RSS p100"] = (
            f"{each.peak_mb:.1f} MB"
        )
        if not each.is_whole:
            report.bad.append(f"{each}: {each.said.strip()}")
