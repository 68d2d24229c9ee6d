"""What runs on a worker of a cluster: it opens the archive for a run, and does batches of it."""

import os
import threading
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from archiver.app.opening.context import Context
from archiver.app.opening.listener import Detail
from archiver.app.opening.media_hosts import media_client, services_of
from archiver.app.opening.stores import open_store
from archiver.app.workers.answering import LinkAnswer, Unanswered, outcome_of
from archiver.app.workers.cluster.batches import Batch, Came, ClusterOpening, Handed, Outcome
from archiver.app.workers.messages import LinkFound, LinkWanted, Said
from archiver.concurrency.stop import StopToken
from archiver.config import token
from archiver.domain.recordings import RecordingId
from archiver.errors import UsageError, message_of
from archiver.manifest.journal import Journal
from archiver.pull.recording import RecordingJob
from archiver.secret import Secret
from archiver.store.base import Store
from archiver.store.os_errors import map_os_errors


def open_for(opening: ClusterOpening) -> str:
    """Open the archive for a run; return why this worker can't work there, empty where it can."""
    try:
        place = Workplace(opening)
    except Exception as error:  # noqa: BLE001 - a cluster would log what is raised, and go on
        return message_of(error)
    with _guard:
        _places[opening.run] = place
    return ""


def do(batch: Batch) -> Came | None:
    """Do a batch; ``None`` where the archive was not opened for its run in this process."""
    with _guard:
        place = _places.get(batch.run)
    return place.do(batch) if place else None


def wind_up(run: str) -> None:
    """Let every wait and transfer of a run end now."""
    with _guard:
        place = _places.get(run)
    if place:
        place.stopping.set()


def close(run: str) -> tuple[str, ...]:
    """End what was opened for a run; return what its store has to say after all of it."""
    with _guard:
        place = _places.pop(run, None)
    return place.close() if place else ()


class Workplace:
    """The archive and the media hosts of one run, as this worker reaches them.

    Its credentials are this machine's own: of the run's variables it has none. Raises
    :class:`archiver.errors.ArchiverError` where that is not the run's archive, or of no use.
    """

    def __init__(self, opening: ClusterOpening) -> None:
        environ = {name: text for name, text in os.environ.items() if name != token.VARIABLE}
        self.stopping = StopToken()
        self._said: deque[Said] = deque()
        context = Context(opening.settings, {}, environ, listener=_Keeping(self._said))
        self._store = _archive(context, opening)
        self._media = media_client(context, self.stopping)
        self._services = services_of(opening.settings, self._media, self._store)
        self._media.__enter__()

    def do(self, batch: Batch) -> Came:
        """Do one after another."""
        outcomes = tuple(self._outcome(each) for each in batch.handed)
        return Came(outcomes, tuple(self._said.popleft() for _ in range(len(self._said))))

    def close(self) -> tuple[str, ...]:
        """End the connections; return what the store has to say."""
        self.stopping.set()
        self._media.__exit__(None, None, None)
        return tuple(self._store.notes())

    def _outcome(self, handed: Handed) -> Outcome:
        try:
            return outcome_of(
                RecordingJob(handed.task, _GivenLinks(handed.answers), self._services)
            )
        except _LinkMissing as missing:
            return missing.wanted


def _archive(context: Context, opening: ClusterOpening) -> Store:
    """Open the archive, and see that it is the run's and can be written to."""
    store = open_store(context)
    found = Journal(store).archive().archive
    if found != opening.archive:
        raise UsageError(f"At {context.archive()} lies another archive than the run's.")
    if opening.shown is not None:
        with store.part() as part, map_os_errors("looking for the run's part file"):
            shown = part.path.with_name(opening.shown)
            if not shown.exists():
                raise UsageError(f"{context.archive()} is not the folder that the run works in.")
            if shown.stat().st_uid != part.path.stat().st_uid:
                raise UsageError(f"What is written to {context.archive()} is another user's.")
    return store


@dataclass(frozen=True, slots=True)
class _Keeping:
    """A listener that keeps what it hears until the next batch is done."""

    said: deque[Said]

    def say(self, text: str, event: str = "said") -> None:
        """Keep a line."""
        self.said.append(Said(text, event))

    def waiting(self, what: str, detail: Detail = str) -> AbstractContextManager[None]:  # noqa: ARG002 - the run watches
        """Keep no watch: the run shows how it gets on."""
        return nullcontext()


class _LinkMissing(Unanswered):
    """A job asks for one link more than it was given."""

    def __init__(self, wanted: LinkWanted) -> None:
        super().__init__("a link is wanted")
        self.wanted = wanted


@dataclass(slots=True)
class _GivenLinks:
    """The links that came with a task, each after the one before was refused."""

    answers: tuple[LinkAnswer, ...]
    _at: int = field(default=0, init=False)

    def begin(self, id_: RecordingId) -> Secret | None:  # noqa: ARG002 - they are of one recording
        """Return the last that was asked for."""
        return self._answer()

    def renew(self, id_: RecordingId, stale: Secret) -> Secret | None:
        """Return the next one; raises :class:`_LinkMissing` where none was given."""
        if self._at + 1 == len(self.answers):
            raise _LinkMissing(LinkWanted(id_, stale))
        self._at += 1
        return self._answer()

    def _answer(self) -> Secret | None:
        answer = self.answers[self._at]
        if isinstance(answer, LinkFound):
            return answer.link
        raise answer.error


_places: dict[str, Workplace] = {}
_guard = threading.Lock()
