"""The ``archiver`` command: which commands there are, and how anything ends.

How an error ends a command is said in ``endings``. A command's module is imported only when that
command is called, and ``endings`` with it, so ``archiver --help`` costs no more than click.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

import click

from archiver.cli.interruption import treat_alike
from archiver.cli.screen import streams
from archiver.errors import ArchiverError, ExitCode, UsageError, gravest

SECTIONS = {
    "Download": {
        "list": "Show what the portal lists for a window; downloads nothing.",
        "get": "Download one or a few recordings as plain files, now.",
        "pull": "Archive what is due, or one window; never deletes.",
    },
    "Check": {
        "verify": "Read the whole archive, check hashes and chain; changes nothing.",
        "accept": "Settle findings, with a reason.",
        "repair": "Bring back what verify found missing or damaged.",
        "copy": "Keep a second copy of the archive, checked as it is made.",
        "probe": "Judge any audio file: real length, whole or cut.",
        "reconcile": "Lay the call log beside the archive and name the gaps.",
    },
    "Find and hand over": {
        "status": "Show where the archive stands; asks nobody.",
        "find": "Find recordings by number, agent, time, verdict.",
        "report": "Write one page: days, findings, recordings to play.",
        "export": "Hand recordings over: a folder, a zip file or a bag, with proofs.",
    },
    "Keep and erase": {
        "hold": "Hold recordings, so that nothing removes them.",
        "erase": "Erase recordings in every version, with a reason in the chain.",
        "dispose": "Remove what the retention rules say is over, by a plan.",
    },
    "Set up": {
        "doctor": "Check token, portal, clock, zone, lengths and destination.",
        "config": "Create, check or show the settings.",
        "schedule": "Print a nightly job for systemd, cron or Kubernetes.",
        "completion": "Print what makes bash, zsh or fish complete commands.",
    },
    "Try": {
        "demo": "Archive from a built-in portal and check the result.",
        "sandbox": "Run that portal for your own scripts.",
    },
}
FOLDERS = {
    "Download": "download",
    "Check": "check",
    "Find and hand over": "handover",
    "Keep and erase": "keeping",
    "Set up": "setup",
    "Try": "tryout",
}
MODULES = {"copy": "copy_", "list": "list_"}
EPILOG = """\b
Examples:
  archiver doctor -a ./archive
      is everything in order?
  archiver pull --since 2026-11-01 -a ./archive
      archive all from a day on
  archiver get --number 12025550121 --day yesterday
      one recording, as a plain file

Every command explains itself: archiver COMMAND --help
"""
TOKEN_OPTIONS = ("--token", "--access-token", "--access_token")


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports each when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names of all commands, as they are shown."""
        return [name for commands in SECTIONS.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, ``None`` when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(_module_of(cmd_name))
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named; the one that was probably meant is said."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            # Only a slip of the pen needs it.
            from difflib import get_close_matches

            if near := get_close_matches(name, known, n=1):
                ctx.fail(f"No such command {name!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as above
        """Write the commands by section."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([*commands.items()], col_max=12)


def _module_of(command: str) -> str:
    """Return the module of a command: it lies in the folder of its section."""
    folder = next(FOLDERS[title] for title, names in SECTIONS.items() if command in names)
    return f"archiver.cli.{folder}.{MODULES.get(command, command)}"


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's signature
    if wanted:
        from archiver.cli.version import describe

        click.echo(describe())
        context.exit()


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the versions that a bug report needs, and stop.",
)
def cli() -> None:
    """Archive call recordings from a voice portal, provably whole."""
    # Whoever asks for help waits for no logging.
    from archiver.cli.screen.redaction import log_to_stderr

    log_to_stderr()


def main() -> None:
    """Run the command line of this process and exit."""
    streams.secure()
    # TLS libraries write session keys to it, and whoever has those and the traffic has the token.
    os.environ.pop("SSLKEYLOGFILE", None)
    sys.excepthook = _report_bug
    treat_alike()
    if "_ARCHIVER_COMPLETE" in os.environ:
        from archiver.cli.setup.completion import answer

        sys.exit(answer(cli))
    code = run(sys.argv[1:])
    if code == ExitCode.INTERRUPTED:
        # Threads may still wait for answers that nobody wants any more: don't wait for them.
        with suppress(ArchiverError, OSError):
            sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    Only a bug leaves as an exception, unless the command was asked to say everything in JSON.
    """
    code = ExitCode.CLEAN
    try:
        _refuse_token(arguments)
        with cli.make_context("archiver", list(arguments)) as context:
            code = ExitCode(_invoke(context) or 0)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.ClickException, ArchiverError, BrokenPipeError, KeyboardInterrupt) as error:
        from archiver.cli import endings

        return gravest((code, endings.tell(error)))
    return code


def _invoke(context: click.Context) -> int | None:
    """Run the command; what ends it early is told in its own manner of speaking."""
    # What an ending needs is loaded with a command, and not for help.
    from archiver.cli import endings

    try:
        code: int | None = cli.invoke(context)
    except (click.exceptions.Exit, BrokenPipeError):
        raise
    except (Exception, KeyboardInterrupt) as error:
        if endings.is_for_the_hook(error):
            raise
        return endings.tell(error)
    return code


def _report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    # Most runs have no bug to report.
    from archiver.cli import endings

    endings.report_bug(kind, error, trace)


def _refuse_token(arguments: Sequence[str]) -> None:
    if any(argument.partition("=")[0] in TOKEN_OPTIONS for argument in arguments):
        raise UsageError(
            "The token is never given on the command line, where every user of this machine and "
            "the shell's history can read it.",
            advice="Set ARCHIVER_TOKEN, or run: archiver config init. "
            "Ask the portal for a new token if this one was real.",
        )
