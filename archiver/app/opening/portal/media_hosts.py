"""The media hosts of some settings, and what the jobs of recordings need beside them."""

import threading
import time
from typing import BinaryIO

from archiver.app.opening.context import Context
from archiver.app.opening.listener import NOBODY, Over
from archiver.concurrency.stop import StopToken
from archiver.config.settings import Settings
from archiver.domain.meter import Meter
from archiver.domain.quantities import counted, human_bytes
from archiver.media.allow_list import AllowList
from archiver.media.link import Link, parse
from archiver.media.media_client import MediaClient, MediaRoute
from archiver.media.transfer import FetchedBody, Transfer
from archiver.pull.job.services import Services
from archiver.secret import Secret
from archiver.store.base import Store


class WatchedMedia(MediaClient):
    """A media client that is watched while it waits for audio."""

    _over: Over = NOBODY.waiting
    _limit = ""

    def watch(self, over: Over, bwlimit: int | None) -> None:
        """Let it be known when a host is waited for, or the limit (bytes a second)."""
        self._over = over
        self._limit = f", at most {human_bytes(bwlimit)}/s (--bwlimit)" if bwlimit else ""

    def fetch(self, transfer: Transfer, link: Secret, sink: BinaryIO) -> FetchedBody:
        """Fetch an object; say so when that takes long."""
        began, had = time.monotonic(), transfer.offset

        def so_far() -> str:
            come = transfer.offset - min(had, transfer.offset)
            meter = Meter(transfer.total or 0, transfer.offset, worked=come, bytes=come)
            tried = counted(transfer.attempts, "time")
            return f"{meter.of_bytes(time.monotonic() - began)}, tried {tried}{self._limit}"

        with self._over(f"fetching audio from {parse(link).host}", so_far):
            return super().fetch(transfer, link, sink)


def media_client(context: Context, stopping: StopToken) -> WatchedMedia:
    """Return a client of the media hosts; ``stopping`` ends every wait and transfer of it."""
    settings, network = context.settings, context.settings.network
    route = MediaRoute(
        connections=network.workers,
        proxy_for=_MediaProxies(context),
        ca_bundle=network.ca_bundle,
        bytes_per_s=network.bwlimit,
    )
    hosts = AllowList.of(settings.portal.endpoint, network.media_hosts)
    return WatchedMedia(hosts, stopping, route=route, say=context.listener.say)


def services_of(settings: Settings, media: MediaClient, store: Store) -> Services:
    """Return what the jobs of recordings need to archive into ``store``."""
    return Services(
        store=store, media=media, tolerance=settings.tolerance, portal=settings.portal.endpoint
    )


class _MediaProxies:
    """Tells the proxy of each media host, and says once what that means."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._is_said = False

    def __call__(self, link: Link) -> Secret | None:
        """Return the proxy for a link."""
        proxy = self._context.proxy(f"{link.scheme}://{link.host}/")
        with self._lock:
            is_new = proxy is not None and not self._is_said
            self._is_said = self._is_said or is_new
        if is_new:
            self._context.listener.say(
                "Behind a proxy only the names of media hosts are checked, not their addresses."
            )
        return proxy
