"""What TLS has brought is read at once, and no error on the way is lost or taken for an end."""

import ssl
from socket import socket
from typing import Any, cast

import httpcore
import pytest

from archiver.errors import TryAgain
from archiver.http.connections import TICK_S, WatchedStream, trust
from tests.media.conftest import Bench
from tests.media.scripted import Answer, End, Scripted, always

RECORD = b"r" * 16_384
Coming = bytes | Exception


class Line(httpcore.NetworkStream):
    """Hands out one thing after the other: as a stream, and as the socket of it."""

    def __init__(self, *coming: Coming) -> None:
        self.coming = [*coming]
        self.timeout: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.timeout = timeout
        return self.recv(max_bytes)

    def settimeout(self, timeout: float) -> None:
        self.timeout = timeout

    def recv(self, max_bytes: int) -> bytes:
        assert max_bytes > 0
        match self.coming.pop(0) if self.coming else ssl.SSLWantReadError():
            case Exception() as error:
                raise error
            case data:
                return data


def watched(*coming: Coming) -> tuple[WatchedStream, list[int]]:
    heard: list[int] = []
    line = Line(*coming)
    return WatchedStream(line, heard.append, cast("socket", line)), heard


def test_records_that_have_come_are_read_together_up_to_what_is_asked_for() -> None:
    stream, heard = watched(*[RECORD] * 6)
    assert stream.read(4 * len(RECORD)) == RECORD * 4
    assert stream.read(4 * len(RECORD)) == RECORD * 2
    assert heard == [len(RECORD)] * 6


@pytest.mark.parametrize("nothing", [ssl.SSLWantReadError(), BlockingIOError()])
def test_what_has_not_come_is_waited_for(nothing: Exception) -> None:
    line = Line(RECORD, nothing, nothing, RECORD)
    stream = WatchedStream(line, bool, cast("socket", line))
    assert stream.read(65_536, 30.0) == RECORD
    assert line.timeout == 0
    assert stream.read(65_536, 30.0) == RECORD
    assert line.timeout == TICK_S


def test_an_end_is_an_end_each_time() -> None:
    stream, _ = watched(RECORD, *[b""] * 5)
    assert stream.read(65_536) == RECORD
    assert stream.read(65_536) == b""


def test_an_error_behind_what_has_come_is_raised_by_the_next_reader() -> None:
    stream, _ = watched(RECORD, ConnectionResetError("reset"), b"")
    assert stream.read(65_536) == RECORD
    for _ in range(2):
        with pytest.raises(httpcore.ReadError, match="reset"):
            stream.read(65_536)


def test_who_looks_around_may_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, heard = watched(RECORD, RECORD)

    def stop(received: int) -> None:
        heard.append(received)
        if len(heard) > 1:
            raise TryAgain("stopped")

    monkeypatch.setattr(stream, "_check", stop)
    with pytest.raises(TryAgain):
        stream.read(65_536)


def test_a_body_that_only_a_close_ends_is_not_ended_by_a_reset(bench: Bench) -> None:
    cut = Answer(200, {}, [bytes(50_000)], End.RESET)
    with Scripted(always(cut)) as server, pytest.raises(TryAgain):
        bench.fetch(server)
    assert len(server.asked) == bench.attempts


class Tunnel(httpcore.NetworkStream):
    """TLS within other TLS: its socket speaks the outer one."""

    def __init__(self, outer: ssl.SSLSocket) -> None:
        self.outer = outer

    def start_tls(self, *_: Any, **__: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - as httpcore has it
        return self

    def get_extra_info(self, info: str) -> object:
        return self.outer if info == "socket" else None


def test_the_socket_of_other_tls_is_never_read() -> None:
    with ssl.create_default_context().wrap_socket(
        socket(), server_hostname="proxy.example"
    ) as outer:
        inner = WatchedStream(Tunnel(outer), bool).start_tls(trust(None), "host.example")
    assert isinstance(inner, WatchedStream)
    assert inner._line is None  # noqa: SLF001 - whose bytes are another's
