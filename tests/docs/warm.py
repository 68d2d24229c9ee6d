"""A command ``archiver`` that starts at once: a server has imported it, and each start is a fork.

What is typed is run by the product's own ``main``, in a process of its own with the typist's
folder, variables and streams. Only the imports, nine tenths of a short command, are made once.

    python -m tests.docs.warm SOCKET
"""

import ast
import importlib
import os
import socket
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.cli import main
from tests.programs import MODULES

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
    command = [sys.executable, "-m", __name__, str(at)]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield at
        finally:
            server.terminate()


def program(at: Path) -> str:
    """Return the text of a command that has the server at a socket run it."""
    client = at.with_suffix(".py")
    client.write_text(CLIENT)
    run = f'"{sys.executable}" -I -S "{client}" "{at}" "$@"'
    return f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec {run}\n'


def _serve(at: str) -> None:
    for module in MODULES:
        with suppress(ImportError):  # what only a cluster needs
            importlib.import_module(module)
    with Server(at, Start) as server:
        print("ready", flush=True)  # noqa: T201 - whoever waits for it reads it
        server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
