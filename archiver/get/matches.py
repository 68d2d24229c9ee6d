"""Choosing among the recordings that match, when more match than were named."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar


class Match(Protocol):
    """A recording that fits what was asked for. ``state`` is empty if nothing is to be said."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def at(self) -> datetime | None:
        """Its portal time."""
        ...

    @property
    def reported_ms(self) -> int | None:
        """Its reported length in milliseconds."""
        ...

    @property
    def who(self) -> str:
        """Who talked to whom."""
        ...

    @property
    def state(self) -> str:
        """What is to be known of it before it is chosen."""
        ...


M = TypeVar("M", bound=Match)


class Choose(Protocol):
    """Returns those of the matches that are wanted."""

    def __call__(self, matches: Sequence[M], /) -> Sequence[M]:
        """Return some of the matches, in their order."""
        ...


def every(matches: Sequence[M], /) -> Sequence[M]:
    """Return all of them."""
    return matches
