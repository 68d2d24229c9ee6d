"""The portal's client against answers that are cut, endless, hostile or no answer at all."""

import gzip
import json
import os
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from archiver.config.settings import Auth
from archiver.errors import ArchiverError, StopRun, TokenRefused, TryAgain
from archiver.portal import exchange
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.wire.answers import MAX_PAGE_BYTES
from archiver.sandbox.wire import Response
from tests.conftest import Figure
from tests.media.scripted import Answer, Scripted
from tests.portal.quick import ASK, ATTEMPTS, EMPTY_PAGE, TOKEN, portal, quick


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
        (b'{"status": "OK", "data": {"data": {"id": 1}}}', "no list of rows"),
    ],
)
def test_an_answer_that_is_no_page_is_asked_for_again_and_then_told(body: bytes, what: str) -> None:
    with portal(200, body) as served:
        error = served.refuse()
    assert type(error) is AnswerNotUnderstood
    assert what in error.message
    assert len(served.requests) == ATTEMPTS


@pytest.mark.parametrize(
    ("status", "kind"), [(401, TokenRefused), ("403", TokenRefused), (422, StopRun)]
)
def test_a_failure_under_200_is_that_failure(status: object, kind: type[ArchiverError]) -> None:
    with portal(200, json.dumps({"status": status, "message": "No."}).encode()) as served:
        assert type(served.refuse()) is kind


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
        b'{"status": "OK", "data": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"status": "OK", "status": "OK", "data": []}',
        b'{"status": "OK", "data": {"data": [], "total": 1' + b"0" * 5_000 + b"}}",
        b'{"status": "OK", "data": {"data": [], "total": -1}}',
    ],
)
def test_json_that_attacks_parsers_is_refused_in_words(body: bytes, figure: Figure) -> None:
    with portal(200, body) as served:
        error = served.refuse()
    assert type(error) is AnswerNotUnderstood
    assert error.message.isprintable()
    figure("A13", f"{body[25:45].decode()}… refused: {error.message[:70]}")


def test_odd_values_in_a_row_are_kept_and_harm_nothing() -> None:
    digits = "1" * 5_000
    row = f'{{"id": "\\ud800", "serial": {digits}, "duration": 1e999, "notes": "\\udfff"}}'
    with portal(200, b'{"status": "OK", "data": [' + row.encode() + b"]}") as served:
        (kept,) = served.ask().rows
    assert (kept.id, kept.reported_ms) == ("\ud800", None)
    assert kept.fields["serial"] == digits


@pytest.mark.parametrize(
    "encoding", ["", "aws-chunked", "UTF-8", "binary", "none", "identity, utf-8", "gzip"]
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_encoding_that_encodes_nothing_and_gzip_are_read(
    encoding: str, pack: Callable[[bytes], bytes], figure: Figure
) -> None:
    """Whatever the header says: caches keep the one without the other."""
    with portal(200, pack(EMPTY_PAGE), ("Content-Encoding", encoding)) as served:
        assert served.ask().rows == ()
    assert served.requests[0].headers["accept-encoding"] == "identity"
    figure(
        "R4", f"portal: Content-Encoding {encoding!r}: read after {len(served.requests)} request"
    )


@pytest.mark.parametrize(
    ("encoding", "body", "why"),
    [
        ("br", EMPTY_PAGE, "encoded (br), though that was not asked for"),
        (TOKEN, EMPTY_PAGE, "encoded (an unknown coding)"),
        ("gzip", gzip.compress(EMPTY_PAGE, mtime=0)[:-9], "cut off"),
        ("gzip", gzip.compress(EMPTY_PAGE, mtime=0)[:12] + bytes(9), "damaged"),
        ("gzip", gzip.compress(bytes(MAX_PAGE_BYTES + 1)), "larger than"),
        ("deflate", zlib.compress(EMPTY_PAGE)[:-9], "cut off"),
    ],
)
def test_what_cannot_be_decoded_is_refused_in_words(
    encoding: str, body: bytes, why: str, figure: Figure
) -> None:
    tracemalloc.start()
    with portal(200, body, ("Content-Encoding", encoding)) as served:
        error = served.refuse()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert why in error.message
    assert type(error) is AnswerNotUnderstood
    assert peak < 4 * MAX_PAGE_BYTES
    figure("R4", f"portal: {why}, peak {peak >> 20} MiB")


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
        assert "connection to the portal at 127.0.0.1:" in served.refuse(auth=Auth.QUERY).message
    assert len(served.requests) >= ATTEMPTS


@pytest.mark.parametrize("start", [1, 0, None])
def test_an_answer_that_dribbles_in_is_given_up(
    start: int | None, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """In its body, from its first byte on; or in headers that never end."""
    monkeypatch.setattr(exchange, "MOST_S", 0.1)

    def dribble() -> Iterator[bytes]:
        while not server.done.is_set():
            yield b"x"
            server.done.wait(0.005)

    head = Answer(100, {"x": "y"}) if start is None else Answer(200, {"content-length": "9000"})
    body = EMPTY_PAGE[: start or 0]
    with Scripted(
        lambda _asked: Answer(head.status, head.headers, chain([body], dribble()))
    ) as server:
        began = time.monotonic()
        with quick(server.url + "/") as client, pytest.raises(TryAgain, match="in time"):
            client.fetch((ASK,))
        seconds = time.monotonic() - began
        assert client.requests == ATTEMPTS
    where = "headers" if start is None else "a body"
    figure("N6", f"portal: {where} a byte at a time, {ATTEMPTS} times given up in {seconds:.1f} s")


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
        assert client.clock.ahead is None
        assert abs(client.now() - datetime.now(UTC)) < timedelta(seconds=1)


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
    assert "archiver.portal INFO GET http" in logged
    assert TOKEN not in logged
    figure("X6", f"list -vv, token in the address: canary 0 in {len(logged)} logged characters")
