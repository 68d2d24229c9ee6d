"""Any bytes whatever: no crash, bounded memory, and an hour of audio in a tenth of a second."""

import random
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.audio.measure import measure
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Facts, Flaw
from archiver.domain.outcomes import Tolerance, Verdict
from tests.audio.conftest import CONTAINERS, FOLDER, INDEX, Judge
from tests.audio.made import (
    OPUS_20_MS,
    OPUS_HEAD,
    OPUS_PACKET,
    box,
    flac_frame,
    flac_info,
    fragment,
    numbers,
    page,
    sound_track,
)
from tests.conftest import Figure
from tests.fuzz.audio import told, walked

pytestmark = pytest.mark.slow

MIB = 1 << 20
HOUR_FRAMES = 50_000
NOISE = random.Random(0).randbytes(MIB)
PIECES = (
    b"\xff\xe3\x18\xc4",
    b"\xff\xfb\x90\x64",
    b"\xff\xfd\x14\xc4",
    b"\xff",
    b"ID3\x04\x00\x00\x00\x00\x00\x05",
    b"Xing\x00\x00\x00\x0f",
    b"VBRI",
    b"APETAGEX",
    b"LYRICS200",
    b"TAG",
    b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00",
    b"OggS\x00\x02",
    b"fLaC\x00\x00\x00\x22",
    b"\x00\x00\x00\x18ftypM4A ",
    b"\x00\x00\x00\x10moov",
    bytes(60),
)
ANY_BYTES = st.one_of(
    st.binary(max_size=400),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=70), max_size=12).map(b"".join),
)
IN_A_CHILD = """
import os
import sys
from pathlib import Path
from archiver.audio.measure import measure

def peak():
    # Not getrusage: what a child begins with there is its parent's peak.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

def warm():
    for name in Path(sys.argv[1]).glob("warm.*"):
        measure(name)

warm()
for line in sys.stdin:
    how, big = line.split()
    if os.fork():
        os.wait()
        continue
    warm()
    before = peak()
    codec = measure(Path(big)).codec if how == "measured" else len(Path(big).read_bytes())
    print(peak() - before, codec, flush=True)
    os._exit(0)
"""
"""Measures in a fork each time: it begins with nothing in memory but what is loaded and warm."""


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(audio=ANY_BYTES, reported_ms=st.none() | st.integers(1, 10**9))
def test_any_bytes_are_judged(judged: Judge, audio: bytes, reported_ms: int | None) -> None:
    facts = judged.facts(audio)
    assert facts.bytes == len(audio)
    assert facts.duration_ms >= 0
    judgement = judge(facts, reported_ms, Tolerance())
    assert judgement.reasons or judgement.verdict.is_good


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), name=st.sampled_from(sorted(INDEX)))
def test_any_mutation_is_judged(judged: Judge, data: st.DataObject, name: str) -> None:
    audio = bytearray((FOLDER / name).read_bytes())
    # Structure is dense at both ends, and in all of a container.
    near = 200 if name not in CONTAINERS else len(audio) - 1
    places = st.integers(0, near) | st.integers(0, len(audio) - 1) | st.integers(-160, -1)
    for at, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=12)):
        audio[at] = byte
    facts = judged.facts(bytes(audio[: data.draw(st.integers(0, len(audio)))]))
    assert judge(facts, None, Tolerance()).verdict in Verdict


@settings(max_examples=100, deadline=None)
@given(audio=ANY_BYTES, sizes=st.lists(st.integers(1, 90), min_size=1))
def test_a_walk_is_the_same_however_the_bytes_come(audio: bytes, sizes: list[int]) -> None:
    assert told(walked(audio, (len(audio) or 1,))) == told(walked(audio, tuple(sizes)))


@pytest.mark.parametrize("name", ["lame-vbr-16000-1.mp3", "ffmpeg-cbr-48000-2.mp2"])
def test_a_walk_in_small_pieces_over_damaged_audio(name: str) -> None:
    audio = (FOLDER / name).read_bytes()
    audio = audio * 3 + NOISE[:30_000] + audio[99:] + bytes(20_000) + audio
    whole = walked(audio, (len(audio),))
    assert told(whole) == told(walked(audio, (977,)))
    assert whole.irregular.gaps.count >= 2


def hour() -> bytes:
    """Return an hour of 8 kHz mono layer III at 16 kbit/s."""
    side = bytes([0, 0x10, 0x40]) + bytes(6)
    frame = b"\xff\xe3\x28\xc4" + side + NOISE[:131].replace(b"\xff", b"\xfe")
    return frame * HOUR_FRAMES


def quickest(path: Path, bound: float) -> tuple[Facts, float]:
    """Measure up to five times, until it was quick enough; return the least time that it took."""
    best = 9.0
    for _ in range(5):
        started = time.process_time()
        facts = measure(path)
        best = min(best, time.process_time() - started)
        if best <= bound:
            break
    return facts, best


def test_an_hour_takes_a_tenth_of_a_second(tmp_path: Path, figure: Figure) -> None:
    path = tmp_path / "hour.mp3"
    path.write_bytes(hour())
    measure(path)
    facts, best = quickest(path, 0.1)
    assert (facts.frames, facts.duration_ms, facts.flaws) == (HOUR_FRAMES, 3_600_000, ())
    assert best <= 0.1
    figure("audio", f"one hour of 8 kHz mono measured in {best:.3f} s")


def ten_minutes_of_opus() -> bytes:
    """Return pages of a second, fifty packets on each."""
    lacing, body = bytes([len(OPUS_PACKET)] * 50), OPUS_PACKET * 50
    sound = (
        page(body, second + 1, second * 50 * OPUS_20_MS, flags=4 * (second == 600), lacing=lacing)
        for second in range(1, 601)
    )
    return b"".join([page(OPUS_HEAD, 0, 0, flags=2), page(b"OpusTags", 1, 0), *sound])


def ten_minutes_of_flac() -> bytes:
    """Return frames of 4,096 samples."""
    frames, sound = 600 * 8000 // 4096, NOISE[:4096]
    return flac_info(frames * 4096, 4096) + b"".join(
        flac_frame(number, sound) for number in range(frames)
    )


def ten_minutes_of_mu_law() -> bytes:
    """Return a WAV, which is searched for zeroes."""
    form = bytes.fromhex("0700 0100 401f0000 401f0000 0100 0800")
    sound = NOISE.replace(b"\0", b"\1")[:480_000] * 10
    head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + form + b"data\xff\xff\xff\xff"
    return head + sound


def ten_minutes_of_fragments() -> bytes:
    """Return an MP4 of a fragment a second."""
    pieces = (fragment(k + 1, k * 8 * 1024, [200] * 8) for k in range(600 * 8000 // 8192))
    trex = box(b"mvex", box(b"trex", numbers(0, 1, 1, 1024, 0, 0)))
    return BOXES + box(b"moov", sound_track([], []), trex) + b"".join(pieces)


@pytest.mark.parametrize(
    "made",
    [
        ten_minutes_of_opus,
        ten_minutes_of_flac,
        ten_minutes_of_mu_law,
        ten_minutes_of_fragments,
    ],
)
def test_an_hour_of_any_kind_takes_less_than_a_second(
    tmp_path: Path, figure: Figure, made: Callable[[], bytes]
) -> None:
    """Told by ten minutes of it, and by the time that the process had."""
    path = tmp_path / "ten-minutes"
    path.write_bytes(made())
    facts, best = quickest(path, 1 / 6)
    assert facts.duration_ms == pytest.approx(600_000, rel=0.01)
    assert set(facts.flaws) <= {Flaw.UNSIZED}
    assert best * 6 <= 1
    what = made.__name__.removeprefix("ten_minutes_of_")
    figure("audio", f"one hour of {what} measured in {best * 6:.3f} s")


def synchsafe(size: int) -> bytes:
    return bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])


@cache
def bomb() -> bytes:
    """Return an ID3v2 tag whose one small compressed frame holds 48 MiB of zeroes."""
    squeeze = zlib.compressobj(9)
    zeroes = bytes(16 * MIB)
    packed = b"".join(squeeze.compress(zeroes) for _ in range(3)) + squeeze.flush()
    body = (1 << 30).to_bytes(4) + packed
    frame = b"TIT2" + synchsafe(len(body)) + b"\x00\x09" + body
    return b"ID3\x04\x00\x00" + synchsafe(len(frame)) + frame


def joined(*names: str) -> bytes:
    return b"".join((FOLDER / name).read_bytes() for name in names)


def riff(name: bytes, chunk: bytes) -> bytes:
    """Return the corpus's WAV with one more chunk in front of its own."""
    chunk += bytes(len(chunk) & 1)
    body = b"WAVE" + name + len(chunk).to_bytes(4, "little") + chunk + joined("tiny.wav")[12:]
    return b"RIFF" + len(body).to_bytes(4, "little") + body


LONG_FLAC = (
    b"fLaC\x80\x00\x00\x22\xff\xff\xff\xff"
    + bytes(6)
    + bytes.fromhex("01f40ff000000000")
    + bytes(16)
)
"""What tells of 65,535 samples in a frame, 32 bits each, of eight channels."""
BOXES = b"\x00\x00\x00\x18ftypM4A " + bytes(12)
SPEECH = "lame-vbr-16000-1.mp3"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "an ID3 zlib bomb": lambda: bomb() + joined(SPEECH),
    "a bomb in a WAV": lambda: riff(b"id3 ", bomb()),
    "32 MiB of zeroes": lambda: bytes(32 * MIB),
    "24 MiB of noise": lambda: NOISE * 24,
    "8 MiB of 0xFF": lambda: b"\xff" * (8 * MIB),
    "audio that changes kind": lambda: joined(SPEECH, "lame-vbr-8000-1.mp3") * 60,
    "an hour of audio": hour,
    "nested MP4 boxes": lambda: BOXES + b"\xff\xff\xff\xffmoov" * 3000,
    "one large MP4 box": lambda: BOXES + (40 * MIB).to_bytes(4) + b"moov" + bytes(40 * MIB),
    "a million MP4 boxes": lambda: BOXES + b"\x00\x00\x00\x08free" * MIB,
    "a million bytes of fragments": lambda: (
        BOXES + box(b"moof", box(b"traf", box(b"tfhd", numbers(0, 1)))) * (MIB // 160)
    ),
    "an MP4 with a million samples": lambda: (
        BOXES + box(b"moov", sound_track([1] * MIB, [(60, MIB)])) + box(b"mdat", NOISE)
    ),
    "an Ogg of false pages": lambda: (
        joined("tiny-speex.ogg") + (b"OggS\0" + bytes(21) + b"\xff" * 256) * (8 * MIB // 282)
    ),
    "an Ogg of many streams": lambda: b"".join(
        page(OPUS_HEAD, 0, 0, flags=2, serial=serial) for serial in range(2_000)
    ),
    "a FLAC of the longest frames": lambda: LONG_FLAC + flac_frame(0) + NOISE * 24,
    "a FLAC of headers alone": lambda: LONG_FLAC + flac_frame(0)[:8] * MIB,
    "an AMR without speech": lambda: b"#!AMR\n" + b"\x7c" * (MIB // 8),
    "an endless Ogg": lambda: (
        (b"OggS\x00\x02" + bytes(20) + b"\x01\x1e\x01vorbis" + bytes(23))
        + (b"OggS\x00\x00" + bytes(20) + b"\xff" * 256 + bytes(65025)) * 400
    ),
}


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """Run a process that has measured each kind once, and tells of what it is asked to."""
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc, which this system has not")
    folder = tmp_path_factory.mktemp("warm")
    for suffix in ("wav", "m4a", "ogg", "flac", "aac"):
        (folder / f"warm.{suffix}").write_bytes((FOLDER / f"tiny.{suffix}").read_bytes())
    (folder / "warm.mp3").write_bytes((FOLDER / "lame-vbr-16000-1.mp3").read_bytes())
    words = [sys.executable, "-c", IN_A_CHILD, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as child:
        yield child


def peak_kib(
    child: subprocess.Popen[str], folder: Path, audio: bytes, how: str = "measured"
) -> tuple[int, str]:
    """Return by how much a fresh process's memory peaked, and what it took the bytes for."""
    big = folder / "big"
    big.write_bytes(audio)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{how} {big}\n")
    child.stdin.flush()
    grown, codec = child.stdout.readline().split()
    return int(grown), codec


@pytest.mark.parametrize("what", [*HOSTILE])
def test_m8_no_bytes_take_more_than_20_mib(
    child: subprocess.Popen[str], tmp_path: Path, figure: Figure, what: str
) -> None:
    grown, codec = peak_kib(child, tmp_path, HOSTILE[what]())
    assert grown < (10 if "bomb" in what else 20) * 1024
    figure("M8", f"{what}: {grown / 1024:.1f} MiB more, taken for {codec}")


def test_the_peak_is_really_seen(child: subprocess.Popen[str], tmp_path: Path) -> None:
    """Reading a file whole, which measuring never does, shows in the same figure."""
    grown, _ = peak_kib(child, tmp_path, bytes(24 * MIB), how="read")
    assert grown > 20 * 1024
