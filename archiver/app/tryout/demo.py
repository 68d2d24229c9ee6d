"""Archiving a built-in portal and looking for all that was planted in it: the use case.

The portal is started in this process, on loopback, and is gone at the end. What is in it is known:
so it can be told whether everything was found, and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree

from msgspec import Struct

from archiver.app.check.verify import Verification, VerifyRequest, verify
from archiver.app.download.pull import PullRequest, pull
from archiver.app.opening.archive.journals import memory_of
from archiver.app.opening.archive.stores import open_store
from archiver.app.opening.context import Context
from archiver.app.opening.windows import WindowRequest
from archiver.app.pulling.pull_run import PullRun
from archiver.concurrency.stop import StopToken
from archiver.config.settings import FromEnvironment, NetworkSettings, PortalSettings, Settings
from archiver.config.token import VARIABLE
from archiver.domain.layout import PRIVATE
from archiver.errors import DestinationError, ExitCode, UsageError
from archiver.manifest.journal import Journal
from archiver.manifest.state import RecordingState, apply_entry
from archiver.pull.events import Announce, unheard
from archiver.sandbox import Sandbox
from archiver.sandbox.world import planted

SEED = 20_190_611
RATE = 60_000
MARK = Path(PRIVATE, "demo")
"""The file that tells a demo's archive, which may be replaced, from all others."""
FOLDER_MODE, MARK_MODE = 0o700, 0o600
THREE_DAYS = PullRequest(WindowRequest(since="3d"))


class Planted(Struct, frozen=True):
    """Recordings in which the same was planted: what they must become, and how many did."""

    what: str
    must_become: str
    planted: int
    found: int


class DemoResult(Struct, frozen=True):
    """What came of a demo: what was planted and found, the pull, and the check of its archive."""

    rows: tuple[Planted, ...]
    is_as_planted: bool
    pulled: PullRun
    verified: Verification

    @property
    def code(self) -> ExitCode:
        """``CLEAN``, unless archiver did not find just what was planted, which is its bug."""
        is_clean = self.is_as_planted and self.verified.report.is_clean
        return ExitCode.CLEAN if is_clean else ExitCode.BUG


def demo(
    folder: Path,
    announce: Announce = unheard,
    stop: StopToken | None = None,
    begin: Callable[[], None] = lambda: None,
) -> DemoResult:
    """Archive the built-in portal into a folder, and hold the archive against what was planted.

    The archive of an earlier demo there is replaced. Raises :class:`UsageError` for a folder that
    holds anything else, before it is said that it will ``begin``.
    """
    _clear(folder)
    begin()
    world, expected = planted.plant(SEED)
    with Sandbox(world) as sandbox:
        context = _settings(sandbox.endpoint, sandbox.token, folder)
        memory_of(context).forget()
        pulled = pull(THREE_DAYS, context, announce, stop)
    found = _found(context)
    rows = _compared(expected, found)
    is_as_planted = all(row.planted == row.found for row in rows) and set(found) == set(expected)
    return DemoResult(rows, is_as_planted, pulled, verify(VerifyRequest(), context))


def _compared(
    expected: Mapping[str, planted.PlantedOutcome], found: Mapping[str, RecordingState]
) -> tuple[Planted, ...]:
    """Count by what was planted and what it must come to: how many, and how many came to it."""
    counted: Counter[tuple[str, str]] = Counter()
    came: Counter[tuple[str, str]] = Counter()
    for id_, due in expected.items():
        what = str(due.planted or "whole recording").replace("_", " ")
        wanted = (due.outcome, due.verdict, due.concerns)
        key = (what, ", ".join(filter(None, (due.outcome, due.verdict, *due.concerns))))
        counted[key] += 1
        known = found.get(id_)
        came[key] += known is not None and wanted == (known.outcome, known.verdict, known.concerns)
    return tuple(Planted(*key, count, came[key]) for key, count in counted.items())


def _clear(folder: Path) -> None:
    """Remove the archive of an earlier demo, and nothing else; mark the folder as a demo's.

    Its endpoint would be no proof: real portals are reached through tunnels on loopback too.
    """
    mark = folder / MARK
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(
                f"{folder} is not a folder; it is left alone.", advice="Name one with --archive."
            )
        if folder.exists() and any(folder.iterdir()):
            if not mark.is_file():
                raise UsageError(
                    f"{folder} is not empty and not the archive of a demo; it is left alone.",
                    advice="Name another folder with --archive.",
                )
            rmtree(folder)
        folder.mkdir(parents=True, mode=FOLDER_MODE, exist_ok=True)
        mark.parent.mkdir(mode=FOLDER_MODE)
        mark.touch(MARK_MODE)
    except OSError as error:
        raise DestinationError(
            f"{folder} cannot be written: {error.strerror}.",
            advice="Name another folder with --archive.",
        ) from error


def _settings(endpoint: str, token: str, folder: Path) -> Context:
    """Return settings of the demo alone: nothing of the user's or the system's is read or used."""
    settings = Settings(
        archive=str(folder),
        portal=PortalSettings(endpoint=endpoint, token=FromEnvironment()),
        network=NetworkSettings(rate=RATE),
    )
    return Context(settings, {}, {VARIABLE: token})


def _found(context: Context) -> dict[str, RecordingState]:
    """Return where every recording of the archive stands, by the chain alone."""
    found: dict[str, RecordingState] = {}
    for _head, manifest in Journal(open_store(context)).manifests():
        for entry in manifest.recordings:
            found[entry.id] = apply_entry(found.get(entry.id), entry)
    return found
