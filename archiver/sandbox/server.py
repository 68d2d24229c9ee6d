"""The sandbox itself: a portal and its media server, each on a port of its own."""

import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Self

from archiver.sandbox.faults import Faults
from archiver.sandbox.loopback import Answer, LoopbackServer
from archiver.sandbox.media.media_server import MediaServer
from archiver.sandbox.portal.page_layouts import SandboxShape
from archiver.sandbox.portal.reports import Reports
from archiver.sandbox.switchboard import Switchboard
from archiver.sandbox.tally import RequestTally
from archiver.sandbox.terms import Auth, Terms
from archiver.sandbox.wire import Request, Response
from archiver.sandbox.world.world import World


def _machine_clock() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """Serves ``world`` on loopback, from ``with`` (or ``open``) to its end (or ``close``).

    ``more_tokens`` are taken as well, as those of other users who may see the same. ``shape`` is
    how reports are laid out, ``auth`` how the token may come, ``link_life`` is in
    seconds and ``rate_limit`` in requests a minute. ``now`` is the clock of both servers (aware);
    rows in its future are not listed. ``port`` is the portal's, any free one when 0; ``OSError``
    when it is taken. Links lead to ``media_host``, where somebody else serves the objects.
    """

    def __init__(  # noqa: PLR0913 - a world's terms, each with the portal's own as default
        self,
        world: World,
        faults: Faults | None = None,
        *,
        token: str = "sandbox-token",  # noqa: S107 - guards a world of tones
        more_tokens: Collection[str] = (),
        shape: str = SandboxShape.NESTED,
        auth: Auth = "both",
        per_page: int = 15,
        link_life: int = 3_600,
        rate_limit: int | None = None,
        now: Callable[[], datetime] = _machine_clock,
        root_path: str = "/api/v2/",
        port: int = 0,
        media_host: str | None = None,
    ) -> None:
        self.world = world
        self.token = token
        self.counts = RequestTally()
        self._board = Switchboard(faults or Faults(), world.seed)
        terms = Terms(
            frozenset({token, *more_tokens}),
            SandboxShape(shape),
            auth,
            per_page,
            link_life,
            rate_limit,
            root_path,
            now,
        )
        media = MediaServer(world, terms, self._board, self.counts)
        self._media = LoopbackServer(self._late(media.answer, lambda faults: faults.latency), 0)
        links_to = media_host or self._media.host
        reports = Reports(world, terms, self._board, self.counts, links_to)
        try:
            late = self._late(reports.answer, lambda faults: faults.latency + faults.report_latency)
            self._portal = LoopbackServer(late, port)
        except OSError:
            self._media.close()
            raise
        reports.portal_host = self._portal.host
        self._root_path = root_path
        self._closing = threading.Event()

    @property
    def endpoint(self) -> str:
        """``http://127.0.0.1:PORT/api/v2/``."""
        return f"http://{self._portal.host}{self._root_path}"

    @property
    def media_host(self) -> str:
        """``127.0.0.1:PORT``: the host that links lead to."""
        return self._media.host

    @property
    def faults(self) -> Faults:
        """The faults that are on; assign others at any time."""
        return self._board.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._board.faults = faults

    def open(self) -> None:
        """Begin to serve."""
        self._media.open()
        self._portal.open()

    def close(self) -> None:
        """Hang up, end every thread, free both ports."""
        self._closing.set()
        self._portal.close()
        self._media.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _late(self, answer: Answer, latency: Callable[[Faults], float]) -> Answer:
        """Return ``answer`` after the latency that is switched on."""

        def late(request: Request) -> Response:
            if seconds := latency(self.faults):
                self.counts.tick("delayed")
                self._closing.wait(seconds)
            return answer(request)

        return late
