"""Asking the portal for pages, several at once, and again where that may help."""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import NoReturn, Self
from urllib.parse import urlencode

from archiver.concurrency.threads import Threads
from archiver.config.settings import Auth
from archiver.errors import TokenRefused, TryAgain
from archiver.http.connections import TICK_S, Check
from archiver.http.retry import SAID_FROM_S, Backoff, delay, retry_after
from archiver.portal.clock import Clock
from archiver.portal.exchange import Exchange, PortalRoute
from archiver.portal.filter_clock.row_clock import RowClock
from archiver.portal.http_errors import AnswerNotUnderstood, busy, final, redirected, too_busy
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.rate_limiter import Limiter
from archiver.portal.token_use import TokenUse
from archiver.portal.wire import answers as wire
from archiver.portal.wire.answers import AnswerShape, Page
from archiver.scrubbing import KnownSecrets
from archiver.secret import Secret

_log = logging.getLogger("archiver.portal")
PARALLEL_PAGES = 8
REDIRECTS, SERVER_ERRORS = 3, 5
"""The hundreds of their status codes."""


class Client:
    """Fetches pages; safe to use from many threads.

    ``wait(seconds)`` returns when they are over and ``check`` while a request may go on; both raise
    :class:`StopRun` when the run is stopping, and with that end what they are asked by.
    ``fetch`` raises :class:`TryAgain` when retries are spent, :class:`TokenRefused` and
    :class:`StopRun` for what no retry can mend. ``clock`` hears what time the answers tell, and
    ``say`` that the portal asks to wait. ``row_clock`` moves what is asked by the rows' own clock.
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
        self.row_clock = RowClock()
        self._say = say
        self.clock = clock or Clock()
        self.endpoint = route.endpoint
        self._known = KnownSecrets(token)
        self._token_use = TokenUse(token, auth)
        self._times_work = False
        self._limiter = limiter
        self._wait = wait
        self._backoff = backoff or Backoff()
        self._lock = threading.Lock()
        self.retries = 0
        self._pages = Threads(PARALLEL_PAGES, "page")
        self._check = check
        self._exchange = Exchange(
            route, limiter=limiter, clock=self.clock, check=check, connections=PARALLEL_PAGES * 4
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pages.end(2 * TICK_S)
        self._exchange.close()

    @property
    def auth(self) -> Auth:
        """How the token travels, as found out."""
        return self._token_use.auth

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._exchange.requests

    @property
    def interval_s(self) -> float:
        """The seconds between two requests, once the first few of a run are sent."""
        return self._limiter.interval

    @property
    def is_asked_to_wait(self) -> bool:
        """Whether nothing is sent, since the portal asked for a pause."""
        return not self._limiter.is_open

    @property
    def is_held_back(self) -> bool:
        """Whether a request waits for its turn, since no more are sent in a minute."""
        return self._limiter.holds_back

    def now(self) -> datetime:
        """Return the time by the clock that is believed (aware, UTC)."""
        return self.clock.read().now

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        """Fetch several pages at once, in the order asked, by the clock of the rows."""
        return self.row_clock.fetch(asks, self.fetch_unmoved)

    def fetch_unmoved(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        """Fetch several pages at once, by the filter's own clock."""
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
                with self._lock:
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
        auth = self._token_use.auth
        try:
            page = self._page_by(ask, auth)
        except TokenRefused as error:
            if not self._token_use.may_go_otherwise(auth, error):
                raise
            auth = Auth.QUERY
            page = self._page_by(ask, auth)
        self._token_use.note_accepted(auth)
        return page

    def _page_by(self, ask: PageQuery, auth: Auth) -> Page:
        address, question = self._address(ask), self._question(ask)
        params, headers = self._token_use.parts(auth)
        answer = self._exchange.get(address, question | params, headers)
        _log.info("GET %s (%s): HTTP %d", address, _in_words(question), answer.status)
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and self._may_be_deaf_to_times(ask):
            return Page((), AnswerShape.NESTED, total=0)
        if answer.status != HTTPStatus.OK:
            failure = wire.failure_in(answer.body, self._known)
            self._refuse(answer.status, answer.headers, failure)
        try:
            look = partial(self._check, 0)
            asked = f"{address}?{urlencode(question)}"
            page = wire.parse_page(answer.body, ask.report, self._known, look, asked)
        except wire.Failure as failure:
            self._refuse(failure.code or 0, answer.headers, failure)
        except wire.BadAnswer as error:
            raise AnswerNotUnderstood(str(error)) from error
        self._note_times(ask)
        return page

    def _note_times(self, ask: PageQuery) -> None:
        """Note that the portal takes times of day, once it has."""
        with self._lock:
            self._times_work = self._times_work or ask.form is FilterForm.TIMES

    def _may_be_deaf_to_times(self, ask: PageQuery) -> bool:
        """Whether a refusal may mean that this portal takes no times of day.

        It then counts as an empty answer of that form, which nothing believes without proof.
        """
        return ask.form is FilterForm.TIMES and not self._times_work

    def _address(self, ask: PageQuery) -> str:
        return f"{self.endpoint}voice/{ask.report.value}"

    def _question(self, ask: PageQuery) -> dict[str, str]:
        """Return the query that asks for a page, without a token."""
        page = {"page": str(ask.page)}
        if ask.window is None:
            return page
        window = wire.filter_text(ask.window, whole_days=ask.form is FilterForm.DAYS)
        return {wire.FILTERS[ask.report]: window} | page

    def _refuse(
        self, status: int, headers: Mapping[str, str], failure: wire.Failure | None
    ) -> NoReturn:
        said = failure.text if failure else ""
        if status in {HTTPStatus.TOO_MANY_REQUESTS, 0} or status // 100 == SERVER_ERRORS:
            raise busy(status, said, retry_after(headers.get("retry-after"), self.now()))
        if status // 100 == REDIRECTS:
            raise redirected(self.endpoint, self._known.hide(headers.get("location", "")))
        raise final(status, said)


def _in_words(question: Mapping[str, str]) -> str:
    """Return a question's parameters as a log shows them: without the token, and no address."""
    return ", ".join(f"{name} {value}" for name, value in question.items())
