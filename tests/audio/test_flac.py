"""FLAC, frame by frame: numbers, checksums, totals, and a length that nobody knew."""

import random

import pytest

from archiver.audio.kinds import crc
from archiver.audio.kinds.flac_header import parse, read_info
from archiver.domain.audio_facts import Flaw
from archiver.domain.outcomes import Verdict
from tests.audio.conftest import Judge
from tests.audio.made import FLAC_BLOCK, FLAC_RATE, coded, divided, flac, flac_frame, flac_info
from tests.conftest import Figure

FRAMES = 400
FILE = flac(FRAMES)
MS = FRAMES * FLAC_BLOCK * 1000 // FLAC_RATE
FRAME = len(FILE[1])


def test_both_checksums_are_the_standards_own(figure: Figure) -> None:
    chance = random.Random(1)
    for size in (*range(60), 4096):
        data = chance.randbytes(size)
        assert crc.flac_header(data) == divided(data, 8, 0x07)
        rest = divided(data, 16, 0x8005).to_bytes(2)
        assert crc.flac_frame_holds(data + rest)
        if size:
            wrong = bytearray(data + rest)
            wrong[chance.randrange(size)] ^= 1 << chance.randrange(8)
            assert not crc.flac_frame_holds(bytes(wrong))
    figure("G10", "FLAC's CRCs against a division bit by bit: 61 of 61 the same")


def test_a_whole_file_is_as_long_as_its_frames(judged: Judge) -> None:
    facts = judged.facts(b"".join(FILE))
    assert (facts.duration_ms, facts.header_ms, facts.frames) == (MS, MS, FRAMES)
    assert (facts.sample_rate, facts.channels, facts.judged_by) == (FLAC_RATE, 1, "frames")
    assert (facts.flaws, facts.tells_length) == ((), True)


def test_a_file_that_was_piped_is_measured_and_says_no_length(judged: Judge) -> None:
    piped = flac(FRAMES, counted=False)
    facts = judged.facts(b"".join(piped))
    assert (facts.duration_ms, facts.flaws, facts.tells_length) == (MS, (), False)
    half = b"".join(piped[: FRAMES // 2])
    assert judged.facts(half).duration_ms == (FRAMES // 2 - 1) * FLAC_BLOCK * 1000 // FLAC_RATE
    assert judged(half, MS).verdict is Verdict.DURATION_MISMATCH
    for cut in (1, 10, FRAME - 1):
        assert judged.facts(b"".join(piped)[:-cut]).flaws == (Flaw.CUT_LAST_FRAME,)


def test_a_middle_that_is_missing_is_found_by_the_numbers(judged: Judge) -> None:
    for counted in (True, False):
        made = flac(FRAMES, counted=counted)
        facts = judged.facts(b"".join([*made[:150], *made[250:]]))
        assert Flaw.GAP in facts.flaws
        assert "100 frames are missing in 1 place" in facts.details[0]
        assert facts.duration_ms == (FRAMES - 100) * FLAC_BLOCK * 1000 // FLAC_RATE
        assert judged(b"".join([*made[:150], *made[250:]]), MS).verdict is Verdict.DAMAGED


def test_a_hole_beside_the_edges_is_found(judged: Judge) -> None:
    audio = b"".join(FILE)
    chance = random.Random(3)
    for _ in range(15):
        at = chance.randrange(len(FILE[0]) + 1, len(audio) // 2)
        size = chance.randrange(1, len(audio) // 3)
        assert judged(audio[:at] + audio[at + size :], MS).verdict is Verdict.DAMAGED
        assert judged(audio[:at] + bytes(size) + audio[at + size :], MS).verdict is Verdict.DAMAGED
        assert judged(audio[:at] + bytes(size) + audio[at:], MS).verdict is Verdict.DAMAGED


def test_one_bit_of_any_frame_is_damage(judged: Judge) -> None:
    audio = b"".join(FILE)
    chance = random.Random(4)
    for _ in range(20):
        broken = bytearray(audio)
        broken[chance.randrange(len(FILE[0]), len(audio) - FRAME)] ^= 1 << chance.randrange(8)
        assert judged(bytes(broken), MS).verdict is Verdict.DAMAGED


def test_a_cut_is_told_by_the_count(judged: Judge) -> None:
    for left in (FRAMES - 1, FRAMES // 2, 1, 0):
        judgement = judged(b"".join(FILE[: left + 1]), MS)
        assert judgement.verdict is Verdict.TRUNCATED
        assert f"{left * FLAC_BLOCK} are there" in judgement.reasons[0]
    for cut in (6, 20, 41):
        assert judged(FILE[0][:cut]).verdict in {Verdict.TRUNCATED, Verdict.UNMEASURED}


def test_a_first_block_that_says_nothing_is_unmeasured_or_cut(judged: Judge) -> None:
    for at, size in ((18, 3), (10, 2)):
        info = FILE[0][:at] + bytes(size) + FILE[0][at + size :]
        assert judged(info + b"".join(FILE[1:])).verdict is Verdict.UNMEASURED
        endless = info[:4] + b"\x00" + info[5:] + b"\x84\xff\xff\xff"
        assert judged(endless).verdict is Verdict.TRUNCATED


def test_padding_behind_the_last_frame_is_no_cut(judged: Judge) -> None:
    for junk in (b"\n", b"\r\n", bytes(3), bytes(700), b"\xff" * 512):
        facts = judged.facts(b"".join(FILE) + junk)
        assert facts.flaws == (Flaw.SURPLUS,), junk
        assert facts.duration_ms == MS
        piped = b"".join(flac(FRAMES, counted=False)) + junk
        assert judged.facts(piped).flaws == (Flaw.PADDING,), junk
        assert judged(piped, MS).verdict is Verdict.VERIFIED


def test_frames_may_be_numbered_by_their_samples(judged: Judge) -> None:
    sizes = [256, 100, 256, 17, 256] * 20
    at, frames = 0, []
    for size in sizes:
        frames.append(flac_frame(at, bytes(range(size)), by_samples=True))
        at += size
    whole = judged.facts(b"".join([flac_info(at), *frames]))
    assert (whole.duration_ms, whole.flaws) == (round(at / 8), ())
    facts = judged.facts(b"".join([flac_info(0), *frames[:10], *frames[12:]]))
    assert facts.flaws == (Flaw.GAP,)
    assert "356 samples are missing" in facts.details[0]


def test_a_second_file_behind_the_first_is_damage(judged: Judge) -> None:
    assert judged(b"".join(FILE + FILE), 2 * MS).verdict is Verdict.DAMAGED


@pytest.mark.parametrize("number", [0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 1 << 20, 1 << 30, 1 << 35])
def test_numbers_of_every_length_are_read(number: int) -> None:
    header = parse(flac_frame(number)[:16], read_info(flac_info(0)[8:]))
    assert header is not None
    assert (header.number, header.samples, header.size) == (number, 256, 7 + len(coded(number)))


def test_a_header_of_another_stream_is_none() -> None:
    info, frame = read_info(flac_info(0)[8:]), flac_frame(1)
    for at, byte in ((1, 0xFA), (2, 0x04), (2, 0x75), (2, 0x7F), (3, 0x12), (3, 0x04), (3, 0x03)):
        head = bytearray(frame[:7])
        head[at] = byte
        whole = bytes(head) + crc.flac_header(bytes(head)).to_bytes(1)
        assert parse(whole, info) is None, (at, byte)
    for size in range(8):
        assert parse(frame[:size], info) is None
    assert parse(frame[:8], info) is not None
