"""The portal of some settings, and its media hosts, connected to for as long as a block runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from msgspec import Struct

from archiver.app.opening.context import Context
from archiver.app.opening.listener import NOBODY, Over
from archiver.app.opening.portal.media_hosts import media_client, services_of
from archiver.concurrency.stop import StopToken
from archiver.config.proxies import unread
from archiver.config.settings import Settings
from archiver.domain.quantities import counted
from archiver.get.from_portal import Fetcher
from archiver.media.media_client import MediaClient
from archiver.portal.client import Client
from archiver.portal.clock import Clock
from archiver.portal.exchange import PortalRoute
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.rate_limiter import Limiter
from archiver.portal.session import PortalSession
from archiver.portal.wire.answers import Page
from archiver.pull.job.services import Services
from archiver.store.base import Store


class WatchedClient(Client):
    """A client that is watched while it waits for pages."""

    _over: Over = NOBODY.waiting
    _host, _rate = "", 0

    def watch(self, over: Over, host: str, rate: int) -> None:
        """Let it be known when the host, or the rate (requests a minute), is waited for."""
        self._over, self._host, self._rate = over, host, rate

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        """Fetch pages; say so when that takes long."""
        with self._over(f"asking the portal at {self._host}", self._so_far):
            return super().fetch(asks)

    def _so_far(self) -> str:
        """Say what was sent, and what the next page really waits for."""
        sent = f"{counted(self.requests, 'request')} so far, {self.retries} of them again"
        if self.is_asked_to_wait:
            return f"{sent}; the next one waits as long as the portal asked"
        if self.is_held_back:
            return f"{sent}; the next one has its turn later: {self._rate} a minute (--rate)"
        return f"{sent}; it has yet to answer"


class Connections(Struct, frozen=True):
    """A portal and its media hosts, reachable; ``stopping`` ends every wait and request."""

    settings: Settings
    client: Client
    media: MediaClient
    stopping: StopToken

    def services(self, store: Store) -> Services:
        """Return what the jobs of recordings need to archive into ``store``."""
        return services_of(self.settings, self.media, store)

    def fetcher(self, session: PortalSession) -> Fetcher:
        """Return what fetches single recordings into plain files."""
        return Fetcher(self.client, self.media, session, self.settings.tolerance)


@contextmanager
def connect(context: Context, *, watches_media: bool = True) -> Iterator[Connections]:
    """Connect to the portal and the media hosts of these settings.

    Whom a command waits for is said: unless it shows itself how its many downloads get on.
    """
    settings, stopping = context.settings, StopToken()
    token = context.token()
    limiter = Limiter(settings.network.rate, clock=time.monotonic, wait=stopping.pause)
    proxy = context.proxy(settings.portal.endpoint)
    route = PortalRoute(settings.portal.endpoint, proxy, settings.network.ca_bundle)
    if settings.network.proxy is None and unread(context.environ):
        context.listener.say(
            "HTTP_PROXY in capitals is not read, nor does curl read it: write http_proxy."
        )
    listener = context.listener
    with (
        WatchedClient(
            route,
            token,
            auth=settings.portal.auth,
            limiter=limiter,
            wait=stopping.pause,
            check=stopping.check,
            clock=Clock(settings.portal.clock),
            say=listener.say,
        ) as client,
        media_client(context, stopping) as media,
    ):
        client.watch(listener.waiting, _host_of(settings.portal.endpoint), settings.network.rate)
        if watches_media:
            media.watch(listener.waiting, settings.network.bwlimit)
        try:
            yield Connections(settings, client, media, stopping)
        finally:
            stopping.set()


def _host_of(endpoint: str) -> str:
    """Return the host of an address, with its port where one is named."""
    return urlsplit(endpoint).netloc.rpartition("@")[2]
