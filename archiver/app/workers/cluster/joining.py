"""Joining a cluster for a run: what its address may be, and what its workers are told."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from archiver.app.opening.context import Context
from archiver.app.workers.cluster.batches import ClusterOpening
from archiver.app.workers.cluster.cluster_runner import ClusterRunner
from archiver.config.settings import DEFAULTS, LOOPBACK
from archiver.errors import UsageError
from archiver.pull.job.runner import JobRunner
from archiver.store.base import Store

TLS = "tls"
SCHEMES = frozenset({"tcp", TLS})


@contextmanager
def cluster_runner(
    address: str, context: Context, local: JobRunner, store: Store, archive: str
) -> Iterator[ClusterRunner]:
    """Yield what runs jobs on the Dask cluster at an ``address``.

    Raises :class:`UsageError` for what can't be, :class:`archiver.errors.StopRun` where nobody is
    there.
    """
    _require_usable(address, context)
    try:
        from archiver.app.workers.cluster.dask_cluster import connected
    except ImportError as error:
        raise UsageError(
            "Dask is not installed here.", advice="pip install 'recording-archiver[dask]'"
        ) from error
    with connected(address) as cluster, _opening(context, store, archive) as opening:
        yield ClusterRunner(local, cluster, opening, context.listener)


def _require_usable(address: str, context: Context) -> None:
    """Raise :class:`UsageError` for no address; say so where links would travel unencrypted."""
    url = urlsplit(address)
    try:
        is_address = url.scheme in SCHEMES and bool(url.hostname and url.port)
    except ValueError:
        is_address = False
    if not is_address or url.path or "@" in url.netloc:
        raise UsageError(
            "--dask is the address of a scheduler, such as tcp://scheduler:8786 or "
            "tls://scheduler:8786."
        )
    if context.settings.network.bwlimit is not None:
        raise UsageError(
            "bwlimit can't be kept by many machines.",
            advice="Leave out --dask, or the limit: bwlimit = none.",
        )
    if url.scheme != TLS and url.hostname not in LOOPBACK:
        context.listener.say(
            f"Warning: {address} is not encrypted, and links and phone numbers travel to the "
            "workers. Prefer tls://.",
            "noticed",
        )


@contextmanager
def _opening(context: Context, store: Store, archive: str) -> Iterator[ClusterOpening]:
    """Yield what each worker is to open, and where the archive is a folder, show it there.

    What only this machine needs does not travel: the token, and who else is told of the run.
    """
    settings = replace(context.settings.without_token(), notify=DEFAULTS.notify)
    opening = ClusterOpening(secrets.token_hex(8), settings, archive)
    if store.capabilities.is_remote:
        yield opening
        return
    with store.part() as part:
        yield replace(opening, shown=part.path.name)
