"""``archiver demo``: archive a built-in portal and look for all that was planted in it."""

from pathlib import Path
from shlex import quote

import click

from archiver.app.tryout.demo import DemoResult, demo
from archiver.cli.examples import examples
from archiver.cli.interruption import stop_token
from archiver.cli.options import archive_option
from archiver.cli.screen.console import table
from archiver.cli.screen.progress import Progress
from archiver.config.archive_address import folder_of
from archiver.config.home import absolute
from archiver.domain.quantities import counted, human_bytes
from archiver.errors import ExitCode, UsageError


@click.command(
    name="demo",
    epilog=examples(
        ("demo", "into ./demo-archive"),
        ("demo --archive /tmp/demo", "into a folder of your choice"),
    ),
)
@archive_option
def command(archive: str | None) -> ExitCode:
    """Archive from a built-in portal and check the result.

    Needs no account and no network. The recordings and their manifest stay in the archive's folder
    (./demo-archive unless named), to look at; a demo's earlier archive there is replaced.
    """
    folder = _folder(archive)
    with Progress(quiet=True) as announce, stop_token() as stop:
        result = demo(folder, announce, stop, _begin)
    _tell(result, folder)
    if result.code is ExitCode.CLEAN:
        click.echo("Everything that was planted was found, and nothing else.")
    else:
        click.echo("What was found is NOT what was planted: please report this.")
    return result.code


def _begin() -> None:
    click.echo("A built-in portal is archived, with troubles planted in it:\n", err=True)


def _folder(archive: str | None) -> Path:
    if archive is not None and folder_of(archive) is None:
        raise UsageError("The demo archives into a folder.", advice="Name one with --archive.")
    return absolute(archive or "demo-archive")


def _tell(result: DemoResult, folder: Path) -> None:
    totals, report = result.pulled.result.totals, result.verified.report
    click.echo(f"A built-in portal listed {counted(totals.listed, 'recording')}:\n")
    cells = [(e.what, e.must_become, str(e.planted), str(e.found)) for e in result.rows]
    click.echo(table(cells, ("planted", "must become", "planted", "found")))
    click.echo()
    click.echo(f"The files ({human_bytes(totals.bytes)} fetched) are in {folder}:")
    click.echo("  recordings/  what was archived, by day, each with its JSON sidecar")
    click.echo("  quarantine/  what was fetched but is not what the portal said")
    click.echo("  manifests/   the chain that names every file with its SHA-256")
    read = human_bytes(report.reading.bytes)
    click.echo(
        f"Verified: {counted(report.ok, 'file')} as archived, {read} read. Head: {report.head}\n"
    )
    click.echo("What is planted, each explained:  archiver sandbox --list-faults")
    click.echo(f"Look around:                      archiver status -a {quote(str(folder))}")
    report_it = f"archiver report -o report.html -a {quote(str(folder))}"
    click.echo(f"A page to open in a browser:      {report_it}\n")
