"""Frames that are read many at once come to what they come to one by one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from archiver.audio.mpeg import frame_walk
from archiver.audio.mpeg.alike import MANY, AlikeFrames
from archiver.audio.mpeg.frame_header import SideInfo
from archiver.audio.mpeg.frame_walk import FrameWalk
from archiver.sandbox import Encoding, World

DAY = datetime(2021, 4, 6, tzinfo=UTC)
KINDS = (Encoding.BARE, Encoding.CBR, Encoding.VBR, Encoding.VBRI, Encoding.STEREO)
STREAMS = 300
SIZES = range(2_000, 40_000)


def made(kind: Encoding) -> bytes:
    world = World(seed=5)
    (one,) = world.add(
        count=1, first=DAY, last=DAY + timedelta(hours=1), kinds=(kind,), seconds=(60, 61)
    )
    stored = world.stored(one.key or "")
    assert stored is not None
    return stored.body


def spoilt(bodies: list[bytes], random: Random) -> bytes:
    """Return a stream with bytes changed, cut out, put in, repeated, or of another stream."""
    body = random.choice(bodies)[: random.choice(SIZES)]
    for _ in range(random.randrange(6)):
        at, length = random.randrange(len(body)), random.randrange(1, 4_000)
        other = random.choice(bodies)
        start = random.randrange(len(other) // 2)
        put = random.choice(
            [
                b"",
                random.randbytes(length % 300),
                other[start : start + length],
                body[at : at + 720],
            ]
        )
        body = body[:at] + put + body[at + random.choice((0, 1, length)) :]
    return body


def pieces(body: bytes, random: Random) -> Iterator[bytes]:
    cuts = sorted(random.randrange(len(body) + 1) for _ in range(random.randrange(4)))
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        yield body[start:end]


def walked(fed: list[bytes]) -> tuple[str, ...]:
    walk = FrameWalk()
    for each in fed:
        walk.feed(each)
    walk.finish()
    told = (walk.kind, walk.first, walk.begin, walk.end, walk.frames, walk.rest, walk.is_cut)
    return (*map(str, told), str(walk.samples), str(walk.irregular))


def test_read_at_once_or_one_by_one_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies, random = [*map(made, KINDS)], Random(7)
    streams = [[*pieces(spoilt(bodies, random), random)] for _ in range(STREAMS)]
    at_once = [*map(walked, streams)]
    with monkeypatch.context() as patch:
        patch.setattr(frame_walk, "MANY", 1 << 40)
        one_by_one = [*map(walked, streams)]
    assert at_once == one_by_one
    assert any("bad_reservoir=Spots(count=1" in told[-1] for told in at_once)


def test_frames_are_alike_as_far_as_their_headers_are() -> None:
    frame = bytes.fromhex("ffe318c4") + bytes(68)
    other = bytes.fromhex("ffe31844") + bytes(68)
    assert alike(frame * (MANY - 1)) == 0
    assert alike(frame * MANY) == MANY
    assert alike(frame * (MANY + 5) + other) == MANY + 5
    assert alike(frame * (MANY + 5) + other + frame) == MANY + 5
    assert alike((frame * (MANY + 5))[:-1]) == MANY + 4, "the last is not whole"


def alike(data: bytes) -> int:
    return AlikeFrames.at(data, 0, 72).count


@pytest.mark.parametrize("short", [0, 1, MANY // 2, MANY - 1])
def test_one_frame_that_lacks_a_byte_is_seen_among_many(short: int) -> None:
    side = SideInfo.of(full_rate=False, mono=True)

    def frame(needs: int) -> bytes:
        return bytes.fromhex("ffe318c4") + bytes([0, needs >> 5, needs << 3 & 0xFF]) + bytes(65)

    whole, lacking = frame(59 * 8), frame(59 * 8 + 1)
    frames = [whole] * MANY
    assert AlikeFrames.at(b"".join(frames), 0, 72).left_over(side, free=0) == 0
    frames[short] = lacking
    assert AlikeFrames.at(b"".join(frames), 0, 72).left_over(side, free=0) is None
