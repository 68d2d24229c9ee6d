"""The settings in force for a command, heard by its terminal or log."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from archiver.app.opening import context
from archiver.app.opening.context import Context
from archiver.app.opening.listener import Detail
from archiver.cli.screen import vigil
from archiver.cli.screen.console import emit


class Terminal:
    """Tells the person, and what is waited for once that takes long."""

    def say(self, text: str, event: str = "said") -> None:
        """Tell a line."""
        emit(text, event)

    def waiting(self, what: str, detail: Detail = str) -> AbstractContextManager[None]:
        """Tell what is waited for."""
        return vigil.over(what, detail)


def load(options: Mapping[str, object], environ: Mapping[str, str] | None = None) -> Context:
    """Do as :func:`archiver.app.opening.context.load`."""
    return heard(context.load(options, environ))


def load_each(options: Mapping[str, object]) -> Sequence[Context]:
    """Do as :func:`archiver.app.opening.context.load_each`."""
    return [heard(each) for each in context.load_each(options)]


def heard(silent: Context) -> Context:
    """Return a context that the terminal listens to."""
    return replace(silent, listener=Terminal())
