"""The portal and the media hosts, watched: a command says whom it waits for when they are slow."""

from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO
from urllib.parse import urlsplit

from archiver.app.opening.listener import Detail, Over
from archiver.domain.quantities import counted, human_bytes
from archiver.media.link import parse
from archiver.media.media_client import MediaClient
from archiver.media.transfer import FetchedBody, Transfer
from archiver.portal.client import Client
from archiver.portal.proving.walk import PageQuery
from archiver.portal.wire.answers import Page
from archiver.secret import Secret


def unwatched(_what: str, _detail: Detail) -> AbstractContextManager[None]:
    """Keep no watch."""
    return nullcontext()


class WatchedClient(Client):
    """A client that is watched while it waits for pages."""

    _over: Over = staticmethod(unwatched)
    _host = ""

    def watch(self, over: Over, host: str) -> None:
        """Let it be known when the host is waited for."""
        self._over, self._host = over, host

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        """Fetch pages; say so when that takes long."""
        with self._over(f"waiting for the portal at {self._host}", self._so_far):
            return super().fetch(asks)

    def _so_far(self) -> str:
        return f"{counted(self.requests, 'request')}, {self.retries} of them again"


class WatchedMedia(MediaClient):
    """A media client that is watched while it waits for audio."""

    _over: Over = staticmethod(unwatched)

    def watch(self, over: Over) -> None:
        """Let it be known when a host is waited for."""
        self._over = over

    def fetch(self, transfer: Transfer, link: Secret, sink: BinaryIO) -> FetchedBody:
        """Fetch an object; say so when that takes long."""

        def so_far() -> str:
            of_all = f" of {human_bytes(transfer.total)}" if transfer.total else ""
            tried = counted(transfer.attempts, "time")
            return f"{human_bytes(transfer.offset)}{of_all}, tried {tried}"

        with self._over(f"waiting for audio from {parse(link).host}", so_far):
            return super().fetch(transfer, link, sink)


def host_of(endpoint: str) -> str:
    """Return the host of an address, with its port where one is named."""
    return urlsplit(endpoint).netloc.rpartition("@")[2]
