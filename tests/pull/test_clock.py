"""A clock is wrong, this machine's or the portal's, or is set while a pull runs."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest

from archiver.manifest.journal import Journal
from archiver.portal import clock as portal_clock
from archiver.pull.job import judging
from archiver.pull.ledger import gathered, run_header
from archiver.sandbox import ClockFaults, Faults
from archiver.store.local import LocalStore
from tests.cli.desk import Desk
from tests.conftest import Figure
from tests.nights import AT_NIGHT, Month
from tests.pulls import DAY, portal

COUNT = 24
LOOKS = 10
"""So often a pull looks at its clock until that changes."""
TELLING_TIME = (portal_clock, judging, run_header)
"""The modules that a pull learns the time from."""
HOURS = {
    "2 h ahead": (2.0,),
    "2 h behind": (-2.0,),
    "steps back": (0.0, -2.0),
    "summer time begins": (0.0, 1.0),
    "jumps about": (0.0, 2.0, -2.0, 1.0, -1.0),
}
"""How far the clock is ahead, one after the other."""


@contextmanager
def clock(hours: tuple[float, ...]) -> Iterator[list[timedelta]]:
    """Let the pull's clock be so far ahead, for some looks at it each; yield what was told."""
    told: list[timedelta] = []

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one
            told.append(timedelta(hours=hours[len(told) // LOOKS % len(hours)]))
            return datetime.now(tz) + told[-1]

    with ExitStack() as patches:
        for module in TELLING_TIME:
            patches.enter_context(mock.patch.object(module, "datetime", Wrong))
        yield told


@pytest.mark.parametrize("hours", HOURS.values(), ids=HOURS.keys())
def test_a_wrong_clock_loses_nothing(
    hours: tuple[float, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setattr(gathered, "ENTRIES_A_MANIFEST", 2)
    with portal(COUNT) as sandbox, clock(hours) as told:
        desk = Desk(sandbox, tmp_path)
        ran = desk.run("pull", "-a", str(tmp_path / "archive"), "--day", f"{DAY:%Y-%m-%d}")
    assert ran.code == 3, "it is said"
    assert "DOUBTFUL: The portal's clock and this machine's are" in ran.err
    assert {shift / timedelta(hours=1) for shift in told} == {*hours}
    manifests = [each for _, each in Journal(LocalStore(tmp_path / "archive")).manifests()]
    assert sum(len(each.recordings) for each in manifests) == COUNT
    times = [manifests[0].run.started, *(each.run.ended or datetime.now(UTC) for each in manifests)]
    assert len(times) > 10
    assert all(before <= after for before, after in pairwise(times))
    figure(
        "N18",
        f"clock {[*hours]} h ahead: lost 0 of {COUNT}, {len(manifests)} manifests, out of order 0",
    )


def newest(month: Month) -> date:
    """Return the newest day that the chain tells of."""
    return max(day.day for each in month.manifests() for day in each.days)


WRONG: dict[str, Callable[[Month, int], Faults]] = {
    "stands still": lambda month, _: Faults(clock=ClockFaults(stands_at=month.day(4) + AT_NIGHT)),
    "lags by 5 hours": lambda *_: Faults(clock=ClockFaults(skew_seconds=-5 * 3_600)),
    "is 2 days behind": lambda *_: Faults(clock=ClockFaults(skew_seconds=-2 * 86_400)),
    "is 400 days ahead": lambda *_: Faults(clock=ClockFaults(skew_seconds=400 * 86_400)),
    "is not told": lambda *_: Faults(clock=ClockFaults(dateless=True)),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_portal_whose_date_is_wrong_hides_nothing(
    what: str, month: Month, figure: Figure
) -> None:
    month.live(1)
    assert month.night(1).code == 0
    requests = 0
    for number in (3, 6):
        month.live(number)
        month.sandbox.faults = WRONG[what](month, number)
        ran = month.night(number)
        is_frozen_right = what == "stands still" and number == 3
        assert ran.code == (0 if is_frozen_right else 3), ran.err
        assert ("DOUBTFUL: The portal" in ran.err) is not is_frozen_right
        requests = max(requests, json.loads(ran.out)["requests"])
        assert month.missing() == 0, ran.err
    assert newest(month) <= month.day(6).date(), "no day that has not been"
    assert requests < 60
    assert month.settled() == set()
    month.sandbox.faults = Faults()
    assert month.night(6).code == 0
    figure("G5", f"the Date {what}: green nights lacking rows 0, requests a night {requests}")


@pytest.mark.parametrize(
    ("what", "trust"),
    [
        ("stands still", "machine"),
        ("is 400 days ahead", "machine"),
        ("is not told", "machine"),
        ("lags by 5 hours", "portal"),
    ],
)
def test_a_person_may_say_which_clock_is_right(what: str, trust: str, month: Month) -> None:
    for number in (1, 5, 9):
        month.live(number)
        month.sandbox.faults = WRONG[what](month, number)
        ran = month.night(number, ARCHIVER_CLOCK=trust)
        assert ran.code == 0, ran.err
        assert month.missing() == 0
    assert month.settled() >= {1, 2}
    assert month.manifests()[-1].run.settings["clock"] == trust


def test_rows_of_later_than_now_are_evidence(month: Month, figure: Figure) -> None:
    for number in (1, 2, 3):
        month.live(number)
    month.ahead = timedelta(days=-1, hours=-12)
    month.sandbox.faults = Faults(clock=ClockFaults(skew_seconds=-36 * 3_600))
    dry, ran = month.night(3, "--dry-run"), month.night(3)
    assert [each.code for each in (dry, ran)] == [3, 3]
    said = "The portal lists a recording of 2026-03-03"
    assert f"DOUBTFUL: {said}" in ran.err
    assert [each[: len(said)] for each in json.loads(dry.out)["doubts"]] == [said]
    month.ahead, month.sandbox.faults = timedelta(), Faults()
    assert month.night(3).code == 0
    assert month.missing() == 0
    figure("G5", "both clocks 36 h behind: said, exit 3; set right: missing 0")


def test_a_clock_that_was_ahead_is_noticed_when_it_is_right_again(month: Month) -> None:
    month.live(1)
    month.ahead = timedelta(days=30)
    month.sandbox.faults = Faults(clock=ClockFaults(dateless=True))
    assert month.night(1, ARCHIVER_CLOCK="machine").code == 0
    month.ahead = timedelta()
    ran = month.night(1, ARCHIVER_CLOCK="machine")
    assert ran.code == 3
    assert "earlier than the last run ended" in ran.err
    assert month.night(1, ARCHIVER_CLOCK="machine").code == 0


def test_ten_years_ahead_for_a_run_nothing_waits_longer(month: Month, figure: Figure) -> None:
    first, *_ = month.live(1)
    month.sandbox.world.edit(first.id, audio=None)
    month.ahead = timedelta(days=3_650)
    assert month.night(1).code == 3, "the clocks disagree"
    month.ahead = timedelta()
    codes = [month.night(number).code for number in (2, 3, 5, 8)]
    assert codes == [0, 0, 0, 3], "it waited 1 hour, 1, 2 and 3 days"
    assert month.manifests()[0].run.started.year == 2036
    assert 1 not in month.settled(), "nothing settles before its time"
    figure("G16", f"10 years ahead for one run: what waits is a finding on its day, {codes}")


def test_ten_years_ahead_without_a_second_clock(month: Month, figure: Figure) -> None:
    first, *_ = month.live(1)
    month.sandbox.world.edit(first.id, audio=None)
    month.sandbox.faults = Faults(clock=ClockFaults(dateless=True))
    words = ("--day", "2026-03-01")
    with month.now(1):
        month.pull("--since", "2026-03-01", "--until", "2026-03-01")
    month.ahead = timedelta(days=3_650)
    with month.now(2):
        month.pull(*words)
    month.ahead = timedelta()
    for number in (3, 4, 6):
        with month.now(number):
            month.pull(*words)
    with month.now(9):
        assert month.pull(*words).code == 3
    (known,) = [entry for each in month.manifests()[-1:] for entry in each.recordings]
    assert known.outcome == "no_audio"
    with month.now(9):
        assert json.loads(month.pull(*words).out)["findings"]["open"] == 1
    figure("G16", "10 years ahead for one run, and no Date: a finding when its tries are used up")
