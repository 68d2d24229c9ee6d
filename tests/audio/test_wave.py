"""WAV and its kin by their chunks: what a format's bytes stand for, and what the chunks claim."""

import struct

import pytest

from archiver.audio.kinds.wave_formats import read_form
from archiver.domain.audio_facts import Flaw
from archiver.domain.outcomes import Verdict
from tests.audio.conftest import Corpus, Judge
from tests.audio.made import chunk, fmt, riff

SECOND = bytes(range(1, 251)) * 32
"""A second of companded sound at 8 kHz."""
U_LAW = fmt(7)


@pytest.mark.parametrize(
    ("tag", "align", "bits", "channels", "size", "samples"),
    [
        (1, 2, 16, 1, 2, 1),
        (1, 4, 16, 2, 4, 1),
        (1, 4, 24, 1, 4, 1),
        (1, 0, 16, 1, 2, 1),
        (1, 1, 8, 1, 1, 1),
        (3, 8, 32, 2, 8, 1),
        (6, 1, 8, 1, 1, 1),
        (7, 2, 8, 2, 2, 1),
        (0x02, 256, 4, 1, 256, 500),
        (0x02, 256, 4, 2, 256, 244),
        (0x11, 256, 4, 1, 256, 505),
        (0x11, 1024, 4, 2, 1024, 1017),
        (0x31, 65, 0, 1, 65, 320),
        (0x45, 1, 4, 1, 4, 8),
        (0x64, 3, 3, 1, 3, 8),
        (0x65, 1, 8, 1, 1, 2),
        (0x22, 32, 1, 1, 32, 240),
    ],
)
def test_blocks_are_laid_out_as_their_format_does(  # noqa: PLR0913, PLR0917 - the columns of a table
    tag: int, align: int, bits: int, channels: int, size: int, samples: int
) -> None:
    blocks = read_form(fmt(tag, align=align, bits=bits, channels=channels)[8:]).blocks
    assert blocks is not None
    assert (blocks.size, blocks.samples) == (size, samples)


@pytest.mark.parametrize(
    "form",
    [
        fmt(0x1234),
        fmt(1, bits=16, channels=0),
        fmt(7, rate=0),
        fmt(0x11, align=4, bits=4),
        fmt(0x02, align=0, bits=4),
        fmt(0x45, bits=0),
        fmt(1, align=0, bits=0),
    ],
)
def test_a_form_that_is_not_known_or_makes_no_sense_is_unmeasured(
    judged: Judge, form: bytes
) -> None:
    assert read_form(form[8:]).blocks is None
    judgement = judged(riff(form, chunk(b"data", SECOND)), 1000)
    assert judgement.verdict is Verdict.UNMEASURED
    assert "WAV of format 0x" in judgement.reasons[0]


def test_an_extensible_form_names_another(judged: Judge) -> None:
    guid = bytes.fromhex("07000000 0000 1000 8000 00aa00389b71")
    form = fmt(0xFFFE)[8:] + struct.pack("<HHI", 22, 8, 4) + guid
    facts = judged.facts(riff(chunk(b"fmt ", form), chunk(b"data", SECOND)))
    assert (facts.duration_ms, facts.flaws) == (1000, ())


def test_what_stands_around_the_sound_is_no_sound(judged: Judge) -> None:
    listed = chunk(b"LIST", b"INFOISFT\x05\0\0\0Made\0\0")
    without_filling = riff(U_LAW, chunk(b"data", SECOND[:-1]))[:-1]
    assert judged.facts(without_filling).flaws == ()
    for whole in (
        riff(U_LAW, chunk(b"data", SECOND)),
        riff(listed, U_LAW, chunk(b"fact", struct.pack("<I", 8000)), chunk(b"data", SECOND)),
        riff(U_LAW, chunk(b"data", SECOND[:-1]), listed, chunk(b"data", SECOND)),
    ):
        facts = judged.facts(whole)
        assert (facts.duration_ms, facts.flaws, facts.tells_length) == (1000, (), True)
        tagged = b"ID3\x04\0\0\0\0\0\x05" + bytes(5) + whole + b"TAG" + bytes(125)
        assert judged.facts(tagged).flaws == ()
        for junk in (b"\n", bytes(4096), b"<Error>not found</Error>"):
            assert judged.facts(whole + junk).flaws == (Flaw.SURPLUS,)


def test_a_header_that_was_never_mended_counts_too_little(judged: Judge) -> None:
    early = riff(U_LAW, chunk(b"data", SECOND)) + SECOND * 9
    facts = judged.facts(early)
    assert (facts.duration_ms, facts.flaws) == (1000, (Flaw.TRAILING,))
    assert judged(early).verdict is Verdict.DAMAGED
    assert judged(early, 10_000).verdict is Verdict.DAMAGED


def test_chunks_that_claim_more_than_there_is_are_a_cut(judged: Judge) -> None:
    whole = riff(U_LAW, chunk(b"data", SECOND), chunk(b"LIST", bytes(40)))
    for size in (*range(13, 60, 7), 4000, len(whole) - 1):
        assert judged(whole[:size], 1000).verdict is Verdict.TRUNCATED, size
    assert judged(whole[:44]).reasons[0].startswith("its structure needs")


def test_a_wav_that_does_not_say_what_is_in_it_is_no_audio(judged: Judge) -> None:
    judgement = judged(riff(chunk(b"data", SECOND)))
    assert judgement.verdict is Verdict.NOT_AUDIO
    assert "does not say what is in it" in judgement.reasons[0]


@pytest.mark.parametrize(
    ("counted", "size", "flaws", "ms"),
    [
        (7_990, None, (Flaw.HEADER_LIES,), 1000),
        (9_000, None, (Flaw.HEADER_LIES,), 1000),
        (0, None, (), 1000),
        (9_000, 0xFFFFFFFF, (Flaw.UNSIZED, Flaw.CUT_CONTAINER), 1000),
        (5_000, 0, (Flaw.UNSIZED, Flaw.HEADER_LIES), 1000),
        (9_000, 9_000, (Flaw.CUT_CONTAINER,), 1000),
    ],
)
def test_what_fact_counts_is_checked(
    judged: Judge, counted: int, size: int | None, flaws: tuple[Flaw, ...], ms: int
) -> None:
    fact = chunk(b"fact", struct.pack("<I", counted))
    facts = judged.facts(riff(U_LAW, fact, chunk(b"data", SECOND, size)))
    assert (facts.flaws, facts.duration_ms) == (flaws, ms)


def test_the_last_block_may_be_filled_up(judged: Judge) -> None:
    gsm, block = fmt(0x31, align=65, bits=0), bytes(range(1, 66))
    fact = chunk(b"fact", struct.pack("<I", 7_900))
    assert judged.facts(riff(gsm, fact, chunk(b"data", block * 25))).duration_ms == 988
    assert judged.facts(riff(gsm, chunk(b"data", block * 25))).duration_ms == 1000


def test_a_length_that_is_nothing_is_one_if_another_chunk_follows(judged: Judge) -> None:
    empty = riff(U_LAW, chunk(b"data", b""), chunk(b"LIST", bytes(40)))
    assert judged(empty).verdict is Verdict.TRUNCATED
    assert judged(empty).reasons == ("it holds no sound",)
    letters = riff(U_LAW, chunk(b"data", b"~~~~" * 2000, 0))
    assert judged.facts(letters).duration_ms == 1000


def test_long_files_tell_their_size_elsewhere(judged: Judge) -> None:
    def rf64(size: int, sound: bytes) -> bytes:
        ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, size, size, 0))
        body = ds64 + U_LAW + chunk(b"data", sound, 0xFFFFFFFF)
        return b"RF64\xff\xff\xff\xffWAVE" + body

    whole = judged.facts(rf64(8000, SECOND))
    assert (whole.duration_ms, whole.flaws, whole.extension) == (1000, (), "wav")
    assert judged(rf64(9000, SECOND), 1000).verdict is Verdict.TRUNCATED
    assert judged.facts(rf64(0, SECOND)).flaws == (Flaw.UNSIZED,)


def test_zeroes_are_a_hole_where_silence_has_none(judged: Judge) -> None:
    sound = SECOND * 4
    holed = sound[:9000] + bytes(4096) + sound[13096:]
    for form, is_seen in (
        (fmt(7), True),
        (fmt(6), True),
        (fmt(0x31, align=65, bits=0), True),
        (fmt(0x45, bits=4), True),
        (fmt(0x02, align=256, bits=4), True),
        (fmt(1, bits=8), True),
        (fmt(1, align=2, bits=16), False),
        (fmt(3, align=4, bits=32), False),
        (fmt(0x11, align=256, bits=4), False),
    ):
        assert judged.facts(riff(form, chunk(b"data", sound))).flaws == ()
        found = judged.facts(riff(form, chunk(b"data", holed)))
        assert found.flaws == ((Flaw.GAP,) if is_seen else ())
        if is_seen:
            place = len(riff(form, chunk(b"data", b""))) + 9000
            assert found.details[0].endswith(f"at byte {place}")


def test_a_silent_block_of_adpcm_is_no_hole(judged: Judge) -> None:
    silence = (bytes(1) + struct.pack("<h", 16) + bytes(4) + bytes(4096 - 7)) * 8
    facts = judged.facts(riff(fmt(0x02, 48_000, align=4096, bits=4), chunk(b"data", silence)))
    assert facts.flaws == ()


def test_mpeg_frames_in_a_wav_are_held_to_their_chunk_as_well(
    judged: Judge, corpus: Corpus
) -> None:
    frames, form = corpus("lame-cbr-bare-8000-1.mp3"), fmt(0x55, align=144, bits=0)
    whole = judged.facts(riff(form, chunk(b"data", frames)))
    bare = judged.facts(frames)
    assert (whole.duration_ms, whole.frames) == (bare.duration_ms, bare.frames)
    assert (whole.codec, whole.extension, whole.flaws) == ("wav", "wav", ())
    assert whole.tells_length
    assert not judged.facts(riff(form, chunk(b"data", frames, 0))).tells_length
    cut = riff(form, chunk(b"data", frames))[:-1440]
    assert Flaw.CUT_CONTAINER in judged.facts(cut).flaws
    silence = judged(riff(form, chunk(b"data", bytes(4000))), 2000)
    assert silence.verdict is Verdict.DAMAGED
    assert "no MPEG frames" in silence.reasons[0]


def aiff(*chunks: bytes, size: int | None = None) -> bytes:
    def swapped(one: bytes) -> bytes:
        return one[:4] + one[4:8][::-1] + one[8:]

    return swapped(chunk(b"FORM", b"AIFF" + b"".join(map(swapped, chunks)), size))


def comm(samples: int, codec: bytes = b"", bits: int = 16) -> bytes:
    return chunk(
        b"COMM", struct.pack(">HIH", 1, samples, bits) + b"\x40\x0b\xfa" + bytes(7) + codec
    )


def ssnd(sound: bytes, size: int | None = None) -> bytes:
    return chunk(b"SSND", bytes(8) + sound, size)


def test_aiff_is_measured_by_what_its_sound_takes(judged: Judge) -> None:
    sound = SECOND * 2
    for whole in (aiff(comm(8000), ssnd(sound)), aiff(comm(8000, b"twos"), ssnd(sound))):
        facts = judged.facts(whole)
        assert (facts.duration_ms, facts.flaws, facts.extension) == (1000, (), "aiff")
        assert judged(whole[:-3000], 1000).verdict is Verdict.TRUNCATED
    assert judged.facts(aiff(comm(8000, b"ulaw"), ssnd(SECOND))).duration_ms == 1000
    assert judged.facts(aiff(comm(9000), ssnd(sound))).flaws == (Flaw.HEADER_LIES,)
    for size in (0, 0x7F000008):
        piped = judged.facts(aiff(comm(1 << 30), ssnd(sound, size), size=size))
        assert (piped.duration_ms, piped.flaws) == (1000, (Flaw.UNSIZED,))
    assert judged(aiff(comm(8000, b"ima4"), ssnd(sound))).verdict is Verdict.UNMEASURED
    assert judged(aiff(ssnd(sound))).verdict is Verdict.NOT_AUDIO
    assert judged(aiff(comm(8000), ssnd(sound))[:40]).verdict is Verdict.TRUNCATED


def test_au_is_measured_by_what_follows_its_header(judged: Judge) -> None:
    def au(sound: bytes, size: int, encoding: int = 1) -> bytes:
        return struct.pack(">4s6I", b".snd", 28, size, encoding, 8000, 1, 0) + sound

    facts = judged.facts(au(SECOND, 8000))
    assert (facts.duration_ms, facts.flaws, facts.extension) == (1000, (), "au")
    assert judged.facts(au(SECOND, 0xFFFFFFFF)).flaws == (Flaw.UNSIZED,)
    assert judged.facts(au(SECOND + b"\n", 8000)).flaws == (Flaw.SURPLUS,)
    assert judged.facts(au(SECOND[:4000] + bytes(4000), 8000)).flaws == (Flaw.GAP,)
    assert judged.facts(au(SECOND, 8000, 23)).duration_ms == 2000
    assert judged(au(SECOND, 8001), 1000).verdict is Verdict.TRUNCATED
    assert judged(au(SECOND, 8000)[:20]).verdict is Verdict.TRUNCATED
    assert judged(au(SECOND, 8000, 99)).verdict is Verdict.UNMEASURED
