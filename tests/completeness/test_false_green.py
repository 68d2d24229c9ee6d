"""A day is not certified while anything that it stands on is not proven, damaged, or by chance."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.completeness import certifying
from archiver.completeness.certificate import Certificate
from archiver.completeness.certifying import Certifier
from archiver.completeness.day_calls import ArchivedCalls, ListedCalls
from archiver.domain.expectation import Expect, Expectation, Lack
from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY, Window
from archiver.manifest.builder import Statement
from archiver.manifest.journal import Journal
from archiver.manifest.model import ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import ListedDay
from archiver.store.local import LocalStore
from tests.catalogs import opened
from tests.completeness.planted import Planted, Shelved, shelve
from tests.conftest import Figure

FIRST = date(2026, 3, 3)
LINE = ("447700900001", "12025550101")
SECONDS = 93
ANY = Expectation()


def a_day(calls: int = 3) -> Planted:
    """Return days of which the middle one has a few calls, each with its recording."""
    made = Planted(seed=0)
    made.days = [FIRST - DAY, FIRST, FIRST + DAY]
    for number in range(calls):
        made.talk(moment(8 + number), SECONDS, LINE)
    return made


def moment(hour: int) -> datetime:
    return datetime.combine(FIRST, time(hour), UTC)


def certified(archive: Shelved, rules: Expectation = ANY) -> int:
    """Return how many certificates are written; those that are certified say nothing wrong."""
    return len(archive.certify(rules).days)


def archived(
    made: Planted, folder: Path, told: Callable[[ListedDay], ListedDay] = lambda day: day
) -> Shelved:
    return shelve(made, LocalStore(folder / "archive"), opened(folder / "catalog"), told)


def unproven(report: Report) -> Callable[[ListedDay], ListedDay]:
    def told(day: ListedDay) -> ListedDay:
        return replace(day, proven=False) if day.report is report else day

    return told


def test_a_day_that_adds_up_is_certified(tmp_path: Path) -> None:
    """All that follows takes one thing away from this."""
    assert certified(archived(a_day(), tmp_path)) == 1


def test_a_certificate_by_laxer_rules_is_current_by_those_alone(tmp_path: Path) -> None:
    made, lax = a_day(), Expectation(min_talk_ms=600_000)
    made.call(moment(12), SECONDS, LINE)
    archive = archived(made, tmp_path)
    assert certified(archive, lax) == 1
    reviews = [archive.reviewer(rules).review(FIRST) for rules in (lax, ANY)]
    assert [each.is_current for each in reviews] == [True, False]


@pytest.mark.parametrize("report", Report)
def test_a_listing_without_proof_certifies_nothing(
    report: Report, tmp_path: Path, figure: Figure
) -> None:
    """Whoever accepts it settles the day, and proves nothing."""
    archive = archived(a_day(), tmp_path, unproven(report))
    assert certified(archive) == 0
    listed = archive.catalog.days.doubtful_listings(FIRST)
    decision = Decision("ann", "as it stands", (FIRST,), listed)
    statement = Statement(ManifestKind.ACCEPT, archive.journal.archive().archive, decision)
    archive.append(statement)
    assert archive.catalog.days.settled(Report, FIRST + 30 * DAY) == {FIRST}
    assert certified(archive) == 0
    review = archive.reviewer(ANY).review(FIRST)
    assert review.balance.is_even
    figure("A11", f"{report.value} listed without proof, and accepted: certified 0")


@pytest.mark.parametrize("report", Report)
def test_what_lacks_rows_that_were_listed_certifies_nothing(report: Report, tmp_path: Path) -> None:
    def told(day: ListedDay) -> ListedDay:
        return replace(day, missing=1) if day.report is report else day

    assert certified(archived(a_day(), tmp_path, told)) == 0


def test_a_listed_call_that_is_not_archived_certifies_nothing(tmp_path: Path) -> None:
    def told(day: ListedDay) -> ListedDay:
        return replace(day, count=4, sha256="0" * 64) if day.report is Report.CALLS else day

    archive = archived(a_day(), tmp_path, told)
    assert certified(archive) == 0
    assert archive.reviewer(ANY).review(FIRST).doubts == (
        "of 4 listed calls, not each is archived",
    )


@pytest.mark.parametrize("damage", ["changed", "missing"])
@pytest.mark.parametrize("is_rebuilt", [False, True])
@pytest.mark.parametrize("day", [FIRST, FIRST + DAY])
def test_damaged_calls_certify_nothing(
    day: date, damage: str, tmp_path: Path, figure: Figure, *, is_rebuilt: bool
) -> None:
    """Also where the catalog was made after that, and those of the day beside it."""
    made = a_day()
    made.talk(moment(8) + DAY, SECONDS, LINE)
    archive = archived(made, tmp_path)
    (path,) = (tmp_path / "archive").glob(f"calls/{day:%Y/%m/%d}/*.jsonl")
    whole = path.read_bytes()
    path.unlink()
    if damage == "changed":
        path.write_bytes(whole.replace(b"447700900001", b"447700900002"))
    if is_rebuilt:
        catalog = opened(tmp_path / "other")
        catalog.follow(Journal(archive.store))
        archive = replace(archive, catalog=catalog)
    assert FIRST not in archive.certify(ANY).days
    review = archive.reviewer(ANY).review(FIRST)
    assert any("is damaged or missing" in doubt for doubt in review.doubts)
    figure("A11", f"a file of calls {damage}: certified 0")


def test_a_call_without_a_time_may_be_of_any_day(tmp_path: Path) -> None:
    made = a_day()
    made.call(moment(12), SECONDS, LINE, end_at="-")
    archive = archived(made, tmp_path)
    assert certified(archive) == 0
    assert archive.reviewer(ANY).review(FIRST).unsettled == ("1 call without a time may be of it",)


def test_a_call_without_a_time_has_no_recording_by_an_object_that_all_share(
    tmp_path: Path, figure: Figure
) -> None:
    """A portal that names its audio in the query of its links gives each row the same object."""
    made = a_day()
    at = "https://media.example/play?id="
    for row, _ in made.recordings:
        row["audio"] = f"{at}{row['id']}"
    lost = made.call(moment(12), SECONDS, LINE, end_at="-", audio=f"{at}lost")
    archive = archived(made, tmp_path)
    assert certified(archive) == 0
    assert [call.id for call in archive.reviewer(ANY).undated] == [lost]
    figure("A11", "a call without a time, its link like those of 3 recordings: certified 0")


def test_two_calls_without_a_time_have_not_one_recording(tmp_path: Path) -> None:
    made = a_day()
    its = made.recordings[0][0]["audio"]
    both = {made.call(moment(12), SECONDS, LINE, end_at="-", audio=its) for _ in range(2)}
    archive = archived(made, tmp_path)
    assert certified(archive) == 0
    assert {call.id for call in archive.reviewer(ANY).undated} == both


def test_a_damaged_file_of_calls_without_a_time_certifies_nothing(tmp_path: Path) -> None:
    made = a_day()
    made.call(moment(12), 0, LINE, end_at="-", call_from="1")
    archive = archived(made, tmp_path)
    (path,) = (tmp_path / "archive").glob("calls/undated/*.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    catalog = opened(tmp_path / "other")
    catalog.follow(Journal(archive.store))
    assert certified(replace(archive, catalog=catalog)) == 0


def test_a_recording_that_fits_by_chance_completes_no_call(tmp_path: Path, figure: Figure) -> None:
    """It lies within the slack of a call that lost its own, and is of another length."""
    made = a_day()
    made.call(moment(13), SECONDS, LINE)
    made.record(moment(13) + timedelta(seconds=40), 12, LINE)
    archive = archived(made, tmp_path)
    assert certified(archive) == 0
    balance = archive.reviewer(ANY).review(FIRST).balance
    assert (len(balance.missing), len(balance.without_call)) == (1, 1)
    figure("A11", "a call without its recording beside a stray one: both found, certified 0")


def test_of_two_calls_at_one_time_one_recording_completes_one(tmp_path: Path) -> None:
    made = a_day()
    both = {made.call(moment(13), SECONDS, LINE) for _ in range(2)}
    made.record(moment(13), SECONDS, LINE)
    archive = archived(made, tmp_path)
    assert certified(archive) == 0
    (missing,) = archive.reviewer(ANY).review(FIRST).balance.missing
    assert {missing.call.id, *missing.others} == both


def test_the_recording_may_be_of_the_call_that_needs_none(tmp_path: Path, figure: Figure) -> None:
    """Whichever of the two has the lower id, or is logged first."""
    made = a_day()
    expected = set()
    for hour in range(12, 20):
        expected.add(made.call(moment(hour), SECONDS, LINE))
        made.call(moment(hour), SECONDS, LINE, service="OUT")
        made.record(moment(hour), SECONDS, LINE)
    archive = archived(made, tmp_path)
    rules = Expectation(not_recorded=("service:out",))
    assert certified(archive, rules) == 0
    missing = archive.reviewer(rules).review(FIRST).balance.missing
    assert {each.call.id for each in missing} == expected
    assert {each.why for each in missing} == {Lack.NO_RECORDING, Lack.NOT_SURE}
    figure("A11", f"{len(expected)} recordings, each for a call and an excluded one: certified 0")


def test_only_what_the_portal_says_is_excluded_by_name(tmp_path: Path) -> None:
    """A call that says it has audio must have it, whatever is not recorded."""
    made = a_day()
    made.call(moment(13), 1, LINE, service="OUT", audio="https://media.example/own.mp3")
    archive = archived(made, tmp_path)
    rules = Expectation(Expect.SAID, 5_000, ("service:out", LINE[0]))
    assert certified(archive, rules) == 0
    assert len(archive.reviewer(rules).review(FIRST).balance.missing) == 1


def test_rules_say_which_calls_must_have_a_recording(tmp_path: Path) -> None:
    """Other rules are another question: a day that was looked at is looked at again."""
    made = a_day()
    made.call(moment(13), SECONDS, LINE)
    archive = archived(made, tmp_path)
    assert certified(archive) == 0
    said = Expectation(Expect.SAID)
    assert certified(archive, said) == 1
    assert certified(archive) == 0
    ((certificate,),) = archive.certificates().values()
    assert (certificate.calls.complete, certificate.calls.excluded) == (3, 1)


def test_a_certificate_is_of_its_day(tmp_path: Path) -> None:
    with closing(Catalog(tmp_path / "none")) as empty:
        assert empty.certified.certificate(FIRST) is None
    archive = archived(a_day(), tmp_path)
    archive.certify(ANY)
    file = archive.catalog.certified.certificate(FIRST)
    assert file is not None
    assert file.path.startswith(f"certificates/{FIRST:%Y/%m/%d}/")


def test_the_providers_sample_says_that_a_call_is_missing(tmp_path: Path, figure: Figure) -> None:
    """A call of 12 seconds, and two recordings of others with one object: nothing goes together."""
    made = Planted(seed=0)
    made.days = [date(2019, 6, 11)]
    began = datetime(2019, 6, 11, 4, 57, 24, tzinfo=UTC)
    call = made.call(began, 12, ("447700900456", "12025550143"))
    for caller, after, seconds in (("122", 417, 93), ("456", 103, 47)):
        made.record(
            began + timedelta(seconds=after - seconds),
            seconds,
            (f"447700900{caller}", "12025550143"),
        )
    archive = archived(made, tmp_path)
    assert certified(archive) == 0
    balance = archive.reviewer(ANY).review(made.days[0]).balance
    assert [each.call.id for each in balance.missing] == [call]
    assert len(balance.without_call) == 2
    figure("A11", "the provider's sample: 1 call missing, 2 recordings without a call, certified 0")


def test_what_is_entered_between_certificates_is_looked_at_before_the_next(
    tmp_path: Path, figure: Figure
) -> None:
    """Also where another command beside the run has had the catalog follow it."""
    made, late = a_day(), Planted(seed=9)
    made.talk(moment(8) + DAY, SECONDS, LINE)
    late.call(moment(12), SECONDS, LINE, end_at="-")
    archive = archived(made, tmp_path)
    news = [late.calls]
    real = Certifier._write  # noqa: SLF001 - something happens right behind it

    def write(self: Certifier, new: list[Certificate], seen: Head | None) -> Head | None:
        head = real(self, new, seen)
        if news:
            archive.log_late(news.pop())
        return head

    with (
        mock.patch.object(certifying, "TOGETHER", 1),
        mock.patch.object(Certifier, "_write", write),
    ):
        assert certified(archive) == 1
    assert certified(archive) == 0
    (undated,) = archive.reviewer(ANY).undated
    assert undated.id == late.calls[0]["id"]
    figure("A11", "a call without a time is entered between two certificates: certified unseen 0")


def test_a_call_that_the_portal_lists_on_another_day_by_now_is_counted_once(tmp_path: Path) -> None:
    made = a_day()
    archive = archived(made, tmp_path)
    calls = ArchivedCalls(archive.journal.documents, archive.catalog)
    moved = replace(calls.of(FIRST).calls[0], when=Window.day(FIRST + DAY))
    listed = ListedCalls(calls, [*calls.of(FIRST).calls[1:], moved])
    assert [len(listed.of(day).calls) for day in (FIRST, FIRST + DAY)] == [2, 1]


def test_one_recording_beside_midnight_completes_no_two_calls(
    tmp_path: Path, figure: Figure
) -> None:
    """On the busy day it shows how recordings are dated, on the quiet one behind it does not.

    So either day could take the recording, which is half a minute early, for its own call's.
    """
    made, midnight = a_day(0), moment(0) + DAY
    for hour in range(10, 16):
        made.talk(moment(hour), 300, (LINE[0], "12025550102"))
    lost = made.call(midnight - timedelta(seconds=12), 10, LINE)
    made.call(midnight + timedelta(seconds=31), 20, LINE)
    made.record(midnight + timedelta(seconds=4), 20, LINE)
    archive = archived(made, tmp_path)
    assert archive.certify(ANY).days == (FIRST + DAY,)
    (missing,) = archive.reviewer(ANY).review(FIRST).balance.missing
    assert (missing.call.id, missing.why) == (lost, Lack.NOT_SURE)
    figure("A11", "two calls around midnight, one recording: completes 1 of 2")
