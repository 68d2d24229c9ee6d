"""A check of a monitoring service, in the manner of Healthchecks.io, on loopback."""

from typing import Self
from urllib.parse import parse_qs

from archiver.sandbox.loopback import LoopbackServer
from archiver.sandbox.wire import Request, Response

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
        self._server = LoopbackServer(self._answer)

    @property
    def url(self) -> str:
        return f"http://{self._server.host}{CHECK}"

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.heard]

    def __enter__(self) -> Self:
        self._server.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _answer(self, request: Request) -> Response:
        assert request.method == "POST"
        kind = request.path.removeprefix(CHECK).strip("/") or "0"
        self.heard.append((kind, request.body.decode()))
        self.runs |= set(parse_qs(request.query)["rid"])
        return Response(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])
