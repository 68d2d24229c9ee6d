"""What has come already is read at once, and no error on the way is lost or taken for an end."""

import httpcore
import pytest

from archiver.errors import TryAgain
from archiver.http.connections import TICK_S, WatchedStream
from tests.media.conftest import Bench
from tests.media.scripted import Answer, End, Scripted, always

RECORD = b"r" * 16_384
Coming = bytes | Exception


class Line(httpcore.NetworkStream):
    """Hands out one thing after the other, all of which have come; at its end, it waits."""

    def __init__(self, *coming: Coming) -> None:
        self.coming = [*coming]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        assert max_bytes > 0
        assert timeout is not None
        assert timeout <= TICK_S
        match self.coming.pop(0):
            case Exception() as error:
                raise error
            case data:
                return data

    def get_extra_info(self, info: str) -> object:
        return bool(self.coming) if info == "is_readable" else None


def watched(*coming: Coming) -> tuple[WatchedStream, list[int]]:
    heard: list[int] = []
    return WatchedStream(Line(*coming), heard.append), heard


def test_records_that_have_come_are_read_together_up_to_what_is_asked_for() -> None:
    stream, heard = watched(*[RECORD] * 5)
    assert stream.read(4 * len(RECORD)) == RECORD * 4
    assert stream.read(4 * len(RECORD)) == RECORD
    assert heard == [len(RECORD)] * 5


def test_an_end_is_an_end_each_time() -> None:
    stream, _ = watched(RECORD, b"", b"")
    assert stream.read(65_536) == RECORD
    assert stream.read(65_536) == b""


def test_an_error_behind_what_has_come_is_raised_by_the_next_reader() -> None:
    stream, _ = watched(RECORD, httpcore.ReadError("reset"), b"")
    assert stream.read(65_536) == RECORD
    for _ in range(2):
        with pytest.raises(httpcore.ReadError):
            stream.read(65_536)


def test_a_part_of_a_record_is_waited_for_no_longer_than_a_tick() -> None:
    stream, _ = watched(RECORD, httpcore.ReadTimeout(), RECORD)
    assert stream.read(65_536) == RECORD
    assert stream.read(65_536) == RECORD


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
