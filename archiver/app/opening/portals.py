"""Where the parts are put together: the one place that names concrete kinds.

Imported by commands that reach the portal, after their options are parsed.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from archiver.app.opening.context import Context
from archiver.app.opening.watched import WatchedClient, WatchedMedia, host_of
from archiver.config.proxies import unread
from archiver.config.settings import Settings
from archiver.errors import StopRun
from archiver.get.from_portal import Fetcher
from archiver.media import client as download
from archiver.media.allow_list import AllowList
from archiver.media.link import Link
from archiver.portal.client import Client, PortalRoute
from archiver.portal.clock import Clock
from archiver.portal.rate_limiter import Limiter
from archiver.portal.session import PortalSession
from archiver.pull.job.services import Services
from archiver.secret import Secret
from archiver.store.base import Store


@dataclass(frozen=True, slots=True)
class Connections:
    """A portal and its media hosts, reachable; ``stopping`` ends every wait and request."""

    settings: Settings
    client: Client
    media: download.MediaClient
    stopping: threading.Event

    def services(self, store: Store) -> Services:
        """Return what a pipeline needs to archive into ``store``."""
        from archiver.audio.measure import measure
        from archiver.audio.verdict import judge

        return Services(
            store=store,
            media=self.media,
            measure=measure,
            judge=judge,
            tolerance=self.settings.tolerance,
            portal=self.settings.portal.endpoint,
        )

    def fetcher(self, session: PortalSession) -> Fetcher:
        """Return what fetches single recordings into plain files."""
        from archiver.audio.measure import measure
        from archiver.audio.verdict import judge

        return Fetcher(self.client, self.media, session, measure, judge, self.settings.tolerance)


@contextmanager
def connect(context: Context, *, watches_media: bool = True) -> Iterator[Connections]:
    """Connect to the portal and the media hosts of these settings.

    Whom a command waits for is said: unless it shows itself how its many downloads get on.
    """
    settings, stopping = context.settings, threading.Event()

    def check(_received: int = 0) -> None:
        if stopping.is_set():
            raise StopRun("The run is stopping.")

    def wait(seconds: float) -> None:
        stopping.wait(seconds)
        check()

    token = context.token()
    limiter = Limiter(settings.network.rate, clock=time.monotonic, wait=wait)
    portal_proxy = context.proxy(settings.portal.endpoint)
    route = PortalRoute(settings.portal.endpoint, _secret(portal_proxy), settings.network.ca_bundle)
    if settings.network.proxy is None and unread(context.environ):
        context.listener.say(
            "HTTP_PROXY in capitals is not read, nor does curl read it: write http_proxy."
        )
    media_route = download.MediaRoute(
        connections=settings.network.workers,
        proxy_for=_MediaProxies(context),
        ca_bundle=settings.network.ca_bundle,
        bytes_per_s=settings.network.bwlimit,
    )
    hosts = AllowList.of(settings.portal.endpoint, settings.network.media_hosts)
    listener = context.listener
    with (
        WatchedClient(
            route,
            token,
            auth=settings.portal.auth,
            limiter=limiter,
            wait=wait,
            check=check,
            clock=Clock(settings.portal.clock),
            say=listener.say,
        ) as client,
        WatchedMedia(hosts, stopping, route=media_route) as media,
    ):
        client.watch(listener.waiting, host_of(settings.portal.endpoint))
        if watches_media:
            media.watch(listener.waiting)
        try:
            yield Connections(settings, client, media, stopping)
        finally:
            stopping.set()


class _MediaProxies:
    """Tells the proxy of each media host, and says once what that means."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._is_said = False

    def __call__(self, link: Link) -> Secret | None:
        """Return the proxy for a link."""
        proxy = _secret(self._context.proxy(f"{link.scheme}://{link.host}/"))
        with self._lock:
            is_new = proxy is not None and not self._is_said
            self._is_said = self._is_said or is_new
        if is_new:
            self._context.listener.say(
                "Behind a proxy only the names of media hosts are checked, not their addresses."
            )
        return proxy


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text else None
