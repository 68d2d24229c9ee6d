"""The portal's client against a portal that refuses, fails, lies and leads astray."""

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from archiver.errors import ArchiverError, StopRun, TokenRefused, TryAgain, UsageError
from archiver.portal import client as module
from archiver.portal.client import Client, NotUnderstood, Route
from archiver.portal.limiter import Limiter
from archiver.portal.paging import Ask
from archiver.portal.wire import MAX_PAGE_BYTES, Page
from archiver.recordings import Report
from archiver.sandbox import Faults, Sandbox, World
from archiver.sandbox.door import Door
from archiver.sandbox.wire import Pace, Request, Response
from archiver.secret import Secret
from archiver.settings import Auth
from tests.conftest import Figure
from tests.portal.quick import ATTEMPTS, TOKEN, quick
from tests.sandbox.clocks import FIRST, LAST, Clock

ASK = Ask.first(Report.RECORDINGS, None)
EMPTY_PAGE = b'{"status": "OK", "data": []}'
PHONE = "12025550143"


@dataclass
class Portal:
    """Gives one answer to everything, and keeps what it was asked."""

    response: Response
    requests: list[Request] = field(default_factory=list)
    endpoint: str = ""

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response

    def ask(self, *, auth: Auth = Auth.HEADER) -> Page:
        with quick(self.endpoint, auth=auth) as client:
            (page,) = client.fetch((ASK,))
        return page

    def refuse(self, *, auth: Auth = Auth.HEADER) -> ArchiverError:
        """Return the error that asking ends with; no secret may be in it or its causes."""
        with pytest.raises(ArchiverError) as caught:
            self.ask(auth=auth)
        error: BaseException | None = caught.value
        while error is not None:
            assert TOKEN not in f"{error!r} {vars(error)}"
            error = error.__cause__
        return caught.value


@contextmanager
def portal(
    status: int = 200, body: bytes = EMPTY_PAGE, *headers: tuple[str, str]
) -> Iterator[Portal]:
    """Open a portal on loopback."""
    served = Portal(Response(status, headers, body))
    door = Door(served.answer)
    door.open()
    served.endpoint = f"http://{door.host}/api/v2/"
    try:
        yield served
    finally:
        door.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    world = World(seed=7)
    world.add(count=20, first=FIRST, last=LAST)
    with Sandbox(world, token=TOKEN, now=Clock()) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("status", "kind", "message", "advice"),
    [
        (401, TokenRefused, "refused the token (401)", "Check ARCHIVER_TOKEN or token_file"),
        (
            403,
            TokenRefused,
            "refused this request (403)",
            "whitelist this machine's public address",
        ),
        (404, StopRun, "no such report at this endpoint (404)", "it ends in /api/v2/"),
        (422, StopRun, "does not accept the request (422)", "archiver doctor"),
        (409, StopRun, "answered with status 409", "archiver doctor"),
    ],
)
def test_what_asking_again_can_not_change_says_what_to_do(
    status: int, kind: type[ArchiverError], message: str, advice: str
) -> None:
    said = {"status": status, "message": f"No.\x1b[2J {PHONE} https://x.example/?access_token=a"}
    with portal(status, json.dumps(said).encode()) as served:
        error = served.refuse()
    assert type(error) is kind
    assert message in error.message
    assert advice in error.advice
    assert 'It says: "No.' in error.message
    assert len(served.requests) == 1
    assert not [bad for bad in (PHONE, "access_token=a", "\x1b") if bad in error.message]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_web_page_under_an_error_is_not_quoted(status: int) -> None:
    with portal(status, b"<html><h1>Forbidden</h1></html>") as served:
        error = served.refuse()
    assert "It says" not in error.message


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page instead of JSON"),
        (b'{"status": "OK", "data": [', "not JSON"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "JSON, but not an object"),
        (b'{"status": "OK", "data": {"data": {}}}', "no list of rows"),
    ],
)
def test_an_answer_that_is_no_page_is_asked_for_again_and_then_told(body: bytes, what: str) -> None:
    with portal(200, body) as served:
        error = served.refuse()
    assert type(error) is NotUnderstood
    assert what in error.message
    assert len(served.requests) == ATTEMPTS


def test_passing_failures_pass_and_lasting_ones_are_told(sandbox: Sandbox, figure: Figure) -> None:
    """A page cut, JSON that is none, a failure under 200, a 5xx (A5)."""
    passing = [
        Faults(pages_cut=1),
        Faults(page_errors=2),
        Faults(page_errors=1, page_error_status=503),
    ]
    for faults in passing:
        sandbox.faults = faults
        with quick(sandbox.endpoint) as client:
            (page,) = client.fetch((ASK,))
            assert len(page.rows) == 15
            assert client.retries == max(faults.pages_cut, faults.page_errors)
            assert client.requests == client.retries + 1
    lasting = [Faults(pages_cut=9), Faults(page_body=b"{"), Faults(failed_under_200=True)]
    for faults in lasting:
        sandbox.faults = faults
        with quick(sandbox.endpoint) as client, pytest.raises(TryAgain):
            client.fetch((ASK,))
        assert client.requests == ATTEMPTS
    figure(
        "A5", f"client: passed {len(passing)} of 3, told {len(lasting)} of 3 after {ATTEMPTS} tries"
    )


@pytest.mark.parametrize(
    ("status", "kind"), [(401, TokenRefused), ("403", TokenRefused), (422, StopRun)]
)
def test_a_failure_under_200_is_that_failure(status: object, kind: type[ArchiverError]) -> None:
    with portal(200, json.dumps({"status": status, "message": "No."}).encode()) as served:
        assert type(served.refuse()) is kind


@pytest.mark.parametrize(
    ("location", "advice"),
    [
        (
            "https://new.example/api/v2/voice/recordings?page=1&access_token=",
            "https://new.example/api/v2/",
        ),
        ("//u:p@new.example/voice/recordings", "http://new.example/api/v2/"),
        ("https://new.example:8443/x/voice/calls#y", "https://new.example:8443/x/api/v2/"),
    ],
)
def test_a_redirect_is_never_followed_but_proposed(location: str, advice: str) -> None:
    with portal(302, b"", ("Location", location + TOKEN)) as served:
        error = served.refuse(auth=Auth.QUERY)
    assert error.advice == f'If it is right, set endpoint = "{advice}".'


@pytest.mark.parametrize(
    "location", ["http://[bad/", "ftp://x/voice/", "/sign-in", "", "http://\x1b[2J/voice/"]
)
def test_a_redirect_to_nowhere_proposes_nothing_that_acts(location: str) -> None:
    with portal(301, b"", ("Location", location)) as served:
        error = served.refuse()
    assert (error.message + error.advice).isprintable()
    assert "set endpoint" not in error.advice


def test_redirects_lead_nowhere(figure: Figure) -> None:
    """To another host, with every way a token may travel (X4)."""
    with portal() as other:
        for status in (301, 302, 303, 307, 308):
            for auth in Auth:
                with portal(
                    status, b"", ("Location", f"{other.endpoint}voice/recordings")
                ) as served:
                    error = served.refuse(auth=auth)
                assert type(error) is StopRun
                assert len(served.requests) == 1
    assert other.requests == []
    figure("X4", f"portal: hops {len(other.requests)} of 15 redirects, secrets sent 0")


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_up_to_a_cap(sandbox: Sandbox, status: int, figure: Figure) -> None:
    then = format_datetime(Clock().moment + timedelta(seconds=20), usegmt=True)
    waited = []
    for asked, seconds in (("7", 7), (then, 20), ("999999", 120), ("soon", 0)):
        sandbox.faults = Faults(page_errors=1, page_error_status=status, retry_after=asked)
        waits: list[float] = []
        with quick(sandbox.endpoint, wait=waits.append) as client:
            client.fetch((ASK,))
        assert seconds - 1.5 <= waits[0] <= seconds + 0.5
        if seconds:
            assert waits[1] == pytest.approx(waits[0])
        waited.append(round(waits[0]))
    figure("N19", f"portal {status}: asked 7 s, 20 s (a date), 999999 s; waited {waited[:3]} s")


def test_everyone_pauses_when_the_portal_asks_for_it(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(page_errors=1, page_error_status=429, retry_after="30")
    waits: list[float] = []
    with quick(sandbox.endpoint, wait=waits.append) as client:
        client.fetch((ASK,))
        client.fetch((ASK,))
    assert len([seconds for seconds in waits if seconds >= 30]) == 3


def test_the_token_goes_in_a_header_and_nowhere_else() -> None:
    for auth in (Auth.AUTO, Auth.HEADER):
        with portal() as served:
            served.ask(auth=auth)
        (request,) = served.requests
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in request.path + request.query


def test_the_parameter_is_tried_once_after_a_401_and_remembered(sandbox: Sandbox) -> None:
    with Sandbox(sandbox.world, token=TOKEN, auth="query", now=Clock()) as by_query:
        with quick(by_query.endpoint) as client:
            for _ in range(3):
                client.fetch((ASK,))
            assert client.auth is Auth.QUERY
        assert (by_query.counts["unauthorized"], by_query.counts["recordings"]) == (1, 4)
        with quick(by_query.endpoint, auth=Auth.HEADER) as client, pytest.raises(TokenRefused):
            client.fetch((ASK,))


def test_a_token_that_worked_in_the_header_never_goes_into_an_address(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(token_dies_after=1)
    with quick(sandbox.endpoint) as client:
        client.fetch((ASK,))
        with pytest.raises(TokenRefused):
            client.fetch((ASK,))
        assert client.requests == 2


def test_a_parameter_carries_no_header_and_the_page_alone() -> None:
    with portal() as served:
        served.ask(auth=Auth.QUERY)
    (request,) = served.requests
    assert "authorization" not in request.headers
    assert request.query == f"page=1&access_token={TOKEN}"


def test_an_answer_of_50_mb_is_left_at_the_cap(figure: Figure) -> None:
    """Promised, unpromised and endless (A14)."""
    row = b'{"id": "' + b"x" * 1_000_000 + b'"},'
    body = b'{"status": "OK", "data": [' + row * 50 + b"{}]}"
    tracemalloc.start()
    with portal(200, body) as served:
        base, _ = tracemalloc.get_traced_memory()
        for response in (
            served.response,
            Response(200, (), body, framing="close"),
            Response(200, (), row, framing="close", endless=True),
        ):
            served.response = response
            tracemalloc.reset_peak()
            error = served.refuse()
            assert f"larger than {MAX_PAGE_BYTES} bytes" in error.message
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    more = (peak - base) / 1e6
    assert more < 40
    figure("A14", f"a page of {len(body) / 1e6:.0f} MB: memory +{more:.0f} MB, error in words")


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "OK", "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"status": "OK", "data": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"status": "OK", "status": "OK", "data": []}',
        b'{"status": "OK", "data": [{"id": 1, "id": 2}]}',
        b'{"status": "OK", "data": {"data": [], "total": 1' + b"0" * 5_000 + b"}}",
        b'{"status": "OK", "data": {"data": [], "total": -1}}',
        b'{"status": "OK", "data": [{"duration": NaN}]}',
    ],
)
def test_json_that_attacks_parsers_is_refused_in_words(body: bytes, figure: Figure) -> None:
    with portal(200, body) as served:
        error = served.refuse()
    assert type(error) is NotUnderstood
    assert error.message.isprintable()
    figure("A13", f"{body[25:45].decode()}… refused: {error.message[:70]}")


def test_odd_values_in_a_row_are_kept_and_harm_nothing() -> None:
    digits = "1" * 5_000
    row = f'{{"id": "\\ud800", "serial": {digits}, "duration": 1e999, "notes": "\\udfff"}}'
    with portal(200, b'{"status": "OK", "data": [' + row.encode() + b"]}") as served:
        (kept,) = served.ask().rows
    assert (kept.id, kept.reported_ms) == ("\ud800", None)
    assert kept.fields["serial"] == digits


def test_compressed_answers_are_refused() -> None:
    with portal(200, EMPTY_PAGE, ("Content-Encoding", "gzip")) as served:
        assert "compressed" in served.refuse().message
    assert served.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "response",
    [
        Response(200, (), EMPTY_PAGE, promised=100, ending="close"),
        Response(200, (), b"", ending="reset", promised=100),
        Response(200, (), EMPTY_PAGE, framing="chunks", ending="close"),
        Response(200, tuple((f"X-{n}", "y" * 30) for n in range(10_000)), EMPTY_PAGE),
    ],
)
def test_a_connection_that_breaks_is_tried_again(response: Response) -> None:
    with portal() as served:
        served.response = response
        assert "connection to the portal broke" in served.refuse(auth=Auth.QUERY).message
    assert len(served.requests) >= ATTEMPTS


def test_an_answer_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_S", 0.02)
    with portal() as served:
        served.response = Response(200, (), EMPTY_PAGE * 99, pace=Pace(1, 1, 0.01))
        assert "took too long" in served.refuse().message


@pytest.mark.parametrize(
    "date",
    [
        None,
        "nonsense",
        "Mon, 01 Jan 99999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999",
    ],
)
def test_a_date_that_no_portal_can_mean_is_no_clock(date: str | None) -> None:
    headers = [("Date", date)] if date else []
    with portal(200, EMPTY_PAGE, *headers) as served, quick(served.endpoint) as client:
        client.fetch((ASK,))
        assert client.clock_ahead is None
        assert abs(client.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_the_portals_clock_is_gone_by() -> None:
    then = datetime.now(UTC) + timedelta(hours=2)
    date = ("Date", format_datetime(then, usegmt=True))
    with portal(200, EMPTY_PAGE, date) as served, quick(served.endpoint) as client:
        client.fetch((ASK,))
        assert abs(client.now() - then) < timedelta(seconds=3)


def test_certificates_that_can_not_be_used_are_a_matter_of_settings(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    limiter = Limiter(1, clock=lambda: 0.0, wait=bool)
    for bundle in (empty, tmp_path / "none.pem"):
        route = Route("https://portal.example/api/v2/", ca_bundle=bundle)
        with pytest.raises(UsageError, match="certificates of ca_bundle"):
            Client(route, Secret(TOKEN), auth=Auth.AUTO, limiter=limiter, wait=bool)


@pytest.mark.parametrize(
    "response",
    [
        Response(200, (("Set-Cookie", f"seen={TOKEN}"),), EMPTY_PAGE),
        Response(302, (("Location", f"/sign-in?access_token={TOKEN}"),)),
        Response(302, (("Location", f"https://x.example/?access_token={TOKEN}"),)),
    ],
)
def test_logging_everything_shows_neither_token_nor_query(
    response: Response, tmp_path: Path, figure: Figure
) -> None:
    """``-vv`` with the token in the address, where libraries log it (X6)."""
    with portal() as served:
        served.response = response
        done = subprocess.run(
            [sys.executable, "-m", "archiver", "list", "-vv", "--day", "2021-04-01"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "ARCHIVER_TOKEN": TOKEN,
                "ARCHIVER_AUTH": "query",
                "ARCHIVER_ENDPOINT": served.endpoint,
            },
        )
    logged = done.stdout + done.stderr
    assert f"access_token={TOKEN}" in served.requests[0].query
    assert "httpx INFO HTTP Request: GET" in logged
    assert TOKEN not in logged
    figure("X6", f"list -vv, token in the address: canary 0 in {len(logged)} logged characters")
