"""Joining a cluster for a run: what its address may be, and what its workers are told."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from urllib.parse import urlsplit

from msgspec.structs import replace

from archiver.app.opening.context import Context
from archiver.app.workers.cluster import cluster_runner as running
from archiver.app.workers.cluster.audit_place import document_sha256
from archiver.app.workers.cluster.batches import AuditOpening, ClusterOpening, PullOpening
from archiver.app.workers.cluster.cluster_checks import ClusterChecks
from archiver.app.workers.cluster.cluster_pool import ClusterPool
from archiver.app.workers.cluster.cluster_runner import ClusterRunner
from archiver.check.audit_report import Depth
from archiver.check.file_check import check_file
from archiver.concurrency.stop import StopToken
from archiver.config.settings import DEFAULTS, LOOPBACK, Settings
from archiver.errors import DestinationError, UsageError
from archiver.pull.job.runner import JobRunner
from archiver.store.base import Store

TLS = "tls"
SCHEMES = frozenset({"tcp", TLS})
Opener = Callable[[str, Settings, str], ClusterOpening]
"""Makes what workers are told, of the run, the settings and what is shown in the archive."""


@contextmanager
def cluster_runner(  # noqa: PLR0913 - what a run has, each by name
    address: str,
    context: Context,
    *,
    local: JobRunner,
    store: Store,
    archive: str,
    stopping: StopToken,
) -> Iterator[ClusterRunner]:
    """Yield what runs jobs on the Dask cluster at an ``address``, until ``stopping`` stops them.

    Raises :class:`UsageError` for what can't be, :class:`archiver.errors.StopRun` where nobody is
    there.
    """
    if context.settings.network.bwlimit is not None:
        raise UsageError(
            "bwlimit can't be kept by many machines.",
            advice="Leave out --dask, or the limit: bwlimit = none.",
        )
    with _pool(
        address,
        context,
        store=store,
        opener=partial(PullOpening, archive=archive),
        most_at_once=running.MOST_AT_ONCE,
        stopping=stopping,
    ) as pool:
        yield ClusterRunner(local, pool)


@contextmanager
def cluster_checks(
    address: str, context: Context, store: Store, depth: Depth
) -> Iterator[ClusterChecks]:
    """Yield what checks the files of an archive on the Dask cluster at an ``address``.

    Raises as :func:`cluster_runner` does.
    """
    opener = partial(AuditOpening, depth=depth, document=document_sha256(store))
    stopping = StopToken()
    with _pool(
        address, context, store=store, opener=opener, most_at_once=1, stopping=stopping
    ) as pool:
        try:
            yield ClusterChecks(pool, partial(check_file, store, depth), context.listener)
        finally:
            stopping.set()


@contextmanager
def _pool(  # noqa: PLR0913 - as above
    address: str,
    context: Context,
    *,
    store: Store,
    opener: Opener,
    most_at_once: int,
    stopping: StopToken,
) -> Iterator[ClusterPool]:
    """Yield the workers of a cluster for as long as a block runs."""
    _require_usable(address, context)
    try:
        from archiver.app.workers.cluster.dask_cluster import connected
    except ImportError as error:
        raise UsageError(
            "Dask is not installed here.", advice="pip install 'recording-archiver[dask]'"
        ) from error
    with connected(address) as cluster, _opening(context, store, opener) as opening:
        pool = ClusterPool(cluster, opening, context.listener, most_at_once)
        with pool.stopped_by(stopping):
            yield pool


def _require_usable(address: str, context: Context) -> None:
    """Raise :class:`UsageError` for no address; say so where what travels is not encrypted."""
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
    if url.scheme != TLS and url.hostname not in LOOPBACK:
        context.listener.say(
            f"Warning: {address} is not encrypted. Whoever is on the way reads what travels to the "
            "workers, in a pull links and phone numbers, and can change what they answer. Prefer "
            "tls://.",
            "noticed",
        )


@contextmanager
def _opening(context: Context, store: Store, opener: Opener) -> Iterator[ClusterOpening]:
    """Yield what each worker is to open, and let what shows that this is it lie there.

    What only this machine needs does not travel: the token, and who else is told of the run.
    """
    settings = replace(context.settings.without_token(), notify=DEFAULTS.notify)
    run = secrets.token_hex(8)
    with ExitStack() as showing:
        try:
            shown = showing.enter_context(store.shown())
        except DestinationError as error:
            raise DestinationError(
                error.message,
                advice="--dask needs the right to write there: workers know the place by a file "
                "in its .archiver/ that is gone in the end.",
            ) from error
        yield opener(run, settings, shown)
