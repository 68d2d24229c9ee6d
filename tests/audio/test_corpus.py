"""Every intact file of the corpus against ffmpeg's full decode, and its cut copies."""

import random
from collections import Counter

import pytest
from msgspec.structs import replace

from archiver.audio.mpeg.frame_header import parse
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Flaw
from archiver.domain.outcomes import Tolerance, Verdict
from tests.audio.conftest import (
    BAD,
    INDEX,
    STREAMS,
    TAG_FREE,
    Corpus,
    Judge,
    decoded_ms,
    frame_ends,
    header_of,
)
from tests.conftest import Figure


def test_every_intact_file_is_whole_and_its_length_exact(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    worst, modes = 0.0, Counter[str]()
    for name in STREAMS:
        facts = judged.facts(corpus(name))
        off = abs(facts.duration_ms - decoded_ms(name)) * INDEX[name]["rate"] / 1000
        worst = max(worst, off)
        assert off <= (384 if name.endswith("mp1") else 576), name
        assert facts.flaws == (), (name, facts.details)
        assert judge(facts, None, Tolerance()).verdict is Verdict.DURATION_UNKNOWN
        assert judge(facts, round(decoded_ms(name)), Tolerance()).verdict is Verdict.VERIFIED
        assert (facts.sample_rate, facts.channels, facts.judged_by) == (
            INDEX[name]["rate"],
            INDEX[name]["channels"],
            "frames",
        )
        modes[str(facts.codec)] += 1
    figure("audio", f"{len(STREAMS)} intact files {dict(modes)}: whole {len(STREAMS)}")
    figure("audio", f"length against a full decode: at most {worst:.0f} samples off")


@pytest.mark.parametrize("name", ["lame-cbr-8000-1.mp3", "lame-vbr-16000-1.mp3"])
def test_m5_tags_are_not_audio(judged: Judge, corpus: Corpus, figure: Figure, name: str) -> None:
    audio = corpus(name)
    bare = judged.facts(audio)
    size = 100 * 1024
    id3v2 = b"ID3\x04\x00\x00" + bytes([0, size >> 14, size >> 7 & 127, size & 127]) + bytes(size)
    footed = b"ID3\x04\x00\x10" + id3v2[6:] + b"3DI\x04\x00\x10" + id3v2[6:10]
    ape = b"APETAGEX" + bytes.fromhex("d007000000000000000000000000") + b"\x00\xa0" + bytes(8)
    items = b"x" * size
    length = (size + 32).to_bytes(4, "little")
    ape_head = b"APETAGEX" + (2000).to_bytes(4, "little") + length + bytes(4)
    ape_head += 0xA0000000.to_bytes(4, "little") + bytes(8)
    ape = ape_head + items + ape_head[:20] + 0x80000000.to_bytes(4, "little") + bytes(8)
    ape_v1 = items + ape_head[:8] + (1000).to_bytes(4, "little") + length + bytes(16)
    id3v1 = b"TAG" + bytes(125)
    enhanced = b"TAG+" + bytes(223) + id3v1
    lyrics = b"LYRICSBEGIN" + b"la " * 1000 + b"LYRICSEND"
    wrapped = {
        "ID3v2": id3v2 + audio,
        "ID3v2 twice": id3v2 + id3v2 + audio,
        "ID3v2 with footer": footed + audio,
        "ID3v2 behind": audio + footed,
        "ID3v1": audio + id3v1,
        "enhanced": audio + enhanced,
        "APEv2": audio + ape,
        "APEv2 in front": ape + audio,
        "APEv1": audio + ape_v1,
        "LYRICS3v1": audio + lyrics + id3v1,
        "all": id3v2 + audio + ape + lyrics + id3v1,
    }
    for tag, tagged in wrapped.items():
        facts = judged.facts(tagged)
        assert len(tagged) > len(audio)
        assert facts == replace(bare, bytes=len(tagged)), tag
    figure("M5", f"{len(wrapped)} kinds of tags around {name}: duration error 0 ms")


def test_m1_every_cut_is_caught(judged: Judge, corpus: Corpus, figure: Figure) -> None:
    """Without a reported length; on a frame's edge of a bare file nothing can tell (M2)."""
    chance = random.Random(1)
    caught, edges, accepted = 0, 0, 0
    names = [name for name in TAG_FREE if "8000-1" in name or "16000-1" in name or "44100" in name]
    for name in names:
        audio = corpus(name)
        ends = set(frame_ends(audio))
        told = header_of(audio) is not None
        for _ in range(100):
            cut = chance.randrange(4, len(audio) * 98 // 100)
            verdict = judged(audio[:cut]).verdict
            if cut in ends and not told:
                edges += 1
            elif verdict in BAD:
                caught += 1
            else:
                accepted += 1
    total = len(names) * 100
    assert caught + edges + accepted == total
    assert accepted == 0
    assert edges <= total * 0.02
    figure("M1", f"{total} cuts in {len(names)} files: accepted {accepted}, on an edge {edges}")


def test_a_cut_in_the_tag_or_the_first_frame_is_truncated(judged: Judge, corpus: Corpus) -> None:
    for name, cuts in (
        ("hand-big-id3v2-8000-1.mp3", (10, 50_000, 102_409)),
        ("lame-tagged-8000.mp3", (10, 300)),
        ("lame-cbr-bare-8000-1.mp3", (4, 40, 146)),
        ("lame-vbr-16000-1.mp3", (4, 100)),
        ("ffmpeg-cbr-48000-2.mp2", (4, 100, 200)),
    ):
        for cut in cuts:
            judgement = judged(corpus(name)[:cut])
            assert judgement.verdict is Verdict.TRUNCATED, (name, cut, judgement)


def test_m2_a_cut_on_an_edge_is_caught_by_the_reported_length(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    name = "lame-cbr-bare-8000-1.mp3"
    audio = corpus(name)
    reported_ms = judged.facts(audio).duration_ms
    longest = 0
    allowed = Tolerance(ms=500)
    for end in frame_ends(audio):
        facts = judged.facts(audio[:end])
        loss = reported_ms - facts.duration_ms
        verdict = judge(facts, reported_ms, allowed).verdict
        if facts.codec is None:
            continue
        assert facts.flaws == ()
        assert verdict is (Verdict.VERIFIED if loss <= 500 else Verdict.DURATION_MISMATCH)
        if verdict.is_good:
            longest = max(longest, loss)
    assert 0 < longest <= 500
    figure("M2", f"longest loss accepted {longest} ms with a tolerance of 500 ms")


@pytest.mark.parametrize("name", ["lame-vbr-16000-1.mp3", "hand-vbri-16000-1.mp3"])
def test_m3_a_lying_header_is_not_trusted(
    judged: Judge, corpus: Corpus, figure: Figure, name: str
) -> None:
    audio = corpus(name)
    whole = judged.facts(audio)
    at = 50 if "vbri" in name else audio.index(b"Xing") + 8
    assert int.from_bytes(audio[at : at + 4]) == whole.frames
    for lie in (whole.frames * 100, 0, 0xFFFFFFFF):
        lying = audio[:at] + lie.to_bytes(4) + audio[at + 4 :]
        facts = judged.facts(lying)
        judgement = judge(facts, whole.duration_ms, Tolerance())
        assert judgement.verdict is Verdict.VERIFIED
        assert facts.flaws == (Flaw.HEADER_LIES,)
        assert "not believed" in judgement.remarks[0]
        assert abs(facts.duration_ms - whole.duration_ms) <= 100
        assert judged(lying[: len(lying) // 2]).verdict is Verdict.TRUNCATED
    figure("M3", f"{name}: 3 lies, decided by walk 3, their cuts still truncated 3")


def test_m4_a_file_shorter_than_its_header_says_is_truncated(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    """Even when the length is within the tolerance."""
    chance = random.Random(4)
    names = [name for name in TAG_FREE if header_of(corpus(name))]
    cuts = 0
    for name in names:
        audio = corpus(name)
        ends = frame_ends(audio)
        reported_ms = round(decoded_ms(name))
        for cut in (ends[-2], len(audio) - 1, *(chance.choice(ends[4:-1]) for _ in range(8))):
            judgement = judged(audio[:cut], reported_ms)
            assert judgement.verdict is Verdict.TRUNCATED, (name, cut)
            assert "header counts" in " ".join(judgement.reasons)
            cuts += 1
    assert len(names) >= 15
    figure("M4", f"{cuts} cuts of {len(names)} files with a header: truncated {cuts}")


def test_m10_no_false_alarm_on_a_thousand_intact_files(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    """Intact files of any length: whole frames repeated, the header's counts kept true."""
    chance = random.Random(10)
    names = [
        n for n in STREAMS if n.startswith(("lame-", "sox-", "hand-32000")) and "tagged" not in n
    ]
    alarms, encodings = 0, set()
    for turn in range(1000):
        name = names[turn % len(names)]
        audio = corpus(name)
        encodings.add(name.rsplit("-", 2)[0])
        first = 0
        told = header_of(audio)
        if told:
            frame = parse(audio[:4])
            assert frame is not None
            first = frame.size
        times = chance.randrange(1, 4)
        longer = audio[:first] + audio[first:] * times
        if told:
            assert told.frames is not None
            at = longer.index(told.name.encode()) + 8
            counts = (told.frames * times).to_bytes(4) + len(longer).to_bytes(4)
            longer = longer[:at] + counts + longer[at + 8 :]
        facts = judged.facts(longer)
        length = INDEX[name]["samples"] * 1000 // INDEX[name]["rate"] * times
        alarms += not judge(facts, length, Tolerance()).verdict.is_good
        alarms += not judge(facts, None, Tolerance()).verdict.is_good
    assert alarms == 0
    assert len(encodings) >= 9
    figure("M10", f"1000 intact files of {len(encodings)} encodings: false alarms {alarms}")
