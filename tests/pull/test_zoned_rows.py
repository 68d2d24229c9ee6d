"""Rows dated in UTC at a portal whose filter and days go by local time: every row, and no blame."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.sandbox import Encoding, Sandbox, World
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
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
