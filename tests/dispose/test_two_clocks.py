"""By a clock that was set forward nothing is due: a second one must agree, at both steps."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, field

from archiver.sandbox import Encoding, Sandbox, World
from tests.cli.desk import TOKEN, Desk
from tests.cli.test_json_documents import fits
from tests.conftest import Figure
from tests.pulls import DAY

RULE = '[{ period = "1y", action = "dispose" }]'
FEW = 4


class PortalClock(Struct):
    """The portal's clock: this machine's, and so much more."""

    off: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


class Office(Struct):
    """A desk with an archive of a few recordings of 2021, and the portal's clock."""

    desk: Desk
    clock: PortalClock
    folder: Path

    def dispose(self, *words: str) -> tuple[int, Any, str]:
        ran = self.desk.run("dispose", "--json", *words)
        return ran.code, json.loads(ran.out) if ran.out else {}, ran.err

    def recordings(self) -> int:
        return len([*self.folder.glob("recordings/**/*.mp3")])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    world, clock, folder = World(seed=7), PortalClock(), tmp_path / "archive"
    world.add(
        count=FEW, first=DAY, last=DAY + timedelta(hours=9), kinds=(Encoding.CBR,), seconds=(1, 2)
    )
    environ = {"ARCHIVER_ARCHIVE": str(folder), "ARCHIVER_RETENTION": RULE, "ARCHIVER_CALLS": "no"}
    with Sandbox(world, token=TOKEN, now=clock) as sandbox:
        desk = Desk(sandbox, tmp_path, environ)
        assert desk.run("pull", "--day", f"{DAY:%Y-%m-%d}").code == 0
        yield Office(desk, clock, folder)
    assert desk.leaks() == []


def test_planned_and_carried_out_it_is_never_fetched_again(
    office: Office, root: Path, figure: Figure
) -> None:
    code, plan, err = office.dispose()
    assert (code, len(plan["recordings"]), plan["clocks"]["of"]) == (0, FEW, "portal"), err
    fits(root, "dispose_plan", plan)
    code, told, err = office.dispose("--confirm", plan["plan"])
    assert (code, told["disposed"], told["removed"]) == (0, FEW, 2 * FEW), err
    fits(root, "dispose", told)
    ran = office.desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", "--json")
    pulled = json.loads(ran.out)
    assert (ran.code, pulled["outcomes"]["erased"], pulled["accounted"]) == (0, FEW, True), ran.err
    assert (office.recordings(), office.desk.run("verify").code) == (0, 0)
    figure("P5", f"disposed {FEW}, fetched again 0, verify 0")


@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_that_is_set_forward_removes_nothing(
    years: int, office: Office, figure: Figure
) -> None:
    """Where the portal's lags, this machine's is ahead of it: neither is believed."""
    _, plan, _ = office.dispose()
    office.clock.off = timedelta(days=365 * years)
    for words in ((), ("--confirm", plan["plan"])):
        code, told, err = office.dispose(*words)
        assert (code, told) == (4, {}), err
        assert "Nothing is due until they agree." in err
    assert office.recordings() == FEW
    assert office.desk.run("verify").code == 0
    figure("P5", f"the clocks are {years:+} years apart: removed 0 of {FEW}, at either step")


def test_without_a_second_clock_nothing_is_planned(office: Office) -> None:
    office.desk.environ["ARCHIVER_TOKEN"] = ""
    code, _, err = office.dispose()
    assert (code, "no second clock" in err) == (2, True), err
    assert office.recordings() == FEW
