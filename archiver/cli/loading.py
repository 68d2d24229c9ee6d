"""The settings in force for a command: what its options override, heard by its terminal or log."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.opening import context
from archiver.app.opening.context import Context, SettingsRequest
from archiver.app.opening.listener import Detail
from archiver.cli.screen import vigil
from archiver.cli.screen.console import emit, speaking_of
from archiver.config.registry import BY_NAME


class Terminal(Struct, frozen=True):
    """Tells the person, and what is waited for once that takes long; names its account, if any."""

    account: str | None = None

    def say(self, text: str, event: str = "said") -> None:
        """Tell a line."""
        with speaking_of(self.account):
            emit(text, event)

    def waiting(self, what: str, detail: Detail = str) -> AbstractContextManager[None]:
        """Tell what is waited for."""
        return vigil.over(what, detail)


def load(options: Mapping[str, Any]) -> Context:
    """Do as :func:`archiver.app.opening.context.load`."""
    return heard(context.load(settings_request(options)))


def load_each(options: Mapping[str, Any]) -> Sequence[Context]:
    """Do as :func:`archiver.app.opening.context.load_each`."""
    return [heard(each) for each in context.load_each(settings_request(options))]


def settings_request(options: Mapping[str, Any]) -> SettingsRequest:
    """Return what a command's options say of the settings.

    Options named like a setting override it, ``config`` names the file and ``account`` chooses;
    ``None`` means not given, and others are the command's own.
    """
    values = {n: value for n, value in options.items() if n in BY_NAME and value is not None}
    return SettingsRequest(values, options.get("config"), tuple(options.get("account") or ()))


def heard(silent: Context) -> Context:
    """Return a context that the terminal listens to."""
    return replace(silent, listener=Terminal(silent.account))
