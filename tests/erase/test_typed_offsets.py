"""A time that is typed with an offset means what the portal's clock showed then, or is refused."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.exporting.export_request import ExportRequest
from archiver.app.handover.export import export
from archiver.app.handover.find import FindRequest, find
from archiver.app.keeping.erase import EraseRequest, erase
from archiver.app.keeping.hold import HoldRequest, add_hold
from archiver.app.keeping.release import ReleaseRequest, release_hold
from archiver.app.opening.context import Context, SettingsRequest, load
from archiver.app.opening.listener import Nobody
from archiver.errors import UsageError
from archiver.filters.request import FilterRequest
from archiver.get import archive_reader
from archiver.manifest.journal import Journal
from archiver.store.local import LocalStore
from tests.archives import PORTAL, manifest_of, row, store_one
from tests.lies.truth import uuid

BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
CHANGE = datetime(2019, 10, 27, 1, tzinfo=UTC)
"""When clocks went back an hour there."""
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
OFTEN = [CHANGE.replace(hour=hour) + day * DAY for day in range(-5, 5) for hour in (8, 9)]
WHY = "the customer asked for it"


class Heard(Struct):
    """What was said."""

    lines: list[str] = field(default_factory=list)

    def say(self, text: str, event: str = "said") -> None:  # noqa: ARG002 - as a listener hears it
        self.lines.append(text)

    waiting = Nobody.waiting


class Archived(Struct):
    """An archive of recordings of these moments, each with the id that it has."""

    folder: Path
    ids: dict[datetime, str]

    def context(self, **values: str) -> Context:
        named = SettingsRequest({"archive": str(self.folder), **values})
        return replace(load(named, {"HOME": str(self.folder)}), listener=Heard())


def archived(
    folder: Path, moments: list[datetime], *, numeric: bool = False, mute: Collection[datetime] = ()
) -> Archived:
    """Return an archive whose portal shows the wall clock of Berlin; ``mute`` ones are numeric."""
    random, store = Random(1), LocalStore(folder / "archive")
    mute = moments if numeric else mute
    ids = {at: str(n) if at in mute else uuid(random, at) for n, at in enumerate(moments, 1)}
    with store.exclusive():
        journal = Journal(store)
        name = journal.create_or_open(PORTAL).archive
        walls = {id_: at.astimezone(BERLIN).replace(tzinfo=None) for at, id_ in ids.items()}
        entries = [store_one(store, row(id_, wall)) for id_, wall in walls.items()]
        journal.append(manifest_of(name, entries))
    return Archived(folder / "archive", ids)


def hour_of(at: datetime, offset: timedelta) -> FilterRequest:
    """Return the hour that begins half an hour before, as a person there types it."""
    since = (at + offset - HOUR / 2).replace(tzinfo=None)
    ends = [f"{each:%Y-%m-%dT%H:%M}+{offset // HOUR:02}:00" for each in (since, since + HOUR)]
    return FilterRequest(since=ends[0], until=ends[1])


@pytest.mark.parametrize("at", [OFTEN[1], OFTEN[-1]])
@pytest.mark.parametrize("hours", [0, 1, 2])
def test_either_half_of_the_year_has_its_own_hour(tmp_path: Path, at: datetime, hours: int) -> None:
    made = archived(tmp_path, OFTEN)
    asked = hour_of(at, hours * HOUR)
    found: list[str] = []
    find(FindRequest(asked), made.context(), lambda each: found.append(each.id))
    planned = erase(EraseRequest(asked, WHY, dry_run=True), made.context()).plan.ids
    held = add_hold(HoldRequest(asked, "Miller", WHY), made.context()).plan.ids
    assert found == [*planned] == [*held] == [made.ids[at]]


def test_what_is_done_by_a_time_is_told_in_the_portals_own(tmp_path: Path) -> None:
    made = archived(tmp_path, OFTEN)
    asked, context = hour_of(OFTEN[1], 2 * HOUR), made.context()
    erase(EraseRequest(asked, WHY, dry_run=True), context)
    add_hold(HoldRequest(asked, "Miller", WHY), context)
    export(ExportRequest(str(tmp_path / "out"), asked), context)
    release_hold(ReleaseRequest("the case is closed", (), asked), context)
    window = "Window: from 2019-10-22 10:30:00 to 2019-10-22 11:30:59 (portal time)"
    assert isinstance(context.listener, Heard)
    assert context.listener.lines.count(window) == 4


def nothing_is_done(made: Archived, asked: FilterRequest, says: str, **values: str) -> None:
    """Hold that what binds or removes is refused, and that a search says what it assumes."""
    context, heads = made.context(**values), Journal(LocalStore(made.folder))
    head = heads.head()
    with pytest.raises(UsageError, match=says):
        erase(EraseRequest(asked, WHY), context)
    with pytest.raises(UsageError, match=says):
        add_hold(HoldRequest(asked, "Miller", WHY), context)
    with pytest.raises(UsageError, match=says):
        export(ExportRequest(str(made.folder.parent / "out"), asked), context)
    assert heads.head() == head
    find(FindRequest(asked), context)
    assert isinstance(context.listener, Heard)
    assert any(says in line for line in context.listener.lines)


def test_nothing_is_done_by_a_time_at_a_change_of_clocks(tmp_path: Path) -> None:
    made = archived(tmp_path, [CHANGE - 2 * HOUR, CHANGE - HOUR, CHANGE + HOUR, CHANGE + 2 * HOUR])
    nothing_is_done(made, hour_of(CHANGE, HOUR), "may have been anything from")


def test_nothing_is_done_where_no_id_tells_the_zone(tmp_path: Path) -> None:
    made = archived(tmp_path, OFTEN, numeric=True)
    nothing_is_done(made, hour_of(OFTEN[1], 2 * HOUR), "tells what the portal's clock showed then")


@pytest.mark.parametrize("told", [OFTEN[:10], OFTEN[10:]])
def test_nothing_is_done_where_ids_tell_the_clock_of_the_other_side_of_a_change_alone(
    tmp_path: Path, told: list[datetime]
) -> None:
    """The portal's ids became other ones: none near tells that clocks were changed meanwhile."""
    mute = [at for at in OFTEN if at not in told]
    made = archived(tmp_path, OFTEN, mute=mute)
    nothing_is_done(made, hour_of(mute[2], HOUR), "may have been anything from")
    asked = hour_of(told[2], HOUR)
    plan = erase(EraseRequest(asked, WHY, dry_run=True), made.context()).plan
    assert plan.ids == (made.ids[told[2]],)


def test_nothing_is_done_in_the_hour_that_the_clock_shows_twice_where_an_id_tells_nothing(
    tmp_path: Path,
) -> None:
    """It is dated 02:01, after the change; the moment is 02:33, before it."""
    minutes = (-200, -190, -50, -40, -20, -10, 1, 200, 210)
    moments = [CHANGE + each * MINUTE for each in minutes]
    made = archived(tmp_path, moments, mute=[CHANGE + MINUTE])
    asked = FilterRequest(since="2019-10-27T00:33Z")
    nothing_is_done(made, asked, "may have been anything from")


def test_a_zone_that_is_set_decides_where_no_id_tells_it(tmp_path: Path) -> None:
    made = archived(tmp_path, OFTEN, numeric=True)
    asked = hour_of(OFTEN[1], timedelta())
    plan = erase(EraseRequest(asked, WHY, dry_run=True), made.context(utc_offset="+02:00")).plan
    assert plan.ids == (made.ids[OFTEN[1]],)


def test_nothing_is_done_where_the_ids_speak_against_the_zone_that_is_set(tmp_path: Path) -> None:
    made = archived(tmp_path, OFTEN)
    asked = hour_of(OFTEN[1], 2 * HOUR)
    nothing_is_done(made, asked, "may have been anything from", utc_offset="+01:00")


def test_a_standing_hold_takes_no_offset_of_a_time_to_come(tmp_path: Path) -> None:
    made = archived(tmp_path, OFTEN)
    for since in ("9999d", "2019-10-23"):
        asked = FilterRequest(since=since, until="2019-11-03T00:00+01:00")
        with pytest.raises(UsageError, match="tells what the portal's clock showed then"):
            add_hold(HoldRequest(asked, "Miller", WHY, future=True), made.context())
    assert not add_hold(HoldRequest(asked, "Miller", WHY), made.context()).plan.is_nothing


@pytest.mark.parametrize("numeric", [False, True])
def test_a_time_near_which_nothing_is_dated_is_sure_in_any_zone(
    tmp_path: Path, *, numeric: bool
) -> None:
    made = archived(tmp_path, OFTEN, numeric=numeric)
    context = made.context()
    for since, until, count in (
        ("2015-01-01T00:00+01:00", "2019-09-01T00:00+02:00", 0),
        ("2015-01-01T00:00+01:00", "2030-01-01T00:00Z", len(OFTEN)),
        ("0001-01-01T00:00Z", "9999-12-31T00:00Z", len(OFTEN)),
    ):
        asked = FilterRequest(since=since, until=until)
        plan = erase(EraseRequest(asked, WHY, dry_run=True), context).plan
        assert len(plan.ids) == count
    assert isinstance(context.listener, Heard)
    assert not [line for line in context.listener.lines if "assumed" in line]


LAST = OFTEN[-1]
"""The newest recording: of 10:00 there, on the last of these days."""
WORDS = [{"until": "1d"}, {"since": "yesterday"}, {"day": "today"}, {"since": "12h"}]


def timed(words: dict[str, str]) -> FilterRequest:
    return FilterRequest(**words)  # type: ignore[arg-type]  # times


@pytest.fixture
def after_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be half an hour past midnight in UTC, on the day after the newest recording."""
    now = (LAST + DAY).replace(hour=0, minute=30, tzinfo=None)
    monkeypatch.setattr(
        archive_reader, "portal_time", lambda minutes: now + timedelta(minutes=minutes)
    )


@pytest.mark.usefixtures("after_midnight")
@pytest.mark.parametrize("words", WORDS)
def test_nothing_is_done_by_words_where_nothing_tells_the_clock_of_now(
    tmp_path: Path, words: dict[str, str]
) -> None:
    made = archived(tmp_path, OFTEN, numeric=True)
    nothing_is_done(made, timed(words), "tells what the portal's clock showed then")


@pytest.mark.usefixtures("after_midnight")
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("setting", [{"utc_offset": "+01:00"}, {}])
def test_words_are_sure_where_the_zone_is_set_or_ids_tell_it(
    tmp_path: Path, words: dict[str, str], setting: dict[str, str]
) -> None:
    made = archived(tmp_path, OFTEN, numeric=bool(setting))
    context = made.context(**setting)
    erase(EraseRequest(timed(words), WHY, dry_run=True), context)
    assert isinstance(context.listener, Heard)
    assert not [line for line in context.listener.lines if "assumed" in line]


@pytest.mark.usefixtures("after_midnight")
def test_words_are_sure_where_nothing_is_dated_near_what_they_mean(tmp_path: Path) -> None:
    made = archived(tmp_path, OFTEN, numeric=True)
    for words, count in (({"until": "300d"}, 0), ({"since": "300d"}, len(OFTEN))):
        plan = erase(EraseRequest(timed(words), WHY, dry_run=True), made.context()).plan
        assert len(plan.ids) == count
