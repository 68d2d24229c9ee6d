"""MP4 by its boxes: samples that are told of and not there, in one piece and in fragments."""

import struct

import pytest

from archiver.domain.audio_facts import Flaw
from archiver.domain.outcomes import Verdict
from tests.audio.conftest import BAD, Judge
from tests.audio.made import MP4_RATE, MP4_TICKS, box, fragment, numbers, sound_track

FTYP = box(b"ftyp", b"M4A ", numbers(0))
SIZES = [20 + k % 7 for k in range(200)]
SAMPLE_MS = MP4_TICKS * 1000 // MP4_RATE
MS = len(SIZES) * SAMPLE_MS
CHUNKS = [(first, 20) for first in range(0, 200, 20)]
"""Ten chunks of twenty samples, by their first sample."""


def offsets(base: int, sizes: list[int]) -> list[tuple[int, int]]:
    return [(base + sum(sizes[:first]), count) for first, count in CHUNKS]


def progressive(sizes: list[int] = SIZES, media: bytes | None = None) -> bytes:
    """Return a file whose media stand in front."""
    media = b"\x21" * sum(sizes) if media is None else media
    track = sound_track(sizes, offsets(len(FTYP) + 8, sizes))
    return FTYP + box(b"mdat", media) + box(b"moov", track)


def fragmented(*pieces: bytes) -> bytes:
    trex = box(b"trex", numbers(0, 1, 1, MP4_TICKS, 0, 0))
    return FTYP + box(b"moov", sound_track([], []), box(b"mvex", trex)) + b"".join(pieces)


PIECES = [fragment(k + 1, k * 20 * MP4_TICKS, SIZES[k * 20 : k * 20 + 20]) for k in range(10)]


def test_a_whole_file_is_as_long_as_its_samples(judged: Judge) -> None:
    facts = judged.facts(progressive())
    assert (facts.duration_ms, facts.flaws, facts.tells_length) == (MS, (), True)
    assert (facts.codec, facts.sample_rate, facts.channels) == ("m4a", MP4_RATE, 1)


def test_samples_that_are_not_there_do_not_count(judged: Judge) -> None:
    """The tables still tell the whole length; half of the media were taken out, sizes mended."""
    media = b"\x21" * (sum(SIZES) // 2)
    facts = judged.facts(progressive(media=media))
    assert facts.flaws == (Flaw.CUT_CONTAINER,)
    assert facts.duration_ms == pytest.approx(MS / 2, abs=20 * SAMPLE_MS)
    assert "of the samples that it tells of are not there" in facts.details[0]


def test_a_table_of_zeroes_tells_of_nothing(judged: Judge) -> None:
    whole = progressive()
    for name in (b"stsz", b"stco", b"stsc"):
        at = whole.index(name) + 20
        assert judged(whole[:at] + bytes(40) + whole[at + 40 :], MS).verdict is Verdict.TRUNCATED
    stts = whole.index(b"stts") + 12
    judgement = judged(whole[:stts] + bytes(8) + whole[stts + 8 :], MS)
    assert judgement.reasons[0] == "it holds no sound"


def test_cut_or_holed_its_boxes_end_elsewhere(judged: Judge) -> None:
    whole = progressive()
    for at in range(20, len(whole) - 1, 97):
        assert judged(whole[:at], MS).verdict is Verdict.TRUNCATED, at
        if at < sum(SIZES):
            assert not judged(whole[:at] + whole[at + 50 :], MS).verdict.is_good, at


def test_zeroes_among_the_samples_are_a_hole(judged: Judge) -> None:
    media = b"\x21" * sum(SIZES)
    facts = judged.facts(progressive(media=media[:1000] + bytes(2048) + media[3048:]))
    assert facts.flaws == (Flaw.GAP,)


def test_what_stands_behind_the_boxes_is_surplus(judged: Judge) -> None:
    for junk in (b"\n", bytes(4096), b"TAG" + bytes(125) + b"\n"):
        assert judged.facts(progressive() + junk).flaws == (Flaw.SURPLUS,)
    assert judged.facts(progressive() + b"TAG" + bytes(125)).flaws == ()


def test_fragments_add_up_and_tell_no_length(judged: Judge) -> None:
    for whole in (
        fragmented(*PIECES),
        fragmented(*(fragment(k, None, SIZES[:20]) for k in range(10))),
        fragmented(*(box(b"sidx", bytes(40)) + piece for piece in PIECES)) + box(b"mfra", bytes(9)),
    ):
        facts = judged.facts(whole)
        assert (facts.duration_ms, facts.flaws) == (MS, (Flaw.UNSIZED,))
        assert not facts.tells_length
    assert judged(fragmented(*PIECES), MS).verdict is Verdict.VERIFIED


def test_a_fragment_that_is_missing_is_found_by_the_next(judged: Judge) -> None:
    for lost in (0, 4):
        facts = judged.facts(fragmented(*PIECES[:lost], *PIECES[lost + 1 :]))
        assert facts.flaws == (Flaw.GAP, Flaw.UNSIZED)
        assert facts.duration_ms == MS - 20 * SAMPLE_MS
        assert "2560 ms are missing between fragments" in facts.details[0]
    twice = judged.facts(fragmented(*PIECES[:5], *PIECES[3:]))
    assert Flaw.GAP in twice.flaws


def test_media_that_a_fragment_tells_of_must_be_there(judged: Judge) -> None:
    short = fragment(10, 180 * MP4_TICKS, SIZES[180:], sound=b"\x21" * (sum(SIZES[180:]) // 2))
    facts = judged.facts(fragmented(*PIECES[:-1], short))
    assert facts.flaws == (Flaw.CUT_CONTAINER, Flaw.UNSIZED)
    assert facts.duration_ms == pytest.approx(MS - 10 * SAMPLE_MS, abs=10)
    empty = fragment(10, 180 * MP4_TICKS, [0] * 20, sound=b"\x21" * 400)
    assert Flaw.CUT_CONTAINER in judged.facts(fragmented(*PIECES[:-1], empty)).flaws
    for cut in range(1, len(PIECES[-1]), 9):
        assert judged(fragmented(*PIECES)[:-cut]).verdict in BAD, cut
    edge = judged.facts(fragmented(*PIECES[:-1]))
    assert (edge.flaws, edge.tells_length) == ((Flaw.UNSIZED,), False)


def test_more_of_the_forms_that_boxes_have(judged: Judge) -> None:
    media = b"\x21" * sum(SIZES)
    long = struct.pack(">I4sQ", 1, b"mdat", len(media) + 16) + media
    track = sound_track(SIZES, offsets(len(FTYP) + 16, SIZES))
    assert judged.facts(FTYP + long + box(b"moov", track)).duration_ms == MS
    open_end = bytes(4) + b"mdat" + media
    track = sound_track(SIZES, offsets(len(FTYP) + len(box(b"moov", track)) + 8, SIZES))
    assert judged.facts(FTYP + box(b"moov", track) + open_end).flaws == ()


def test_without_sound_or_index_it_is_said_so(judged: Judge) -> None:
    video = sound_track(SIZES, offsets(len(FTYP) + 8, SIZES), kind=b"vide")
    media = box(b"mdat", b"\x21" * sum(SIZES))
    assert judged(FTYP + media + box(b"moov", video)).verdict is Verdict.NOT_AUDIO
    for unfinished in (FTYP + media, FTYP):
        judgement = judged(unfinished, MS)
        assert judgement.verdict is Verdict.TRUNCATED
        assert "no box that tells what is in it" in judgement.reasons[0]
    assert judged(FTYP + box(b"free") * 60_000).verdict is Verdict.UNMEASURED


def test_a_claim_of_more_than_its_bytes_can_hold_is_no_length(judged: Judge) -> None:
    trun = box(b"trun", numbers(0, 1 << 31))
    traf = box(b"traf", box(b"tfhd", numbers(0x18, 1, 1 << 31, 1)), trun)
    hostile = fragmented(box(b"moof", traf), box(b"mdat", b"\x21" * 2000))
    assert judged(hostile, 60_000).verdict is Verdict.TRUNCATED
