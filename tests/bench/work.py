"""The work of a benchmark: recordings, a portal that lists them, and nginx that serves them.

The portal is a process of its own (:mod:`tests.bench.portal_process`).
"""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from archiver.sandbox.terms import BUCKET
from tests.bench.portal_process import PortalPlan, serving

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


class Work(Struct, frozen=True):
    """Where the work is: a portal, and whom to trust for the host of its objects."""

    endpoint: str
    token: str
    ca_bundle: Path | None
    recordings: int
    bytes: int


@contextmanager
def work(folder: Path, recordings: int, seconds: int, *, tls: bool) -> Iterator[Work]:
    """Serve ``recordings`` of so many seconds of 8 kHz audio, over http or TLS, until the end."""
    port = _free_port()
    ca_bundle = _certificate(folder) if tls else None
    host = f"{'https://' if tls else ''}127.0.0.1:{port}"
    plan = PortalPlan(recordings, seconds, objects=str(folder / "objects"), media_host=host)
    with listed(plan) as day:
        size = sum(each.stat().st_size for each in folder.glob(f"objects/{BUCKET}/**/*.mp3"))
        with _nginx(folder, port, ca_bundle):
            yield replace(day, ca_bundle=ca_bundle, bytes=size)


@contextmanager
def listed(plan: PortalPlan) -> Iterator[Work]:
    """Serve a portal in a process of its own until the end, and its audio unless others do."""
    with serving(plan) as (endpoint, token):
        yield Work(endpoint, token, None, plan.recordings, 0)


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
