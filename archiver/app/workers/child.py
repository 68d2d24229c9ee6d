"""A worker process: it takes tasks from the run that started it, until that has no more or is gone.

Run as ``python -m archiver.app.workers.child VERSION CONTROL SLOT...``, the latter being the
descriptors of its pipes.
"""

import os
import signal
import sys
import threading
from multiprocessing.connection import Connection

from archiver import __version__
from archiver.app.opening.archive.stores import open_store
from archiver.app.opening.context import Context
from archiver.app.opening.listener import Nobody
from archiver.app.opening.portal.media_hosts import media_client, services_of
from archiver.app.workers import messages
from archiver.app.workers.answering import outcome_of
from archiver.app.workers.pipe import MessagePipe, PipeEnded
from archiver.concurrency.stop import StopToken
from archiver.concurrency.turns import others_turn
from archiver.domain.recordings import RecordingId
from archiver.errors import ArchiverError, UsageError
from archiver.manifest.journal import Journal
from archiver.pull.job.services import Services
from archiver.pull.job.task import Task
from archiver.pull.recording import RecordingJob
from archiver.secret import Secret
from archiver.store.base import Store

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The run hears these, and says when to stop."""


class _Relay(Nobody):
    """A listener that passes on what it hears to the run."""

    def __init__(self, control: MessagePipe) -> None:
        self._control = control

    def say(self, text: str, event: str = "said") -> None:
        """Pass a line on."""
        self._control.send(messages.Said(text, event))


class _AskedLinks:
    """Links that the run is asked for."""

    def __init__(self, pipe: MessagePipe) -> None:
        self._pipe = pipe

    def begin(self, id_: RecordingId) -> Secret | None:
        """Ask for a link to begin with."""
        return self._ask(messages.LinkWanted(id_))

    def renew(self, id_: RecordingId, stale: Secret) -> Secret | None:
        """Ask for another link than ``stale``."""
        return self._ask(messages.LinkWanted(id_, stale))

    @others_turn()
    def _ask(self, wanted: messages.LinkWanted) -> Secret | None:
        self._pipe.send(wanted)
        match self._pipe.receive():
            case messages.LinkFound(link):
                return link
            case messages.LinkFailed(error):
                raise error
            case other:
                raise AssertionError(f"no answer to a wish for a link: {type(other).__name__}")


def main(version: str, *descriptors: str) -> None:
    """Work until the run is done with this process, or gone.

    Of another ``version`` than the run's, its messages may mean something else: none is read.
    """
    for one in _IGNORED:
        signal.signal(one, signal.SIG_IGN)
    control, *slots = (MessagePipe(Connection(int(each))) for each in descriptors)
    try:
        if version != __version__:
            raise UsageError(f"archiver is {__version__} by now, and the run is of {version}.")
        _work(control, slots)
    except ArchiverError as error:
        control.send(messages.NotReady(error.message))
    except PipeEnded:
        os._exit(0)  # the run is gone, and with it everyone who could be told


def _work(control: MessagePipe, slots: list[MessagePipe]) -> None:
    opening = control.receive()
    if not isinstance(opening, messages.Opening):
        raise TypeError(f"not an opening: {type(opening).__name__}")
    stopping = StopToken()
    context = Context(opening.settings, {}, opening.environ, listener=_Relay(control))
    store = _archive(context, opening.archive)
    with media_client(context, stopping) as media:
        services = services_of(opening.settings, media, store)
        for pipe in slots:
            threading.Thread(target=_serve, args=(pipe, services), daemon=True).start()
        control.send(messages.Ready())
        while True:
            match control.receive():
                case messages.WindUp():
                    stopping.set()
                case messages.End():
                    control.send(messages.Notes(tuple(store.notes())))
                    return


def _archive(context: Context, archive: str) -> Store:
    """Open the archive; raises :class:`ArchiverError` where that is not the run's."""
    store = open_store(context)
    found = Journal(store).archive().archive
    if found != archive:
        raise UsageError(f"At {context.archive()} lies another archive than the run's.")
    return store


def _serve(pipe: MessagePipe, services: Services) -> None:
    """Do one task after another. Whatever else ends this thread ends the process: it is heard."""
    code = 1
    try:
        _do_all(pipe, services)
    except PipeEnded:
        code = 0
    finally:
        os._exit(code)


def _do_all(pipe: MessagePipe, services: Services) -> None:
    links = _AskedLinks(pipe)
    while True:
        task = pipe.receive()
        if not isinstance(task, Task):
            raise TypeError(f"not a task: {type(task).__name__}")
        pipe.send(messages.Taken())
        pipe.send(outcome_of(RecordingJob(task, links, services).run))


if __name__ == "__main__":
    main(*sys.argv[1:])
