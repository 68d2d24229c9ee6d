"""Rows dated in UTC at a portal whose filter and days go by local time: every row, and no blame."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from archiver.sandbox import Encoding, Sandbox, World
from archiver.sandbox.portal.date_filter import Span
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.lies.archive import Archive, at_the_wire
from tests.lies.portal import Dated, Portal, Show
from tests.lies.truth import Call, Recording, Truth, audio, uuid
from tests.portal.bent import bend

DAY = datetime(2021, 4, 6, tzinfo=UTC)
LOCAL = timedelta(hours=5, minutes=30)
COUNT = 12


def in_utc(answer: dict[str, Any]) -> dict[str, Any]:
    """Date rows as a framework serialises them, whatever the portal's own zone."""
    for row in answer["data"]["data"]:
        local = datetime.fromisoformat(row["created_at"])
        row["created_at"] = f"{(local - LOCAL).isoformat()}.000000Z"
    return answer


def test_rows_in_utc_and_a_local_filter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    world = World(seed=9, utc_offset_minutes=330)
    last = DAY + timedelta(hours=23)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(3, 4, 5, 6, 7))
    bend(monkeypatch, in_utc)
    with Sandbox(world, token=TOKEN) as sandbox:
        desk = Desk(sandbox, tmp_path)
        words = ("--day", f"{DAY:%Y-%m-%d}", "--no-calls", "-a", str(tmp_path / "a"))
        ran = desk.run("pull", "--json", *words)
        checked = desk.run("doctor", *words[-2:])
    told = json.loads(ran.out)
    assert (ran.code, told["outcomes"]["listed"], told["outcomes"]["archived"]) == (0, COUNT, COUNT)
    assert "ignores" not in ran.err
    assert "honoured, by a clock that is 5:30:00 ahead of the rows'." in checked.out
    assert "(portal time, UTC+00:00, inferred)" in ran.err
    figure("R3", f"rows in UTC, the filter at +05:30: {COUNT} of {COUNT} of the day, exit 0")


class Berlin(Portal):
    """Rows in UTC; the filter goes by the clock on the wall, which has summer time."""

    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    ahead = (timedelta(hours=1), timedelta(hours=2))

    def _seen(self, report: str, span: Span | None, _show: Show) -> list[Dated]:
        def local(at: datetime) -> datetime:
            return (at + self.ahead[at >= self.change]).replace(tzinfo=None)

        there = [(each.at.replace(tzinfo=None), each) for _, each in self._there(report)]
        return [each for each in there if not span or span[0] <= local(each[1].at) <= span[1]]

    def _row(self, at: datetime, each: Recording | Call, show: Show) -> dict[str, object]:
        row = super()._row(at, each, show)
        for name in {"created_at", "end_at", "start_at"} & row.keys():
            row[name] = f"{row[name]}".replace(" ", "T") + ".000000Z"
        return row


class BerlinInAutumn(Berlin):
    """The same, as clocks are set back."""

    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    ahead = (timedelta(hours=2), timedelta(hours=1))


def around(change: datetime, days: int) -> Truth:
    """Return calls at hours around midnight, on days around a change of the clock."""
    random, numbers = Random(3), ("447700900123", "12025550101")
    midnight = change.replace(hour=0)
    moments = [
        midnight + timedelta(days=day, hours=hour, minutes=30)
        for day in range(-days, days)
        for hour in (0, 9, 22, 23)
    ]
    made = [
        Recording(
            id_, at, (f"447700900{n:03}", numbers[1]), 14, audio(id_, 14), at, at, f"call-{n}"
        )
        for n, at in enumerate(moments)
        for id_ in [uuid(random, at)]
    ]
    calls = [Call(each.call, each.at, each.numbers, 14) for each in made]
    return Truth(tuple(made), tuple(calls), timedelta(), 2 * days)


NIGHTS = (-2, -1, 0, 1, 4)
"""After the change."""


@pytest.mark.parametrize("kind", [Berlin, BerlinInAutumn])
def test_clocks_that_change_cost_no_night(
    kind: type[Berlin], tmp_path: Path, figure: Figure
) -> None:
    made = around(kind.change, 5)
    with at_the_wire(portal := kind(made)):
        archive = Archive(portal, tmp_path)
        codes: list[int] = []
        since = f"{kind.change - timedelta(days=4):%Y-%m-%d}"
        for night in NIGHTS:
            portal.begin(kind.change.replace(hour=2, minute=40) + timedelta(days=night), Show())
            ran = archive.pull(*(("--since", since) if not codes else ()))
            print(ran.err)  # noqa: T201 - pytest shows it when the test fails
            codes.append(int(ran.code))
        archive.follow()
        archive.close()
    due = [one.id for one in made.listed(portal.now) if f"{one.at:%Y-%m-%d}" >= since]
    missing = [id_ for id_ in due if id_ not in archive.known]
    assert (codes, missing) == ([0] * len(NIGHTS), [])
    figure(
        "R3", f"rows in UTC, a filter by Berlin's time, {kind.change:%B}: alarms 0 of {len(codes)}"
    )
