"""The workers of a cluster that take part in a run, and what each has in hand."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Protocol

from msgspec import Struct, field

from archiver.app.workers.cluster.batches import Batch, Came, ClusterOpening
from archiver.errors import StopRun


class ClusterLost(StopRun):
    """The cluster can't be reached any more: whatever it has in hand is left to the next run."""


class Worker(Struct, frozen=True):
    """A worker as its cluster tells it: how people call it, and how many jobs it does at once."""

    name: str
    threads: int


class Cluster(Protocol):
    """Machines that do batches, used from many threads; a worker goes by its address."""

    def workers(self) -> Mapping[str, Worker]:
        """Return the workers that are there now; raises :class:`ClusterLost`."""
        ...

    def open(self, worker: str, opening: ClusterOpening) -> str:
        """Let a worker open the archive; return why it can't be used, empty where it can.

        Raises :class:`ClusterLost`.
        """
        ...

    def submit(
        self, worker: str, batch: Batch, then: Callable[[Came | None], None]
    ) -> Callable[[], None]:
        """Hand a worker a batch; ``then`` hears what came of it, ``None`` where nothing can.

        Return what drops the batch: nothing is heard of it any more. Raises :class:`ClusterLost`.
        """
        ...

    def wind_up(self, run: str) -> None:
        """Let every wait and transfer of a run end now, on all workers."""
        ...

    def close(self, run: str) -> tuple[str, ...]:
        """End what workers have opened for a run; return what their stores have to say."""
        ...


class AwaitedJob(Struct, frozen=True, eq=False):
    """A job that the run waits for: what comes of it, ``None`` where its worker is gone.

    It travels with others, or ``alone``.
    """

    handed: object
    alone: bool = False
    coming: "Future[object]" = field(default_factory=Future)

    def resolve(self, outcome: object) -> None:
        """Let it be waited for no more, unless it has an outcome."""
        if not self.coming.done():
            self.coming.set_result(outcome)

    def refuse(self, error: StopRun) -> None:
        """Raise this where it is waited for, unless that has an outcome."""
        if not self.coming.done():
            self.coming.set_exception(error)


class CrewMember(Struct, eq=False):
    """A worker that takes part; what it ``has`` in hand, each with what drops it."""

    address: str
    worker: Worker
    is_ready: bool = False
    has: dict[tuple[AwaitedJob, ...], Callable[[], None]] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """How many batches more it can do now."""
        return self.worker.threads - len(self.has) if self.is_ready else 0


class Crew(Struct):
    """Who takes part, and what waits to be handed to them, so many at once at most.

    Used under its owner's lock.
    """

    most_at_once: int
    members: dict[str, CrewMember] = field(default_factory=dict)
    waiting: deque[AwaitedJob] = field(default_factory=deque)

    def ready(self) -> list[CrewMember]:
        """Return the workers that can be handed something."""
        return [each for each in self.members.values() if each.is_ready]

    def handing_out(self) -> Iterator[tuple[CrewMember, tuple[AwaitedJob, ...]]]:
        """Yield what goes to whom now; whoever has least in hand comes first."""
        while self.waiting:
            member = max(self.ready(), key=lambda each: each.free, default=None)
            if member is None or not member.free:
                return
            calls = self._batch()
            member.has[calls] = _nothing_yet
            yield member, calls

    def _batch(self) -> tuple[AwaitedJob, ...]:
        """Take a thread's share of all there is to do: a batch costs the cluster the same for any.

        What others have in hand counts, so that batches don't become smaller in the middle of it.
        """
        ready = self.ready()
        threads = sum(each.worker.threads for each in ready)
        in_hand = sum(len(calls) for each in ready for calls in each.has)
        share = max(1, min(self.most_at_once, (len(self.waiting) + in_hand) // threads))
        calls = [self.waiting.popleft()]
        if not calls[0].alone:
            while self.waiting and len(calls) < share and not self.waiting[0].alone:
                calls.append(self.waiting.popleft())
        return tuple(calls)

    def everything(self) -> Iterator[AwaitedJob]:
        """Yield all that waits or is in hand; nothing waits any more."""
        for member in self.members.values():
            for calls in member.has:
                yield from calls
        yield from self.unsent()

    def unsent(self) -> Iterator[AwaitedJob]:
        """Yield all that waits, and let it wait no more."""
        while self.waiting:
            yield self.waiting.popleft()


def _nothing_yet() -> None:
    """Drop nothing: it is not handed over yet."""
