"""What the portal shows without a filter is archived, also where no filter lists it: no request."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.clocks import Clocks
from archiver.domain.times.portal_zone import Offset
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.witnesses import Witness
from archiver.portal.session import PortalSession
from archiver.portal.wire.answers import AnswerShape, Page
from archiver.pull.arrivals.shown import unheard_of
from archiver.pull.doubts.evidence import of_first_page, of_what_is_hidden
from archiver.sandbox.portal.date_filter import Span
from archiver.sandbox.portal.page_layouts import SandboxShape
from tests.conftest import Figure
from tests.lies.archive import Archive, Ran, at_the_wire
from tests.lies.portal import Portal, Show
from tests.lies.truth import DAY, FIRST, SECOND, Call, Recording, Truth, audio
from tests.portal.memory import NOW, Moods, filled
from tests.pull.test_lies import NUMBERS, there_at_once

CLOCKS = Clocks(NOW.replace(tzinfo=UTC), NOW.replace(tzinfo=UTC))
MINUTE = timedelta(minutes=1)
LATE_ID = "5f0e7a10-1d6c-11f1-8000-0123456789ab"


def ended(
    folder: Path, made: Truth, show: Show, nights: tuple[int, ...]
) -> tuple[list[int], Archive]:
    """Live through nights; return how they ended, and the archive after them."""
    with at_the_wire(portal := Portal(made)):
        archive = Archive(portal, folder)
        codes = []
        for number in nights:
            portal.begin(made.night(number), show)
            since = ("--since", f"{FIRST:%Y-%m-%d}") if number == nights[0] else ()
            codes.append(int(archive.pull(*since).code))
        archive.follow()
        archive.close()
    return codes, archive


@pytest.mark.parametrize("shape", [SandboxShape.NESTED, SandboxShape.FLAT])
def test_a_recording_without_a_date_is_archived(
    shape: SandboxShape, tmp_path: Path, figure: Figure
) -> None:
    made = there_at_once([3, 2, 3, 2, 3, 3])
    one = made.recordings[-1]
    show = Show(shape=shape, undated=frozenset({one.id}))
    codes, archive = ended(tmp_path, made, show, (0, 1, 3, 6))
    known = archive.known[RecordingId(one.id)]
    assert known.held
    assert str(known.audio and known.audio.path).startswith("recordings/undated/")
    listed = {each.id for each in made.recordings if each.at >= made.begins}
    assert listed <= archive.known.keys()
    assert not any(codes), codes
    figure("G36", f"without a date, {shape}: archived 1 of 1, exit codes {codes}")


@pytest.mark.parametrize("shape", [SandboxShape.NESTED, SandboxShape.FLAT])
def test_a_recording_that_comes_weeks_late_is_archived_where_it_is_shown(
    shape: SandboxShape, tmp_path: Path, figure: Figure
) -> None:
    """A quiet portal: its first page has everything."""
    made = there_at_once([2, 2, 1, 0, 0])
    comes = FIRST + 20 * DAY
    late = replace(
        made.recordings[-1], id=LATE_ID, at=FIRST + timedelta(hours=9) - made.offset,
        body=audio("late", 14), seconds=14, listed_from=comes, audio_from=comes,
    )  # fmt: skip
    made = replace(made, recordings=(*made.recordings, late))
    codes, archive = ended(tmp_path, made, Show(shape=shape), (0, 3, 6, 18, 21))
    assert archive.known[RecordingId(late.id)].held
    assert not any(codes), codes
    figure("G36", f"20 days late, on the first page, {shape}: archived 1 of 1, exit codes {codes}")


def test_a_settled_day_is_told_of_by_what_is_shown_and_not_known() -> None:
    day = NOW.replace(hour=0)
    one, other, third = (Witness(RecordingId(name), NOW) for name in ("a", "b", "c"))
    elsewhere = Witness(RecordingId("d"), NOW - DAY)
    known: dict[RecordingId, list[datetime | None]] = {
        one.id: [NOW], other.id: [NOW - SECOND], third.id: [None]
    }  # fmt: skip
    shown = (one, other, third, elsewhere)
    assert unheard_of(shown, {day.date()}, lambda _: known) == (other,)
    assert unheard_of(shown, set(), lambda _: {}) == ()


class Rezoned(Portal):
    """Its filter's clock is set back by an hour when the third day is asked for."""

    hour = timedelta()

    def _span(self, value: str, now: datetime, show: Show) -> Span | None:
        if value.startswith("Mar 02, 2026 23:59:59 - Mar 04"):
            self.hour = timedelta(hours=1)
        return super()._span(value, now, replace(show, shift=-self.hour))


def first_run(portal: Portal, folder: Path) -> tuple[Ran, set[str]]:
    """Pull everything on the seventh night; return how that ended, and what is known then."""
    with at_the_wire(portal):
        portal.begin(portal.truth.night(6), Show())
        archive = Archive(portal, folder)
        ran = archive.pull("--since", f"{FIRST:%Y-%m-%d}")
        archive.follow()
        archive.close()
    return ran, {*archive.known}


def test_a_row_that_is_listed_with_another_day_only_is_a_doubt(tmp_path: Path) -> None:
    minutes = [(day, minute) for day in range(7) for minute in range(480, 1_200, 40)]
    moments = [FIRST + day * DAY + minute * MINUTE for day, minute in [*minutes, (2, 1_425)]]
    rows = [
        Recording(f"{100 + n}", at, NUMBERS, 14, audio(f"{n}", 14), at, at, f"call-{n}")
        for n, at in enumerate(moments)
    ]
    calls = tuple(Call(one.call, one.at, NUMBERS, 14) for one in rows[:-1])
    made = Truth(tuple(rows), calls, timedelta(), 7)
    ran, known = first_run(Rezoned(made), tmp_path)
    assert RecordingId(rows[-1].id) not in known
    assert ran.code == 3
    assert f"does not list when it is asked for their own: {rows[-1].id} of" in ran.err


class Forgetful(Portal):
    """Shows its oldest row until a day is asked for, and never after."""

    def _span(self, value: str, now: datetime, show: Show) -> Span | None:
        if value.startswith("Feb 28, 2026 23:59:59 - Mar 02"):
            oldest = min(self.truth.recordings, key=lambda one: one.at)
            self.show = replace(self.show, hidden=frozenset({oldest.id}))
        return super()._span(value, now, show)


def test_a_row_that_showed_the_filters_clock_must_be_listed(tmp_path: Path, figure: Figure) -> None:
    """It is left out of its day, and of all totals, once that is asked for."""
    moments = [FIRST + 15 * MINUTE, *(FIRST + n * DAY / 24 for n in range(10, 150))]
    rows = [
        Recording(f"{100 + n}", at, NUMBERS, 14, audio(f"{n}", 14), at, at, f"call-{n}")
        for n, at in enumerate(moments)
    ]
    calls = tuple(Call(one.call, one.at, NUMBERS, 14) for one in rows[1:])
    made = Truth(tuple(rows), calls, timedelta(), 7)
    ran, known = first_run(Forgetful(made), tmp_path)
    assert RecordingId(rows[0].id) not in known
    assert ran.code == 3
    assert f"does not list when it is asked for their own: {rows[0].id} of" in ran.err
    figure("G36", "a row that showed the filter's clock, and is left out of its day: exit code 3")


def opened(page: Page, number: int = 1) -> PortalSession:
    """Return the session that a first page, or one in its place, opens."""
    ask = PageQuery.first(Report.RECORDINGS, None).at(number)
    return PortalSession(page, ask, Offset(0, "default"), is_fixed=False, clocks=CLOCKS)


def test_what_stays_hidden_or_undated_is_a_doubt() -> None:
    some = tuple(Witness(RecordingId(f"id-{number}"), NOW) for number in range(5))
    (told,) = of_what_is_hidden(Report.RECORDINGS, some)
    assert "shows 5 recordings on its first page" in told
    assert [*of_what_is_hidden(Report.CALLS, ())] == []
    portal = filled([NOW - n * SECOND for n in range(20)], Moods(undated=True))
    rows = tuple(map(portal._row, portal.rows))  # noqa: SLF001 - as it would answer
    full = Page(rows[:15], AnswerShape.NESTED, 2, 20)
    (told,) = of_first_page(opened(full))
    assert "there may be more of them" in told
    assert [*of_first_page(opened(replace(full, rows=rows, total=20)))] == [], "all there is"
    assert [
        *of_first_page(opened(replace(full, rows=(*rows[:14], replace(rows[14], at=NOW)))))
    ] == []
    assert [*of_first_page(opened(Page((), AnswerShape.NESTED, 1, 0)))] == []


def test_what_the_first_page_shows_of_a_day_is_listed_of_it(tmp_path: Path, figure: Figure) -> None:
    """Every answer but the first lacks a row, and its total too: nothing else tells of it."""
    made = there_at_once([3, 3])
    hidden = frozenset({made.recordings[-1].id})

    def lapse(show: Show, number: int) -> Show:
        return show if number == 1 else replace(show, hidden=hidden)

    codes, archive = ended(tmp_path, made, Show(lapse=lapse), (2, 3))
    assert codes == [3, 3]
    assert not hidden & archive.known.keys()
    figure("G36", f"a row that is shown, and left out of its day: exit codes {codes}")


@pytest.mark.parametrize("way", ["a key twice", "null", "cut text"])
def test_a_row_without_a_date_that_cannot_be_read_is_told(
    tmp_path: Path, way: str, figure: Figure
) -> None:
    """No listing has it, so nothing else tells."""
    made = there_at_once([5, 6, 5])
    one = next(each for each in made.recordings if each.at >= made.begins)
    show = Show(undated=frozenset({one.id}), odd={one.id: way})
    codes, _ = ended(tmp_path, made, show, (2, 3))
    assert codes == [3, 3]
    figure("G36", f"an undated row that can't be read ({way}): exit codes {codes}")


def test_undated_recordings_of_one_id_are_all_archived(tmp_path: Path, figure: Figure) -> None:
    made = there_at_once([3, 2, 3])
    one, other, third = [each for each in made.recordings if each.at >= made.begins][:3]
    renamed = {other.id: one.id, third.id: one.id}
    show = Show(undated=frozenset({other.id, third.id}), renamed=renamed)
    codes, archive = ended(tmp_path, made, show, (2, 3))
    held = {known.audio.sha256 for known in archive.known.values() if known.audio}
    assert {one.sha256, other.sha256, third.sha256} <= held
    assert codes == [3, 3], "one id for several is a finding"
    figure("G36", f"one id, one dated and two undated recordings: archived 3, exit codes {codes}")


def test_what_waited_without_a_date_and_is_shown_no_more_is_gone(
    tmp_path: Path, figure: Figure
) -> None:
    made = there_at_once([3, 2, 3, 2])
    one = next(each for each in made.recordings if each.at >= made.begins)
    waits = replace(one, audio_from=FIRST + 30 * DAY)
    made = replace(made, recordings=tuple(waits if r is one else r for r in made.recordings))
    show = Show(undated=frozenset({one.id}))
    with at_the_wire(portal := Portal(made)):
        archive = Archive(portal, tmp_path)
        codes = []
        for number in range(4):
            hidden = frozenset({one.id}) if number >= 2 else frozenset[str]()
            portal.begin(made.night(number), replace(show, hidden=hidden))
            since = () if number else ("--since", f"{FIRST:%Y-%m-%d}")
            codes.append(int(archive.pull(*since).code))
        archive.follow()
        archive.close()
    assert archive.known[RecordingId(one.id)].is_open
    assert codes == [0, 0, 3, 3]
    figure("G36", f"undated, waiting, and shown no more: exit codes {codes}")
