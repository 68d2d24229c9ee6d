"""From which day on an archive answers for everything: said once, and never lost."""

import json
import os
import signal
from datetime import date, timedelta
from unittest import mock

import pytest

from archiver.app.pulling import start_date
from archiver.errors import ExitCode
from archiver.sandbox import Faults, PageFaults
from archiver.sandbox.faults import ALWAYS
from tests.cli.desk import unplaced
from tests.conftest import Figure
from tests.crash import in_child
from tests.nights import EACH, FIRST, Month
from tests.patience import impatient

DAYS = 5
WAYS_TO_SAY = (
    f"{FIRST:%Y-%m-%d}",
    f"{FIRST:%Y-%m-%d} 06:04",
    f"{FIRST:%Y-%m-%dT%H:%MZ}",
    "4d",
    "98h",
)
FIRST_DAY = FIRST.date()


def lived(month: Month) -> Month:
    for number in range(1, DAYS + 1):
        month.live(number)
    return month


def starts(month: Month) -> list[date]:
    return [each.since for each in month.manifests() if each.since]


def killed_when_it_asks(month: Month, since: str) -> int:
    def dying() -> None:
        kill = mock.Mock(side_effect=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        with mock.patch.object(start_date, "open_session", kill):
            month.pull("--since", since)

    return in_child(dying)


def answers_500(month: Month, since: str) -> int:
    month.sandbox.faults = Faults(pages=PageFaults(errors=ALWAYS, error_status=500))
    with impatient(tries=2):
        code = month.pull("--since", since).code
    month.sandbox.faults = Faults()
    return code


@pytest.mark.parametrize("since", [f"{FIRST_DAY}", "4d"])
def test_a_portal_that_does_not_answer_loses_no_start(
    month: Month, since: str, figure: Figure
) -> None:
    lived(month)
    with month.now(DAYS - 1):
        assert answers_500(month, since) == ExitCode.STOPPED
    with month.now(DAYS):
        ran = month.pull()
    assert (ran.code, month.missing()) == (0, 0)
    assert starts(month)[0] in {FIRST_DAY, FIRST_DAY - timedelta(days=1)}
    figure("R7", f"500 at --since {since}: the next plain pull ends with 0, missing 0")


@pytest.mark.parametrize("since", [f"{FIRST_DAY}", "5d"])
def test_a_run_that_dies_at_its_first_question_loses_no_start(
    month: Month, since: str, figure: Figure
) -> None:
    lived(month)
    with month.now(DAYS):
        assert killed_when_it_asks(month, since) == -signal.SIGKILL
        ran = month.pull()
    assert (ran.code, month.missing()) == (0, 0)
    assert starts(month)[0] in {FIRST_DAY, FIRST_DAY - timedelta(days=1)}
    figure(
        "R7",
        f"--since {since}, killed before an answer: {DAYS * EACH} by the next pull",
    )


@pytest.mark.parametrize("since", WAYS_TO_SAY)
def test_however_it_is_said_it_is_a_fixed_day(month: Month, since: str, figure: Figure) -> None:
    codes = []
    for number in range(1, DAYS + 1):
        month.live(number)
    with month.now(DAYS - 1):
        ran = month.pull("--since", since)
    codes.append(ran.code)
    # No row before that midnight tells the offset of then: a day too many loses nothing.
    first = FIRST_DAY - timedelta(days="Z" in since)
    said = f"From {first} on, every day is due in this archive"
    assert f"{said} (--since {since} stays that day)" in ran.err or since == f"{FIRST_DAY}"
    assert f"{said}" in ran.err
    with month.now(DAYS + 2):
        ran = month.pull()
        codes.append(ran.code)
    assert said not in ran.err, "it is news once"
    assert codes == [0] * 2
    assert (starts(month), month.missing()) == ([first], 0)
    (decision,) = [each.decision for each in month.manifests() if each.decision]
    assert decision.reason == ("pull --since 4d" if since == "4d" else decision.reason)
    figure("R7", f"--since {since} once, then a night without: codes {codes}, one start")


def test_what_nightly_windows_left_unsettled_is_due(month: Month) -> None:
    for number in range(1, 7):
        month.live(number)
        with month.now(number):
            ran = month.pull("--since", "4d")
            assert ran.code == 0
    with month.now(6):
        plain = month.pull()
    told = [json.loads(each.out)["unsettled_since"] for each in (ran, plain)]
    assert told == [f"{month.day(-2):%Y-%m-%d}", f"{month.day(4):%Y-%m-%d}"], "then the look-back"


def test_a_later_day_changes_nothing_and_an_earlier_one_is_entered(month: Month) -> None:
    lived(month)
    with month.now(DAYS):
        for day in (3, 4, 3, 1, 2):
            assert month.pull("--since", f"{month.day(day):%Y-%m-%d}").code == 0
    assert starts(month) == [month.day(3).date(), FIRST_DAY]
    reasons = [each.decision.reason for each in month.manifests() if each.decision]
    assert reasons == ["pull --since"] * 2, "no reason holds so many digits"


def test_what_names_no_past_day_starts_nothing(month: Month) -> None:
    lived(month)
    with month.now(DAYS):
        for text in ("2062-03-01", "soon", f"{month.day(DAYS + 3):%Y-%m-%d}"):
            assert month.pull("--since", text).code == ExitCode.USAGE
        assert month.pull("--day", f"{FIRST_DAY}").code == 0
        ran = month.pull()
    assert (ran.code, starts(month)) == (ExitCode.USAGE, [])
    assert "No start date is stored" in ran.err
    assert "archiver pull --since 2026-03-06" in unplaced(ran.err)
