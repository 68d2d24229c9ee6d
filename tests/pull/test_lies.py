"""A short slice of ``make lies``: green means whole, whatever the portal shows; honest is clean."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from archiver.manifest.journal import Journal
from archiver.sandbox.portal.page_layouts import SandboxShape
from archiver.store.local import LocalStore
from tests.conftest import Figure
from tests.lies.archive import Archive, at_the_wire
from tests.lies.history import History
from tests.lies.honest import Honest
from tests.lies.oracle import Oracle
from tests.lies.portal import Portal, Served, Show
from tests.lies.tricks import TRICKS
from tests.lies.truth import DAY, FIRST, SECOND, Call, Recording, Truth, at_midnight, audio, of_days

NAMES = sorted(TRICKS)
NUMBERS = ("447700900111", "12025550199")


@pytest.mark.parametrize("part", range(4))
def test_green_means_whole_under_every_single_lie(part: int, figure: Figure) -> None:
    lived = [History(seed, [name], short=True).run() for seed, name in enumerate(NAMES[part::4])]
    nights, green = sum(each.nights for each in lived), sum(each.green for each in lived)
    broken = [str(each) for each in lived if each.broken]
    figure("G19", f"{nights} nights under {len(lived)} lies, {green} green, {len(broken)} false")
    assert green
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(("seed", "short"), [(10, True), (40, False)])
def test_rows_in_utc_lose_no_hour_to_a_local_filter(seed: int, *, short: bool) -> None:
    lived = History(seed, ["summer_time"], short=short).run()
    assert not lived.broken, str(lived)
    assert lived.green == lived.nights


def test_a_long_listing_of_summer_has_its_last_hour(tmp_path: Path) -> None:
    """Two months are asked for as one: rows in UTC, a filter that was an hour ahead until May."""
    last = FIRST + 60 * DAY + timedelta(hours=23, minutes=30)
    moments = [*(FIRST + day * DAY + timedelta(hours=12) for day in range(0, 100, 2)), last]
    rows = [
        Recording(f"{100 + number}", at, NUMBERS, 14, audio("any", 14), at, at, f"call-{number}")
        for number, at in enumerate(moments)
    ]
    made = Truth(tuple(rows), (), timedelta(), 100)
    in_may = (FIRST + 70 * DAY).replace(tzinfo=None)
    show = Show(local=lambda at: timedelta(hours=int(at < in_may)), zone="")
    with at_the_wire(portal := Portal(made)):
        portal.begin(made.night(99), show)
        archive = Archive(portal, tmp_path)
        listed = archive.run("list", "--since", "2026-03-05", "--until", "2026-04-30")
    assert listed.code == 0
    assert "30 recordings; the listing is proven." in listed.err


def test_days_of_one_row_before_clocks_changed_are_clean_without_totals(tmp_path: Path) -> None:
    """Each is held against its own second, that the filter had by another clock."""
    rows = [
        Recording(f"{100 + day}", at, NUMBERS, 14, audio(f"{day}", 14), at, at, f"call-{day}")
        for day, at in ((day, FIRST + day * DAY + timedelta(hours=12)) for day in range(6))
    ]
    calls = tuple(Call(one.call, one.at, NUMBERS, 14) for one in rows)
    changed = (FIRST + 3 * DAY).replace(tzinfo=None)
    local = Show(
        shape=SandboxShape.FLAT, local=lambda at: timedelta(hours=int(at >= changed)), zone=""
    )
    codes, broken = judged(tmp_path, Truth(tuple(rows), calls, timedelta(), 6), local, range(4, 6))
    assert (codes, broken) == ([0, 0], [])


@pytest.mark.parametrize("first", [101, 201])
def test_green_means_whole_under_lies_together(first: int, figure: Figure) -> None:
    lived = [History(first).run()]
    broken = [str(each) for each in lived if each.broken]
    nights, green = sum(each.nights for each in lived), sum(each.green for each in lived)
    figure("G19", f"{nights} nights under lies together, {green} green, {len(broken)} false")
    assert green
    assert not broken, "\n".join(broken)


def test_an_honest_portal_is_clean_night_after_night(figure: Figure) -> None:
    lived = [Honest(seed).run() for seed in (1, 2)]
    alarms = [str(each) for each in lived if each.alarms or each.broken]
    nights = sum(each.nights for each in lived)
    figure("G19", f"{nights} nights of honest portals, {len(alarms)} with a false alarm")
    assert not alarms, "\n".join(alarms)


def there_at_once(days: list[int]) -> Truth:
    """Return a truth with no late rows, no late audio, and no audio that only a call has."""
    made = of_days(Random(3), days, older=2)
    recordings = tuple(replace(r, listed_from=r.at, audio_from=r.at) for r in made.recordings)
    calls = tuple(replace(call, body=None) for call in made.calls)
    return replace(made, recordings=recordings, calls=calls)


def judged(
    folder: Path, made: Truth, show: Show, nights: Sequence[int]
) -> tuple[list[int], list[str]]:
    """Live through nights that show the same; return how they ended, and what they broke."""
    with at_the_wire(portal := Portal(made)):
        archive = Archive(portal, folder)
        oracle = Oracle(made, archive)
        codes = []
        for number in nights:
            portal.begin(made.night(number), show)
            since = ("--since", f"{FIRST:%Y-%m-%d}") if number == nights[0] else ()
            ran = archive.pull(*since)
            codes.append(ran.code)
            oracle.judge(number, ran)
        archive.close()
    return codes, oracle.broken


def only(number: int, wrong: Show) -> Callable[[Show, int], Show]:
    """Show something else by one request of a night."""
    return lambda show, each: wrong if each == number else show


@pytest.mark.parametrize("number", [1, 2, 5, 7])
@pytest.mark.parametrize("honours_times", [True, False])
def test_one_empty_answer_is_not_believed(
    tmp_path: Path, figure: Figure, number: int, *, honours_times: bool
) -> None:
    show = Show(honours_times=honours_times)
    show = replace(show, lapse=only(number, replace(show, blind=True)))
    codes, broken = judged(tmp_path, there_at_once([4, 5, 6, 5, 4, 3]), show, range(4, 5))
    assert not broken, (codes, broken)
    figure("G25", f"request {number} answered with nothing, times {honours_times}: false greens 0")


@pytest.mark.parametrize("honours_times", [True, False])
@pytest.mark.parametrize("day", [0, 2])
def test_a_filter_that_begins_behind_its_moment_loses_no_row_of_a_midnight(
    tmp_path: Path, figure: Figure, day: int, *, honours_times: bool
) -> None:
    """Pages are short, so none of a month shows what a day begins with."""
    made = there_at_once([4, 5, 6, 5, 4, 3])
    first, last = FIRST + day * DAY, FIRST + (day + 1) * DAY
    ids = frozenset(one.id for one in made.recordings if first <= one.at < last)
    made = at_midnight(made, frozenset({min(ids)}))
    show = Show(begins_after=True, per_page=3, honours_times=honours_times)
    codes, broken = judged(tmp_path, made, show, range(4, 6))
    assert not broken, (codes, broken)
    figure("G7", f"a row of a midnight, times {honours_times}, codes {codes}: never seen 0")


@pytest.mark.parametrize("number", [5, 7, 8])
def test_one_answer_without_rows_that_others_have_is_not_believed(
    tmp_path: Path, figure: Figure, number: int
) -> None:
    made = there_at_once([4, 5, 6, 5, 4, 3])
    behind = Show(hidden=frozenset(one.id for one in made.recordings[::2]))
    codes, broken = judged(tmp_path, made, Show(lapse=only(number, behind)), range(4, 5))
    assert not broken, (codes, broken)
    figure("G25", f"request {number} answered without half of the rows: false greens 0")


@pytest.mark.parametrize(("shape", "begins"), [(SandboxShape.NESTED, 8), (SandboxShape.FLAT, 7)])
def test_a_right_that_is_lost_meanwhile_proves_nothing_where_the_filter_is_ignored(
    tmp_path: Path, figure: Figure, shape: SandboxShape, begins: int
) -> None:
    def lapse(show: Show, number: int) -> Show:
        return replace(show, blind=number >= begins)

    show = Show(shape=shape, unfiltered=True, lapse=lapse)
    codes, broken = judged(tmp_path, there_at_once([4, 5, 6, 5, 4, 3]), show, range(4, 5))
    assert (codes, broken) == ([3], [])
    figure("G26", f"filter ignored, {shape}, nothing shown from request {begins} on: exit 3")


def test_one_wrong_total_hides_no_limit(tmp_path: Path, figure: Figure) -> None:
    reports = frozenset({"recordings"})
    show = Show(most=8, reports=reports, lapse=only(3, Show(total_off=500, reports=reports)))
    codes, broken = judged(tmp_path, there_at_once([14, 15, 16, 15, 14, 13]), show, range(4, 5))
    assert (codes, broken) == ([3], [])
    figure("G27", "answers cut at 8 rows beside one that counts 579: exit 3")


A_WEEK = (1, 3, 5)
"""The night of a call, the one in which its own audio is due, and the one in which it is missed."""
ONE, TWO = ("447700900001", "12025550101"), ("447700900002", "12025550102")


def recorded(id_: str, at: datetime, numbers: tuple[str, str], seconds: int = 21) -> Recording:
    """Return a recording that is there at once."""
    return Recording(id_, at, numbers, seconds, audio(id_, seconds), at, at, f"9{id_}")


def with_others(recordings: Sequence[Recording], *calls: Call) -> Truth:
    """Return a truth of these, and of a call of other people each day, recorded."""
    daily = [recorded(str(100 + n), FIRST + n * DAY + 36_000 * SECOND, TWO) for n in range(8)]
    made = [*daily, *recordings]
    theirs = [Call(r.call, r.at + r.seconds * SECOND, r.numbers, r.seconds) for r in made]
    return Truth((*made,), (*theirs, *calls), timedelta(), 8)


@pytest.mark.parametrize("hours", [1, 9])
def test_a_call_beside_the_only_recording_of_a_day_keeps_its_audio(
    tmp_path: Path, figure: Figure, hours: int
) -> None:
    """All audio goes by one path, and is named in the links' query alone."""
    at = FIRST + DAY + hours * 3_600 * SECOND
    made = with_others([], Call("501", at, ONE, 30, audio("call 501", 30)))
    codes, broken = judged(tmp_path, made, Show(by_query=True), A_WEEK)
    assert (codes, broken) == ([0] * 3, [])
    figure("G28", f"one call, one recording, links by their query, {hours} h: audio missing 0")


@pytest.mark.parametrize("by_query", [False, True])
def test_one_file_for_a_call_and_for_anothers_recording_is_a_finding(
    tmp_path: Path, figure: Figure, *, by_query: bool
) -> None:
    theirs = recorded("301", FIRST + DAY + 50_000 * SECOND, ("447700900003", "12025550103"), 26)
    own = Call("501", FIRST + DAY + 3_600 * SECOND, ONE, 26, audio("call 501", 26))
    show = Show(by_query=by_query, served={own.key: Served(theirs.body)})
    codes, _ = judged(tmp_path, with_others([theirs], own), show, range(1, 5))
    assert 3 in codes, codes
    figure("G28", f"one file for a call and another's recording, by query {by_query}: a finding")


def test_a_call_before_midnight_is_not_given_the_recording_of_a_redial(
    tmp_path: Path, figure: Figure
) -> None:
    """The second call ends on the next day, so it is not there to claim its own recording."""
    ended = FIRST + 2 * DAY - 20 * SECOND
    own = Call("501", ended, ONE, 30, audio("call 501", 30))
    again = recorded("201", ended + 15 * SECOND, ONE)
    codes, broken = judged(tmp_path, with_others([again], own), Show(), A_WEEK)
    assert (codes, broken) == ([0] * 3, [])
    figure("G29", "a call before midnight, redialled over it: its own audio missing 0")


@pytest.mark.parametrize("by_query", [False, True])
@pytest.mark.parametrize("parts", [1, 2])
def test_a_redial_is_not_given_a_recording_of_the_call_before(
    tmp_path: Path, figure: Figure, parts: int, *, by_query: bool
) -> None:
    """By their rows, the recording is of either: only its name tells, or that nothing does."""
    ended = FIRST + DAY + 40_000 * SECOND
    first = Call("401", ended, ONE, 21 * parts)
    its = [recorded(f"20{n}", ended + (2 - 20 * n) * SECOND, ONE) for n in range(parts)]
    again = Call("501", ended + 24 * SECOND, ONE, 21, audio("call 501", 21))
    made = with_others([], first, again)
    made = replace(made, recordings=(*made.recordings, *its))
    codes, broken = judged(tmp_path, made, Show(by_query=by_query), A_WEEK)
    assert (codes, broken) == ([0] * 3, [])
    figure("G33", f"a redial, links by their query {by_query}, recordings {parts}: missing 0")


@pytest.mark.parametrize(("later", "is_logged"), [(-40, True), (55, True), (20, False)])
def test_a_call_within_an_hour_of_the_only_recording_keeps_its_own_audio(
    tmp_path: Path, figure: Figure, later: int, *, is_logged: bool
) -> None:
    """By their links, both have one object; the recording is of the same two's other call."""
    its = recorded("201", FIRST + DAY + 40_000 * SECOND, ONE)
    other = Call(its.call, its.at + 21 * SECOND, ONE, 21)
    own = Call("501", its.at + later * 60 * SECOND, ONE, 14, audio("call 501", 14))
    made = Truth((its,), (other, own) if is_logged else (own,), timedelta(), 8)
    codes, broken = judged(tmp_path, made, Show(by_query=True), A_WEEK)
    assert (codes, broken) == ([0] * 3, [])
    figure("G33", f"a call {later} min from the only recording, one path: its own audio missing 0")


def test_two_calls_of_one_id_that_are_both_listed_are_written_once(
    tmp_path: Path, figure: Figure
) -> None:
    """One ends a day after the other, so the later one is no correction of it."""
    ends = [FIRST + n * DAY + 50_000 * SECOND for n in (1, 2)]
    one, other = (Call(f"50{n}", at, ONE, 9) for n, at in enumerate(ends))
    shown = Show(renamed={other.id: one.id})
    codes, broken = judged(tmp_path, with_others([], one, other), shown, A_WEEK)
    assert not broken, codes
    manifests = (each for _, each in Journal(LocalStore(tmp_path / "archive")).manifests())
    days = [file.day for each in manifests for file in each.calls]
    assert [days.count(at.date()) for at in ends] == [1, 1]
    figure("G34", f"two calls of one id, nights {len(codes)}: each written once")
