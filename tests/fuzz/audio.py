"""Laws of judging audio: bytes of any kind are walked, measured and judged, and add up."""

import io
import re
from itertools import cycle

from msgspec.structs import fields

from archiver.audio.kinds import crc
from archiver.audio.measure import measure_open
from archiver.audio.mpeg.frame_header import MAX_FRAME_BYTES
from archiver.audio.mpeg.frame_walk import FrameWalk
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import EDITION
from archiver.domain.outcomes import Tolerance, Verdict
from tests.audio.conftest import CONTAINERS, FOLDER, NAMED
from tests.audio.made import box, divided, flac_info, fragment, numbers, sound_track
from tests.audio.made import flac as made_flac
from tests.audio.made import opus as made_opus
from tests.fuzz.target import Target

LEAST_FRAME_BYTES = 24
"""The shortest frame there is: layer III, 24 kHz, 8 kbit/s."""
_STREAMS = ("lame-vbr-8000-1.mp3", "hand-vbri-16000-1.mp3", "ffmpeg-twolame-24000-1.mp2")
_START = 3_600
_MARK = b"OggS"
_FLAC_START = flac_info(0)
_CRC16 = tuple(divided(bytes([byte]), 16, 0x8005) for byte in range(256))
_MARKS = (
    *(b"\xff\xe3\x18\xc4", b"\xff\xfb\x90\x64", b"\xff\xfd\x14\xc4", b"\xff\xff\xff\xff"),
    *(b"Xing", b"Info", b"VBRI", b"LAME", b"ID3\x04", b"3DI\x04", b"TAG", b"TAG+"),
    *(b"APETAGEX", b"LYRICS200", b"LYRICSBEGIN", b"LYRICSEND"),
    *(b"RIFF", b"WAVE", b"fmt ", b"data", b"OggS", b"OpusHead", b"Speex   ", b"\x01vorbis"),
    *(b"fLaC", b"ftyp", b"moov", b"trak", b"mdia", b"mdhd", b"hdlr", b"soun", b"stsd", b"mp4a"),
    *(b"minf", b"stbl", b"stts", b"stsz", b"stsc", b"stco", b"co64", b"tkhd", b"mdat", b"mvex"),
    *(b"trex", b"moof", b"traf", b"tfhd", b"tfdt", b"trun", b"fact", b"LIST", b"ds64", b"RF64"),
    *(b"FORM", b"AIFF", b"COMM", b"SSND", b".snd", b"#!AMR\n", b"#!AMR-WB\n", b"caff", b"\x1aE"),
    *(b"\xff\xf8\x69\x08", b"\xff\xf1\x6c\x40", b"\xfe\xff", b"\x31\0\1\0", b"\x11\0\1\0"),
)


def walked(audio: bytes, sizes: tuple[int, ...]) -> FrameWalk:
    """Feed a walk pieces of these sizes, over and over, until all bytes are fed."""
    walk, at = FrameWalk(), 0
    for size in cycle(sizes):
        if at >= len(audio):
            break
        walk.feed(audio[at : at + size])
        at += size
    walk.finish()
    return walk


def told(walk: FrameWalk) -> tuple[object, ...]:
    """Return all that a finished walk says."""
    spots = [getattr(walk.irregular, each.name) for each in fields(walk.irregular)]
    counts = (walk.frames, walk.begin, walk.end, walk.rest, walk.is_cut)
    return walk.kind, walk.first, *counts, *map(repr, spots), walk.duration_ms()


def frames(data: bytes) -> None:
    """Hold walks to say the same however bytes come, each in a frame, a gap or the rest."""
    sizes, audio = tuple(1 + 8 * byte for byte in data[:2]) or (1,), data[2:]
    walk = walked(audio, (len(audio) or 1,))
    assert told(walk) == told(walked(audio, sizes))
    assert walk.end + walk.rest == len(audio)
    odd = walk.irregular
    in_frames = walk.end - odd.leading.size - odd.gaps.size - odd.inner_tags.size
    assert walk.frames * LEAST_FRAME_BYTES <= in_frames <= walk.frames * MAX_FRAME_BYTES
    assert all(count >= 0 for count in walk.samples.values())
    assert bool(walk.kind) == bool(walk.frames) or walk.is_cut


def files(data: bytes) -> None:
    """Hold any file to have facts and a verdict, and only audio to be ``verified``."""
    facts = measure_open(io.BytesIO(data))
    assert facts.bytes == len(data)
    assert facts.duration_ms >= 0
    assert facts.frames >= 0
    assert facts.edition == EDITION
    assert facts.codec is None or len(facts.flaws) == len(facts.details)
    assert all(detail.isprintable() for detail in facts.details)
    for reported_ms in (None, facts.duration_ms, 5_000):
        judgement = judge(facts, reported_ms, Tolerance())
        assert judgement.verdict.is_good or judgement.reasons
        assert (facts.codec is None) == (judgement.verdict is Verdict.NOT_AUDIO)
        if judgement.verdict.is_good:
            assert 0 < facts.duration_ms <= len(data) * 1000
            assert facts.frames <= len(data)
            assert facts.frames or facts.judged_by == "container"


def ogg(data: bytes) -> None:
    """Hold Ogg to the laws of files behind the checksums, which are mended first."""
    audio, at = bytearray(_MARK + data), 0
    while (at := audio.find(b"OggS", at)) >= 0 and at + 27 <= len(audio):
        segments = audio[at + 26]
        end = at + 27 + segments + sum(audio[at + 27 : at + 27 + segments])
        audio[at + 22 : at + 26] = bytes(4)
        audio[at + 22 : at + 26] = crc.ogg(bytes(audio[at:end])).to_bytes(4, "little")
        at += 27
    files(bytes(audio))


def flac(data: bytes) -> None:
    """Do the same for FLAC: a header's CRC-8, and the CRC-16 in front of the next header."""
    audio, begin = bytearray(data), 0
    if not audio.startswith(b"fLaC"):
        audio[:0] = _FLAC_START
    for match in re.finditer(rb"\xff[\xf8\xf9]", bytes(audio[42:])):
        at = 42 + match.start()
        if begin:
            audio[at - 2 : at] = _crc16(bytes(audio[begin : at - 2])).to_bytes(2)
        begin = at
        size = 5 + {6: 1, 7: 2}.get(audio[at + 2] >> 4, 0) if at + 9 < len(audio) else 0
        if size:
            audio[at + size] = crc.flac_header(bytes(audio[at : at + size]))
    files(bytes(audio))


def riff(data: bytes) -> None:
    """Do the same for chunks, of WAV or, where the first byte is odd, of AIFF."""
    if data[:1] and data[0] & 1:
        files(b"FORM\0\0\1\0AIFF" + data[1:])
    else:
        files(b"RIFF\0\1\0\0WAVE" + data[1:])


def mp4(data: bytes) -> None:
    """Do the same for boxes."""
    files(b"\0\0\0\x0cftypM4A " + data)


def bare(data: bytes) -> None:
    """Do the same for frames without a container: the first byte says of which kind."""
    marks = b"#!AMR\n", b"#!AMR-WB\n", b"", b".snd"
    files(marks[data[0] & 3 if data else 0] + data[1:])


def _crc16(data: bytes) -> int:
    rest = 0
    for byte in data:
        rest = (rest << 8 & 0xFF00) ^ _CRC16[rest >> 8 ^ byte]
    return rest


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
        *_corpus((*CONTAINERS, *NAMED), _START),
        *(audio[-_START:] for audio in _corpus(("hand-ape-id3v1-16000-1.mp3",), 1 << 20)),
        b"ID3\x04\x00\x00\x00\x00\x00\x05" + bytes(5),
    ),
    _MARKS,
    longest=4_096,
)


def _of(extension: str, skip: int = 0) -> tuple[bytes, ...]:
    """Return how the corpus's files of a kind begin, as far as one input goes."""
    names = tuple(name for name in CONTAINERS if name.endswith(extension))
    return tuple(audio[skip:] for audio in _corpus(names, _START))


_SIZES = [20] * 8
_FRAGMENTS = (
    box(b"moov", sound_track([], []), box(b"mvex", box(b"trex", numbers(0, 1, 1, 1024, 0, 0)))),
    fragment(1, 0, _SIZES),
    fragment(2, 8 * 1024, _SIZES),
)
OGG = Target(ogg, (*_of("ogg", 4), b"".join(made_opus(20))[4:]), _MARKS)
FLAC = Target(flac, (*_of("flac"), b"".join(made_flac(9))), _MARKS)
RIFF = Target(
    riff,
    (*(b"\0" + audio for audio in _of("wav", 12)), *(b"\1" + audio for audio in _of("aiff", 12))),
    _MARKS,
)
MP4 = Target(
    mp4,
    (
        b"".join(_FRAGMENTS),
        box(b"mdat", b"\x21" * 160) + box(b"moov", sound_track(_SIZES, [(20, 8)])),
        *_of("hybrid.m4a", 32),
    ),
    _MARKS,
)
BARE = Target(
    bare,
    (
        *(b"\2" + audio[:1_800] for audio in (*_of("aac"), *_of("gsm"))),
        *(b"\3" + audio[:200] for audio in _of("au", 4)),
        *(bytes([kind]) + (b"\x3c" + bytes(range(31))) * 12 for kind in (0, 1)),
    ),
    _MARKS,
    longest=2_048,
)
