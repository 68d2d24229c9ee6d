"""Calls and recordings are laid together by what they share, else by numbers and time."""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.calls.call import LoggedCall, call_of
from archiver.calls.matching import (
    NEAREST,
    are_of_other_audio,
    nearest,
    no_numbers,
    same_numbers,
)
from archiver.calls.reconciliation import (
    MOMENT,
    Match,
    Reconciled,
    late,
    may_be_of_another,
    reach,
    reconcile,
    sole,
    within,
)
from archiver.catalog import Found
from archiver.catalog.numbers import digits_of
from archiver.completeness.expected import Rules
from archiver.domain.expectation import Expectation
from archiver.domain.recordings import Essential, RecordingId, Report, Row
from archiver.domain.times.window import DAY, EARLIEST, SECOND, Window
from archiver.json_documents import Json
from archiver.portal.wire.rows import RowReader
from archiver.scrubbing import KnownSecrets
from tests.archives import CALLED, CALLER, MORNING
from tests.conftest import Figure

SLACK = timedelta(minutes=5)
BOTH = digits_of((CALLER, CALLED))
MANY = 1_500


def call(id_: str, begins: int, seconds: int, name: str | None = "k") -> LoggedCall:
    start = MORNING + timedelta(seconds=begins)
    when = Window(start, start + timedelta(seconds=seconds))
    return LoggedCall(RecordingId(id_), when, BOTH, name and f"{name}-{id_}")


def found(id_: str, at: int, seconds: int | None, **more: str) -> Found:
    return Found(
        id=RecordingId(f"r{id_}"),
        at=MORNING + timedelta(seconds=at),
        audio="recordings/…",
        held=True,
        numbers=(CALLER, CALLED),
        agent=None,
        reported_ms=None if seconds is None else 1_000 * seconds,
        call_id=more.get("call_id"),
        object=more.get("object"),
        source=Report.RECORDINGS,
    )


def ids(result: Reconciled) -> set[tuple[str, str]]:
    return pairs(result.matched)


def pairs(matches: Iterable[Match]) -> set[tuple[str, str]]:
    """Return the ids of calls, and of recordings as :func:`found` was given them."""
    return {(one.id, other.id.removeprefix("r")) for one, other in matches}


def without(result: Reconciled, calls: Iterable[LoggedCall]) -> list[LoggedCall]:
    """Return the calls that have no recording."""
    matched = {one.id for one, _ in result.matched}
    return [each for each in calls if each.id not in matched]


def alone(result: Reconciled, recordings: Iterable[Found]) -> list[Found]:
    """Return the recordings that are no call's."""
    matched = {other.id for _, other in result.matched}
    return [each for each in recordings if each.id not in matched]


talks = st.lists(
    st.tuples(st.integers(5, 600), st.integers(1, 900), st.booleans()), min_size=1, max_size=30
)


@given(talks, st.integers(0, 2), st.sampled_from(["start", "end"]))
def test_calls_of_one_pair_of_numbers_keep_their_own(
    said: list[tuple[int, int, bool]], late: int, dated_by: str
) -> None:
    """A gap is each call whose recording is missing, whatever came just before and after it.

    Two people talk again and again; a recording is dated by its start or, a little late, its end.
    They rest for longer than it is late: else it might as well be dated by the next one's start.
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
        now += seconds + late + max(pause, late + 1)

    result = reconcile(calls, recordings, timedelta(seconds=late))

    assert len(result.matched) == len(recordings)
    assert {each.id for each in result.gaps} == missing
    assert all(one == other for one, other in ids(result))


def test_what_names_its_call_needs_no_time() -> None:
    far, later = 1_000_000, 3_600
    calls = [call("a", 0, 30), call("b", 100, 30), call("c", 200, 30)]
    recordings = [
        found("1", far, 30, call_id="b"),
        found("2", later, 30, object="k-a"),
        replace(found("3", 0, 30, call_id="c"), at=None),
    ]
    result = reconcile(calls, recordings, SLACK)
    assert ids(result) == {("a", "2"), ("b", "1"), ("c", "3")}
    assert result.gaps == ()


def test_only_what_says_that_it_was_recorded_is_a_gap() -> None:
    silent, talked, said = call("a", 0, 0, None), call("b", 100, 30, None), call("c", 200, 30)
    assert reconcile([silent, talked, said], [], SLACK).gaps == (said,)


def test_time_alone_makes_no_match() -> None:
    morning = Window.around(MORNING)
    stranger = LoggedCall(RecordingId("a"), morning, frozenset({"15550100"}), "k")
    far = found("2", 3_600, 30)
    assert reconcile([stranger, call("b", 0, 30)], [far], SLACK).matched == ()
    nobody = LoggedCall(RecordingId("c"), morning, frozenset(), "k")
    assert reconcile([nobody], [found("3", 0, 1)], SLACK).gaps == (nobody,)


@pytest.mark.parametrize(
    ("numbers", "is_same"),
    [
        (("07700 900123", CALLED), True),
        ((CALLED, "00447700900123"), True),
        (("+44 7700 900123", "2025550143"), True),
        (("900123", CALLED), False),
        (("+1 7700 900123", CALLED), False),
        (("07700 900123", "12125550143"), False),
        (("07700 900123",), False),
        (("07700 900123", "07700 900123"), False),
    ],
)
def test_a_number_is_the_same_however_it_is_written(
    numbers: tuple[str, ...], *, is_same: bool
) -> None:
    written = replace(found("1", 0, 30), numbers=numbers)
    result = reconcile([call("a", 0, 30)], [written], SLACK)
    assert (len(result.matched), len(result.gaps)) == (is_same, not is_same)


def test_numbers_that_end_alike_may_still_be_two() -> None:
    """What is written short lies near both calls; each long one belongs to its own."""
    other = replace(call("b", 0, 30), numbers=digits_of(("+1 7700 900123", CALLED)))
    long = replace(found("2", 0, 30), numbers=("0017700900123", CALLED))
    short = replace(found("1", 3, 30), numbers=("07700900123", CALLED))
    assert ids(reconcile([call("a", 0, 30), other], [short, long], SLACK)) == {
        ("a", "1"),
        ("b", "2"),
    }


def served(audio: Json) -> LoggedCall:
    """Return what a row tells that is served with such audio."""
    numbers: dict[str, Json] = {"call_from": CALLER, "call_to": CALLED}
    row = {"id": "a", "end_at": f"{MORNING}", "duration": "00:00:05", "audio": audio, **numbers}
    reader = RowReader(Report.CALLS, KnownSecrets(), lambda: None, "https://portal.example/calls")
    (read,) = reader.read([row], {})
    return call_of(read)


@pytest.mark.parametrize("audio", ["-", "N/A", "  ", "none", None, 0, False])
def test_a_word_in_place_of_audio_is_no_word_of_audio(audio: Json) -> None:
    told = served(audio)
    assert (told.says_recorded, told.unread) == (False, frozenset())
    assert (told.numbers, told.seconds) == (BOTH, 5)
    assert served("https://media.example/k.mp3").object is not None


@pytest.mark.parametrize(
    "audio",
    [
        "s3://rc-bucket/260301/c-1.mp3",
        "ftp://media.example/rc/1.mp3",
        "https://user:pass@media.example/rc/1.mp3",
        "https://media.example:0/rc/1.mp3",
        "https://m\u00e9dia.example/rc/1.mp3",
        "https://media.example?rc=1",
        "https://",
        "rc-260301-c-1",
        7,
        {"url": "https://media.example/k.mp3"},
        ["https://media.example/k.mp3"],
    ],
)
def test_audio_in_a_form_that_nobody_can_fetch_is_word_of_audio(
    audio: Json, figure: Figure
) -> None:
    told = served(audio)
    assert (told.says_recorded, told.object) == (True, None)
    result = reconcile([told], [], SLACK)
    assert (result.gaps, bool(told.unread)) == ((told,), True)
    figure("G33", f"a call's audio as {type(audio).__name__} of no plain address: a gap")


@pytest.mark.parametrize("what", Essential)
def test_what_nobody_can_read_of_a_call_is_no_word_that_nothing_is_missing(
    what: Essential, figure: Figure
) -> None:
    unread = {what: f"the portal gives its {what} in a form that is not understood"}
    at = None if what is Essential.TIME else MORNING
    silent = call_of(Row(RecordingId("a"), at, None, None, {}))
    odd = call_of(Row(RecordingId("b"), at, None, None, {}, unread))
    assert [each for each in (silent, odd) if each.has_talk or each.says_recorded] == [odd]
    assert Rules(Expectation()).exclusion_of(odd, is_recorded=False) is None
    figure("G9", f"a call whose {what} nobody can read, and no recording: a gap")


def test_a_call_before_all_times_begins_with_them() -> None:
    told = call_of(Row(RecordingId("a"), EARLIEST + SECOND, 5_000, None, {}))
    assert told.when == Window(EARLIEST, EARLIEST + SECOND)
    assert reach(told.when, [told], SLACK).first == EARLIEST
    assert not call_of(Row(RecordingId("a"), None, 5_000, None, {})).seconds


def test_a_recording_of_other_audio_is_no_calls(figure: Figure) -> None:
    """The first call is redialled three seconds later, and the recording fits the second better."""
    first, again = call("a", 0, 14, None), call("b", 17, 14)
    its = found("1", 16, 14, object="k-a")
    result = reconcile([first, again], [its], SLACK)
    assert (ids(result), result.gaps) == ({("a", "1")}, (again,))
    transferred = [found("1", 20, 20, object="k-1"), found("2", 42, 21, object="k-2")]
    first, again = call("a", 0, 41, None), call("b", 66, 14)
    result = reconcile([first, again], transferred, SLACK)
    assert (len(result.matched), result.gaps) == (1, (again,))
    figure("G33", "a recording beside a redial that names other audio: the redial is a gap")


def test_a_second_recording_of_a_call_is_no_other_calls(figure: Figure) -> None:
    first, again = call("a", 0, 41, None), call("b", 66, 14, None)
    both = [found(str(n), 20 * n, 20, call_id="a") for n in (1, 2)]
    result = reconcile([first, again], both, SLACK)
    assert without(result, [first, again]) == [again]
    assert [each.call_id for each in alone(result, both)] == ["a"]
    figure("G33", "two recordings that name a call: neither is the redial's")


@pytest.mark.parametrize(
    ("seconds", "name", "is_sole"), [(14, None, False), (0, None, True), (14, "other", True)]
)
def test_what_lies_near_one_call_alone_is_its(
    seconds: int, name: str | None, *, is_sole: bool
) -> None:
    """Nobody talked in the other, or it has other audio: then it has no part in the recording."""
    one = replace(call("b", 17, 14), object="download")
    its = found("1", 16, 14, object="download")
    near = sole([one, call("a", 0, seconds, name)], [its], SLACK)
    assert ((one.id, its.id) in near) is is_sole


crowded = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 9), st.sampled_from([None, "x", "y"])), max_size=30
)


@given(crowded, crowded, st.integers(0, 20))
def test_no_call_is_left_over_beside_a_recording_that_may_be_its(
    talked: Sequence[tuple[int, int, str | None]],
    kept: Sequence[tuple[int, int, str | None]],
    slack_s: int,
) -> None:
    calls = [replace(call(str(n), at, s), object=name) for n, (at, s, name) in enumerate(talked)]
    recordings = [
        replace(found(str(n), at, s), object=name) for n, (at, s, name) in enumerate(kept)
    ]
    slack = timedelta(seconds=slack_s)

    result = reconcile(calls, recordings, slack)

    assert not any(are_of_other_audio(*match) for match in result.matched)
    for each in without(result, calls):
        assert each.when
        fits = (other for other in alone(result, recordings) if not are_of_other_audio(each, other))
        assert not any(other.at in each.when.grown(slack) for other in fits)


def test_an_object_that_several_have_tells_them_not_apart() -> None:
    """A portal that names its audio in a link's query gives every row the same object."""
    calls = [replace(call(str(n), 1_000 * n, 30), object="download") for n in range(9)]
    recordings = [found(str(n), 1_000 * n, 30, object="download") for n in range(9) if n != 4]
    result = reconcile(calls, recordings, SLACK)
    assert all(one == other for one, other in ids(result))
    assert result.gaps == (calls[4],)


@pytest.mark.parametrize(
    ("later", "numbers", "shared", "is_its"),
    [
        (3_600, (), (), True),
        (3_600, (CALLED, CALLER), (), True),
        (3_600, (), ("download",), False),
        (3_600, ("12025550111", CALLED), (), False),
        (3_700, (CALLER, CALLED), (), False),
    ],
)
def test_one_object_says_nothing_against_the_rows(
    later: int, numbers: tuple[str, ...], shared: tuple[str, ...], figure: Figure, *, is_its: bool
) -> None:
    """The only recording of a day, and the only call with audio, by links without a name."""
    own = replace(call("a", 0, 30), object="download")
    other = replace(found("1", later, 30, object="download"), numbers=numbers)
    result = reconcile([own], [other], SLACK, shared=shared)
    assert (len(result.matched), result.gaps) == ((1, ()) if is_its else (0, (own,)))
    figure("G28", f"one object, {later} s apart, numbers {len(numbers)}: the call's {is_its}")


def test_one_object_further_off_is_no_word_against_a_call_that_is_near(figure: Figure) -> None:
    """The same two talk again: the path of both links names them, and no more."""
    first, again = call("a", 0, 30, None), replace(call("b", 1_200, 14), object="download")
    its = found("1", 30, 30, object="download")
    result = reconcile([first, again], [its], SLACK)
    assert (ids(result), result.gaps) == ({("a", "1")}, (again,))
    assert ids(reconcile([again], [its], SLACK)) == {("b", "1")}
    figure("G33", "one object 20 min off, and another call near: the recording is the near one's")


@pytest.mark.parametrize(
    ("at", "is_its"), [(-3_000, False), (-60, True), (60, True), (3_600, True)]
)
@pytest.mark.parametrize("numbers", [(CALLER, CALLED), ()])
def test_a_recording_may_be_dated_after_its_call_and_not_before(
    at: int, numbers: tuple[str, ...], *, is_its: bool
) -> None:
    lines = same_numbers if numbers else no_numbers
    one, its = call("a", 0, 30), replace(found("1", at, 30), numbers=numbers)
    assert ([*late([one], [its], lines)] == [(one.id, its.id)]) is is_its
    assert not [*late([one, call("b", 2_000, 30)], [its], lines)] or at < 0


@pytest.mark.parametrize(
    ("at", "seconds", "may_be"),
    [(0, 30, True), (59, 0, True), (60, 30, False), (500, 39, False), (500, 41, True)],
)
def test_a_recording_near_an_edge_may_be_of_a_call_beyond(
    at: int, seconds: int, *, may_be: bool
) -> None:
    window = Window(MORNING, MORNING + 600 * SECOND)
    assert may_be_of_another(found("1", at, seconds), window, 60 * SECOND) is may_be
    assert may_be_of_another(replace(found("1", 300, 0), at=None), window, SLACK)


@pytest.mark.parametrize(
    ("at", "seconds", "is_its"),
    [(30, 30, True), (0, 30, True), (10, 9, True), (33, 20, True), (34, 20, False), (0, 0, False)],
)
def test_what_lies_within_a_call_is_of_no_other(at: int, seconds: int, *, is_its: bool) -> None:
    """Whether it is dated by its beginning or by its end, a moment late or not."""
    one, its = call("a", 0, 30, None), found("1", at, seconds)
    assert ([*within([one], [its], MOMENT)] == [(one.id, its.id)]) is is_its
    assert (one.id, its.id) not in within([one, call("b", at, 30, None)], [its], MOMENT)
    assert not [*within([one], [found("1", 31, 20)], timedelta())]


def test_what_is_in_quarantine_only_is_counted_apart() -> None:
    kept = replace(found("1", 0, 30), held=False)
    result = reconcile([call("a", 0, 30), call("b", 600, 30)], [kept, found("2", 600, 30)], SLACK)
    assert sorted(found.held for _, found in result.matched) == [False, True]


def crowd(apart_s: int) -> tuple[list[LoggedCall], list[Found]]:
    """Return many calls of one pair of numbers, so far apart, with the recordings of all but one.

    Each is written with an object that they all have.
    """
    calls = [replace(call(f"{n:05}", apart_s * n, 30), object="download") for n in range(MANY)]
    recordings = [
        found(each.id, apart_s * n, 30, object="download") for n, each in enumerate(calls)
    ]
    del recordings[MANY // 2]
    return calls, recordings


@pytest.mark.parametrize("slack", [SLACK, DAY])
def test_a_busy_line_takes_time_for_each_call_and_not_for_each_pair(
    slack: timedelta, figure: Figure
) -> None:
    calls, recordings = crowd(apart_s=4)
    weighed = sum(1 for _ in nearest(calls, recordings, slack))
    assert MANY < weighed <= 4 * NEAREST * MANY

    started = time.process_time()
    result = reconcile(calls, recordings, slack)
    took = time.process_time() - started

    assert [each.id for each in result.gaps] == [calls[MANY // 2].id]
    assert all(one == other for one, other in ids(result))
    figure(
        "A11",
        f"{MANY} calls of one pair of numbers, slack {slack.total_seconds():.0f} s: "
        f"{weighed / MANY:.0f} recordings weighed for each, {took:.1f} s",
    )


@pytest.mark.parametrize("dates", [1, 7])
def test_recordings_that_all_have_one_date_leave_nobody_over(dates: int) -> None:
    """Where more crowd together than are weighed, each call finds one all the same."""
    calls, recordings = crowd(apart_s=4)
    crowded = [replace(each, at=MORNING + n % dates * SECOND) for n, each in enumerate(recordings)]
    result = reconcile(calls, crowded, DAY)
    assert (len(result.matched), len(result.gaps)) == (len(crowded), 1)


sparse = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=30)


@given(sparse, sparse, st.integers(0, 20))
def test_no_call_is_left_over_beside_a_recording_within_its_reach(
    talked: Sequence[tuple[int, int]], kept: Sequence[tuple[int, int]], slack_s: int
) -> None:
    calls = [call(str(n), at, seconds) for n, (at, seconds) in enumerate(talked)]
    recordings = [found(str(n), at, seconds) for n, (at, seconds) in enumerate(kept)]
    slack = timedelta(seconds=slack_s)

    result = reconcile(calls, recordings, slack)

    assert len(result.matched) + len(result.gaps) == len(calls)
    assert len(result.matched) + len(alone(result, recordings)) == len(recordings)
    for each in result.gaps:
        assert each.when
        left = alone(result, recordings)
        assert not any(other.at in each.when.grown(slack) for other in left)


def silent(id_: str, at: int) -> Found:
    """Return a recording of which no number is known."""
    return replace(found(id_, at, 5), numbers=())


def test_what_names_no_number_may_be_one_calls_and_no_more() -> None:
    calls = [call(str(n), 10 * n, 5) for n in range(5)]
    result = reconcile(calls, [silent("1", 21)], SLACK)
    assert (result.matched, result.gaps) == ((), tuple(calls)), "it is no proof"
    assert pairs(result.near) == {("2", "1")}
    assert reconcile(calls, [found("1", 21, 5)], SLACK).near == ()
    assert reconcile(calls, [silent("1", 9_999)], SLACK).near == ()


@given(sparse, st.lists(st.integers(0, 40), max_size=9), st.integers(0, 20))
def test_as_many_calls_are_doubtful_as_there_are_recordings_without_numbers(
    talked: Sequence[tuple[int, int]], kept: Sequence[int], slack_s: int
) -> None:
    calls = [call(str(n), at, seconds) for n, (at, seconds) in enumerate(talked)]
    recordings = [silent(str(n), at) for n, at in enumerate(kept)]
    slack = timedelta(seconds=slack_s)
    near = reconcile(calls, recordings, slack).near
    assert len({one.id for one, _ in near}) == len({other.id for _, other in near}) == len(near)
    taken = {other.id for _, other in near}
    for each in calls:
        assert each.when
        is_doubtful = any(one.id == each.id for one, _ in near)
        left = (other for other in recordings if other.id not in taken)
        assert is_doubtful or not any(other.at in each.when.grown(slack) for other in left)


def own(of: LoggedCall) -> Found:
    """Return a call's own audio, archived as a recording."""
    assert of.when
    return replace(found("", 0, 30), id=of.id, at=of.when.last, source=Report.CALLS)


def test_a_calls_own_audio_is_its_recording_and_no_others() -> None:
    """It has none of the numbers here; and beside a recording, it is not left for the next call."""
    one, other = call("a", 0, 30), call("b", 60, 30)
    nameless = replace(own(one), numbers=(), object=None)
    result = reconcile([one], [nameless], SLACK)
    assert (ids(result), result.gaps) == ({("a", "a")}, ())
    its = found("1", 0, 30)
    result = reconcile([one, other], [own(one), its], SLACK)
    assert (ids(result), result.gaps) == ({("a", "1")}, (other,))
    assert reconcile([one], [own(call("z", 0, 30))], SLACK).matched == ()


def test_a_recording_of_the_very_id_of_a_call_is_the_calls() -> None:
    first, second = call("a", 0, 30), call("b", 31, 30)
    result = reconcile([first, second], [replace(found("", 0, 30), id=second.id)], SLACK)
    assert (ids(result), result.gaps) == ({("b", "b")}, (first,))
