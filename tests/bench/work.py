"""The work of a benchmark: a day of recordings, a portal that lists them, nginx that serves them.

The portal is a process of its own: ``python -m tests.bench.work FOLDER COUNT SECONDS MEDIA_HOST``
writes the objects below the folder, says where it listens, and serves until its input ends.
"""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from archiver.sandbox import Encoding, Sandbox, World
from archiver.sandbox.terms import BUCKET
from tests.pulls import DAY

WEEK_S = 604_800
"""The longest life of a link that S3 grants, in seconds."""
PATIENCE_S = 30.0
GLANCE_S = 0.05
CONFIGURATION = """
{user}daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; default_type audio/mpeg;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}{tls}; root {folder}/objects; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Work:
    """Where the work is: a portal, the host of its objects, and whom to trust for that."""

    endpoint: str
    token: str
    media_host: str
    ca_bundle: Path | None
    recordings: int
    bytes: int


@contextmanager
def work(folder: Path, recordings: int, seconds: int, *, tls: bool) -> Iterator[Work]:
    """Serve ``recordings`` of so many seconds of 8 kHz audio, over http or TLS, until the end."""
    port = _free_port()
    ca_bundle = _certificate(folder) if tls else None
    host = f"{'https://' if tls else ''}127.0.0.1:{port}"
    command = [sys.executable, "-m", __name__, str(folder), str(recordings), str(seconds), host]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as portal:
        if portal.stdin is None or portal.stdout is None:
            raise AssertionError("a process without pipes")
        endpoint, token = portal.stdout.readline().split()
        size = sum(each.stat().st_size for each in folder.glob(f"objects/{BUCKET}/**/*.mp3"))
        with _nginx(folder, port, ca_bundle):
            yield Work(endpoint, token, host, ca_bundle, recordings, size)
        portal.stdin.close()


@contextmanager
def _nginx(folder: Path, port: int, ca_bundle: Path | None) -> Iterator[None]:
    """Serve the objects below the folder."""
    keys = f" ssl; ssl_certificate {ca_bundle}; ssl_certificate_key {folder}/key.pem"
    text = CONFIGURATION.format(
        folder=folder,
        port=port,
        tls=keys if ca_bundle else "",
        user="" if os.getuid() else "user root; ",
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(text)
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    with subprocess.Popen([program, "-c", str(configuration)]) as server:
        try:
            _wait_for(port, server)
            yield
        finally:
            server.terminate()


def _certificate(folder: Path) -> Path:
    """Make a certificate of 127.0.0.1 that vouches for itself."""
    path = folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(path)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    ssl.create_default_context(cafile=str(path))
    return path


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), GLANCE_S):
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(GLANCE_S)
    raise AssertionError("nginx does not answer")


def main(folder: str, recordings: str, seconds: str, media_host: str) -> None:
    """Write the objects, and serve the portal until the input ends."""
    world = World(seed=1)
    made = world.add(
        count=int(recordings),
        first=DAY,
        last=DAY + timedelta(hours=23),
        kinds=(Encoding.BARE,),
        seconds=(int(seconds), int(seconds) + 1),
    )
    for recording in made:
        stored = world.stored(recording.key or "")
        path = Path(folder) / "objects" / BUCKET / (recording.key or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        if stored is not None:
            path.write_bytes(stored.body)
    with Sandbox(world, link_life=WEEK_S, media_host=media_host) as sandbox:
        sys.stdout.write(f"{sandbox.endpoint} {sandbox.token}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
