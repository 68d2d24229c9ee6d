"""G10: every kind of file that encoders write, whole, cut, holed, zeroed and streamed."""

import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Facts, Flaw
from archiver.domain.outcomes import Tolerance, Verdict
from tests.audio.conftest import CONTAINERS, FOLDER, INDEX, NAMED, Corpus, Judge, decoded_ms
from tests.conftest import Figure

TIGHT = Tolerance(ms=150, permille=0)
"""The files last one or three seconds: what is cut off them must be more than may be missing."""
LONG = sorted(name for name in CONTAINERS if decoded_ms(name) > 2_000)
ZEROES_MAY_BE_SOUND = {
    "tiny-stereo-ima.wav",
    "tiny-ima.wav",
    "tiny-yamaha.wav",
}
"""Linear PCM too, but that is not among the long ones: there silence is zeroes."""
TIMES = 15
PAGE = 4096


def is_believed(facts: Facts, reported_ms: int | None) -> bool:
    """Whether a run would be clean over this, though no media server told a length."""
    judgement = judge(facts, reported_ms, TIGHT, length_proven=False)
    return judgement.verdict.is_good and not judgement.concerns


def kind_of(name: str) -> str:
    return name.rpartition(".")[2]


def test_g10_whole_containers_are_measured_exactly_and_none_is_refused(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    worst, kinds = 0.0, Counter[str]()
    for name in CONTAINERS:
        facts = judged.facts(corpus(name))
        off = abs(facts.duration_ms - decoded_ms(name))
        worst = max(worst, off)
        assert off <= 128, name
        assert set(facts.flaws) <= {Flaw.UNSIZED}, (name, facts.details)
        assert judge(facts, round(decoded_ms(name)), TIGHT).verdict is Verdict.VERIFIED
        assert judge(facts, None, TIGHT).verdict is Verdict.DURATION_UNKNOWN
        told = (facts.sample_rate, facts.channels, facts.extension)
        extension = kind_of(name).replace("mov", "m4a").replace("aifc", "aiff")
        assert told == (INDEX[name]["rate"], INDEX[name]["channels"], extension), name
        kinds[kind_of(name)] += 1
    assert len(CONTAINERS) >= 39
    figure("G10", f"{len(CONTAINERS)} whole files {dict(kinds)}: refused 0")
    figure("G10", f"length against a full decode: at most {worst:.0f} ms off")


def cut(audio: bytes, chance: random.Random) -> bytes:
    """Cut a file off behind a third of it at the earliest, and before its last tenth."""
    return audio[: chance.randrange(len(audio) // 3, len(audio) * 9 // 10)]


def holed(audio: bytes, chance: random.Random) -> bytes:
    """Take a tenth to a third out of the middle."""
    size = chance.randrange(len(audio) // 10, len(audio) // 3)
    at = chance.randrange(len(audio) // 5, len(audio) - size)
    return audio[:at] + audio[at + size :]


def without_the_middle(audio: bytes, _chance: random.Random) -> bytes:
    return audio[: len(audio) // 3] + audio[len(audio) * 2 // 3 :]


def mostly_gone(audio: bytes, _chance: random.Random) -> bytes:
    """Keep a twentieth at the beginning and what a last page may be."""
    return audio[: len(audio) // 20] + audio[-len(audio) // 50 :]


def zeroed(audio: bytes, chance: random.Random) -> bytes:
    """Put zeroes in the place of a page, or of a third where the file has fewer than three."""
    size = min(PAGE, len(audio) // 3)
    at = chance.randrange(len(audio) // 10, len(audio) - size)
    return audio[:at] + bytes(size) + audio[at + size :]


@pytest.mark.parametrize("hurt", [cut, holed, without_the_middle, mostly_gone, zeroed])
def test_g10_hurt_containers_are_never_believed(
    judged: Judge,
    corpus: Corpus,
    figure: Figure,
    hurt: Callable[[bytes, random.Random], bytes],
) -> None:
    """With the reported length, and with nothing told by anyone."""
    chance = random.Random(hurt.__name__)
    times = TIMES if hurt in {cut, holed, zeroed} else 1
    tried, believed = 0, Counter[str]()
    names = [name for name in LONG if hurt is not zeroed or name not in ZEROES_MAY_BE_SOUND]
    for name in names:
        audio = corpus(name)
        for _ in range(times):
            broken = hurt(audio, chance)
            assert broken != audio
            facts = judged.facts(broken)
            believed[name] += is_believed(facts, round(decoded_ms(name)))
            believed[name] += is_believed(facts, None)
            tried += 1
    assert sum(believed.values()) == 0, +believed
    figure("G10", f"{hurt.__name__}: {tried} files of {len(names)} kinds: believed 0")


def streamed(audio: bytes) -> Iterator[bytes]:
    """Yield a WAV as those write it who don't know its length yet, and never go back."""
    at = audio.index(b"data") + 4
    for form, size in ((-1, -1), (36, 0), (0, 0), (0x7FFFF048, 0x7FFFF000), (0x80000024, 1 << 31)):
        both = struct.pack("<II", form & 0xFFFFFFFF, size & 0xFFFFFFFF)
        yield audio[:4] + both[:4] + audio[8:at] + both[4:] + audio[at + 4 :]


def test_g10_sizes_that_nobody_knew_are_measured_by_what_is_there(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    names = [n for n in LONG if n.endswith(".wav") and "piped" not in n and "stereo" not in n]
    right = 0
    for name in names:
        audio, reported_ms = corpus(name), round(decoded_ms(name))
        at = audio.index(b"data") + 8
        for whole in streamed(audio):
            half = whole[: (at + len(audio)) // 2]
            assert abs(judged.facts(whole).duration_ms - reported_ms) <= 40, name
            assert judged(whole, reported_ms).verdict is Verdict.VERIFIED
            assert abs(judged.facts(half).duration_ms - reported_ms / 2) <= 80, name
            assert not is_believed(judged.facts(half), reported_ms)
            assert not is_believed(judged.facts(half), None)
            right += 1
    assert len(names) >= 8
    figure("G10", f"{right} WAVs of {len(names)} codecs with sizes that are none: measured right")


def test_what_is_called_mp3_in_a_wav_is_walked(judged: Judge, corpus: Corpus) -> None:
    """By the bytes of a second that its header tells, 48 seconds of it would have been 60."""
    frames = corpus("lame-cbr-bare-8000-1.mp3") * 16
    form = struct.pack("<HHIIHHHHIHHH", 0x55, 1, 8_000, 1_605, 1, 0, 12, 1, 2, 144, 1, 1393)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data"
    body += struct.pack("<I", len(frames)) + frames
    facts = judged.facts(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert 48_000 <= facts.duration_ms <= 51_000
    assert judge(facts, 60_000, Tolerance()).verdict is Verdict.DURATION_MISMATCH


def test_what_can_only_be_named_is_unmeasured_and_keeps_its_name(
    judged: Judge, corpus: Corpus, figure: Figure
) -> None:
    chance = random.Random(7)
    for name in NAMED:
        for audio in (corpus(name), cut(corpus(name), chance)):
            facts = judged.facts(audio)
            assert facts.extension == kind_of(name)
            for reported_ms in (None, 500, 60_000):
                judgement = judge(facts, reported_ms, Tolerance())
                assert judgement.verdict is Verdict.UNMEASURED
                assert judgement.reasons == facts.details
                assert "cannot be measured" in judgement.reasons[0]
    assert len(NAMED) >= 7
    figure("G10", f"{len(NAMED)} kinds that can only be named: unmeasured {len(NAMED)}")


def test_the_corpus_is_small() -> None:
    assert sum((FOLDER / name).stat().st_size for name in INDEX) < 1_500_000
