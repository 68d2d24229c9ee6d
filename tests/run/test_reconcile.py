"""Calls and recordings are laid together by what they share, else by numbers and time."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from archiver.catalog import Found
from archiver.recordings import RecordingId
from archiver.run.reconcile import Call, reconcile
from tests.archives import CALLED, CALLER, MORNING

SLACK = timedelta(minutes=5)
BOTH = frozenset({"447700900123", CALLED})


def call(id_: str, begins: int, seconds: int, name: str | None = "k") -> Call:
    start = MORNING + timedelta(seconds=begins)
    end = start + timedelta(seconds=seconds)
    return Call(RecordingId(id_), start, end, BOTH, name and f"{name}-{id_}")


def found(id_: str, at: int, seconds: int | None, **more: str) -> Found:
    fixed = {"call_id": None, "object": None, **more}
    return Found(
        id=RecordingId(id_),
        at=MORNING + timedelta(seconds=at),
        audio="recordings/…",
        numbers=(CALLER, CALLED),
        agent=None,
        reported_ms=None if seconds is None else 1_000 * seconds,
        **fixed,
    )


talks = st.lists(
    st.tuples(st.integers(5, 600), st.integers(1, 900), st.booleans()), min_size=1, max_size=30
)


@given(talks, st.integers(0, 2), st.sampled_from(["start", "end"]))
def test_calls_of_one_pair_of_numbers_keep_their_own(
    said: list[tuple[int, int, bool]], late: int, dated_by: str
) -> None:
    """A gap is each call whose recording is missing, whatever came just before and after it.

    Two people talk again and again; a recording is dated by its start or, a little late, its end.
    """
    calls, recordings, missing, now = [], [], set(), 0
    for n, (seconds, pause, is_recorded) in enumerate(said):
        each = call(str(n), now, seconds)
        calls.append(each)
        if is_recorded:
            at = now if dated_by == "start" else now + seconds + late
            recordings.append(found(str(n), at, seconds))
        else:
            missing.add(each.id)
        now += seconds + late + pause

    result = reconcile(calls, recordings, timedelta(seconds=late))

    assert len(result.matched) == len(recordings)
    assert {each.id for each in result.gaps} == missing
    assert all(one.id == other.id for one, other in result.matched)
    assert result.alone == ()


def test_what_names_its_call_needs_no_time() -> None:
    far = 1_000_000
    calls = [call("a", 0, 30), call("b", 100, 30)]
    recordings = [found("1", far, 30, call_id="b"), found("2", far, 30, object="k-a")]
    result = reconcile(calls, recordings, SLACK)
    assert {(one.id, other.id) for one, other in result.matched} == {("a", "2"), ("b", "1")}
    assert (result.gaps, result.alone) == ((), ())


def test_only_what_should_be_recorded_is_a_gap() -> None:
    silent, talked, said = call("a", 0, 0, None), call("b", 100, 30, None), call("c", 200, 30)
    result = reconcile([silent, talked, said], [], SLACK)
    assert (result.gaps, result.unrecorded) == ((said,), (talked,))
    result = reconcile([silent, talked, said], [], SLACK, every=True)
    assert (result.gaps, result.unrecorded) == ((talked, said), ())


def test_time_alone_makes_no_match() -> None:
    stranger = Call(RecordingId("a"), MORNING, MORNING, frozenset({"15550100"}), "k")
    far = found("2", 3_600, 30)
    result = reconcile([stranger, call("b", 0, 30)], [far], SLACK)
    assert result.matched == ()
    assert result.alone == (far,)
    nobody = Call(RecordingId("c"), MORNING, MORNING, frozenset(), "k")
    assert reconcile([nobody], [found("3", 0, 1)], SLACK).gaps == (nobody,)
