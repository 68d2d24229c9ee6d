"""Which servers there are, and installing one where somebody asks for it."""

import shlex
import subprocess
import sys
from pathlib import Path

from tests.s3servers.ceph import Ceph
from tests.s3servers.localstack import LocalStack
from tests.s3servers.server import Server

ROOT = Path(__file__).parents[2]
SERVERS: tuple[Server, ...] = (Ceph(), LocalStack())


def lack(server: Server) -> str | None:
    """Return why a server can't be started, and what installs it; ``None`` when it can."""
    if server.is_there():
        return None
    return f"{server.name} is not installed: {' && '.join(map(shlex.join, server.installing))}"


def install(server: Server) -> str | None:
    """Install a server if it isn't there, and return what went wrong, if anything."""
    for command in () if server.is_there() else server.installing:
        sys.stdout.write(f"{shlex.join(command)}\n")
        sys.stdout.flush()
        try:
            subprocess.run(command, cwd=ROOT, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"{server.name} was not installed: {error}"
    return None
