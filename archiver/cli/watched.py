"""The portal and the media hosts, watched: a command says whom it waits for when they are slow."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO
from urllib.parse import urlsplit

from archiver.cli.output import human_bytes
from archiver.cli.vigil import Detail, Vigil
from archiver.download.http import Media
from archiver.download.link import parse
from archiver.download.transfer import Fetched, Transfer
from archiver.portal.client import Client
from archiver.portal.paging import Ask
from archiver.portal.wire import Page
from archiver.secret import Secret

Over = Callable[[str, Detail], AbstractContextManager[None]]


def unwatched(_what: str, _detail: Detail) -> AbstractContextManager[None]:
    """Keep no watch."""
    return nullcontext()


class WatchedClient(Client):
    """A client that is watched while it waits for pages."""

    _over: Over = staticmethod(unwatched)
    _host = ""

    def watch(self, vigil: Vigil, host: str) -> None:
        """Let the vigil tell of waiting, by the host's name."""
        self._over, self._host = vigil.over, host

    def fetch(self, asks: tuple[Ask, ...]) -> tuple[Page, ...]:
        """Fetch pages; say so when that takes long."""
        with self._over(f"waiting for the portal at {self._host}", self._so_far):
            return super().fetch(asks)

    def _so_far(self) -> str:
        return f"{self.requests} requests, {self.retries} of them again"


class WatchedMedia(Media):
    """A media client that is watched while it waits for audio."""

    _over: Over = staticmethod(unwatched)

    def watch(self, vigil: Vigil) -> None:
        """Let the vigil tell of waiting."""
        self._over = vigil.over

    def fetch(self, transfer: Transfer, link: Secret, sink: BinaryIO) -> Fetched:
        """Fetch an object; say so when that takes long."""

        def so_far() -> str:
            of_all = f" of {human_bytes(transfer.total)}" if transfer.total else ""
            return f"{human_bytes(transfer.offset)}{of_all}, tried {transfer.attempts} times"

        with self._over(f"waiting for audio from {parse(link).host}", so_far):
            return super().fetch(transfer, link, sink)


def host_of(endpoint: str) -> str:
    """Return the host of an address, with its port where one is named."""
    return urlsplit(endpoint).netloc.rpartition("@")[2]
