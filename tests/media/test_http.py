"""The client against a server that misbehaves (rows N1 to N20): the bytes are right or refused."""

import gzip
import hashlib
import io
import itertools
import random
import threading
import tracemalloc
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from archiver.errors import (
    DestinationError,
    Gone,
    LinkExpired,
    RecordingError,
    Refused,
    StopRun,
    TryAgain,
)
from archiver.http import connections as network
from archiver.media.deadline import DeadlineExceeded, LeastRate
from archiver.media.error_answers import code_of
from archiver.media.link import parse
from archiver.media.transfer import Transfer
from archiver.secret import Secret
from tests.conftest import Figure
from tests.media.conftest import Bench
from tests.media.scripted import Answer, Asked, End, Scripted, always, rest, whole

BODY = random.Random(1).randbytes(100_000)
SHA = hashlib.sha256(BODY).hexdigest()
ETAG = '"one-2"'


def xml(status: int, code: str, **headers: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>".encode()
    return replace(whole(body, **headers), status=status)


def test_a_short_body_is_fetched_to_its_end(bench: Bench, figure: Figure) -> None:
    def script(asked: Asked) -> Answer:
        short = asked.number == 0
        return rest(BODY, asked, ETAG, End.CLOSE, 50_000 if short else len(BODY))

    with Scripted(script) as server:
        got = bench.fetch(server)
    assert bench.file.getvalue() == BODY
    assert (got.sha256, got.attempts, got.length_proven) == (SHA, 2, True)
    assert server.asked[1].headers["range"] == "bytes=50000-"
    assert server.asked[1].headers["if-range"] == ETAG
    figure("N1", f"retries {got.attempts - 1}, resumed at 50000, partial finals 0, sha equal")


def test_a_body_cut_for_good_is_no_success(bench: Bench) -> None:
    answer = replace(whole(BODY), body=[BODY[:50_000]], end=End.CLOSE)
    with Scripted(always(answer)) as server, pytest.raises(TryAgain):
        bench.fetch(server)
    assert len(server.asked) == bench.attempts


@pytest.mark.parametrize(("row", "version"), [("N2", "1.1"), ("N4", "1.0")])
def test_a_body_that_only_a_close_ends_is_said_to_be_unproven(
    bench: Bench, figure: Figure, row: str, version: str
) -> None:
    cut = Answer(200, {}, [BODY[:50_000]], End.CLOSE, version)
    with Scripted(always(cut)) as server:
        got = bench.fetch(server)
    assert (got.bytes, got.length_proven, got.md5_proven) == (50_000, False, False)
    figure(row, "a close-delimited cut: length_proven False, left to the judge")


def test_chunks_without_an_end_are_fetched_again(bench: Bench, figure: Figure) -> None:
    def script(asked: Asked) -> Answer:
        end = b"" if asked.number == 0 else b"0\r\n\r\n"
        chunk = b"%x\r\n%b\r\n" % (len(BODY), BODY)
        return Answer(200, {"transfer-encoding": "chunked"}, [chunk, end], End.CLOSE)

    with Scripted(script) as server:
        got = bench.fetch(server)
    assert (got.sha256, got.attempts, got.length_proven) == (SHA, 2, True)
    figure("N3", f"retries {got.attempts - 1}, partial finals 0, sha equal")


def test_two_hundred_resets_end_in_equal_bytes(figure: Figure) -> None:
    draw = random.Random(5)
    equal = resumed = 0
    for _ in range(200):
        bench, at = Bench(), draw.randrange(len(BODY))

        def script(asked: Asked, at: int = at) -> Answer:
            if asked.number == 0:
                return rest(BODY, asked, ETAG, End.RESET, at)
            return rest(BODY, asked, ETAG)

        with Scripted(script) as server:
            got = bench.fetch(server)
        assert len(server.asked) == 2
        resumed += "range" in server.asked[1].headers
        equal += got.sha256 == SHA and bench.file.getvalue() == BODY
    assert equal == 200
    figure("N5", f"{equal}/200 equal sha, {resumed} resumed, {200 - resumed} begun again")


class Ticking:
    """A clock that goes half a second on whenever it is read."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 0.5
        return self.seconds


def drip(done: threading.Event) -> Iterator[bytes]:
    while not done.wait(0.001):
        yield b"x"


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_slow_loris_is_left_at_the_deadline(bench: Bench, figure: Figure, where: str) -> None:
    clock = Ticking()
    bench.clock, bench.transfer = clock, Transfer(100_000)
    bench.pace = LeastRate(base_s=100.0, steady_bytes_per_s=10_000, over_s=1e9)

    class Endless(Answer, frozen=True):
        def head(self) -> bytes:
            return b"HTTP/1.1 200 OK\r\nx: " if where == "headers" else super().head()

    with (
        Scripted(lambda _: Endless(200, {}, drip(server.done))) as server,
        pytest.raises(DeadlineExceeded),
    ):
        bench.fetch(server)
    assert clock.seconds <= 110 + 1
    figure("N6", f"1 B at a time in the {where}: ended at {clock.seconds} s of 110 s allowed")


def test_too_slow_an_attempt_is_given_up(bench: Bench, figure: Figure) -> None:
    clock = Ticking()
    bench.clock, bench.attempts = clock, 2
    with (
        Scripted(lambda _: Answer(200, {}, drip(server.done))) as server,
        pytest.raises(TryAgain, match="1000 bytes a second"),
    ):
        bench.fetch(server)
    assert len(server.asked) == 2
    assert clock.seconds < 2 * 61 + 2
    figure("N6", f"under 1 kB/s over 60 s: 2 attempts given up in {clock.seconds} s")


@pytest.mark.parametrize(
    "headers",
    [{"x": "y" * 300_000}, {f"x-{number}": "y" * 20 for number in range(10_000)}],
    ids=["300 kB", "10,000 headers"],
)
def test_a_header_flood_is_bounded(bench: Bench, figure: Figure, headers: dict[str, str]) -> None:
    bench.attempts = 1
    flood = Answer(200, headers, [], End.CLOSE)
    with Scripted(always(flood)) as server:
        tracemalloc.start()
        with pytest.raises(TryAgain):
            bench.fetch(server)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20 << 20
    figure("N7", f"{len(flood.head())} bytes of headers: refused, peak {peak >> 10} KiB")


def test_compressed_bodies_are_never_stored(bench: Bench, figure: Figure) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    bodies = {"N8": gzip.compress(BODY), "N9": bomb, "N10": gzip.compress(BODY)[:-500]}
    for row, body in bodies.items():
        tracemalloc.start()
        with (
            Scripted(always(whole(body, content_encoding="gzip"))) as server,
            pytest.raises(Refused),
        ):
            bench.fetch(server)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert server.asked[0].headers["accept-encoding"] == "identity"
        assert bench.file.getvalue() == b""
        assert peak < 20 << 20
        figure(row, f"gzip of {len(body)} bytes: refused, stored 0, peak {peak >> 10} KiB")


@pytest.mark.parametrize(
    "encoding", ["", "aws-chunked", "utf-8", "none", "binary", "identity,aws-chunked"]
)
def test_an_encoding_that_encodes_nothing_is_no_reason_to_refuse(
    bench: Bench, encoding: str, figure: Figure
) -> None:
    with Scripted(always(whole(BODY, content_encoding=encoding))) as server:
        assert bench.fetch(server).bytes == len(BODY)
    assert bench.file.getvalue() == BODY
    figure("R4", f"media: Content-Encoding {encoding!r}: stored as it came")


def test_a_coding_is_told_by_a_known_name_only(bench: Bench) -> None:
    for named, told in (("gzip, utf-8", "(gzip)"), ("hush-hush", "(an unknown coding)")):
        with (
            Scripted(always(whole(BODY, content_encoding=named))) as server,
            pytest.raises(Refused) as refused,
        ):
            bench.fetch(server)
        assert told in refused.value.message
        assert "Ask the provider" in refused.value.advice
    assert bench.file.getvalue() == b""


def test_an_endless_body_is_cut_at_the_cap(bench: Bench, figure: Figure) -> None:
    bench.transfer = Transfer(1_000_000)
    with (
        Scripted(lambda _: Answer(200, {}, itertools.repeat(bytes(4_096)))) as server,
        pytest.raises(Refused, match="1000000"),
    ):
        bench.fetch(server)
    assert bench.file.tell() <= 1_000_000
    figure("N11", f"endless body: {bench.file.tell()} bytes kept of a cap of 1000000, refused")


def test_more_than_the_announced_length_is_not_read(bench: Bench) -> None:
    longer = replace(whole(BODY), body=[BODY, b"more"], end=End.CLOSE)
    with Scripted(always(longer)) as server:
        assert bench.fetch(server).sha256 == SHA


def test_an_error_page_under_200_arrives_as_it_is(bench: Bench, figure: Figure) -> None:
    page = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
    with Scripted(lambda _: whole(page, content_type="application/xml")) as server:
        got = bench.fetch(server)
    assert (bench.file.getvalue(), got.content_type) == (page, "application/xml")
    figure("N12", "XML under 200: handed on with its content type, for the judge to refuse")


def test_wrong_parts_and_ignored_ranges_end_in_equal_bytes(bench: Bench, figure: Figure) -> None:
    def script(asked: Asked) -> Answer:
        match asked.number:
            case 0:
                return rest(BODY, asked, ETAG, End.CLOSE, 40_000)
            case 1:
                answer = rest(BODY, asked, ETAG)
                return replace(
                    answer, headers=answer.headers | {"content-range": "bytes 0-9/100000"}
                )
            case 2:
                return rest(BODY, asked, ETAG, End.CLOSE, 60_000)
            case _:
                return whole(BODY, etag=ETAG)

    with Scripted(script) as server:
        got = bench.fetch(server)
    ranges = [asked.headers.get("range") for asked in server.asked]
    assert ranges == [None, "bytes=40000-", None, "bytes=60000-"]
    assert (got.sha256, bench.file.getvalue()) == (SHA, BODY)
    figure("N13", "a wrong 206, then 200 to a range: begun again twice, sha equal")


def test_an_object_that_changes_is_never_mixed(figure: Figure) -> None:
    other = random.Random(2).randbytes(len(BODY))
    draw = random.Random(14)
    mixed = 0
    for number in range(100):
        bench, at = Bench(), draw.randrange(1, len(BODY))

        def script(asked: Asked, at: int = at, obeys: int = number % 2) -> Answer:
            if asked.number == 0:
                return rest(BODY, asked, ETAG, End.CLOSE, at)
            if obeys and asked.headers.get("if-range") == ETAG:
                return whole(other, etag='"two-2"')
            return rest(other, asked, '"two-2"')

        with Scripted(script) as server:
            bench.fetch(server)
        assert "range" in server.asked[1].headers
        mixed += bench.file.getvalue() != other
    assert mixed == 0
    figure("N14", f"{mixed} mixed files in 100 runs, half of them with If-Range ignored")


@pytest.mark.parametrize(
    "refusal",
    [
        xml(403, "AccessDenied"),
        xml(403, "RequestTimeTooSkewed"),
        xml(403, "SignatureDoesNotMatch"),
        xml(400, "ExpiredToken"),
        xml(400, "ExpiredRequest"),
        xml(401, "ExpiredRequest"),
        replace(whole(b"no"), status=401),
        replace(whole(b"no"), status=403),
    ],
    ids=lambda answer: str(answer.status),
)
def test_a_dead_link_is_said_at_once_and_the_next_goes_on(
    bench: Bench, figure: Figure, refusal: Answer
) -> None:
    def script(asked: Asked) -> Answer:
        if asked.number == 0:
            return rest(BODY, asked, ETAG, End.CLOSE, 30_000)
        return refusal if "old" in asked.target else rest(BODY, asked, ETAG)

    with Scripted(script) as server:
        with pytest.raises(LinkExpired):
            bench.fetch(server, "/a?old")
        assert len(server.asked) == 2
        got = bench.fetch(server, "/a?new")
    assert server.asked[-1].headers["range"] == "bytes=30000-"
    assert (got.sha256, got.attempts) == (SHA, 3)
    code = code_of(b"".join(refusal.body), parse(Secret("https://h/"))) or "no code"
    figure("N15", f"{refusal.status} {code}: fresh link asked for, resumed at 30000, lost 0")


def test_a_longer_wait_than_a_run_waits_fails_at_once(bench: Bench, figure: Figure) -> None:
    with (
        Scripted(always(xml(503, "SlowDown", Retry_After="3600"))) as server,
        pytest.raises(TryAgain, match=r"answered 503 .SlowDown. and asks to wait 3600 s"),
    ):
        bench.fetch(server)
    assert (len(server.asked), bench.stop.waits) == (1, [])
    figure("R10", "media: Retry-After 3600: 1 request, waited 0 s, said")


@pytest.mark.parametrize(("asked", "is_told"), [("20", True), ("2.5", True), ("0", False)])
def test_a_wait_that_a_media_host_asks_for_is_told(
    bench: Bench, asked: str, *, is_told: bool, figure: Figure
) -> None:
    """Once, though it is asked for three times: the clock that is set stands still."""

    def script(request: Asked) -> Answer:
        return xml(503, "SlowDown", Retry_After=asked) if request.number < 3 else whole(BODY)

    with Scripted(script) as server:
        assert bench.fetch(server).sha256 == SHA
    wait = f"{float(asked):.0f} s"
    said = f"127.0.0.1: The media server answered 503 (SlowDown) and asks to wait {wait}."
    assert bench.said == [said] * is_told
    assert sum(bench.stop.waits) >= 3 * float(asked)
    figure("R10", f"media: Retry-After {asked}, three times: told {len(bench.said)} times, obeyed")


def test_a_link_that_dies_on_the_way_does_not_stop_the_transfer(
    bench: Bench, figure: Figure
) -> None:
    target = "/a?X-Amz-Date=20000101T000000Z&X-Amz-Expires=1"
    with Scripted(lambda _: whole(BODY)) as server:
        assert bench.fetch(server, target).sha256 == SHA
    figure("N16", "transfer runs on past the deadline; a drop after it goes the way of N15")
    figure("N18", "a deadline long past by the local clock is still tried: the server decides")


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 37),
        ("Mon, 12 Apr 2021 04:56:51 GMT", 30, 60),
        ("2.5", 2.5, 32.5),
        ("300", 300, 330),
        ("nonsense", 0, 30),
    ],
)
def test_what_may_pass_is_tried_again_as_asked(
    bench: Bench, figure: Figure, header: str, least: float, most: float
) -> None:
    troubles = [
        xml(503, "SlowDown", Retry_After=header),
        replace(whole(b""), status=500),
        replace(whole(b"", Retry_After=header), status=429),
        xml(400, "RequestTimeout"),
    ]
    script = [*troubles, whole(BODY)]
    with Scripted(lambda asked: script[asked.number]) as server:
        assert bench.fetch(server).sha256 == SHA
    assert least <= bench.stop.waits[0] <= most
    assert least <= bench.stop.waits[2] <= most
    assert max(bench.stop.waits[1], bench.stop.waits[3]) <= 30
    figure("N19", f"Retry-After {header}: waited {bench.stop.waits[0]:.1f} s; 4 refusals, ends ok")


def test_attempts_are_spent(bench: Bench) -> None:
    slow = xml(503, "SlowDown", Retry_After="7")
    with Scripted(always(slow)) as server, pytest.raises(TryAgain) as caught:
        bench.fetch(server)
    assert (len(server.asked), caught.value.after) == (5, 7.0)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (xml(404, "NoSuchKey"), Gone),
        (replace(whole(b""), status=410), Gone),
        (xml(403, "InvalidObjectState"), RecordingError),
        (xml(400, "InvalidArgument"), RecordingError),
        (replace(whole(b""), status=304), Refused),
        (replace(whole(b""), status=418), RecordingError),
        (Answer(204), RecordingError),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value.status),
)
def test_what_will_not_pass_is_asked_once(
    bench: Bench, figure: Figure, answer: Answer, error: type[RecordingError]
) -> None:
    with Scripted(always(answer)) as server, pytest.raises(RecordingError) as caught:
        bench.fetch(server)
    assert type(caught.value) is error
    assert len(server.asked) == 1
    figure("N20", f"{answer.status}: 1 request, then {error.__name__}: {caught.value.message}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(bench: Bench, figure: Figure, status: int) -> None:
    with Scripted(lambda _: whole(b"internal")) as internal:
        away = Answer(status, {"location": f"{internal.url}/", "content-length": "0"})
        with Scripted(always(away)) as server, pytest.raises(Refused):
            bench.fetch(server)
    assert (len(server.asked), internal.connections) == (1, 0)
    figure("X4", f"{status}: hops {internal.connections}")


@pytest.mark.parametrize("when", ["before", "body", "silence", "wait"])
def test_a_stopping_run_ends_a_transfer(bench: Bench, when: str) -> None:
    def stopping() -> Iterator[bytes]:
        yield BODY[:10]
        bench.stop.set()
        while when == "body" and not server.done.is_set():
            yield BODY[:1_000]
        server.done.wait(4)

    def script(_: Asked) -> Answer:
        if when == "wait":
            bench.stop.set()
            return replace(whole(b""), status=500)
        return Answer(200, {}, stopping())

    if when == "before":
        bench.stop.set()
    with Scripted(script) as server, pytest.raises(StopRun):
        bench.fetch(server)
    assert len(server.asked) <= 1


def test_silence_ends_at_the_read_timeout(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "TICK_S", 0.01)
    bench.attempts, bench.route = 2, replace(bench.route, read_s=0.05)

    def silent(_: Asked) -> Answer:
        server.done.wait(4)
        return Answer()

    with Scripted(silent) as server, pytest.raises(TryAgain, match="in time"):
        bench.fetch(server)
    assert len(server.asked) == 2


def test_a_file_that_cannot_be_written_stops_the_run(bench: Bench) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device", data)

    bench.file = Full()
    with (
        Scripted(lambda _: whole(BODY)) as server,
        pytest.raises(DestinationError, match="No space left"),
    ):
        bench.fetch(server)


def test_the_path_goes_out_as_it_came(bench: Bench) -> None:
    with Scripted(lambda _: whole(BODY)) as server:
        bench.fetch(server, "/a/../b/%2e%2E/c%20d?x=%41&y")
    assert server.asked[0].target == "/a/../b/%2e%2E/c%20d?x=%41&y"
