"""A listening server on loopback: a thread for each connection, and none left when it closes."""

import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress

from archiver.sandbox.wire import Request, RequestReader, Response, write

Answer = Callable[[Request], Response]
GLANCE_S = 0.1
"""How often an idle server looks whether it is to close, where nothing wakes it."""


class LoopbackServer:
    """Serves ``answer`` on ``127.0.0.1``, keep-alive, from ``open`` to ``close``."""

    def __init__(self, answer: Answer, port: int = 0) -> None:
        self._server = _Server(answer, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(GLANCE_S,))

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``: where it listens."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def open(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Hang up on every client, and return when the last thread has ended."""
        self._server.hang_up()
        if self._thread.ident is not None:
            with suppress(OSError):  # Linux wakes whoever listens; elsewhere it is no connection
                self._server.socket.shutdown(socket.SHUT_RDWR)
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    """Socketserver's threads, with a list of open connections so that they can be ended."""

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, answer: Answer, port: int) -> None:
        self.answer = answer
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Connection)

    def admit(self, sock: socket.socket) -> bool:
        """Note an open connection; false when it came too late."""
        with self._lock:
            if not self.closing.is_set():
                self._open.add(sock)
            return not self.closing.is_set()

    def dismiss(self, sock: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(sock)

    def hang_up(self) -> None:
        """End every connection, now and for the connections still to come."""
        with self._lock:
            self.closing.set()
            for sock in self._open:
                with suppress(OSError):  # the client was quicker
                    sock.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without the polite shutdown, which would turn a reset into an orderly end."""
        self.close_request(request)


class _Connection(socketserver.BaseRequestHandler):
    """One client's connection."""

    server: _Server

    def handle(self) -> None:
        """Answer request after request until either side has had enough."""
        sock: socket.socket = self.request
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.server.admit(sock):
            return
        try:
            self._talk(sock)
        except OSError:
            return  # the client hung up, as it may
        finally:
            self.server.dismiss(sock)

    def _talk(self, sock: socket.socket) -> None:
        reader = RequestReader(sock)
        while (request := reader.next()) is not None:
            answer = self.server.answer(request)
            if not write(sock, request.method, answer, self.server.closing):
                return
            if request.headers.get("connection", "").lower() == "close":
                return
