"""What a bad night may not hide, hold up or lose."""

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import Report
from archiver.errors import NoAnswer, TryAgain
from archiver.portal.client import Client
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.wire.answers import Page
from archiver.sandbox import Encoding, Faults, ListingFaults, Trouble, Troubled
from archiver.sandbox.world.tones import Tone
from tests.conftest import Figure
from tests.nights import EACH, FIRST, Month

SINCE = ("--since", f"{FIRST:%Y-%m-%d}")


def night(month: Month, number: int, *words: str) -> int:
    with month.now(number):
        return month.pull(*words).code


def failing_for(
    days: Iterable[int], month: Month, report: Report, error: Exception
) -> AbstractContextManager[object]:
    """Let the portal fail for windows that begin with these days, and ask for the second before."""
    begins = {month.day(number).replace(tzinfo=None) - timedelta(seconds=1) for number in days}
    real = Client.fetch

    def fetch(self: Client, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        if any(ask.report is report and ask.window and ask.window.first in begins for ask in asks):
            raise error
        return real(self, asks)

    return mock.patch.object(Client, "fetch", fetch)


def test_a_provider_that_keeps_rows_for_days_alone_is_no_reason_to_warn(
    month: Month, figure: Figure
) -> None:
    """Its totals of settled days become less, so each of these is listed again, and lacks rows."""
    nights, asked = 7, []
    for number in range(1, nights + 1):
        month.live(number)
        world = month.sandbox.world
        for each in [*world.recordings]:
            if each.at < month.day(number - 4):
                world.remove(each.id)
        for call in [*world.calls]:
            if call.at < month.day(number - 4):
                world.calls.remove(call.id)
        month.night(number)
        with month.now(number):
            asked.append(month.type("status").code)
    with month.now(nights):
        found = month.type("find", "--json", "--until", f"{month.day(nights - 4):%Y-%m-%d}")
    rows = json.loads(found.out)
    assert ({*month.codes}, {*asked}) == ({0}, {0})
    assert (len(rows), {each["proven"] for each in rows}) == (3 * EACH, {True})
    figure("A9", f"a provider that keeps rows for 5 days, {nights} nights: warnings 0")


@pytest.mark.parametrize("audio", ["failing", "none yet"])
def test_what_waits_and_is_listed_no_more_is_a_finding(audio: str, month: Month) -> None:
    first, *_ = month.live(1)
    assert first.key is not None
    if audio == "failing":
        lasting = Troubled(Trouble.SLOW_DOWN, keys=frozenset({first.key}))
        month.sandbox.faults = Faults(media=(lasting,))
    else:
        month.sandbox.world.edit(first.id, audio=None)
    assert night(month, 1, *SINCE) == (3 if audio == "failing" else 0)
    month.sandbox.world.remove(first.id)
    assert night(month, 2) == 3
    assert night(month, 3) == 3, "it stays open"
    with month.now(3):
        assert month.type("accept", first.id, "--reason", "the provider lost it").code == 0
    assert night(month, 4) == 0


def test_an_accepted_failure_that_waits_is_none(month: Month, figure: Figure) -> None:
    """Its day is still due, as a row came late; its own time to be tried again has not come."""
    first, *_ = month.live(1)
    lasting = Troubled(Trouble.SLOW_DOWN, keys=frozenset({first.key or ""}))
    month.sandbox.faults = Faults(media=(lasting,))
    nights = (1, 2, 3, 5, 7)
    codes = [night(month, number, *(SINCE if number == 1 else ())) for number in nights]
    month.sandbox.world.arrive(month.day(1) + timedelta(hours=12))
    codes.append(night(month, 8))
    with month.now(8):
        assert month.type("accept", first.id, "--reason", "the provider lost it").code == 0
    codes.append(night(month, 9))
    assert codes == [3] * 6 + [0]
    figure("G21", "a failure accepted after 8 nights, its day due once more: false alarms 0")


@pytest.mark.parametrize("was_settled", [False, True], ids=["due", "settled"])
def test_a_newer_version_that_fails_keeps_its_day_due(
    was_settled: bool,  # noqa: FBT001 - a case
    month: Month,
    figure: Figure,
) -> None:
    recording, *_ = month.live(1)
    assert night(month, 1, *SINCE) == 0
    if was_settled:
        assert (month.night(4).code, 1 in month.settled()) == (0, True)
    key = "rc/new-version.mp3"
    month.sandbox.world.objects[key] = Tone(Encoding.BARE, 9, 99)
    month.sandbox.world.recordings.put(replace(recording, key=key, seconds=9))
    broken = Troubled(Trouble.SERVER_ERROR, keys=frozenset({key}))
    month.sandbox.faults = Faults(media=(broken,))
    assert night(month, 5, "--day", f"{FIRST:%Y-%m-%d}") == 3
    assert (month.night(6).code, 1 in month.settled()) == (3, False)
    month.sandbox.faults = Faults()
    assert month.night(7).code == 0
    *_, last = (e for m in month.manifests() for e in m.recordings if e.id == recording.id)
    assert last.outcome is Outcome.ARCHIVED
    assert (last.duration_ms or 0) > 8_000
    assert (month.night(8).code, 1 in month.settled()) == (0, True)
    figure("G22", "a newer version fails for 2 nights, then comes: its day is due until then")


def test_an_accepted_listing_settles_no_day_of_which_rows_may_come(
    month: Month, figure: Figure
) -> None:
    month.live(1)
    month.sandbox.faults = Faults(listing=ListingFaults(total_off=1))
    assert month.night(1).code == 3
    with month.now(1):
        accepted = month.type("accept", "--listing", "2026-03-01", "--reason", "known bug")
    assert (accepted.code, month.settled()) == (0, set())
    month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    ran = month.night(6)
    assert (ran.code, month.missing()) == (3, 0), ran.err
    with month.now(6):
        assert month.type("accept", "--listing", "2026-03-01", "--reason", "again").code == 0
    assert 1 in month.settled(), "nothing of it comes any more"
    figure("G22", "a row comes after its day's listing was accepted: missing 0 of 1")


def test_a_row_without_a_date_keeps_its_days_due(month: Month) -> None:
    first, *_ = month.live(1)
    assert first.key is not None
    month.sandbox.world.edit(first.id, created_at="n/a")
    lasting = Troubled(Trouble.SLOW_DOWN, keys=frozenset({first.key}))
    month.sandbox.faults = Faults(media=(lasting,))
    nights = (1, 2, 3, 5, 8)
    codes = [night(month, number, *(SINCE if number == 1 else ())) for number in nights]
    assert codes[-1] == 3, "a finding when its tries are used up"


def test_a_day_is_looked_at_once_more_after_an_outage(month: Month) -> None:
    month.live(1)
    assert night(month, 1, *SINCE) == 0
    assert night(month, 1) == 0
    late = month.sandbox.world.arrive(month.day(1) + timedelta(hours=12))
    assert night(month, 6) == 0
    assert late.id in month.held()


def test_bad_days_beside_each_other_hold_nothing_up(month: Month) -> None:
    for number in range(1, 10):
        month.live(number)
    bad = (3, 4, 5)
    with failing_for(bad, month, Report.RECORDINGS, TryAgain("The portal answered 500.")):
        assert night(month, 9, *SINCE) == 3
    there = month.held()
    for each in month.sandbox.world.recordings:
        assert (each.id in there) is (each.at.day not in bad)
    assert night(month, 10) == 0


def test_a_call_log_that_fails_holds_no_recording_up(month: Month) -> None:
    made = month.live(1)
    refused = TryAgain("The portal answered 500.")
    with failing_for((1, 2), month, Report.CALLS, refused), month.now(1):
        ran = month.pull(*SINCE)
    assert ran.code == 3
    assert "set calls = no" in ran.err
    assert month.held() == {each.id for each in made}
    gone = NoAnswer("Cannot reach the portal.")
    with failing_for((1, 2), month, Report.CALLS, gone), month.now(1):
        ran = month.pull(*SINCE)
    assert (ran.code, "set calls = no" in ran.err) == (3, False), "whether there is one is unknown"


def test_what_a_budget_leaves_is_not_called_complete(month: Month) -> None:
    for number in range(1, 8):
        month.live(number)
    with month.now(7):
        ran = month.pull(*SINCE, "--max-bytes", "1k")
    told = json.loads(ran.out)
    assert ran.code == 0
    assert (told["accounted"], told["clean"]) == (False, False)
    assert told["left"]["windows"] > 0
    assert "not yet complete" in ran.err


def test_seconds_after_midnight_today_has_not_begun(month: Month) -> None:
    month.live(1)
    with month.at(month.day(2) + timedelta(seconds=2)):
        ran = month.pull("--since", "today")
    assert ran.code == 2
    assert "has not begun" in ran.err


@pytest.mark.parametrize("words", [(), ("--no-calls",)])
def test_a_day_without_a_recording_is_none_that_is_left(
    month: Month, words: tuple[str, ...]
) -> None:
    """A Sunday, by a job over a window that moves: nothing but the listing tells of it."""
    month.live(1)
    for number in (1, 2, 3):
        with month.now(number):
            assert month.pull("--day", "yesterday", *words).code == 0
            assert month.type("status").code == 0
