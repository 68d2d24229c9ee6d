"""Who hears what a use case has to say while it works: a terminal, a log, or nobody."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Detail = Callable[[], str]
Over = Callable[[str, Detail], AbstractContextManager[None]]
"""Keeps watch while a block runs: ``what`` it does, and how far it is."""


class Listener(Protocol):
    """Hears single lines, and what is waited for. Any thread may speak to it."""

    def say(self, text: str, event: str = "said") -> None:
        """Hear a line; ``event`` names its kind for whoever reads logs."""
        ...

    def waiting(self, what: str, detail: Detail = str) -> AbstractContextManager[None]:
        """Know what is waited for while the block runs; ``detail`` tells how far it is."""
        ...


class Nobody:
    """Hears nothing, and keeps no watch: also for a listener that hears lines alone."""

    def say(self, text: str, event: str = "said") -> None:
        """Forget the line."""

    def waiting(self, what: str, detail: Detail = str) -> AbstractContextManager[None]:  # noqa: ARG002 - nobody waits
        """Keep no watch."""
        return nullcontext()


NOBODY = Nobody()
