"""This machine's clock is wrong, or is set while a pull runs; the portal keeps the true time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest

from archiver.manifest.journal import Journal
from archiver.store.local import LocalStore
from tests.cli.desk import Desk
from tests.conftest import Figure
from tests.pulls import DAY, portal

COUNT = 60
TELLING_TIME = ("portal.clock", "run.pipeline", "run.register")
"""The modules that a pull learns the time from."""
HOURS = {
    "2 h ahead": (2.0,),
    "2 h behind": (-2.0,),
    "steps back": (0.0, -2.0),
    "summer time begins": (0.0, 1.0),
    "summer time ends": (1.0, 0.0),
    "jumps about": (0.0, 2.0, -2.0, 1.0, -1.0),
}
"""How far the clock is ahead, one after the other."""


@contextmanager
def clock(hours: tuple[float, ...]) -> Iterator[list[timedelta]]:
    """Let the pull's clock be so far ahead, for 25 looks at it each; yield what was told."""
    told: list[timedelta] = []

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one
            told.append(timedelta(hours=hours[len(told) // 25 % len(hours)]))
            return datetime.now(tz) + told[-1]

    with ExitStack() as patches:
        for module in TELLING_TIME:
            patches.enter_context(mock.patch(f"archiver.{module}.datetime", Wrong))
        yield told


@pytest.mark.parametrize("hours", HOURS.values(), ids=HOURS.keys())
def test_a_wrong_clock_loses_nothing(
    hours: tuple[float, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setattr("archiver.run.register.ENTRIES_A_MANIFEST", 5)
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
