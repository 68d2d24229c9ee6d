"""Frames without a container: ADTS, AMR and GSM, whole and hurt."""

import pytest

from archiver.audio.kinds.raw_frames import MOST_SEARCHED
from archiver.domain.audio_facts import Flaw
from archiver.domain.outcomes import Tolerance, Verdict
from tests.audio.conftest import Corpus, Judge

SPEECH = bytes(range(1, 40))
AMR = (
    b"#!AMR\n"
    + b"".join(
        bytes([kind << 3 | 4]) + SPEECH[:size] for kind, size in ((7, 31), (8, 5), (15, 0), (0, 12))
    )
    * 125
)
"""Ten seconds: the best rate, silence, nothing, the least."""
WIDE = b"#!AMR-WB\n" + (bytes([8 << 3 | 4]) + SPEECH[:38] + bytes(22)) * 500
GSM = (b"\xd8" + SPEECH[:32]) * 500


@pytest.mark.parametrize(
    ("audio", "extension", "rate", "frames"),
    [(AMR, "amr", 8_000, 500), (WIDE, "amr", 16_000, 500), (GSM, "gsm", 8_000, 500)],
)
def test_whole_ones_are_counted_and_hurt_ones_found(
    judged: Judge, audio: bytes, extension: str, rate: int, frames: int
) -> None:
    facts = judged.facts(audio)
    assert (facts.duration_ms, facts.frames, facts.flaws) == (10_000, frames, ())
    assert (facts.extension, facts.sample_rate, facts.tells_length) == (extension, rate, False)
    assert judged.facts(audio[:-3]).flaws == (Flaw.CUT_LAST_FRAME,)
    assert judged(audio + b"\n", 10_000).verdict is Verdict.VERIFIED
    middle = len(audio) // 2
    zeroed = audio[:middle] + bytes(4096) + audio[middle + 4096 :]
    assert judged(zeroed, 10_000).verdict is Verdict.DAMAGED
    assert judged(audio[:middle], 10_000).verdict in {
        Verdict.TRUNCATED,
        Verdict.DURATION_MISMATCH,
    }
    junk = audio[:1000] + b"\xff" * 500 + audio[1000:]
    assert Flaw.GAP in judged.facts(junk).flaws


def test_adts_is_walked_by_the_lengths_of_its_frames(judged: Judge, corpus: Corpus) -> None:
    audio = corpus("tiny.aac")
    whole = judged.facts(audio)
    assert (whole.frames, whole.channels, whole.judged_by) == (25, 1, "frames")
    for at in range(1500, len(audio) - 3000, 613):
        holed = judged.facts(audio[:at] + audio[at + 333 :])
        assert Flaw.GAP in holed.flaws or holed.duration_ms <= whole.duration_ms - 128
        assert Flaw.GAP in judged.facts(audio[:at] + bytes(1024) + audio[at + 1024 :]).flaws


def test_an_amr_without_frames_holds_no_sound(judged: Judge) -> None:
    assert judged(b"#!AMR\n", 5_000).verdict is Verdict.TRUNCATED
    assert judged(b"#!AMR\n" + bytes([9 << 3 | 4]) * 900, 5_000).verdict is Verdict.DAMAGED


def test_a_few_bytes_that_look_like_frames_are_none(judged: Judge) -> None:
    assert judged((b"\xd8" + SPEECH[:32]) * 7).verdict is Verdict.NOT_AUDIO
    assert judged(bytes.fromhex("fff16c40027ffc") + bytes(50)).verdict is Verdict.NOT_AUDIO


def test_what_is_lost_is_searched_for_a_while(judged: Judge) -> None:
    lost = GSM + b"\x01" * (MOST_SEARCHED + 9) + GSM
    facts = judged.facts(lost)
    assert (facts.frames, facts.flaws) == (500, (Flaw.TRAILING,))
    assert judged(lost, 20_000).verdict is Verdict.DAMAGED
    assert Tolerance().allows(10_000, facts.duration_ms)
