"""A command ``archiver`` that starts at once: a server has imported it, and each start is a fork.

What is typed is run by the product's own ``main``, in a process of its own with the typist's
folder, variables and streams. Only the imports, nine tenths of a short command, are made once: the
server is a program like those of ``tests/programs.py``.
"""

import ast
import os
import socket
import socketserver
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from archiver.cli import main
from tests.programs import WARM

ROOT = Path(__file__).parents[2]
STREAMS = (0, 1, 2)
MOST_BYTES = 1 << 18
CLIENT = """
import os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    asked = repr((os.getcwd(), dict(os.environ), sys.argv[2:])).encode()
    socket.send_fds(server, [asked], [0, 1, 2])
    sys.exit(int(server.recv(4) or b"1"))
"""


class Start(socketserver.BaseRequestHandler):
    """Starts one command and tells its exit code; it is in a fork of the server already."""

    def handle(self) -> None:
        """Run what was asked for."""
        asked, fds, _flags, _from = socket.recv_fds(self.request, MOST_BYTES, len(STREAMS))
        command = os.fork()
        if command == 0:
            for fd, stream in zip(fds, STREAMS, strict=True):
                os.dup2(fd, stream)
            _become(*ast.literal_eval(asked.decode()))
        _, status = os.waitpid(command, 0)
        self.request.sendall(str(os.waitstatus_to_exitcode(status) & 0xFF).encode())


def _become(folder: str, environ: dict[str, str], words: list[str]) -> None:
    """Be the command until its end."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv[1:] = words
    code = 1
    try:
        main.main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - a bug, which is told as ever
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(code)


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Listens until it is terminated."""


@contextmanager
def listening(place: Path) -> Iterator[Path]:
    """Run a server with its socket in a folder; yields the socket."""
    at = place / "warm"
    reads, writes = WARM.Pipe(duplex=False)
    server = WARM.Process(target=_serve, args=(str(at), writes))
    server.start()
    writes.close()
    try:
        assert reads.recv() == "ready"
        yield at
    finally:
        server.terminate()
        server.join()


def program(at: Path) -> str:
    """Return the text of a command that has the server at a socket run it."""
    client = at.with_suffix(".py")
    client.write_text(CLIENT)
    run = f'"{sys.executable}" -I -S "{client}" "{at}" "$@"'
    return f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec {run}\n'


def _serve(at: str, ready: Connection) -> None:
    with Server(at, Start) as server:
        ready.send("ready")
        server.serve_forever()
