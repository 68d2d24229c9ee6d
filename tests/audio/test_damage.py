"""Damage inside a file: zeroes, junk, splices, joins; and what is no MPEG stream at all."""

import random

from archiver.audio.mpeg.frame_header import parse
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Flaw
from archiver.domain.outcomes import Tolerance, Verdict
from tests.audio.conftest import (
    BAD,
    CONTAINERS,
    NAMED,
    TAG_FREE,
    Corpus,
    Judge,
    decoded_ms,
    frame_ends,
    header_of,
)
from tests.conftest import Figure

PAGE = 4096


def test_m6_zeroed_and_spliced_middles_are_found(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    chance = random.Random(6)
    zeroed = spliced = unseen = 0
    for turn in range(200):
        audio = corpus(TAG_FREE[turn % len(TAG_FREE)])
        at = chance.randrange(len(audio) - PAGE + 1)
        torn = audio[:at] + bytes(PAGE) + audio[at + PAGE :]
        assert torn != audio
        verdict = judged(torn).verdict
        zeroed += verdict in BAD or verdict is Verdict.NOT_AUDIO
        ends = set(frame_ends(audio))
        size = chance.randrange(len(audio) // 50, len(audio) // 2)
        at = chance.randrange(len(audio) // 10, len(audio) - size)
        if judged(audio[:at] + audio[at + size :]).verdict in BAD:
            spliced += 1
        else:
            # Only a cut that keeps the frames in step, in a file without a header, goes unseen.
            assert header_of(audio) is None
            assert {at, at + size} <= ends or _in_step(audio, at, size)
            unseen += 1
    assert zeroed == 200
    assert spliced + unseen == 200
    assert unseen <= 4
    figure("M6", f"4 KiB zeroed: found {zeroed}/200; spliced out: found {spliced}/200")


def _in_step(audio: bytes, at: int, size: int) -> bool:
    ends = [0, *frame_ends(audio)]
    before = max(end for end in ends if end <= at)
    behind = max(end for end in ends if end <= at + size)
    frame = parse(audio[before : before + 4])
    assert frame is not None
    return at - before == at + size - behind or before + frame.size - at + at + size in ends


def test_bytes_that_move_the_frames_apart_are_a_gap(judged: Judge, corpus: Corpus) -> None:
    audio = corpus("lame-cbr-bare-8000-1.mp3")
    ends = frame_ends(audio)
    for junk, word in (
        (bytes(700), "zeroes"),
        (b"ID3\x03" + bytes(90), "an ID3 tag"),
        (b"<Error/>", "no audio"),
    ):
        judgement = judged(audio[: ends[9]] + junk + audio[ends[9] :])
        assert judgement.verdict is Verdict.DAMAGED
        assert word in judgement.reasons[0]
        assert f"byte {ends[9]}" in judgement.reasons[0]
        assert judged(junk + b"\x00" * 10 + audio).verdict is Verdict.DAMAGED
        assert judged(audio + junk).verdict is Verdict.DAMAGED


def test_two_files_joined_are_damaged(judged: Judge, corpus: Corpus) -> None:
    one, other = corpus("lame-vbr-16000-1.mp3"), corpus("lame-vbr-8000-1.mp3")
    twice = judged.facts(one + one)
    assert {Flaw.INNER_HEADER, Flaw.HEADER_FEWER} <= set(twice.flaws)
    mixed = judged.facts(one + other)
    assert Flaw.MIXED in mixed.flaws
    assert judge(mixed, None, Tolerance()).verdict is Verdict.DAMAGED


def test_junk_behind_all_that_the_header_counts_is_a_remark(judged: Judge, corpus: Corpus) -> None:
    judgement = judged(corpus("lame-vbr-16000-1.mp3") + bytes(100))
    assert judgement.verdict is Verdict.DURATION_UNKNOWN
    assert "100 bytes" in judgement.remarks[0]


def test_a_splice_between_frames_breaks_the_reservoir(judged: Judge, corpus: Corpus) -> None:
    """Frames out of the middle are gone, cut exactly between two: the bit reservoir still tells."""
    audio = corpus("lame-vbr-bare-44100-2.mp3")
    ends = frame_ends(audio)
    flaws = [judged.facts(audio[: ends[k]] + audio[ends[k + 20] :]).flaws for k in range(5, 60, 5)]
    assert sum(Flaw.BAD_FRAME in found for found in flaws) >= len(flaws) // 3


def test_a_wrong_crc_is_found_and_a_wrong_encoder_forgiven(judged: Judge, corpus: Corpus) -> None:
    audio = bytearray(corpus("lame-crc-8000.mp3"))
    ends = frame_ends(bytes(audio))
    audio[ends[10] + 4] ^= 1
    facts = judged.facts(bytes(audio))
    assert facts.flaws == (Flaw.BAD_FRAME,)
    assert f"byte {ends[10]}" in facts.details[0]
    for end in ends[:-1]:
        audio[end + 4] ^= 0xFF
    assert judged.facts(bytes(audio)).flaws == ()


def test_a_streaming_encoders_end_is_a_remark_while_the_length_agrees(
    judged: Judge, corpus: Corpus
) -> None:
    audio = corpus("lame-cbr-bare-8000-1.mp3")[:-30]
    facts = judged.facts(audio)
    assert facts.flaws == (Flaw.CUT_LAST_FRAME,)
    agreeing = judge(facts, facts.duration_ms + 900, Tolerance())
    assert agreeing.verdict is Verdict.VERIFIED
    assert agreeing.remarks == facts.details
    assert judge(facts, facts.duration_ms + 9000, Tolerance()).verdict is Verdict.TRUNCATED
    assert judge(facts, None, Tolerance()).verdict is Verdict.TRUNCATED


def test_m9_real_audio_keeps_its_own_name_and_junk_has_none(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    for name in (*CONTAINERS, *NAMED):
        extension = name.rpartition(".")[2].replace("mov", "m4a").replace("aifc", "aiff")
        assert judged.facts(corpus(name)).extension == extension
    junk = b"", b"\xff" * 9000, bytes(9000), b"<?xml version='1.0'?><Error>", b"ID3", b"RIFF"
    for each in junk:
        assert judged(each).verdict is Verdict.NOT_AUDIO
    kept = len(CONTAINERS) + len(NAMED)
    figure("M9", f"{kept} files of other kinds keep their name, junk is not_audio {len(junk)}")


def test_headers_without_the_audio_they_tell_of_are_truncated(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    """What is cut behind its headers still tells its whole length: that is never believed."""
    flac, m4a, ogg = corpus("tiny.flac"), corpus("tiny.m4a"), bytearray(corpus("tiny.ogg"))
    media = m4a.index(b"mdat") - 4
    size = int.from_bytes(m4a[media : media + 4])
    last_page = ogg.rindex(b"OggS")
    ogg[last_page + 6 : last_page + 14] = (2**40).to_bytes(8, "little")
    headers = {
        "flac": flac[: flac.index(b"\xff\xf8")],
        "flac at a quarter": flac[: len(flac) // 4],
        "m4a": m4a[:media] + m4a[media + size :],
        "ogg": bytes(ogg),
    }
    for name, audio in headers.items():
        facts = judged.facts(audio)
        for reported_ms in (round(decoded_ms("tiny.flac")), facts.duration_ms, None):
            assert judge(facts, reported_ms, Tolerance()).verdict in BAD, name
    figure("M9", f"headers that tell of audio that is not there: truncated {len(headers)}")


def test_free_format_is_named_and_unmeasured(judged: Judge) -> None:
    judgement = judged((bytes.fromhex("fffb00c4") + bytes(300)) * 20)
    assert judgement.verdict is Verdict.UNMEASURED
    assert "free format" in judgement.reasons[0]


def id3v2(size: int) -> bytes:
    return b"ID3\x04\x00\x00" + bytes([0, 0, size >> 7, size & 127]) + bytes(size)


def test_m11_what_stands_around_whole_audio_is_a_remark_where_the_length_agrees(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    """With a report that disagrees it is the length that is wrong; without one, this is."""
    once = corpus("lame-cbr-bare-8000-1.mp3")
    other = corpus("lame-cbr-bare-12000-2.mp3")
    warning = b"<br />\n<b>Warning</b>: readfile(): failed in <b>/var/www/rec.php</b><br />\n"
    whole = {
        "a newline behind": once + b"\n",
        "spaces behind": once + b" \r\n\r\n",
        "0xFF behind": once + b"\xff" * 512,
        "zeroes up to the next page": once + bytes(-len(once) % 4096),
        "zeroes between tag and audio": id3v2(90) + bytes(700) + once,
        "a newline in front": b"\n" + once,
        "a byte order mark in front": b"\xef\xbb\xbf" + once,
        "a warning in front": warning + once,
        "a tag that claims too much": id3v2(90)[:-90] + once,
        "joined with another rate": once + other,
        "joined with a tag between": once + id3v2(90) + once,
        "joined with two tags between": once + b"TAG" + bytes(125) + id3v2(30) + once,
        "joined, each with its header": corpus("lame-vbr-16000-1.mp3") * 2,
    }
    for what, audio in whole.items():
        facts = judged.facts(audio)
        assert facts.flaws, what
        for reported_ms in (facts.duration_ms, facts.duration_ms + 2_500):
            judgement = judge(facts, reported_ms, Tolerance())
            assert judgement.verdict is Verdict.VERIFIED, what
            assert judgement.remarks == facts.details
        apart = judge(facts, facts.duration_ms + 60_000, Tolerance())
        assert apart.verdict is Verdict.DURATION_MISMATCH, what
        assert set(facts.details) < set(apart.reasons)
        assert judge(facts, None, Tolerance()).verdict is Verdict.DAMAGED, what
    figure("M11", f"{len(whole)} whole files with something around them: refused 0")


def test_m11_what_may_stand_where_audio_was_needs_a_length_that_misses_nothing(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    audio = corpus("lame-cbr-bare-8000-1.mp3") * 4
    tried = 0
    for torn in (audio[:-PAGE] + bytes(PAGE), bytes(PAGE) + audio[PAGE:]):
        judgement = judged(torn, judged.facts(audio).duration_ms)
        assert judgement.verdict is not Verdict.VERIFIED
        tried += 1
    padded = judged.facts(audio + bytes(PAGE))
    assert padded.flaws == (Flaw.TRAILING,)
    assert judge(padded, padded.duration_ms + 900, Tolerance()).verdict is Verdict.VERIFIED
    assert judge(padded, padded.duration_ms + 1_100, Tolerance()).verdict is Verdict.DAMAGED
    figure("M11", f"pages of zeroes where audio was, at either end: believed 0 of {tried}")


def test_m11_zeroes_in_the_middle_stay_damage(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    """Whatever was reported: put over the audio, and put in between."""
    audio = corpus("lame-cbr-bare-8000-1.mp3") * 4
    whole_ms = judged.facts(audio).duration_ms
    chance = random.Random(11)
    believed = 0
    for _ in range(50):
        at = chance.randrange(1000, len(audio) - 6000)
        for torn in (
            audio[:at] + bytes(PAGE) + audio[at + PAGE :],
            audio[:at] + bytes(PAGE) + audio[at:],
        ):
            facts = judged.facts(torn)
            for reported_ms in (whole_ms, facts.duration_ms, None):
                believed += judge(facts, reported_ms, Tolerance()).verdict is not Verdict.DAMAGED
    assert believed == 0
    figure("M11", "pages of zeroes in the middle: 100, damaged 100 whatever was reported")
