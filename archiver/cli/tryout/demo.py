"""``archiver demo``: archive a built-in portal and look for all that was planted in it.

The portal is started in this process, on loopback, and is gone when the command ends. What is in it
is known: so the demo can say whether everything was found, and nothing else.
"""

from collections import Counter
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import click

from archiver.cli.options import archive_option
from archiver.config.archive_address import folder_of
from archiver.config.home import absolute
from archiver.domain.layout import PRIVATE
from archiver.errors import DestinationError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.app.opening.context import Context
    from archiver.manifest.state import RecordingState
    from archiver.pull.run import PullResult
    from archiver.sandbox.world.planted import PlantedOutcome

SEED = 20_190_611
RATE = 60_000
MARK = Path(PRIVATE, "demo")
"""The file that tells a demo's archive, which may be replaced, from all others."""
FOLDER_MODE, MARK_MODE = 0o700, 0o600
Row = tuple[str, str, int, int]


@click.command(name="demo")
@archive_option
def command(archive: str | None) -> int:
    """Archive from a built-in portal and check the result.

    Needs no account and no network. The recordings and their manifest stay in the archive's folder
    (./demo-archive unless named), to look at; a demo's earlier archive there is replaced.
    """
    from archiver.sandbox import Sandbox
    from archiver.sandbox.world.planted import plant

    folder = _folder(archive)
    _clear(folder)
    world, expected = plant(SEED)
    click.echo("A built-in portal is archived, with troubles planted in it:\n", err=True)
    with Sandbox(world) as sandbox:
        context = _settings(sandbox.endpoint, sandbox.token, folder)
        result = _pull(context)
    found = _found(context)
    rows = compare(expected, found)
    as_planted = all(planted == came for _, _, planted, came in rows) and set(found) == set(
        expected
    )
    _tell(rows, folder, result)
    is_whole = _verify(context)
    click.echo()
    if as_planted and is_whole:
        click.echo("Everything that was planted was found, and nothing else.")
        return ExitCode.CLEAN
    click.echo("What was found is NOT what was planted: please report this.")
    return ExitCode.BUG


def compare(
    expected: "Mapping[str, PlantedOutcome]", found: "Mapping[str, RecordingState]"
) -> list[Row]:
    """Count by what was planted and what it must come to: how many, and how many came to it."""
    planted: Counter[tuple[str, str]] = Counter()
    came: Counter[tuple[str, str]] = Counter()
    for id_, due in expected.items():
        what = str(due.planted or "whole recording").replace("_", " ")
        wanted = (due.outcome, due.verdict, due.concerns)
        key = (what, ", ".join(filter(None, (due.outcome, due.verdict, *due.concerns))))
        planted[key] += 1
        known = found.get(id_)
        came[key] += known is not None and wanted == (known.outcome, known.verdict, known.concerns)
    return [(*key, count, came[key]) for key, count in planted.items()]


def _folder(archive: str | None) -> Path:
    if archive is not None and folder_of(archive) is None:
        raise UsageError("The demo archives into a folder.", advice="Name one with --archive.")
    return absolute(archive or "demo-archive")


def _clear(folder: Path) -> None:
    """Remove the archive of an earlier demo, and nothing else; mark the folder as a demo's.

    Its endpoint would be no proof: real portals are reached through tunnels on loopback too.
    """
    mark = folder / MARK
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(
            f"{folder} is not a folder; it is left alone.", advice="Name one with --archive."
        )
    try:
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


def _settings(endpoint: str, token: str, folder: Path) -> "Context":
    """Return settings of the demo alone: nothing of the user's or the system's is read or used."""
    from archiver.app.opening.context import Context
    from archiver.config.settings import (
        FromEnvironment,
        NetworkSettings,
        PortalSettings,
        Settings,
    )
    from archiver.config.token import VARIABLE

    settings = Settings(
        archive=str(folder),
        portal=PortalSettings(endpoint=endpoint, token=FromEnvironment()),
        network=NetworkSettings(rate=RATE),
    )
    return Context(settings, {}, {VARIABLE: token})


def _pull(context: "Context") -> "PullResult":
    from archiver.app.opening.windows import WindowRequest
    from archiver.app.pull import PullRequest, pull
    from archiver.cli.interruption import noted
    from archiver.cli.screen.progress import Progress

    request = PullRequest(WindowRequest(since="3d"))
    with Progress(quiet=True) as announce:
        return pull(request, context, announce, noted).result


def _found(context: "Context") -> "dict[str, RecordingState]":
    """Return where every recording of the archive stands, by the chain alone."""
    from archiver.app.opening.archives import open_store
    from archiver.manifest.journal import Journal
    from archiver.manifest.state import apply_entry

    found: dict[str, RecordingState] = {}
    for _head, manifest in Journal(open_store(context)).manifests():
        for entry in manifest.recordings:
            found[entry.id] = apply_entry(found.get(entry.id), entry)
    return found


def _verify(context: "Context") -> bool:
    from archiver.app.opening.archives import open_store
    from archiver.check.audit import audit
    from archiver.check.audit_report import FullRead
    from archiver.domain.quantities import counted, human_bytes

    report = audit(open_store(context), depth=FullRead(), head=None)
    read = human_bytes(report.bytes_read)
    click.echo(
        f"Verified: {counted(report.ok, 'file')} as archived, {read} read. Head: {report.head}"
    )
    return report.is_clean


def _tell(rows: list[Row], folder: Path, result: "PullResult") -> None:
    from archiver.cli.screen.console import table
    from archiver.domain.quantities import counted, human_bytes

    click.echo(f"A built-in portal listed {counted(result.totals.listed, 'recording')}:\n")
    cells = [(what, due, str(planted), str(came)) for what, due, planted, came in rows]
    click.echo(table(cells, ("planted", "must become", "planted", "found")))
    click.echo()
    click.echo(f"The files ({human_bytes(result.totals.bytes)} fetched) are in {folder}:")
    click.echo("  recordings/  what was archived, by day, each with its JSON sidecar")
    click.echo("  quarantine/  what was fetched but is not what the portal said")
    click.echo("  manifests/   the chain that names every file with its SHA-256")
