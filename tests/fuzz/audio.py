"""Laws of judging audio: bytes of any kind are walked, measured and judged, and add up."""

import io
from itertools import cycle

from archiver.audio.mpeg import MAX_FRAME_BYTES
from archiver.audio.probe import measure_open
from archiver.audio.verdict import judge
from archiver.audio.walk import Walk
from archiver.outcomes import Tolerance, Verdict
from tests.audio.conftest import CONTAINERS, FOLDER
from tests.fuzz.target import Target

LEAST_FRAME_BYTES = 24
"""The shortest frame there is: layer III, 24 kHz, 8 kbit/s."""
_STREAMS = ("lame-vbr-8000-1.mp3", "hand-vbri-16000-1.mp3", "ffmpeg-twolame-24000-1.mp2")
_START = 3_600
_MARKS = (
    *(b"\xff\xe3\x18\xc4", b"\xff\xfb\x90\x64", b"\xff\xfd\x14\xc4", b"\xff\xff\xff\xff"),
    *(b"Xing", b"Info", b"VBRI", b"LAME", b"ID3\x04", b"3DI\x04", b"TAG", b"TAG+"),
    *(b"APETAGEX", b"LYRICS200", b"LYRICSBEGIN", b"LYRICSEND"),
    *(b"RIFF", b"WAVE", b"fmt ", b"data", b"OggS", b"OpusHead", b"Speex   ", b"\x01vorbis"),
    *(b"fLaC", b"ftyp", b"moov", b"trak", b"mdia", b"mdhd", b"hdlr", b"soun", b"stsd", b"mp4a"),
)


def walked(audio: bytes, sizes: tuple[int, ...]) -> Walk:
    """Feed a walk pieces of these sizes, over and over, until all bytes are fed."""
    walk, at = Walk(), 0
    for size in cycle(sizes):
        if at >= len(audio):
            break
        walk.feed(audio[at : at + size])
        at += size
    walk.finish()
    return walk


def told(walk: Walk) -> tuple[object, ...]:
    """Return all that a finished walk says."""
    spots = (walk.gaps, walk.changes, walk.headers, walk.bad_reservoir, walk.bad_crc)
    counts = (walk.frames, walk.begin, walk.end, walk.rest, walk.is_cut)
    return walk.kind, walk.first, *counts, *map(repr, spots), walk.duration_ms()


def frames(data: bytes) -> None:
    """Hold walks to say the same however bytes come, each in a frame, a gap or the rest."""
    sizes, audio = tuple(1 + 8 * byte for byte in data[:2]) or (1,), data[2:]
    walk = walked(audio, (len(audio) or 1,))
    assert told(walk) == told(walked(audio, sizes))
    assert walk.end + walk.rest == len(audio)
    in_frames = walk.end - walk.gaps.size
    assert walk.frames * LEAST_FRAME_BYTES <= in_frames <= walk.frames * MAX_FRAME_BYTES
    assert all(count >= 0 for count in walk.samples.values())
    assert bool(walk.kind) == bool(walk.frames) or walk.is_cut


def files(data: bytes) -> None:
    """Hold any file to have facts and a verdict, and only audio to be ``verified``."""
    facts = measure_open(io.BytesIO(data))
    assert facts.bytes == len(data)
    assert facts.duration_ms >= 0
    assert facts.frames >= 0
    assert all(detail.isprintable() for detail in facts.details)
    for reported_ms in (None, facts.duration_ms, 5_000):
        judgement = judge(facts, reported_ms, Tolerance())
        assert judgement.verdict.is_good or judgement.reasons
        assert (facts.codec is None) == (judgement.verdict is Verdict.NOT_AUDIO)
        if judgement.verdict.is_good:
            assert 0 < facts.duration_ms <= len(data) * 1000
            assert facts.frames * LEAST_FRAME_BYTES <= len(data)
            assert bool(facts.frames) == (facts.judged_by == "frames")


def _corpus(names: tuple[str, ...], most: int) -> tuple[bytes, ...]:
    return tuple((FOLDER / name).read_bytes()[:most] for name in names)


FRAMES = Target(
    frames,
    tuple(bytes([9, 200]) + start for start in _corpus(_STREAMS, 9_500)),
    _MARKS,
    longest=10_000,
)
FILES = Target(
    files,
    (
        *_corpus(_STREAMS, _START),
        *_corpus(tuple(CONTAINERS), _START),
        *(audio[-_START:] for audio in _corpus(("hand-ape-id3v1-16000-1.mp3",), 1 << 20)),
        b"ID3\x04\x00\x00\x00\x00\x00\x05" + bytes(5),
    ),
    _MARKS,
    longest=4_096,
)
