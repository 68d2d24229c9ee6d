"""Asking the portal for a page: the token, the rate, the retries, the network.

The only part of ``portal`` that does I/O. Redirects are never followed, certificates are always
checked, nothing is taken from the environment, and an answer is read up to a limit and no further.
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self
from urllib.parse import urlencode

import httpx

from archiver.concurrency.threads import Threads
from archiver.config.settings import Auth
from archiver.errors import TokenRefused, TryAgain
from archiver.http.codings import Undecodable, coding_of, decoded
from archiver.http.connections import TICK_S, Backend, Check, TimeLimit, pool
from archiver.http.retry import Backoff, delay, retry_after
from archiver.portal.clock import Clock
from archiver.portal.http_errors import AnswerNotUnderstood, busy, final, redirected, too_busy
from archiver.portal.proving.shift import UNMOVED, Shift
from archiver.portal.proving.walk import FilterForm, PageQuery
from archiver.portal.rate_limiter import Limiter
from archiver.portal.transport import Transport, address_of, network_errors
from archiver.portal.wire import answers as wire
from archiver.portal.wire.answers import AnswerShape, Page
from archiver.scrubbing import KnownSecrets
from archiver.secret import Secret

if TYPE_CHECKING:
    from archiver.domain.recordings import Report

PARALLEL_PAGES = 8
TIMEOUT = httpx.Timeout(30.0, connect=15.0)
SAID_FROM_S = 2.0
"""A wait that the portal asks for and that is as long is told of."""
MOST_S = 120.0
"""For one answer, its headers included: one that comes a byte now and then is not waited for."""


@dataclass(frozen=True, slots=True)
class PortalRoute:
    """How to reach the portal: its base address, and what stands between."""

    endpoint: str
    proxy: Secret | None = None
    ca_bundle: Path | None = None


class Client:
    """Fetches pages; safe to use from many threads.

    ``wait(seconds)`` returns when they are over and ``check`` while a request may go on; both raise
    :class:`StopRun` when the run is stopping, and with that end what they are asked by.
    ``fetch`` raises :class:`TryAgain` when retries are spent, :class:`TokenRefused` and
    :class:`StopRun` for what no retry can mend. ``clock`` hears what time the answers tell, and
    ``say`` that the portal asks to wait. ``shifts`` says how far the filter's clock is ahead of the
    rows' own.
    """

    def __init__(  # noqa: PLR0913 - what a client needs to know, each by name
        self,
        route: PortalRoute,
        token: Secret,
        *,
        auth: Auth,
        limiter: Limiter,
        wait: Callable[[float], object],
        check: Check,
        backoff: Backoff | None = None,
        clock: Clock | None = None,
        say: Callable[[str], object] = bool,
    ) -> None:
        self.shifts: dict[Report, Shift] = {}
        self._say = say
        self.clock = clock or Clock()
        self.endpoint = route.endpoint
        self._where = address_of(route.endpoint)
        self._token = token
        self._known = KnownSecrets(token)
        self._auth = Auth.HEADER if auth is Auth.AUTO else auth
        self._may_switch = auth is Auth.AUTO
        self._times_work = False
        self._limiter = limiter
        self._wait = wait
        self._backoff = backoff or Backoff()
        self._lock = threading.Lock()
        self.requests = 0
        self.retries = 0
        self._pages = Threads(PARALLEL_PAGES, "page")
        self._check = check
        self._deadline = TimeLimit(check)
        self._http = httpx.Client(
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            timeout=TIMEOUT,
            trust_env=False,
            follow_redirects=False,
            transport=Transport(
                pool(
                    Backend(self._deadline.check),
                    connections=PARALLEL_PAGES * 4,
                    proxy=route.proxy,
                    ca_bundle=route.ca_bundle,
                )
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pages.end(2 * TICK_S)
        self._http.close()

    @property
    def auth(self) -> Auth:
        """How the token travels, as found out."""
        return self._auth

    @property
    def interval_s(self) -> float:
        """The seconds between two requests, once the first few of a run are sent."""
        return self._limiter.interval

    def now(self) -> datetime:
        """Return the time by the clock that is believed (aware, UTC)."""
        return self.clock.read().now

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        """Fetch several pages at once, in the order asked."""
        if len(asks) == 1:
            return (self._page(asks[0]),)
        return self._pages.map(self._page, asks)

    def _page(self, ask: PageQuery) -> Page:
        for attempt in range(1, 1_000):
            try:
                return self._try(ask)
            except TryAgain as error:
                pause = delay(self._backoff, attempt, error.after, random.random())  # noqa: S311 - jitter
                if not self._backoff.bears(error.after):
                    raise too_busy(error, self.now()) from error
                if pause is None:
                    raise
                if error.after is not None:
                    self._tell_of(error, pause)
                    self._limiter.pause(pause)
                self.retries += 1
                self._wait(pause)
        raise AssertionError("a backoff ends")

    def _tell_of(self, error: TryAgain, pause: float) -> None:
        """Say that the portal asks to wait, once for all threads that hear it at once."""
        with self._lock:
            is_new = pause >= SAID_FROM_S and self._limiter.is_open
        if is_new:
            self._say(error.message)

    def _try(self, ask: PageQuery) -> Page:
        """Ask once; with ``auth = auto``, once more with the parameter if the header is refused."""
        auth = self._auth
        try:
            page = self._page_by(ask, auth)
        except TokenRefused as error:
            if not (self._may_switch and auth is Auth.HEADER and error.is_unauthorized):
                raise
            page = self._page_by(ask, Auth.QUERY)
            self._auth = Auth.QUERY
        self._may_switch = False
        return page

    def _page_by(self, ask: PageQuery, auth: Auth) -> Page:
        status, headers, body = self._get(ask, auth)
        if status == httpx.codes.UNPROCESSABLE_ENTITY and self._may_be_deaf_to_times(ask):
            return Page((), AnswerShape.NESTED, total=0)
        if status != httpx.codes.OK:
            self._refuse(status, headers, wire.failure_in(body, self._known))
        try:
            look = partial(self._check, 0)
            asked = f"{self._address(ask)}?{urlencode(self._question(ask))}"
            page = wire.parse_page(body, ask.report, self._known, look, asked)
        except wire.Failure as failure:
            self._refuse(failure.code or 0, headers, failure)
        except wire.BadAnswer as error:
            raise AnswerNotUnderstood(str(error)) from error
        self._times_work = self._times_work or ask.form is FilterForm.TIMES
        return page

    def _may_be_deaf_to_times(self, ask: PageQuery) -> bool:
        """Whether a refusal may mean that this portal takes no times of day.

        It then counts as an empty answer of that form, which nothing believes without proof.
        """
        return ask.form is FilterForm.TIMES and not self._times_work

    def _get(self, ask: PageQuery, auth: Auth) -> tuple[int, Mapping[str, str], bytes]:
        params, headers = self._question(ask), {}
        if auth is Auth.QUERY:
            params["access_token"] = self._token.reveal()
        else:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        self._limiter.acquire()
        with self._lock:
            self.requests += 1
        with (
            network_errors(self._where),
            self._deadline.within(MOST_S),
            self._http.stream("GET", self._address(ask), params=params, headers=headers) as answer,
        ):
            self.clock.hear(answer.headers.get("date"))
            self._limiter.heed(answer.headers.get("x-ratelimit-remaining"))
            return answer.status_code, answer.headers, _body(answer)

    def _address(self, ask: PageQuery) -> str:
        return f"{self.endpoint}voice/{ask.report.value}"

    def _question(self, ask: PageQuery) -> dict[str, str]:
        """Return the query that asks for a page, without a token."""
        page = {"page": str(ask.page)}
        if ask.window is None:
            return page
        moved = self.shifts.get(ask.report, UNMOVED).moved(ask.window)
        whole_days = ask.form is FilterForm.DAYS and moved == ask.window
        window = wire.filter_text(moved, whole_days=whole_days)
        return {wire.FILTERS[ask.report]: window} | page

    def _refuse(
        self, status: int, headers: Mapping[str, str], failure: wire.Failure | None
    ) -> NoReturn:
        said = failure.text if failure else ""
        if status in {httpx.codes.TOO_MANY_REQUESTS, 0} or httpx.codes.is_server_error(status):
            raise busy(status, said, retry_after(headers.get("retry-after"), self.now()))
        if httpx.codes.is_redirect(status):
            raise redirected(self.endpoint, self._known.hide(headers.get("location", "")))
        raise final(status, said)


def _body(answer: httpx.Response) -> bytes:
    """Read an answer up to a size, whatever it promises; one that is compressed is undone."""
    taken = bytearray()
    for chunk in answer.iter_raw():
        taken += chunk
        if len(taken) > wire.MAX_PAGE_BYTES:
            raise AnswerNotUnderstood(f"it is larger than {wire.MAX_PAGE_BYTES} bytes")
    try:
        coding = coding_of(answer.headers.get("content-encoding"))
        return decoded(bytes(taken), coding, max_bytes=wire.MAX_PAGE_BYTES)
    except Undecodable as error:
        raise AnswerNotUnderstood(str(error)) from error
