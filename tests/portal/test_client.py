"""The portal's client against a portal that refuses, fails, lies and leads astray."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from socket import create_server, socket

import httpcore
import pytest
import time_machine

from archiver.concurrency.threads import Threads
from archiver.config.settings import Auth
from archiver.domain.recordings import Report
from archiver.domain.times.clocks import Trust
from archiver.domain.times.window import Window
from archiver.errors import ArchiverError, StopRun, TokenRefused, TryAgain, UsageError
from archiver.http import handshake
from archiver.http.connections import Backend, TlsFault, tls_fault, trust
from archiver.portal.client import Client
from archiver.portal.exchange import PortalRoute
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.rate_limiter import Limiter
from archiver.portal.transport import address_of, network_errors
from archiver.sandbox import Faults, PageFaults, Sandbox, World
from archiver.sandbox.loopback import LoopbackServer
from archiver.sandbox.wire import Request, Response
from archiver.secret import Secret
from tests.conftest import Figure
from tests.portal.quick import ASK, ATTEMPTS, EMPTY_PAGE, TOKEN, hanging, portal, quick
from tests.sandbox.clocks import FIRST, LAST, Clock

PHONE = "12025550143"


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
    assert 'The portal says: "No.' in error.advice
    assert len(served.requests) == 1
    assert not [bad for bad in (PHONE, "access_token=a", "\x1b") if bad in error.message]


def test_passing_failures_pass_and_lasting_ones_are_told(sandbox: Sandbox, figure: Figure) -> None:
    """A page cut, JSON that is none, a failure under 200, a 5xx (A5)."""
    passing = [
        Faults(pages=PageFaults(cut=1)),
        Faults(pages=PageFaults(errors=2)),
        Faults(pages=PageFaults(errors=1, error_status=503)),
    ]
    for faults in passing:
        sandbox.faults = faults
        with quick(sandbox.endpoint) as client:
            (page,) = client.fetch((ASK,))
            assert len(page.rows) == 15
            assert client.retries == max(faults.pages.cut, faults.pages.errors)
            assert client.requests == client.retries + 1
    lasting = [
        Faults(pages=PageFaults(cut=9)),
        Faults(pages=PageFaults(body=b"{")),
        Faults(pages=PageFaults(failed_under_200=True)),
    ]
    for faults in lasting:
        sandbox.faults = faults
        with quick(sandbox.endpoint) as client, pytest.raises(TryAgain):
            client.fetch((ASK,))
        assert client.requests == ATTEMPTS
    figure(
        "A5", f"client: passed {len(passing)} of 3, told {len(lasting)} of 3 after {ATTEMPTS} tries"
    )


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
    "location",
    [
        "http://[bad/",
        "ftp://x/voice/",
        "/sign-in",
        "",
        "http://\x1b[2J/voice/",
        f"https://new.example/{TOKEN}/voice/calls",
        f"https://new.example/{'a' * 300}/voice/calls",
    ],
)
def test_a_redirect_to_nowhere_proposes_nothing_that_acts(location: str) -> None:
    with portal(301, b"", ("Location", location)) as served:
        error = served.refuse()
    assert (error.message + error.advice).isprintable()
    assert "set endpoint" not in error.advice
    assert TOKEN not in error.message + error.advice


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
    for asked, seconds in (("7", 7), (then, 20), ("299.5", 299.5), ("soon", 0)):
        sandbox.faults = Faults(pages=PageFaults(errors=1, error_status=status), retry_after=asked)
        waits: list[float] = []
        with quick(sandbox.endpoint, wait=waits.append) as client:
            client.fetch((ASK,))
        assert seconds - 5 <= waits[0] <= seconds + 0.5
        if seconds:
            assert waits[1] == pytest.approx(waits[0])
        waited.append(round(waits[0]))
    figure("N19", f"portal {status}: asked 7 s, 20 s (a date), 299.5 s; waited {waited[:3]} s")


@pytest.mark.parametrize("asked", ["3600", "301.5", "9" * 5_000])
def test_a_longer_wait_than_a_run_waits_ends_it_in_words(
    sandbox: Sandbox, asked: str, figure: Figure
) -> None:
    sandbox.faults = Faults(pages=PageFaults(errors=9, error_status=429), retry_after=asked)
    waits: list[float] = []
    with (
        quick(sandbox.endpoint, wait=waits.append) as client,
        pytest.raises(StopRun, match=r"status 429.*asks to wait [0-9]+ s") as stopped,
    ):
        client.fetch((ASK,))
    assert "Run it again after 2" in stopped.value.advice
    assert (client.requests, [wait for wait in waits if wait]) == (1, [])
    figure("R10", f"portal: Retry-After {asked[:9]}: 1 request, waited 0 s, {stopped.value.advice}")


def test_a_wait_that_the_portal_asks_for_is_told_once(sandbox: Sandbox, figure: Figure) -> None:
    sandbox.faults = Faults(pages=PageFaults(errors=1, error_status=429), retry_after="7")
    told: list[str] = []
    with quick(sandbox.endpoint, say=told.append) as client:
        client.fetch((ASK,))
    assert told == ["The portal failed to answer (status 429), and asks to wait 7 s."]
    figure("R10", f"portal: said {told}")


def test_everyone_pauses_when_the_portal_asks_for_it(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(pages=PageFaults(errors=1, error_status=429), retry_after="30")
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
    sandbox.faults = Faults(pages=PageFaults(token_dies_after=1))
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


@pytest.mark.parametrize(
    ("minutes", "trust", "believed"),
    [
        (4, Trust.AUTO, 4),
        (120, Trust.AUTO, 0),
        (-120, Trust.AUTO, -120),
        (120, Trust.PORTAL, 120),
        (-120, Trust.MACHINE, 0),
    ],
)
def test_the_portals_clock_is_gone_by_while_both_agree(
    minutes: int, trust: Trust, believed: int
) -> None:
    now = datetime.now(UTC)
    date = ("Date", format_datetime(now + timedelta(minutes=minutes), usegmt=True))
    with portal(200, EMPTY_PAGE, date) as served, quick(served.endpoint, trust=trust) as client:
        client.fetch((ASK,))
        assert abs(client.now() - now - timedelta(minutes=believed)) < timedelta(seconds=3)
        assert client.clock.furthest.agree is (minutes == 4)


def test_a_date_that_stands_still_is_noticed() -> None:
    then = datetime.now(UTC).replace(microsecond=0)
    date = ("Date", format_datetime(then, usegmt=True))
    with portal(200, EMPTY_PAGE, date) as served, quick(served.endpoint) as client:
        client.fetch((ASK,))
        assert not client.clock.furthest.are_doubtful
        with time_machine.travel(then + timedelta(minutes=6), tick=False):
            client.fetch((ASK,))
        assert client.clock.furthest.are_doubtful


def test_a_certificate_that_is_not_trusted_is_told_with_its_setting() -> None:
    """OpenSSL says so in words alone."""
    with pytest.raises(ArchiverError) as error, network_errors("portal.example:443"):
        raise httpcore.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert "its certificate is not trusted" in error.value.message
    assert "set ca_bundle" in error.value.advice


@pytest.mark.parametrize(
    ("words", "said", "advised"),
    [
        ("certificate verify failed: unable to get local issuer", "not trusted", "set ca_bundle"),
        (
            "verify failed: Hostname mismatch, certificate is not valid for",
            "another host",
            "the host",
        ),
        (
            "verify failed: IP address mismatch, certificate is not valid",
            "another host",
            "the host",
        ),
        ("certificate verify failed: certificate has expired", "not valid today", "clock"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "does not speak https", "http://"),
    ],
)
def test_only_a_certificate_of_an_unknown_authority_names_ca_bundle(
    words: str, said: str, advised: str, figure: Figure
) -> None:
    with pytest.raises(StopRun) as error, network_errors("portal.example:443"):
        raise httpcore.ConnectError(words)
    assert said in error.value.message
    assert advised in error.value.advice
    assert ("ca_bundle" in error.value.advice) == (said == "not trusted")
    figure("R15", f"TLS with the portal: {said}, told at once and with what helps")


@pytest.mark.parametrize(
    ("raised", "said", "advised"),
    [
        (httpcore.ConnectError("[Errno 111] Connection refused"), "connection refused", "endpoint"),
        (httpcore.ConnectError("[Errno -2] Name"), "its name is not known", "endpoint"),
        (httpcore.ConnectError(f"to {TOKEN}"), "no connection", "endpoint"),
        (httpcore.ConnectTimeout("timed out"), "no connection in time", "proxy"),
        (httpcore.ReadTimeout("timed out"), "did not answer in time", ""),
        (httpcore.ReadError("[Errno 104] reset"), "broke (ReadError)", "http:// or https://"),
        (
            httpcore.RemoteProtocolError("illegal status line: bytearray(b'SSH-2.0')"),
            "does not speak http",
            "begin with https://",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_cannot_be_reached_is_named(
    raised: Exception, said: str, advised: str, figure: Figure
) -> None:
    where = address_of("http://portal.example/api/v2/")
    with pytest.raises(TryAgain) as error, network_errors(where):
        raise raised
    assert said in error.value.message
    assert " portal.example:80" in f" {error.value.message}".replace(":80.", ":80 ")
    assert advised in error.value.advice
    assert TOKEN not in f"{error.value.message} {error.value.advice}"
    figure("R9", f"no answer of the portal: {said}, with its host and port")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 400", httpcore.ConnectError),
        (b"", httpcore.ConnectTimeout),
    ],
)
def test_a_server_that_waits_for_the_end_of_a_line_speaks_no_tls(
    answer: bytes, error: type[Exception], monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """It waits longer than anybody: asked for its answer, it tells what it speaks."""
    monkeypatch.setattr(handshake, "_WAIT_S", 0.1)
    ended = threading.Event()

    def serve(line: socket) -> None:
        heard = b""
        while not heard.endswith(b"\r\n\r\n"):
            heard += line.recv(4_096)
        line.sendall(answer)
        ended.wait(10)

    with create_server(("127.0.0.1", 0)) as server:
        stream = Backend(bool).connect_tcp(*server.getsockname())
        line, _ = server.accept()
        thread = threading.Thread(target=serve, args=(line,))
        with closing(stream), line:
            thread.start()
            with pytest.raises(error) as told:
                stream.start_tls(trust(None), "portal.example", timeout=0.1)
            ended.set()
            thread.join(10)
    fault = tls_fault(told.value)
    assert fault is (TlsFault.NO_TLS if answer else None)
    figure("R9", f"TLS with a server that says {answer!r} to it: {fault}")


def test_certificates_that_can_not_be_used_are_a_matter_of_settings(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    limiter = Limiter(1, clock=lambda: 0.0, wait=bool)
    for bundle in (empty, tmp_path / "none.pem"):
        route = PortalRoute("https://portal.example/api/v2/", ca_bundle=bundle)
        with pytest.raises(UsageError, match="certificates of ca_bundle"):
            Client(route, Secret(TOKEN), auth=Auth.AUTO, limiter=limiter, wait=bool, check=bool)


def test_the_portals_words_never_carry_the_token_or_a_number() -> None:
    """A portal may echo what it was sent: into advice at most, without token and numbers."""
    said = f"The token {TOKEN} of +1 (202) 555-0143 and 1-202.555 0143 is not valid"
    for status in (401, 403, 404, 422, 500):
        body = json.dumps({"status": status, "message": said}).encode()
        with portal(status, body) as served:
            error = served.refuse()
        assert "valid" not in error.message
        assert "is not valid" in error.advice
        assert not [bad for bad in (TOKEN, "555", "0143") if bad in error.message + error.advice]


def test_a_401_under_http_200_is_answered_with_the_parameter() -> None:
    def answer(request: Request) -> Response:
        if "access_token" in request.query:
            return Response(200, body=EMPTY_PAGE)
        return Response(200, body=b'{"status": 401, "message": "Unauthorized"}')

    door = LoopbackServer(answer, 0)
    door.open()
    try:
        with quick(f"http://{door.host}/") as client:
            assert client.fetch((ASK,))[0].rows == ()
            assert client.auth is Auth.QUERY
    finally:
        door.close()


def test_a_refusal_of_times_of_day_is_an_empty_answer_until_they_work() -> None:
    """It proves nothing, and the listing falls back to whole days; of days it stops the run."""
    day = Window.day(date(2019, 6, 11))
    with (
        portal(422, b'{"status": 422, "message": "no"}') as served,
        quick(served.endpoint, auth=Auth.HEADER) as client,
    ):
        (page,) = client.fetch((PageQuery.first(Report.RECORDINGS, Window.around(day.first)),))
        assert (page.rows, page.total) == ((), 0)
        with pytest.raises(StopRun):
            client.fetch((PageQuery.first(Report.RECORDINGS, day),))


@pytest.mark.parametrize("after", ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n{"])
@pytest.mark.parametrize("asks", [1, 3])
def test_a_request_ends_when_the_run_stops(after: str, asks: int, figure: Figure) -> None:
    """Whatever it waits for: the answer, the rest of its headers or of its body."""
    stopping = threading.Event()

    def check(_received: int) -> None:
        if stopping.is_set():
            raise StopRun("The run is stopping.")

    with hanging(after) as (endpoint, asked), quick(endpoint, check=check) as client:
        threads = Threads(1, "asks")
        fetched = threads.submit(lambda: client.fetch((ASK,) * asks))
        for _ in range(asks):
            assert asked.acquire(timeout=10)
        assert not fetched.done()
        began = time.monotonic()
        stopping.set()
        with pytest.raises(StopRun):
            fetched.result(10)
        seconds = time.monotonic() - began
        threads.end(10)
    assert seconds < 3
    assert client.retries == 0
    figure("D7", f"{asks} requests that hang after {after!r}: ended in {seconds:.1f} s")
