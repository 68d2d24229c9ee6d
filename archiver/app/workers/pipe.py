"""One end of a pipe between a run and a worker process: messages, or the news that it has ended."""

import threading
from typing import TYPE_CHECKING

from archiver.app.workers.answering import Unanswered

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


class PipeEnded(Unanswered):
    """The other side is gone. No error of a disk or of a reader is taken for that."""


class MessagePipe:
    """Sends and receives what can be pickled; any thread may send."""

    def __init__(self, connection: "Connection[object, object]") -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, message: object) -> None:
        """Send one message; raises :class:`PipeEnded`."""
        try:
            with self._sending:
                self._connection.send(message)
        except OSError as error:
            raise PipeEnded from error

    def receive(self) -> object:
        """Wait for the next message; raises :class:`PipeEnded`."""
        try:
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise PipeEnded from error

    def close(self) -> None:
        """Let the other side hear that this one is gone."""
        with self._sending:
            self._connection.close()
