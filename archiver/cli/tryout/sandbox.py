"""``archiver sandbox``: run a small portal of one's own, to try scripts and settings on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType
from urllib.parse import quote

import click

from archiver.cli.examples import examples
from archiver.cli.interruption import handled
from archiver.concurrency.stop import StopToken
from archiver.domain.quantities import counted
from archiver.errors import ExitCode, UsageError
from archiver.sandbox import Sandbox, World
from archiver.sandbox.portal.page_layouts import SandboxShape
from archiver.sandbox.switches import described, switch_on
from archiver.sandbox.terms import Auth

TOKEN = "sandbox-token"  # noqa: S105 - guards recordings that no one made


def _list_faults(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted:
        formatter = click.HelpFormatter(width=100)
        formatter.write_dl([*described()])
        click.echo(formatter.getvalue(), nl=False)
        context.exit()


@click.command(
    name="sandbox",
    epilog=examples(
        ("sandbox --recordings 60 --days 2 --port 8765", "a portal to try things on"),
        ("sandbox --fault slow=20 --fault missing=2", "one with troubles"),
    ),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    help="Port to listen on; 0 for any free one.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="The same seed makes the same days, ids too.",
)
@click.option(
    "--recordings",
    type=click.IntRange(0, 1_000_000),
    default=200,
    show_default=True,
    help="How many recordings there are.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=3,
    show_default=True,
    help="Over how many days up to now.",
)
@click.option(
    "--shape",
    type=click.Choice([shape.value for shape in SandboxShape]),
    default=SandboxShape.NESTED.value,
    show_default=True,
    help="How answers are laid out.",
)
@click.option(
    "--auth",
    type=click.Choice(["both", "header", "query"]),
    default="both",
    show_default=True,
    help="How the token may come.",
)
@click.option(
    "--link-life",
    type=click.IntRange(1, 604_800),
    default=3_600,
    show_default=True,
    metavar="SECONDS",
    help="How long a link is good.",
)
@click.option(
    "--fault",
    "wishes",
    multiple=True,
    metavar="NAME[=N]",
    help="Switch a fault on; may be repeated.",
)
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_faults,
    help="Show the names of the faults and exit.",
)
def command(  # noqa: PLR0913 - one for each option
    *,
    port: int,
    seed: int,
    recordings: int,
    days: int,
    shape: str,
    auth: Auth,
    link_life: int,
    wishes: tuple[str, ...],
) -> ExitCode:
    """Run a small portal on this machine, with made-up recordings, until Ctrl-C.

    It serves both reports and signed links as the real one does, and fails as you ask it to.
    """
    world = World(seed)
    now = datetime.now(UTC)
    world.live(count=recordings, days=days, now=now)
    try:
        faults = switch_on(world, wishes)
        sandbox = Sandbox(
            world, faults, token=TOKEN, shape=shape, auth=auth, link_life=link_life, port=port
        )
    except ValueError as error:
        raise UsageError(str(error), advice="See archiver sandbox --list-faults.") from error
    except OSError as error:
        raise UsageError(
            f"Port {port} cannot be used: {os.strerror(error.errno or 0)}.",
            advice="Choose another with --port, or leave it out for a free one.",
        ) from error
    with _signalled() as done, sandbox:
        click.echo(_welcome(sandbox, recordings, days, now))
        done.wait()
    return ExitCode.CLEAN


def _welcome(sandbox: Sandbox, recordings: int, days: int, now: datetime) -> str:
    """Return what a person needs to begin: lines to paste for archiver, and one for curl."""
    window = f"{now - timedelta(days=days):%Y-%m-%d} - {now:%Y-%m-%d}"
    address = f"{sandbox.endpoint}voice/recordings?datetime[r.created_at]={quote(window)}"
    return (
        f"export ARCHIVER_ENDPOINT={sandbox.endpoint}\n"
        f"export ARCHIVER_TOKEN={sandbox.token}\n"
        f"holds     {counted(recordings, 'recording')} over {counted(days, 'day')}, times in UTC\n"
        f"try       curl --globoff -H 'Authorization: Bearer {sandbox.token}' '{address}'\n"
        "Paste the two export lines into another terminal. Ctrl-C ends the portal."
    )


@contextmanager
def _signalled() -> Iterator[StopToken]:
    """Yield what a signal to stop sets: with a sandbox, that is how one is done, no error."""
    done = StopToken()

    def set_done(_number: int, _frame: FrameType | None) -> None:
        done.set()

    with handled(set_done):
        yield done
