"""``archiver doctor`` as a person sees it: words, advice, exit codes, and no secret."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from archiver.doctor.checkup import LOCAL, REMOTE
from archiver.sandbox import Faults, FilterFaults, PageFaults, Sandbox, World
from archiver.sandbox.world.blemish import Blemish, blemish
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure


@pytest.fixture
def world() -> World:
    world, now = World(seed=7), datetime.now(UTC)
    world.add(count=20, first=now - timedelta(days=2), last=now - timedelta(hours=1), seconds=(7,))
    return world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_RATE": "600"})


def document(desk: Desk, *words: str) -> tuple[int, dict[str, Any]]:
    ran = desk.run("doctor", "--json", *words)
    return ran.code, json.loads(ran.out)


def test_everything_in_order_ends_with_0_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    ran = desk.run("doctor", "--archive", str(tmp_path / "archive"))
    lines = ran.out.splitlines()
    words = (line.split() for line in lines if not line.startswith(" "))
    told = {name: state for state, name, *_ in words}
    assert told == {**dict.fromkeys((*LOCAL, *REMOTE), "ok"), "start": "warn"}
    assert (ran.code, ran.err, list(tmp_path.iterdir())) == (2, "", []), "there is no archive yet"
    assert desk.leaks() == []


def test_an_archive_that_no_night_can_go_on_with_is_warned_of(
    desk: Desk, tmp_path: Path, figure: Figure
) -> None:
    """Not begun, or not mounted, or of single days alone: each plain pull ends with 2."""
    desk.environ |= {"ARCHIVER_ARCHIVE": str(tmp_path / "archive"), "ARCHIVER_CALLS": "no"}
    steps = (
        (2, "--day", "yesterday", "There is no archive at ", "give --since DATE"),
        (0, "--since", "3d", "No start date is stored", "archiver pull --since"),
    )
    for code, *words, found, advice in steps:
        examined, pulled = desk.run("doctor"), desk.run("pull")
        assert (examined.code, pulled.code) == (code, 2)
        assert f"warn     start     {found}" in examined.out
        assert found in pulled.err
        assert advice in examined.out
        assert desk.run("pull", *words).code == 0
    examined = desk.run("doctor")
    assert (examined.code, desk.run("pull").code) == (0, 0)
    assert "ok       start     All is due from 20" in examined.out
    mistyped = desk.run("doctor", "-a", str(tmp_path / "archvie"))
    assert (mistyped.code, "There is no archive at " in mistyped.out) == (2, True)
    assert document(desk, "-a", str(tmp_path / "archvie"))[1]["exit_code"] == 2
    figure("R12", f"{len(steps)} archives of which nothing is due: warned of by doctor, 2 by pull")


def test_a_warning_comes_with_advice_and_ends_with_0(desk: Desk) -> None:
    desk.sandbox.faults = Faults(filter=FilterFaults(whole_days=True))
    ran = desk.run("doctor")
    lines = ran.out.splitlines()
    line = lines.index("warn     filter    Dates are honoured, times of day are not.")
    assert lines[line + 1].startswith("                   Nothing to do: ")
    assert "not run  archive   None is named" in ran.out
    assert ran.code == 0


@pytest.mark.parametrize(
    ("environ", "code", "failed"),
    [
        ({"ARCHIVER_TOKEN": ""}, 2, "settings"),
        ({"ARCHIVER_WORKERS": "many", "ARCHIVER_RATE": "0"}, 2, "settings"),
        ({"ARCHIVER_CA_BUNDLE": "/nonexistent.pem"}, 2, "settings"),
        ({"ARCHIVER_TOKEN": "another-token"}, 4, "token"),
        ({"ARCHIVER_ARCHIVE": "/dev/null/archive"}, 2, "archive"),
    ],
)
def test_the_first_failure_decides_the_exit_code(
    desk: Desk, environ: dict[str, str], code: int, failed: str
) -> None:
    desk.environ |= environ
    ended, told = document(desk)
    states = {check["name"]: check["state"] for check in told["checks"]}
    assert (ended, told["exit_code"]) == (code, code)
    assert [name for name, state in states.items() if state == "fail"] == [failed]
    assert set(states) == {*LOCAL, *REMOTE}
    assert "another-token" not in desk.printed


def test_all_problems_of_the_settings_are_told_in_one_line_of_output(desk: Desk) -> None:
    desk.environ |= {"ARCHIVER_WORKERS": "many", "ARCHIVER_RATE": "0"}
    first = desk.run("doctor").out.splitlines()[0]
    assert first.startswith("fail     settings  The settings have 2 problems: ")
    assert "ARCHIVER_WORKERS" in first
    assert "ARCHIVER_RATE" in first


def test_hostile_rows_and_answers_never_act(desk: Desk, world: World, figure: Figure) -> None:
    """What the portal serves reaches neither terminal nor JSON raw; secrets never do (X6, X12)."""
    for turn, recording in enumerate(list(world.recordings)[-5:]):
        blemish(world, recording, Blemish.HOSTILE, turn)
    desk.run("doctor")
    desk.run("doctor", "--json")
    said = json.dumps({"status": 403, "message": f"\x1b[2J no {TOKEN[:6]} for 12025550143"})
    desk.sandbox.faults = Faults(pages=PageFaults(body=said.encode()))
    refused = desk.run("doctor")
    assert "403" in refused.out
    assert "12025550143" not in desk.printed
    assert desk.leaks() == []
    figure("X6", f"doctor: secrets and raw control characters 0 in {len(desk.printed)} characters")


def test_what_json_prints_fits_its_schema(desk: Desk, root: Path) -> None:
    schema = json.loads((root / "manifests" / "doctor.schema.json").read_bytes())
    example = json.loads((root / "manifests" / "doctor.example.json").read_bytes())
    _, told = document(desk)
    for each in (told, example):
        Draft202012Validator(schema).validate(each)
    assert {check["name"] for check in example["checks"]} == {*LOCAL, *REMOTE}
