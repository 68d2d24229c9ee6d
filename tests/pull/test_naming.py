"""What rows of one id go by: the same in every run, and never one name for two recordings."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, field
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.row.fingerprint import Mark, are_two, found_again, mark_of
from archiver.domain.row.identity import alias_of
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.ledger.naming import call_mark_of, named, undecided
from archiver.pull.ledger.seen_ids import SeenIds
from tests.archives import MORNING

ASK = PageQuery.first(Report.RECORDINGS, None)
Told = tuple[int | None, str | None]
"""The hour and the object of a row."""


def row(hour: int | None, name: str | None, id_: str = "7") -> Row:
    at = None if hour is None else MORNING + timedelta(hours=hour)
    link = None if name is None else f"https://media.example/{name}.mp3"
    return Row(RecordingId(id_), at, None, None, {"id": id_, "audio": link})


class Books(Struct):
    """What the archive knows, and a run after the other."""

    known: dict[RecordingId, Mark] = field(default_factory=dict)

    def run(self, *listings: tuple[Told, ...]) -> list[list[str]]:
        """Return the names of the rows of each listing of one run, in the order given.

        One that is of a recording that is listed already has none.
        """
        seen, names = SeenIds(), list[list[str]]()
        for each in listings:
            rows = [Listed(row(*told), ASK) for told in each]
            served = RecordingId("7")
            before = seen.namesakes([served])
            made = named(rows, {served: self.known}, before, mark_of)
            by_mark = {mark_of(one.row): one.row.id for one in made}
            names.append([by_mark.get(mark_of(one.row), "") for one in rows])
            for one in seen.add(made):
                mark, last = mark_of(one.row), self.known.get(one.row.id)
                name = mark.object or (last.object if last else None)
                self.known[one.row.id] = Mark(mark.at, name)
        seen.close()
        return names


@pytest.mark.parametrize(
    ("one", "other", "two", "at_once"),
    [
        ((1, "a"), (1, "a"), False, False),
        ((1, "a"), (2, "b"), True, True),
        ((1, "a"), (1, "b"), False, False),
        ((1, "a"), (2, "a"), False, False),
        ((1, "a"), (2, None), True, True),
        ((1, None), (2, "a"), False, True),
        ((1, None), (1, "a"), False, False),
        ((1, None), (2, None), False, False),
        ((None, "a"), (2, "b"), True, True),
        ((1, "a"), (None, "b"), True, True),
        ((None, "a"), (None, "b"), False, True),
        ((None, "a"), (2, "a"), False, False),
        ((None, "a"), (2, None), False, False),
    ],
)
def test_time_and_object_tell_two_recordings_apart(
    one: Told,
    other: Told,
    two: bool,  # noqa: FBT001 - a case
    at_once: bool,  # noqa: FBT001 - a case
) -> None:
    marks = mark_of(row(*one)), mark_of(row(*other))
    assert are_two(*marks) is two
    assert are_two(*marks, at_once=True) is at_once


def test_the_first_keeps_the_id_whatever_is_listed_first_later() -> None:
    books = Books()
    ((first,),) = books.run(((1, "a"),))
    assert first == "7"
    ((name,),) = books.run(((2, "b"),))
    assert alias_of(name) == "7"
    for _ in range(2):
        assert books.run(((2, "b"),), ((1, "a"),)) == [[name], ["7"]]
        assert books.run(((1, "a"), (2, "b"))) == [["7", name]]
        assert books.run(((2, "b"), (1, "a"))) == [[name, "7"]]


def test_a_version_and_another_date_change_no_name() -> None:
    books = Books()
    books.run(((1, "a"), (2, "b")))
    ((_, other),) = books.run(((1, "a"), (2, "b")))
    assert books.run(((1, "new"), (2, "b"))) == [["7", other]]
    assert books.run(((1, "new"), (3, "b"))) == [["7", other]]
    assert books.run(((3, "b"),)) == [[other]]
    assert books.run(((9, "new"),)) == [["7"]]


def spoken(hour: int, caller: str) -> Listed:
    """Return a row of a portal whose links all have one path."""
    one = row(hour, "download")
    return Listed(replace(one, fields={**one.fields, "call_from": caller}), ASK)


@pytest.mark.parametrize(("other", "names"), [("12", 2), ("11", 1)], ids=["others", "dated anew"])
def test_what_others_talked_at_another_time_is_another_recording(other: str, names: int) -> None:
    """The audio does not tell: the query of a link is a secret, and all else is the same."""
    id_, first, second = RecordingId("7"), spoken(1, "11"), spoken(2, other)
    at_once = named((first, second), {}, {}, mark_of)
    assert len({each.row.id for each in at_once}) == names
    seen = SeenIds()
    seen.add(named((first,), {}, {}, mark_of))
    (later,) = named((second,), {}, seen.namesakes([id_]), mark_of)
    seen.close()
    assert (alias_of(later.row.id) == id_) is (names == 2)
    known = {id_: {each.row.id: mark_of(each.row) for each in at_once}}
    again = named((second, first), known, {}, mark_of)
    assert {each.row.id for each in again} == {each.row.id for each in at_once}


def test_rows_of_one_second_with_other_audio_are_two_where_both_are_listed() -> None:
    books = Books()
    ((one, other),) = books.run(((1, "a"), (1, "b")))
    assert {alias_of(one), alias_of(other)} == {None, "7"}
    assert books.run(((1, "b"),), ((1, "a"),)) == [[other], [one]]


def test_a_row_that_lost_its_audio_is_no_other_recording() -> None:
    books = Books()
    books.run(((1, "a"),))
    assert books.run(((1, None),), ((2, "a"),)) == [["7"], ["7"]]
    ((one, other),) = books.run(((1, None), (3, "b")))
    assert (one, alias_of(other)) == ("7", "7")


def test_the_audio_of_the_second_may_come_late() -> None:
    books = Books()
    ((one, other),) = books.run(((1, "a"), (2, None)))
    assert (one, alias_of(other)) == ("7", "7")
    assert books.run(((1, "a"), (2, "b"))) == [[one, other]]


def test_another_whose_audio_comes_late_never_takes_the_name_of_what_is_held() -> None:
    books = Books()
    books.run(((1, "a"),))
    ((other,),) = books.run(((7, None),))
    assert alias_of(other) == "7"
    assert books.run(((7, "b"),)) == [[other]]
    assert books.run(((1, "a"), (7, "b"))) == [["7", other]]


TOLD = st.tuples(st.integers(0, 3), st.sampled_from("abcd"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(TOLD, min_size=1, max_size=4, unique=True), min_size=1, max_size=3))
def test_no_audio_is_lost_and_names_stay(runs: list[list[tuple[int, str]]]) -> None:
    books = Books()
    for told in runs:
        (names,) = books.run(tuple(told))
        given_ = [name for name in names if name]
        assert len(given_) == len({*given_}), "each name once"
        kept = {name for (_, name), goes_by in zip(told, names, strict=True) if goes_by}
        assert kept == {name for _, name in told}, "each audio"
        assert books.run(tuple(told)) == [names], "and the same the night after"
        assert books.run(tuple(reversed(told))) == [[*reversed(names)]], "in any order"


@given(st.lists(TOLD, min_size=1, max_size=4, unique=True))
def test_a_row_is_found_again_among_others_of_its_id(told: list[tuple[int, str]]) -> None:
    rows = [row(*each) for each in told]
    for each in rows:
        assert found_again(each, rows) == rows.index(each)
        assert found_again(each, (row(9, "z"),)) is None


def test_calls_of_one_id_are_told_apart_by_all_that_is_said() -> None:
    def call(hour: int, notes: str) -> Listed:
        at = MORNING + timedelta(hours=hour)
        return Listed(Row(RecordingId("7"), at, None, None, {"id": 7, "notes": notes}), ASK)

    seen = SeenIds(Report.CALLS)
    rows = (call(1, "one"), call(2, "other"))
    ids = [each.row.id for each in named(rows, {}, {}, call_mark_of)]
    assert ids[0] == "7"
    assert alias_of(ids[1]) == "7"
    known = undecided({RecordingId("7"): {RecordingId("7"): call_mark_of(rows[0].row)}})
    (changed,) = named((call(1, "later"),), known, {}, call_mark_of)
    assert changed.row.id == "7", "what is said of a call may change"
    seen.close()


def test_an_id_that_only_looks_like_an_alias_is_left_alone() -> None:
    seen = SeenIds()
    odd = Listed(row(1, "a", "7~of-the-day"), ASK)
    seen.add([odd])
    assert seen.namesakes([RecordingId("7")]) == {RecordingId("7"): {}}
    assert [*seen.namesakes([odd.row.id])[odd.row.id]] == [odd.row.id]
    seen.close()
