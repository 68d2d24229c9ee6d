"""Ogg, page by page: what is missing by numbers, by time or by checksum, and what is whole."""

import random

import pytest

from archiver.audio.kinds import crc
from archiver.audio.kinds.ogg_codecs import codec_of, opus_samples
from archiver.domain.audio_facts import Flaw
from archiver.domain.outcomes import Verdict
from tests.audio.conftest import Corpus, Judge
from tests.audio.made import OPUS_20_MS, OPUS_HEAD, OPUS_PACKET, divided, opus, page
from tests.conftest import Figure

SECONDS = 10
PAGES = opus(SECONDS * 50)
"""Two pages of headers, then one of 20 ms each."""
PRE_SKIP_MS = 312 / 48


def test_the_checksum_is_the_standards_own(figure: Figure) -> None:
    chance = random.Random(1)
    for size in (*range(40), 4096):
        data = chance.randbytes(size)
        assert crc.ogg(data) == divided(data, 32, 0x04C11DB7)
    figure("G10", "Ogg's CRC against a division bit by bit: 41 of 41 the same")


def test_a_whole_call_is_as_long_as_its_packets(judged: Judge) -> None:
    facts = judged.facts(b"".join(PAGES))
    assert facts.duration_ms == round(SECONDS * 1000 - PRE_SKIP_MS)
    assert (facts.codec, facts.sample_rate, facts.channels) == ("ogg", 48_000, 1)
    assert (facts.flaws, facts.tells_length) == ((), True)
    assert judged(b"".join(PAGES), SECONDS * 1000).verdict is Verdict.VERIFIED


def test_a_call_of_which_nearly_all_is_missing_is_damaged(judged: Judge) -> None:
    """Its last page still tells the whole length."""
    left = b"".join([*PAGES[:12], *PAGES[-10:]])
    facts = judged.facts(left)
    assert facts.flaws == (Flaw.GAP, Flaw.GAP)
    assert facts.duration_ms == pytest.approx(400, abs=25)
    assert "pages are missing in 1 place" in facts.details[0]
    assert judged(left, SECONDS * 1000).verdict is Verdict.DAMAGED


def test_a_hole_is_seen_though_the_pages_are_numbered_anew(judged: Judge) -> None:
    kept = [k for k in range(1, SECONDS * 50 + 1) if not 100 <= k < 300]
    sound = (
        page(OPUS_PACKET, number, k * OPUS_20_MS, flags=4 * (k == kept[-1]))
        for number, k in enumerate(kept, 2)
    )
    facts = judged.facts(b"".join([*PAGES[:2], *sound]))
    assert facts.flaws == (Flaw.GAP,)
    assert "4000 ms are missing in 1 place" in facts.details[0]
    assert facts.duration_ms == round(SECONDS * 1000 - 4000 - PRE_SKIP_MS)


def test_one_bit_anywhere_is_damage(judged: Judge) -> None:
    audio = b"".join(PAGES)
    chance = random.Random(2)
    found = 0
    for _ in range(60):
        broken = bytearray(audio)
        broken[chance.randrange(len(audio))] ^= 1 << chance.randrange(8)
        found += judged(bytes(broken), SECONDS * 1000).verdict is Verdict.DAMAGED
    assert found == 60


def test_where_it_ends_is_told_by_the_last_page(judged: Judge) -> None:
    without = b"".join(PAGES[:-1])
    facts = judged.facts(without)
    assert facts.flaws == (Flaw.CUT_LAST_FRAME,)
    assert judged(without).verdict is Verdict.TRUNCATED
    assert judged(without, SECONDS * 1000).verdict is Verdict.VERIFIED, "it agrees"
    for cut in (1, 5, 20, len(PAGES[-1]) - 1):
        assert judged(b"".join(PAGES)[:-cut], SECONDS * 1000).verdict is Verdict.TRUNCATED
    broken = b"".join(PAGES[:-1]) + PAGES[-1][:-3] + bytes(3)
    assert judged(broken, SECONDS * 1000).verdict is Verdict.DAMAGED


def test_what_stands_behind_the_last_page_is_surplus(judged: Judge) -> None:
    for junk in (b"\n", bytes(4096), b"<Error/>"):
        facts = judged.facts(b"".join(PAGES) + junk)
        assert facts.flaws == (Flaw.SURPLUS,)
        assert judged(b"".join(PAGES) + junk).verdict is Verdict.DURATION_UNKNOWN
    assert judged(b"".join(PAGES[:-1]) + bytes(8192)).verdict is Verdict.DAMAGED


def test_streams_that_follow_each_other_add_up(judged: Judge, corpus: Corpus) -> None:
    chained = b"".join([*opus(100), *opus(150), *opus(50, serial=8)]) + corpus("tiny-speex.ogg")
    facts = judged.facts(chained)
    assert facts.flaws == ()
    assert facts.duration_ms == pytest.approx(6000 - 3 * PRE_SKIP_MS + 3010, abs=2)
    assert judged(b"".join([*opus(100)[:-1], *opus(150)])).verdict is Verdict.TRUNCATED
    lost = judged.facts(b"".join([*opus(100), *opus(150)[2:]]))
    assert Flaw.GAP in lost.flaws


def test_of_streams_side_by_side_the_longest_counts(judged: Judge) -> None:
    one, other = opus(100), opus(150, serial=8)
    both = [one[0], other[0], *one[1:], *other[1:]]
    facts = judged.facts(b"".join(both))
    assert (facts.duration_ms, facts.flaws) == (round(3000 - PRE_SKIP_MS), ())
    many = b"".join(page(OPUS_HEAD, 0, 0, flags=2, serial=serial) for serial in range(17))
    assert judged(many).verdict is Verdict.UNMEASURED


def test_a_stream_that_carries_no_sound_is_left_alone(judged: Judge) -> None:
    skeleton = page(b"fishead\0" + bytes(56), 0, 0, flags=2, serial=9)
    rest = page(b"", 1, 0, flags=4, serial=9)
    assert judged.facts(b"".join([skeleton, *PAGES, rest])).flaws == ()
    alone = judged(skeleton + rest)
    assert alone.verdict is Verdict.UNMEASURED
    assert "without Vorbis, Opus, Speex or FLAC" in alone.reasons[0]


def test_a_beginning_that_is_missing_is_damage(judged: Judge) -> None:
    for lost in (1, 2, 40):
        facts = judged.facts(b"".join(PAGES[lost:]))
        assert (facts.codec, Flaw.GAP in facts.flaws) == ("ogg", True)
        assert judged(b"".join(PAGES[lost:])).verdict is Verdict.DAMAGED
    late = [page(OPUS_PACKET, k + 1, (k + 500) * OPUS_20_MS) for k in range(1, 9)]
    assert Flaw.GAP in judged.facts(b"".join([*PAGES[:2], *late])).flaws


def test_time_that_goes_backward_is_damage(judged: Judge) -> None:
    back = page(OPUS_PACKET, 52, 10 * OPUS_20_MS)
    facts = judged.facts(b"".join([*PAGES[:52], back, *PAGES[53:]]))
    assert Flaw.BAD_FRAME in facts.flaws
    assert "goes backward" in facts.details[-1]


def test_a_packet_may_go_on_over_pages(judged: Judge) -> None:
    long = OPUS_PACKET + bytes(600 - len(OPUS_PACKET))
    made = [*opus(0)[:2], page(long[:510], 2, -1, lacing=b"\xff\xff")]
    made.append(page(long[510:], 3, OPUS_20_MS, flags=1 | 4, lacing=bytes([90])))
    facts = judged.facts(b"".join(made))
    assert (facts.duration_ms, facts.flaws) == (round(20 - PRE_SKIP_MS), ())


@pytest.mark.parametrize(
    ("head", "samples"),
    [
        ("", 0),
        ("00", 480),
        ("08", 960),
        ("18", 2880),
        ("60", 480),
        ("80", 120),
        ("f9", 1920),
        ("0a", 1920),
        ("0b03", 2880),
        ("0b", 0),
        ("1b3f", 5760),
    ],
)
def test_a_packet_of_opus_says_how_long_it_is(head: str, samples: int) -> None:
    assert opus_samples(bytes.fromhex(head)) == samples


@pytest.mark.parametrize("mark", [b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC"])
def test_a_first_packet_that_is_cut_or_empty_is_of_no_kind(mark: bytes) -> None:
    for size in range(90):
        codec = codec_of(mark + bytes(size))
        assert codec is None or mark == b"OpusHead"
