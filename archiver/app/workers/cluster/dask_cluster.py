"""A Dask cluster: the only module that knows Dask.

What is handed to a worker is a task of Dask's for that worker alone, under a key without a meaning.
Its arguments show nothing, and it raises nothing: Dask logs both.
"""

import logging
import pkgutil
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from distributed import Client, Future

from archiver import __version__
from archiver.app.workers.cluster import workplace
from archiver.app.workers.cluster.batches import Batch, Came, ClusterOpening
from archiver.app.workers.cluster.crew import ClusterLost, Worker
from archiver.concurrency.threads import Threads
from archiver.errors import StopRun, UsageError

VERSION = "archiver:__version__"
"""Where the version is, for ``pkgutil.resolve_name``: any Python can look, with archiver or not."""
CONNECT_S = 10.0
"""So long it is tried to reach the scheduler."""
ANSWER_S = 30.0
"""So long the scheduler, or a worker, may take to answer."""
OPEN_S = 120.0
"""So long a worker may take to open the archive: it may be busy with another run."""
FETCHED_AT_ONCE = 16
"""So many results are fetched at once: Dask tells of one after the other, on one thread."""
CLOSE_S = 2.0
"""So long workers may take to close what they opened."""


@contextmanager
def connected(address: str) -> Iterator["DaskCluster"]:
    """Connect to a scheduler for as long as a block runs.

    Raises :class:`StopRun` where it can't be reached, :class:`UsageError` where it can't be used.
    """
    _quiet()
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False, name="archiver")
    except (OSError, ValueError) as error:
        raise StopRun(
            f"There is no Dask scheduler at {address}.",
            advice="See that it runs, and that this machine may connect to it.",
        ) from error
    cluster = DaskCluster(client, address)
    try:
        cluster.require_same_version()
        yield cluster
    finally:
        cluster.leave()
        with suppress(Exception):
            client.close(timeout=CLOSE_S)


def _quiet() -> None:
    """Let Dask log nothing here: the run says itself who is gone.

    Dask gives loggers below its own a level each.
    """
    for name in [*logging.root.manager.loggerDict]:
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class DaskCluster:
    """The workers of the scheduler that a client is connected to."""

    def __init__(self, client: Any, address: str) -> None:  # noqa: ANN401 - Dask has no types
        self._client = client
        self._address = address
        self._handed: dict[str, Future] = {}
        self._fetching = Threads(FETCHED_AT_ONCE, "cluster")
        self._is_lost = False

    def leave(self) -> None:
        """Fetch no more results."""
        self._fetching.end()

    def require_same_version(self) -> None:
        """Raise :class:`UsageError` where the scheduler can't read what it passes on."""
        try:
            found = self._client.run_on_scheduler(pkgutil.resolve_name, VERSION)
        except ImportError:
            found = None
        if found != __version__:
            raise UsageError(
                f"The Dask scheduler at {self._address} has {_other(found)}.",
                advice="Scheduler and workers need the same version as the one who starts the run.",
            )

    def workers(self) -> Mapping[str, Worker]:
        """Return the workers that are there now."""
        if self._is_lost or self._client.status != "running":
            raise self._lost()
        identity = self._client.scheduler.identity
        try:
            told = self._client.sync(identity, n_workers=-1, callback_timeout=ANSWER_S)
        except Exception as error:
            raise self._lost() from error
        return {
            address: Worker(_called(str(each["name"]), address), each["nthreads"])
            for address, each in told["workers"].items()
        }

    def open(self, worker: str, opening: ClusterOpening) -> str:
        """Let a worker open the archive; return why it can't be used, empty where it can."""
        try:
            told = self._client.run(
                pkgutil.resolve_name,
                VERSION,
                workers=[worker],
                on_error="return",
                callback_timeout=ANSWER_S,
            )
            if (found := told.get(worker)) != __version__:
                return f"it has {_other(found)}."
            future = self._submitted(worker, workplace.open_for, opening)
            why: str = future.result(timeout=OPEN_S)
        except Exception as error:
            if self._client.status != "running" or isinstance(error, CancelledError):
                raise self._lost() from error
            return f"it can't open the archive: {type(error).__name__}."
        return why

    def submit(
        self, worker: str, batch: Batch, then: Callable[[Came | None], None]
    ) -> Callable[[], None]:
        """Hand a worker a batch; it is done there or nowhere."""
        try:
            future = self._submitted(worker, workplace.do, batch)
        except Exception as error:
            raise self._lost() from error
        self._handed[future.key] = future
        future.add_done_callback(partial(self._ended, then))
        return partial(self._drop, future.key)

    def wind_up(self, run: str) -> None:
        """Let every wait and transfer of a run end now, on all workers that answer."""
        self._run(workplace.wind_up, run)

    def close(self, run: str) -> tuple[str, ...]:
        """End what workers have opened for a run; return what their stores have to say."""
        told = self._run(workplace.close, run).values()
        return tuple(line for lines in told if isinstance(lines, tuple) for line in lines)

    def _submitted(self, worker: str, function: Callable[..., object], argument: object) -> Future:
        """Make a task for one worker; its key says nothing."""
        return self._client.submit(
            function,
            argument,
            key=f"archiver-{secrets.token_hex(8)}",
            workers=[worker],
            allow_other_workers=False,
            pure=False,
        )

    def _run(self, function: Callable[[str], object], run: str) -> Mapping[str, object]:
        """Call a function on all workers, beside their tasks; return what those that answer say."""
        if self._client.status == "running":
            with suppress(Exception):
                return dict(
                    self._client.run(function, run, on_error="return", callback_timeout=CLOSE_S)
                )
        return {}

    def _ended(self, then: Callable[[Came | None], None], future: Future) -> None:
        """Pass on what came of a batch, unless it was dropped."""
        if self._handed.pop(future.key, None) is None:
            return
        if future.status in {"cancelled", "lost"}:
            self._is_lost = True  # the next look at the workers says so
            return
        self._fetching.submit(partial(_fetched, future, then))

    def _drop(self, key: str) -> None:
        future = self._handed.pop(key, None)
        if future is not None:
            with suppress(Exception):
                future.cancel(force=True)

    def _lost(self) -> ClusterLost:
        return ClusterLost(
            f"The Dask scheduler at {self._address} is gone.",
            advice="Run it again when there is one.",
        )


def _fetched(future: Future, then: Callable[[Came | None], None]) -> None:
    """Fetch a result, which takes a few round trips, and pass it on."""
    came = None
    with suppress(Exception):
        came = future.result(timeout=ANSWER_S)
    future.release()
    then(came)


def _other(version: object) -> str:
    """Return words for another version of archiver than this one's."""
    if not isinstance(version, str):
        return f"no archiver, and the run is of {__version__}"
    return f"archiver {version}, and the run is of {__version__}"


def _called(name: str, address: str) -> str:
    """Return how people call a worker: most names are the address."""
    return address if name == address else f"{name} ({address})"
