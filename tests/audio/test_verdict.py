"""Laws of the verdict: what a tolerance may change, and what it may not."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.audio.verdict import ROUNDING_MS, judge
from archiver.domain.audio_facts import Facts, Flaw
from archiver.domain.outcomes import Concern, Tolerance, Verdict

WHOLE = Facts("mp3", "mp3", 186_000, 93_000, 1291, None, 8000, 1, "frames")
LENGTHS = st.integers(0, 10**7)
TOLERANCES = st.builds(Tolerance, st.integers(0, 60_000), st.integers(0, 100))


@st.composite
def some_facts(draw: st.DrawFn) -> Facts:
    flaws = tuple(draw(st.lists(st.sampled_from([*Flaw]), unique=True)))
    details = tuple(f"it has the flaw {flaw}" for flaw in flaws)
    return replace(WHOLE, duration_ms=draw(LENGTHS), flaws=flaws, details=details)


@given(facts=some_facts(), reported=LENGTHS, one=TOLERANCES, other=TOLERANCES)
def test_a_wider_tolerance_never_demotes(
    facts: Facts, reported: int, one: Tolerance, other: Tolerance
) -> None:
    narrow = Tolerance(min(one.ms, other.ms), min(one.permille, other.permille))
    wide = Tolerance(max(one.ms, other.ms), max(one.permille, other.permille))
    if judge(facts, reported, narrow).verdict.is_good:
        assert judge(facts, reported, wide).verdict.is_good


@given(facts=some_facts(), reported=st.none() | LENGTHS, tolerance=TOLERANCES)
def test_a_verdict_always_says_why(
    facts: Facts, reported: int | None, tolerance: Tolerance
) -> None:
    judgement = judge(facts, reported, tolerance)
    assert bool(judgement.reasons) is not judgement.verdict.is_good
    for detail in facts.details:
        assert (detail in judgement.reasons) + (detail in judgement.remarks) == 1


@given(reported=st.none() | LENGTHS, tolerance=TOLERANCES)
def test_no_tolerance_excuses_damage(reported: int | None, tolerance: Tolerance) -> None:
    for flaw, verdict in (
        (Flaw.GAP, Verdict.DAMAGED),
        (Flaw.BAD_FRAME, Verdict.DAMAGED),
        (Flaw.HEADER_FRAMES, Verdict.TRUNCATED),
        (Flaw.HEADER_BYTES, Verdict.TRUNCATED),
        (Flaw.CUT_CONTAINER, Verdict.TRUNCATED),
    ):
        facts = replace(WHOLE, flaws=(flaw,), details=("why",))
        assert judge(facts, reported, tolerance).verdict is verdict


@given(apart=st.integers(-90_000, 90_000), tolerance=TOLERANCES)
def test_signs_of_a_join_are_excused_by_a_length_that_agrees_and_by_nothing_else(
    apart: int, tolerance: Tolerance
) -> None:
    reported = WHOLE.duration_ms + apart
    agrees = tolerance.allows(reported, WHOLE.duration_ms)
    for flaw in (
        Flaw.MIXED,
        Flaw.INNER_HEADER,
        Flaw.INNER_TAG,
        Flaw.HEADER_FEWER,
        Flaw.PADDING,
    ):
        facts = replace(WHOLE, flaws=(flaw,), details=("why",))
        expected = Verdict.VERIFIED if agrees else Verdict.DURATION_MISMATCH
        assert judge(facts, reported, tolerance).verdict is expected
        assert judge(facts, None, tolerance).verdict is Verdict.DAMAGED
    for flaw in (Flaw.LEADING, Flaw.TRAILING):
        facts = replace(WHOLE, flaws=(flaw,), details=("why",))
        excused = agrees and apart < ROUNDING_MS
        expected = Verdict.VERIFIED if excused else Verdict.DAMAGED
        assert judge(facts, reported, tolerance).verdict is expected
        assert judge(facts, None, tolerance).verdict is Verdict.DAMAGED


@given(reported=st.none() | LENGTHS, tolerance=TOLERANCES)
def test_what_is_not_measured_is_neither_cut_nor_compared(
    reported: int | None, tolerance: Tolerance
) -> None:
    facts = replace(WHOLE, duration_ms=0, flaws=(Flaw.UNMEASURED,), details=("of its own kind",))
    judgement = judge(facts, reported, tolerance)
    assert (judgement.verdict, judgement.reasons) == (Verdict.UNMEASURED, ("of its own kind",))
    assert not judgement.verdict.is_good


def test_a_mismatch_names_both_lengths_either_way() -> None:
    shorter = judge(WHOLE, 100_000, Tolerance())
    assert shorter.verdict is Verdict.DURATION_MISMATCH
    assert shorter.reasons == ("measured 93.000 s, reported 100.000 s: 7.000 s shorter",)
    longer = judge(WHOLE, 80_000, Tolerance())
    assert longer.reasons == ("measured 93.000 s, reported 80.000 s: 13.000 s longer",)


def doubts(facts: Facts, reported: int | None = None, **told: object) -> tuple[Concern, ...]:
    return judge(facts, reported, Tolerance(), **told).concerns  # type: ignore[arg-type]  # a test names any


def test_what_nothing_confirms_is_a_concern() -> None:
    unconfirmed = (Concern.LENGTH_UNCONFIRMED,)
    assert doubts(WHOLE, length_proven=False) == unconfirmed
    assert (
        doubts(
            replace(WHOLE, header_ms=0, flaws=(Flaw.HEADER_LIES,), details=("",)),
            length_proven=False,
        )
        == unconfirmed
    )
    wav = replace(WHOLE, codec="wav", judged_by="container")
    streamed = replace(wav, flaws=(Flaw.UNSIZED,), details=("it was written as a stream",))
    assert doubts(streamed, length_proven=False) == unconfirmed
    assert doubts(streamed, length_proven=True) == doubts(wav, length_proven=False) == ()


def test_any_one_that_told_the_length_confirms_it() -> None:
    assert doubts(WHOLE, length_proven=True) == ()
    assert doubts(WHOLE, WHOLE.duration_ms, length_proven=False) == ()
    assert doubts(replace(WHOLE, header_ms=93_000), length_proven=False) == ()


def test_what_nobody_knows_any_more_is_no_new_concern() -> None:
    assert doubts(WHOLE) == ()


def test_a_length_that_is_not_understood_is_a_concern_after_a_graver_one() -> None:
    judgement = judge(WHOLE, None, Tolerance(), unread="nobody knows", length_proven=False)
    assert judgement.verdict is Verdict.DURATION_UNKNOWN
    assert judgement.concerns == (Concern.LENGTH_UNCONFIRMED, Concern.DURATION_UNREAD)
    assert judgement.reasons[1] == "nobody knows"
    assert not judgement.is_sure
    assert judge(WHOLE, None, Tolerance(), unread="", length_proven=True).is_sure


def test_what_is_bad_is_bad_and_of_no_concern() -> None:
    cut = replace(WHOLE, flaws=(Flaw.CUT_CONTAINER,), details=("cut",))
    judgement = judge(cut, None, Tolerance(), unread="nobody knows", length_proven=False)
    assert (judgement.verdict, judgement.concerns) == (Verdict.TRUNCATED, ())


def test_no_sound_at_all_is_truncated_whatever_was_reported() -> None:
    empty = replace(WHOLE, duration_ms=0, frames=0)
    for reported in (None, 1, 2_000):
        assert judge(empty, reported, Tolerance()).verdict is Verdict.TRUNCATED


def test_what_is_no_audio_says_why() -> None:
    facts = Facts(None, "bin", 0, 0, 0, None, None, None, "nothing", details=("it is empty",))
    assert judge(facts, 1000, Tolerance()).reasons == ("it is empty",)
    assert judge(replace(facts, details=()), 1000, Tolerance()).reasons
