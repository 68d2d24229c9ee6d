"""A bucket whose answers dribble in: headers, bodies and the word to go on are given up in time."""

import io
import itertools
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from archiver.config.s3_options import Options, Style, place
from archiver.errors import DestinationError
from archiver.store.s3.bucket_store import BucketStore
from archiver.store.s3.connecting import pace as module
from archiver.store.s3.connecting import s3_client as connecting
from archiver.store.s3.connecting.pace import GRACE_S, LEAST_BYTES_PER_S, AnswerDeadline
from tests.conftest import Figure
from tests.media.scripted import Answer, Scripted

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEY = "ARCHIVE.json"
HEADERS = Answer(100, {"x": "y"})


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the client some, so that it asks nobody for them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture
def hurrying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look at the clock take a ninth of the grace, and nothing be tried again."""
    clock = itertools.count(0, GRACE_S / 9).__next__
    monkeypatch.setattr(module, "AnswerDeadline", partial(AnswerDeadline, clock))
    monkeypatch.setattr(connecting, "_ATTEMPTS", 1)


def dribble(server: Scripted) -> Iterator[bytes]:
    """Send a byte at a time, until nobody listens."""
    while not server.done.is_set():
        yield b"x"
        server.done.wait(0.001)


def store_at(server: Scripted, tmp_path: Path) -> BucketStore:
    options = Options(endpoint=server.url, style=Style.PATH)
    return BucketStore(connecting.connect(options), place("s3://bucket/a"), options, tmp_path)


@pytest.mark.usefixtures("credentials", "hurrying", "quick_clients")
@pytest.mark.parametrize(
    ("use", "where", "head"),
    [
        ("read", "headers", HEADERS),
        ("read", "a body", Answer(200, {"content-length": "90000", "etag": '"e"'})),
        ("read", "an error's body", Answer(503, {"content-length": "90000"})),
        ("list", "a body", Answer(200, {"content-length": "90000"})),
        ("put", "headers", HEADERS),
    ],
)
def test_an_answer_that_dribbles_in_is_given_up(
    use: str, where: str, head: Answer, tmp_path: Path, figure: Figure
) -> None:
    answers: list[Answer] = []

    def script(_asked: object) -> Answer:
        answer = Answer(head.status, head.headers, dribble(server))
        answers.append(answer)
        return answer

    def read(store: BucketStore) -> None:
        with store.open(KEY) as file:
            file.read()

    uses: dict[str, Callable[[BucketStore], object]] = {
        "read": read,
        "list": lambda store: list(store.items("")),
        "put": lambda store: store.put(KEY, b"x" * 100_000),
    }
    with Scripted(script) as server:
        store = store_at(server, tmp_path)
        with pytest.raises(DestinationError):
            uses[use](store)
    assert answers
    figure("N6", f"bucket, {use}: {where} a byte at a time, given up after {len(answers)} answers")


def test_a_slow_answer_has_the_time_that_its_bytes_need() -> None:
    now = 0.0
    paced = AnswerDeadline(lambda: now)
    for _ in range(1_000):
        now += GRACE_S
        paced.check(int(GRACE_S) * LEAST_BYTES_PER_S)
    now += 2 * GRACE_S + 1
    with pytest.raises(TimeoutError):
        paced.check(1)
    paced.begin()
    now += 10 * GRACE_S
    paced.check(1)  # silence before the first byte is bounded by the socket


@pytest.mark.usefixtures("credentials", "quick_clients")
def test_every_connection_of_a_client_is_paced(tmp_path: Path) -> None:
    fields = {"content-length": "3", "etag": '"900150983cd24fb0d6963f7d28e17f72"'}
    with Scripted(lambda _: Answer(200, fields, [b"abc"])) as server:
        store = store_at(server, tmp_path)
        client = store.bucket.client
        session = client._endpoint.http_session  # type: ignore[attr-defined]  # noqa: SLF001 - same
        kinds = session._manager.pool_classes_by_scheme  # noqa: SLF001 - same
        assert {kind.ConnectionCls.__mro__[1] for kind in kinds.values()} == {module._Paced}  # noqa: SLF001 - same
        with store.open(KEY) as file:
            assert file.read() == b"abc"


class _Noted:
    """A socket of which each wish and each read is noted."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def setsockopt(self, level: int, option: int, value: int) -> None:
        is_wish = (level, option, value) == (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.noted.append("at once" if is_wish else "something else")

    def makefile(self, mode: str, buffering: int) -> io.RawIOBase:
        assert (mode, buffering) == ("rb", 0)
        return _Pieces(self.noted)


class _Pieces(io.RawIOBase):
    """An answer that comes in three pieces."""

    def __init__(self, noted: list[str]) -> None:
        self._noted = noted
        self._left = [b"HTTP/1.1 200 OK\r\n", b"etag: x\r\n", b"\r\n"]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._noted.append("read")
        piece = self._left.pop(0) if self._left else b""
        memoryview(buffer).cast("B")[: len(piece)] = piece
        return len(piece)


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="only Linux can be asked")
def test_each_piece_of_an_answer_is_acknowledged_as_it_comes() -> None:
    sock = _Noted()
    paced = module._Socket(cast("socket.socket", sock), AnswerDeadline())  # noqa: SLF001 - what a connection reads by
    with paced.makefile() as file:
        assert [file.readline() for _ in range(3)][-1] == b"\r\n"
    assert sock.noted == ["at once", "read"] * 3
