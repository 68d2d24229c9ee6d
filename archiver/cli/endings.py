"""How an error ends a command: the one place where it becomes words and an exit code."""

import traceback
from types import TracebackType

import click

from archiver.cli.screen.console import emit, speaks_json
from archiver.cli.screen.redaction import redact
from archiver.errors import ArchiverError, ExitCode, UsageError, exit_code_of


def tell(error: BaseException) -> ExitCode:
    """Tell the person what ended the work and what to do next; return the exit code for it.

    A reader that went away is nobody's fault, and nobody is told of it.
    """
    match error:
        case click.ClickException():
            _show(error)
        case ArchiverError():
            _explain(error)
        case KeyboardInterrupt() | click.Abort():
            _tell_interrupted()
        case BrokenPipeError():
            pass
        case _:
            report_bug(type(error), error, error.__traceback__)
    return code_of(error)


def code_of(error: BaseException) -> ExitCode:
    """Return the exit code of a command that an error ended."""
    return exit_code_of(_ours(error))


def is_for_the_hook(error: BaseException) -> bool:
    """Whether an error is a bug that the interpreter's hook tells of.

    For JSON that is too late: the command is over then.
    """
    return code_of(error) is ExitCode.BUG and not speaks_json()


def _ours(error: BaseException) -> BaseException:
    """Return the error of ours that means the same as one of click's; others as they are."""
    match error:
        case click.ClickException():
            return UsageError(error.format_message())
        case click.Abort():
            return KeyboardInterrupt()
        case _:
            return error


def _show(error: click.ClickException) -> None:
    """Tell what is wrong with the command line."""
    if speaks_json():
        emit(error.format_message(), "error", exit_code=int(code_of(error)))
    else:
        error.show()


def _explain(error: ArchiverError) -> None:
    emit(f"archiver: {error.message}", "error", exit_code=int(error.exit_code))
    if error.advice:
        emit(error.advice, "advice")


def _tell_interrupted() -> None:
    emit("archiver: interrupted", "interrupted")


def report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print a traceback without values of variables, secrets and numbers."""
    lines = traceback.TracebackException(kind, error, trace, capture_locals=False).format()
    emit(redact("".join(lines)).rstrip(), "bug", exit_code=int(ExitCode.BUG))
    advice = "This is a bug in archiver. Please report the lines above with: archiver --version"
    emit(advice, "advice")
