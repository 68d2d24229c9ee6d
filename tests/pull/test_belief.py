"""A portal that hides what it has: no night is green, no day settles, and nothing is lost."""

import itertools
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.errors import DestinationError
from archiver.portal.client import Client
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.wire import answers as wire
from archiver.portal.wire.answers import Page
from archiver.pull.doubts.run_doubts import RunDoubts
from archiver.pull.ledger.ledger import Ledger
from archiver.sandbox import ClockFaults, Encoding, Faults, FilterFaults, ListingFaults
from archiver.sandbox.portal import reports
from archiver.sandbox.portal.date_filter import Span, understand
from archiver.sandbox.portal.page_layouts import SandboxShape
from tests.conftest import Figure
from tests.nights import EACH, Month

BOTH = frozenset({"recordings", "calls"})
LOST = {
    "everything": Faults(listing=ListingFaults(unseen_reports=BOTH)),
    "recordings": Faults(listing=ListingFaults(unseen_reports=frozenset({"recordings"}))),
    "calls": Faults(listing=ListingFaults(unseen_reports=frozenset({"calls"}))),
    "a part": Faults(listing=ListingFaults(unseen_agents=frozenset({"Asha", None}))),
}


@pytest.mark.parametrize(
    ("what", "shape"),
    [
        ("everything", SandboxShape.NESTED),
        ("recordings", SandboxShape.FLAT),
        ("calls", SandboxShape.NESTED),
        ("a part", SandboxShape.FLAT),
    ],
)
def test_a_right_that_is_lost_is_no_silence(what: str, month: Month, figure: Figure) -> None:
    for number in (1, 2):
        month.live(number)
    assert month.night(2).code == 0
    before = month.held()
    month.sandbox.faults = LOST[what]
    for number in (3, 6):
        month.live(number)
        ran = month.night(number)
        assert (ran.code, json.loads(ran.out)["clean"]) == (3, False)
        assert json.loads(ran.out)["doubts"], ran.err
    assert month.settled() == set()
    month.sandbox.faults = Faults()
    assert month.night(6).code == 0
    assert month.missing() == 0
    assert before <= month.held()
    month.night(10)
    assert month.settled() == {1, 2, 3, 4, 5, 6}
    green = month.codes[1:3].count(0)
    figure("G4", f"{what} unseen in 2 nights: green nights {green}, missing {month.missing()}")


def test_it_is_said_what_may_be_the_cause(month: Month) -> None:
    month.live(1)
    month.night(1)
    month.sandbox.faults = LOST["everything"]
    asked = month.sandbox.counts["recordings"]
    ran = month.night(5)
    assert "DOUBTFUL: The portal lists nothing of the recordings that the archive holds" in ran.err
    assert "DOUBTFUL: The portal lists nothing of the calls that the archive holds" in ran.err
    assert "empty, and the portal lists nothing of what the archive holds" in ran.err
    assert ran.err.endswith("by every run: first find out what the run doubts.\n")
    assert month.sandbox.counts["recordings"] - asked <= 10
    said = month.manifests()[-1]
    assert (len(said.doubts), said.clean, said.accounted) == (2, False, False)
    month.sandbox.faults = LOST["a part"]
    month.live(6)
    assert "or the token has lost a part of its right" in month.night(6).err


def test_a_token_that_never_had_a_right_is_no_silence(month: Month, figure: Figure) -> None:
    month.sandbox.faults = LOST["everything"]
    for number in (1, 2, 6):
        month.live(number)
        ran = month.night(number)
        assert "as it would for a token without rights" in ran.err
    assert month.settled() == set()
    month.sandbox.faults = Faults()
    month.night(6)
    assert month.codes == [3, 3, 3, 0]
    assert month.missing() == 0
    figure("G4", f"no right from the first night on: green nights 0, missing {month.missing()}")


def test_an_account_without_calls_is_accepted_day_by_day(month: Month) -> None:
    for number in (1, 2):
        assert month.night(number).code == 3
    words = ("accept", "--reason", "nobody calls yet")
    with month.now(2):
        ran = month.type(*words, "--listing", "2026-03-01", "--listing", "2026-03-02")
    assert ran.code == 0
    assert month.settled() == set(), "rows may still come"
    with month.now(2):
        assert month.pull("--since", "2026-03-01", "--until", "2026-03-02").code == 3
        for day in ("2026-03-01", "2026-03-02"):
            assert month.pull("--day", day).code == 0
    month.live(2)
    with month.now(2):
        assert month.pull("--day", "2026-03-02").code == 0, "it has come good"


def test_what_an_account_without_calls_accepts_settles_when_nothing_comes_any_more(
    month: Month,
) -> None:
    assert month.night(1).code == 3
    with month.now(1):
        accepted = month.type("accept", "--reason", "quiet", "--listing", "2026-03-01")
    assert accepted.code == 0
    assert (month.night(3).code, month.settled()) == (3, set())
    assert (month.night(4).code, month.settled()) == (3, {1})


def test_calls_with_audio_speak_against_a_report_without_recordings(month: Month) -> None:
    for recording, call in zip(month.live(1), month.sandbox.world.calls, strict=True):
        month.sandbox.world.calls.put(replace(call, key=recording.key))
    month.sandbox.faults = LOST["recordings"]
    ran = month.night(3)
    assert ran.code == 3
    said = f"lists no recording of these days, though {EACH} calls say that there is audio"
    assert said in ran.err


@pytest.mark.parametrize("what", ["a part", "recordings"])
def test_what_is_hidden_from_runs_that_are_stopped_settles_nothing(
    what: str, month: Month, figure: Figure
) -> None:
    """They are stopped when all is listed: what that shows is entered all the same."""
    month.live(1)
    assert month.night(1).code == 0
    month.live(2)
    month.sandbox.faults = LOST[what]
    refused = DestinationError("The disk is full.", advice="Make room.")
    for number in (6, 7):
        with mock.patch.object(RunDoubts, "at_the_end", side_effect=refused):
            assert month.night(number).code == 4
        assert month.manifests()[-1].doubts
    assert month.settled() == set()
    month.sandbox.faults = Faults()
    codes = [month.night(number).code for number in (8, 9)]
    assert (codes, month.missing()) == ([0, 0], 0)
    figure("G22", f"{what} hidden from 2 runs that are stopped: settled 0, missing 0")


def test_a_run_that_is_stopped_by_the_catalog_is_doubtful_for_that_alone(month: Month) -> None:
    month.live(1)
    assert month.night(1).code == 0
    full = DestinationError("The disk is full.", advice="Make room.")
    refused = DestinationError("The catalog is gone.", advice="Look.")
    with (
        mock.patch.object(RunDoubts, "at_the_end", side_effect=full),
        mock.patch.object(Ledger, "note_unlisted", side_effect=refused),
    ):
        assert month.night(4).code == 4
    (told,) = month.manifests()[-1].doubts
    assert told.endswith("What stopped it: The disk is full.")
    assert (month.night(4).code, month.settled()) == (0, {1})


def test_one_that_is_deleted_is_no_lost_right(month: Month) -> None:
    for number in (1, 2, 3, 4):
        month.live(number)
        month.night(number)
    newest = max(month.sandbox.world.recordings, key=lambda each: each.at)
    month.sandbox.world.remove(newest.id)
    ran = month.night(9)
    (doubt,) = json.loads(ran.out)["doubts"]
    assert doubt.startswith("Of 2026-03-04, recordings are missing that were listed before")
    assert "NOT PROVEN" not in ran.err, "the others vouch for the days without any"


def late_rows(month: Month, number: int) -> None:
    month.live(number)
    if number > 1:
        month.sandbox.world.arrive(month.day(number - 1) + timedelta(hours=20))


def quiet(month: Month, number: int) -> None:
    if number % 7 not in {3, 4}:
        month.live(number)


def holidays(month: Month, number: int) -> None:
    if number in {1, 2, 22}:
        month.live(number)


def at_night(month: Month, number: int) -> None:
    month.live(number)
    month.sandbox.world.arrive(month.day(number + 1) + timedelta(hours=1))


HONEST: dict[str, tuple[Callable[[Month, int], object], Faults]] = {
    "every day": (Month.live, Faults()),
    "late rows": (late_rows, Faults()),
    "weekends": (quiet, Faults()),
    "holidays of three weeks": (holidays, Faults()),
    "calls at night": (at_night, Faults()),
    "blind to times": (quiet, Faults(filter=FilterFaults(whole_days=True))),
    "times are now": (quiet, Faults(filter=FilterFaults(times_unreadable=True))),
    "a clock 50 s ahead": (quiet, Faults(clock=ClockFaults(skew_seconds=50))),
    "a clock 50 s behind": (quiet, Faults(clock=ClockFaults(skew_seconds=-50))),
}
NIGHTS = {
    "every day": (1, 2, 4),
    "late rows": (1, 2, 4),
    "weekends": (1, 2, 3, 5),
    "holidays of three weeks": (1, 2, 9, 21, 22),
    "calls at night": (1, 2, 4),
    "a clock 50 s ahead": (1, 2),
    "a clock 50 s behind": (1, 2),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_portal_is_believed(name: str, month: Month, figure: Figure) -> None:
    live, month.sandbox.faults = HONEST[name]
    _honest(month, name, live, figure)


@pytest.mark.parametrize("shape", [SandboxShape.FLAT, SandboxShape.RESOURCE])
def test_an_honest_portal_of_another_shape_is_believed(
    shape: str, month: Month, figure: Figure
) -> None:
    _honest(month, shape, quiet, figure)


def _honest(month: Month, name: str, live: Callable[[Month, int], object], figure: Figure) -> None:
    requests = []
    for number in NIGHTS.get(name, (1, 3, 5)):
        live(month, number)
        ran = month.night(number)
        assert ran.code == 0, ran.err
        assert "DOUBTFUL" not in ran.err
        requests.append(json.loads(ran.out)["requests"])
    assert month.missing() == 0
    nights = len(month.codes)
    figure("honest", f"{name}: {nights} nights, all clean; requests {requests[-1]} in the last")


@pytest.mark.parametrize(("hours", "at"), [(-3, 22), (3, 1)])
def test_a_filter_in_another_zone_than_its_rows_hides_nothing(
    month: Month, monkeypatch: pytest.MonkeyPatch, hours: int, at: int, figure: Figure
) -> None:
    """Rows in local time and a filter in UTC: a first run over days that nobody sees any more."""
    moved = timedelta(hours=hours)

    def elsewhere(value: str, now: datetime, faults: FilterFaults) -> Span:
        first, last = understand(value, now, faults)
        return first + moved, last + moved

    monkeypatch.setattr(reports, "understand", elsewhere)
    for number in range(1, 9):
        month.live(number)
    odd = month.day(1) + timedelta(hours=at)
    month.sandbox.world.add(
        count=1, first=odd, last=odd + timedelta(minutes=1), kinds=(Encoding.BARE,), seconds=(1, 2)
    )
    for number in (8, 10):
        month.night(number)
        assert month.missing() == 0 or (month.codes[-1] == 3 and 1 not in month.settled())
    figure(
        "G1",
        f"a filter {hours:+} h off, {8 * EACH + 1} recordings, 2 nights: missing {month.missing()}",
    )


def test_a_right_that_ends_while_a_run_lasts_is_no_silence(
    month: Month, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    asked, ask = itertools.count(1), Client._try  # noqa: SLF001 - where each question goes out

    def until_the_quota_is_used_up(client: Client, question: PageQuery) -> Page:
        whole = ask(client, question)
        return whole if next(asked) <= 14 else Page((), wire.AnswerShape.NESTED, total=0)

    for number in range(1, 9):
        month.live(number)
    with monkeypatch.context() as patched:
        patched.setattr(Client, "_try", until_the_quota_is_used_up)
        ran = month.night(8)
    assert month.missing()
    assert ran.code == 3
    assert "lists none at all any more" in ran.err or "nothing of what the archive holds" in ran.err
    assert month.settled() == set()
    assert month.night(8).code == 0
    assert month.missing() == 0
    figure("G4", f"a right that ends after 14 requests: exit {ran.code}, then all of 40 held")
