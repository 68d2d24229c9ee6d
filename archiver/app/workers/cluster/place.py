"""The archive of a run as a worker of a cluster reaches it, with credentials of its own."""

import os
from abc import ABC, abstractmethod
from collections import deque

from msgspec import Struct

from archiver.app.opening.archive.stores import open_store
from archiver.app.opening.context import Context
from archiver.app.opening.listener import Nobody
from archiver.app.workers.cluster.batches import Batch, Came, ClusterOpening
from archiver.app.workers.messages import Said
from archiver.concurrency.stop import StopToken
from archiver.config import token
from archiver.errors import UsageError


class Place(ABC):
    """Where this worker does what it is handed; ``stopping`` ends every wait and transfer.

    Of the run's variables it has none. Raises :class:`archiver.errors.ArchiverError` where that is
    not the run's archive, or of no use.
    """

    def __init__(self, opening: ClusterOpening) -> None:
        environ = {name: text for name, text in os.environ.items() if name != token.VARIABLE}
        self.stopping = StopToken()
        self._said: deque[Said] = deque()
        self.context = Context(opening.settings, {}, environ, listener=_Keeping(self._said))
        self.store = open_store(self.context)
        if not self.store.shows(opening.shown):
            where = self.context.archive()
            raise UsageError(f"{where}, as it is reached here, is not where the run works.")

    @abstractmethod
    def outcome_of(self, handed: object) -> object:
        """Return what comes of one thing that was handed over; raises nothing."""

    def do(self, batch: Batch) -> Came:
        """Do one after another."""
        outcomes = tuple(map(self.outcome_of, batch.handed))
        return Came(outcomes, tuple(self._said.popleft() for _ in range(len(self._said))))

    def close(self) -> tuple[str, ...]:
        """End what was opened; return what the store has to say after all of it."""
        self.stopping.set()
        return tuple(self.store.notes())


class _Keeping(Nobody, Struct, frozen=True):
    """A listener that keeps what it hears until the next batch is done."""

    said: deque[Said]

    def say(self, text: str, event: str = "said") -> None:
        """Keep a line."""
        self.said.append(Said(text, event))
