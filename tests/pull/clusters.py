"""Clusters that need no Dask: one that does as it is told, one that is threads of this process."""

import pickle
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct, field

from archiver.app.opening.listener import Nobody
from archiver.app.workers.cluster import workplace
from archiver.app.workers.cluster.batches import Batch, Came, ClusterOpening
from archiver.app.workers.cluster.crew import ClusterLost, Worker


class Hearing(Nobody):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, event: str = "said") -> None:  # noqa: ARG002 - as a listener has it
        """Keep it."""
        self.said.append(text)


class Scripted(Struct):
    """A cluster that does as it is told; with ``holds``, or by who is ``slow``, nothing."""

    there: dict[str, Worker] = field(default_factory=lambda: {"tcp://a": Worker("a", 1)})
    refuses: Mapping[str, str] = field(default_factory=dict)
    does: Callable[[object], object] = str
    holds: bool = False
    slow: str | None = None
    is_lost: bool = False
    batches: list[tuple[str, Batch]] = field(default_factory=list)
    held: list[Callable[[Came | None], None]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def workers(self) -> Mapping[str, Worker]:
        """Return who is there."""
        if self.is_lost:
            raise ClusterLost("The scheduler is gone.")
        return dict(self.there)

    def open(self, worker: str, opening: ClusterOpening) -> str:  # noqa: ARG002 - nothing is opened
        """Note it, and return why not."""
        self.opened.append(worker)
        return self.refuses.get(worker, "")

    def submit(
        self, worker: str, batch: Batch, then: Callable[[Came | None], None]
    ) -> Callable[[], None]:
        """Do a batch at once, or keep it."""
        self.batches.append((worker, batch))
        if self.holds or worker == self.slow:
            self.held.append(then)
        else:
            threading.Thread(target=then, args=(self.came(batch),)).start()
        return lambda: self.calls.append("dropped")

    def came(self, batch: Batch) -> Came:
        """Return what comes of a batch."""
        return Came(tuple(map(self.does, batch.handed)))

    def release(self, worker: str) -> None:
        """Let a worker do the first batch that it was handed, where the first of each are kept."""
        place = [each for each, _ in self.batches].index(worker)
        self.held[place](self.came(self.batches[place][1]))

    def wind_up(self, run: str) -> None:
        """Note it."""
        self.calls.append(f"wound up {run}")

    def close(self, run: str) -> tuple[str, ...]:
        """Note it."""
        self.calls.append(f"closed {run}")
        return ("A note of a store.",)


class InThisProcess:
    """A cluster whose only worker is a few threads of this process: all but Dask is real."""

    def workers(self) -> Mapping[str, Worker]:
        """Return the worker."""
        return {"here": Worker("here", 3)}

    def open(self, worker: str, opening: ClusterOpening) -> str:
        """Open the archive."""
        assert worker == "here"
        return workplace.open_for(pickle.loads(pickle.dumps(opening)))  # noqa: S301 - made here

    def submit(
        self, worker: str, batch: Batch, then: Callable[[Came | None], None]
    ) -> Callable[[], None]:
        """Do a batch on a thread."""
        assert worker == "here"

        def run() -> None:
            came = workplace.do(pickle.loads(pickle.dumps(batch)))  # noqa: S301 - made here
            then(pickle.loads(pickle.dumps(came)))  # noqa: S301 - made here

        threading.Thread(target=run, daemon=True).start()
        return run

    def wind_up(self, run: str) -> None:
        """Wind up."""
        workplace.wind_up(run)

    def close(self, run: str) -> tuple[str, ...]:
        """Close."""
        return workplace.close(run)


MODULE = "archiver.app.workers.cluster.dask_cluster"


def standing_in(cluster: Callable[[], object]) -> types.ModuleType:
    """Return a module in the place of the one that knows Dask."""
    module = types.ModuleType(MODULE)

    @contextmanager
    def connected(_address: str) -> Iterator[object]:
        yield cluster()

    module.connected = connected  # type: ignore[attr-defined]  # a module has what it is given
    return module
