"""Where an archive may lie: what a kind of place must do, beside the promise of its store."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from archiver.config.settings import Settings
from archiver.domain.checks import Check
from archiver.errors import UsageError
from archiver.json_documents import Json
from archiver.secret import Secret
from archiver.store.base import Store

ProxyFor = Callable[[str], Secret | None]


class Address(Struct, frozen=True):
    """An archive's address, and what a site is made of beside it.

    ``state`` is the folder of this machine's user for state, ``None`` where the user has no home.
    ``proxy_for`` returns the proxy of a URL.
    """

    text: str
    settings: Settings
    state: Path | None
    proxy_for: ProxyFor

    def no_home(self) -> UsageError:
        """Return the error of a site that needs a home."""
        return UsageError(
            f"User {os.getuid()} has no home folder to keep the state of {self.text} in.",
            advice="Set XDG_STATE_HOME or HOME to a lasting folder that this user may write.",
        )


class Site(Protocol):
    """A place that an archive may lie in; it is made without looking there."""

    @property
    def credentials(self) -> str:
        """How the names of the variables begin that hold its credentials; empty without any."""
        ...

    @property
    def state(self) -> Path | None:
        """Where this user keeps what can't lie beside the archive; ``None`` where that is all."""
        ...

    def workdir(self) -> Path:
        """Return the private folder of this machine for it. Raises :class:`UsageError`."""
        ...

    def open(self) -> Store:
        """Return its store; that writes and sends nothing. Raises :class:`UsageError`."""
        ...

    def require_usable(self, *, among_others: bool = False) -> None:
        """Raise what keeps a run from writing there, as far as can be told without its store.

        An archive may begin ``among_others``: in a folder that holds other files.
        """
        ...

    def require_there(self) -> None:
        """Raise where what it lies on is gone for now: a disk that is not mounted."""
        ...

    def prepare(self, store: Store) -> None:
        """See that its open store may be written to; the workdir is there when its lock is held."""
        ...

    def remember(self) -> None:
        """Note what :meth:`require_there` goes by."""
        ...

    def checks(self, see: Callable[[], object], elsewhere: Callable[[], str]) -> Iterator[Check]:
        """Yield the checks of ``archiver doctor``.

        ``see`` raises what is wrong with the archive that lies there; ``elsewhere`` tells where the
        catalog has to be kept, and why, if not beside it.
        """
        ...

    def uses(self) -> Mapping[tuple[str, ...], Callable[[], object]]:
        """Return what it makes of some settings, by their names: each may raise what is wrong."""
        ...

    def policy(self) -> Json:
        """Return the rights that a writer needs. Raises :class:`UsageError` without any."""
        ...
