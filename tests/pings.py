"""A check of a monitoring service, in the manner of Healthchecks.io, on loopback."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

CHECK = "/5ec2e7-check"
"""Where the check is: whoever knows it can say that all is well."""


class Check:
    """Keeps what it was pinged with: ``start``, ``0`` for a success, or an exit code; the body.

    ``answers`` are the statuses to give, the last of them from then on.
    """

    def __init__(self, *answers: int) -> None:
        self.heard: list[tuple[str, str]] = []
        self.runs: set[str] = set()
        self._answers = list(answers or (200,))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{CHECK}"

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.heard]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        check = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
                check.heard.append((parts.path.removeprefix(CHECK).strip("/") or "0", body))
                check.runs |= set(parse_qs(parts.query)["rid"])
                status = check._answers.pop(0) if len(check._answers) > 1 else check._answers[0]
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
