"""The workers of a cluster, as a run uses them: who is there, what they are handed, who is lost.

Whoever is to be handed something has opened the archive before, and shown that it is the run's. A
worker that is gone gives back what it had in hand; a cluster that is gone ends the run as a stop
does.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial

from archiver.app.opening.listener import Listener
from archiver.app.workers.cluster.batches import Batch, Came, ClusterOpening
from archiver.app.workers.cluster.crew import (
    AwaitedJob,
    Cluster,
    ClusterLost,
    Crew,
    CrewMember,
    Worker,
)
from archiver.concurrency.stop import StopToken
from archiver.domain.quantities import counted
from archiver.errors import StopRun

WATCH_S = 1.0
"""So often it is asked who is there."""
PATIENCE_S = 300.0
"""So long a run waits while no worker can be used."""


class ClusterPool:
    """Has things done by a ``cluster``, so many handed out at once at most. For many threads."""

    def __init__(  # noqa: PLR0913 - what it works with, and its two times
        self,
        cluster: Cluster,
        opening: ClusterOpening,
        listener: Listener,
        most_at_once: int,
        *,
        patience_s: float = PATIENCE_S,
        watch_s: float = WATCH_S,
    ) -> None:
        self._cluster = cluster
        self._opening = opening
        self._listener = listener
        self._patience_s = patience_s
        self._watch_s = watch_s
        self._crew = Crew(most_at_once)
        self._said: set[str] = set()
        self._guard = threading.RLock()
        self._over = threading.Event()
        self._error: StopRun | None = None
        self._used_at = time.monotonic()

    def submit(self, handed: object, *, alone: bool = False) -> Future[object]:
        """Have something done; ``None`` comes of it where its worker is gone.

        Raised is what ends the whole run. What goes ``alone`` costs no other that is handed out
        with it, should it end its worker.
        """
        call = AwaitedJob(handed, alone)
        with self._guard:
            if self._error:
                raise self._error
            self._crew.waiting.append(call)
        self._hand_out()
        return call.coming

    @contextmanager
    def stopped_by(self, stopping: StopToken) -> Iterator["ClusterPool"]:
        """Use the workers for as long as the block runs; let ``stopping`` stop them too."""

        def pass_on() -> None:
            stopping.wait()
            self._end(StopRun("The run is stopping."))

        for each in (pass_on, self._watch):
            threading.Thread(target=each, name="cluster", daemon=True).start()
        try:
            yield self
        finally:
            self._over.set()
            for line in self._cluster.close(self._opening.run):
                self._say(line)

    def _hand_out(self) -> None:
        """Hand out what waits to whoever is free."""
        with self._guard:
            for member, calls in self._crew.handing_out():
                batch = Batch(self._opening.run, tuple(each.handed for each in calls))
                then = partial(self._came, member, calls)
                try:
                    drop = self._cluster.submit(member.address, batch, then)
                except ClusterLost as error:
                    self._give_up(error)
                    return
                if calls in member.has:
                    member.has[calls] = drop

    def _came(self, member: CrewMember, calls: tuple[AwaitedJob, ...], came: Came | None) -> None:
        """Hear what a worker made of a batch; one that made nothing of it is looked at again."""
        with self._guard:
            if member.has.pop(calls, None) is None:
                return  # the worker was given up
            if came is None and self._crew.members.get(member.address) is member:
                self._crew.members.pop(member.address)
        outcomes = came.outcomes if came else [None] * len(calls)
        for call, outcome in zip(calls, outcomes, strict=True):
            call.resolve(outcome)
        for each in came.said if came else ():
            self._say(each.text, each.event)
        self._hand_out()

    def _watch(self) -> None:
        """See who comes and who goes, until the run is over."""
        try:
            while not self._over.is_set():
                self._take_note(self._cluster.workers())
                self._over.wait(self._watch_s)
        except StopRun as error:
            self._give_up(error)

    def _take_note(self, there: Mapping[str, Worker]) -> None:
        """Note who is there; raises :class:`StopRun` when nobody could be used for long."""
        with self._guard:
            gone = [each for each in self._crew.members.values() if each.address not in there]
            new = [
                CrewMember(address, worker)
                for address, worker in there.items()
                if address not in self._crew.members
            ]
            for each in gone:
                self._crew.members.pop(each.address)
            self._crew.members |= {each.address: each for each in new}
        for each in gone:
            self._lose(each)
        for each in new:
            threading.Thread(target=self._open, args=(each,), name="cluster", daemon=True).start()
        if self._crew.ready():
            self._used_at = time.monotonic()
        elif time.monotonic() - self._used_at > self._patience_s:
            raise StopRun(
                f"No worker can be used: {counted(len(there), 'worker is', 'workers are')} there.",
                advice="Run it again when there are workers that see the archive.",
            )

    def _open(self, member: CrewMember) -> None:
        """Let a worker open the archive; from then on it is handed what waits."""
        try:
            why = self._cluster.open(member.address, self._opening)
        except ClusterLost as error:
            self._give_up(error)
            return
        if why:
            self._say(f"Worker {member.worker.name} is given nothing: {why}")
            return
        with self._guard:
            member.is_ready = True
        self._hand_out()

    def _lose(self, member: CrewMember) -> None:
        """Give up a worker that is gone, and what it had in hand."""
        with self._guard:
            had, member.has, member.is_ready = member.has, {}, False
        if not self._error:
            self._say(f"Worker {member.worker.name} is gone.")
        for calls, drop in had.items():
            drop()
            for call in calls:
                call.resolve(None)

    def _give_up(self, error: StopRun) -> None:
        """End what waits and what is in hand: nobody is there to say what comes of it."""
        with self._guard:
            self._error = self._error or error
            calls = [*self._crew.everything()]
        for call in calls:
            call.refuse(error)

    def _end(self, error: StopRun) -> None:
        """Hand out nothing more, and let workers stop; what they bring home meanwhile counts."""
        with self._guard:
            self._error = self._error or error
            calls = [*self._crew.unsent()]
        for call in calls:
            call.refuse(error)
        self._cluster.wind_up(self._opening.run)

    def _say(self, text: str, event: str = "noticed") -> None:
        """Say a line, once."""
        with self._guard:
            is_new = text not in self._said
            self._said.add(text)
        if is_new:
            self._listener.say(text, event)
