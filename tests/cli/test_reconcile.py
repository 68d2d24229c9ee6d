"""``archiver reconcile`` (row A11): the calls that say they were recorded, held to the archive."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator

from archiver.sandbox import Call, Encoding, Faults, ListingFaults, Sandbox, World
from archiver.sandbox.world.tones import Tone
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure

pytestmark = pytest.mark.slow

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 40
GAPS = 17


@pytest.fixture
def world() -> World:
    world = World(seed=3)
    world.add(
        count=COUNT,
        first=DAY,
        last=DAY + timedelta(hours=20),
        kinds=(Encoding.BARE,),
        seconds=(1, 2),
    )
    return world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})


def lose(world: World, count: int) -> set[str]:
    """Take away recordings whose calls say that there is audio; return the ids of the calls."""
    recordings, calls = [*world.recordings], [*world.calls]
    lost = set()
    for recording, call in [*zip(recordings, calls, strict=True)][:: COUNT // count][:count]:
        assert (recording.call_from, recording.call_to) == (call.call_from, call.call_to)
        world.calls.put(replace(call, key="rc/of-the-call.mp3"))
        world.recordings.remove(recording.id)
        lost.add(call.id)
    return lost


def test_the_gaps_are_those_that_were_made(
    root: Path, world: World, desk: Desk, figure: Figure
) -> None:
    lost = lose(world, GAPS)
    assert desk.run("pull", "--no-calls", "--day", "2021-04-06").code == 0

    ran = desk.run("reconcile", "--day", "2021-04-06", "--json")

    told = json.loads(ran.out)
    schema = json.loads((root / "manifests/reconcile.schema.json").read_bytes())
    Draft202012Validator(schema).validate(told)
    assert ran.code == 3
    assert {gap["id"] for gap in told["gaps"]} == lost
    assert (told["matched"], told["recordings_without_call"]) == (COUNT - GAPS, 0)
    assert "447700900" not in desk.printed
    table = desk.run("reconcile", "--day", "2021-04-06").out
    assert all(id_ in table for id_ in lost)
    figure("A11", f"{COUNT} calls, gaps made {GAPS}, found {len(told['gaps'])}, false 0")


def test_what_it_advises_ends_the_gaps(world: World, desk: Desk, figure: Figure) -> None:
    """Beside each call whose audio is its own lies a recording that is gone, or names no number."""
    recordings, calls = [*world.recordings], [*world.calls]
    for number in range(GAPS):
        recording, call = recordings[number], calls[number]
        if number % 2:
            world.edit(recording.id, call_from=None, call_to=None)
        else:
            world.objects.pop(recording.key or "")
        key = f"rc/of-the-call-{number}.mp3"
        world.objects[key] = Tone(Encoding.BARE, call.seconds)
        world.calls.put(replace(call, key=key))
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    before = desk.run("reconcile", "--day", "2021-04-06")
    told = json.loads(desk.run("reconcile", "--day", "2021-04-06", "--json").out)
    assert (before.code, len(told["gaps"])) == (3, GAPS)
    assert sum(gap["near"] is not None for gap in told["gaps"]) == GAPS // 2
    assert f"{GAPS // 2} of the gaps may have a recording that names no number" in before.err
    assert "Pull the same days: it fetches the audio that a call says it has" in before.err

    desk.run("pull", "--day", "2021-04-06")

    after = desk.run("reconcile", "--day", "2021-04-06")
    assert (after.code, after.out) == (0, "")
    figure("G18", f"gaps beside recordings without numbers or audio: {GAPS}, after a pull 0")


def test_no_gap_is_clean_and_quiet(desk: Desk) -> None:
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    ran = desk.run("reconcile", "--day", "2021-04-06", "--every-call", "-q")
    assert (ran.code, ran.out) == (0, "")
    assert "Calls of" not in ran.err


def test_every_call_in_which_somebody_talked(world: World, desk: Desk) -> None:
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    world.arrive(DAY + timedelta(hours=22))
    first = desk.run("reconcile", "--day", "2021-04-06")
    assert (first.code, first.out) == (0, "")
    assert "1 talked and without word of audio" in first.err
    every = desk.run("reconcile", "--day", "2021-04-06", "--every-call")
    assert every.code == 3
    assert "no word of audio" in every.out
    assert "No pull can fetch these: ask the provider" in every.err


def test_a_call_log_that_proves_nothing_is_not_green(desk: Desk) -> None:
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    desk.sandbox.faults = Faults(listing=ListingFaults(total_off=1))
    ran = desk.run("reconcile", "--day", "2021-04-06")
    assert ran.code == 3
    assert f"{COUNT} with their recording, gaps: 0" in ran.err
    assert "could not be proven complete: there may be more calls, and more gaps" in ran.err


def test_a_call_lost_at_midnight_is_a_gap_of_its_day(tmp_path: Path, figure: Figure) -> None:
    """Its recording is not there, but that of the next call, which ends on the next day."""
    world = World()
    midnight = DAY + timedelta(days=1)
    (recording,) = world.add(
        count=1, first=midnight, last=midnight, kinds=(Encoding.BARE,), seconds=(60,)
    )
    (beyond,) = world.calls
    world.recordings.put(replace(recording, at=midnight - timedelta(seconds=10)))
    world.calls.put(replace(beyond, at=midnight + timedelta(seconds=50)))
    before = midnight - timedelta(seconds=30)
    lost = Call("4711", before, beyond.call_from, beyond.call_to, 30, "rc/lost.mp3")
    world.calls.put(lost)
    named = {}
    with Sandbox(world, token=TOKEN) as sandbox:
        desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
        assert (
            desk.run("pull", "--no-calls", "--since", "2021-04-06", "--until", "2021-04-07").code
            == 0
        )
        for day in ("2021-04-06", "2021-04-07"):
            ran = desk.run("reconcile", "--day", day, "--json")
            told = json.loads(ran.out)
            gaps = [gap["id"] for gap in told["gaps"]]
            named[day] = (ran.code, told["matched"], gaps, told["recordings_without_call"])
    assert named == {"2021-04-06": (3, 0, ["call-4711"], 0), "2021-04-07": (0, 1, [], 0)}
    figure("A11", "a call lost at midnight, beside another's recording: gaps made 1, found 1")


def test_what_the_portal_writes_otherwise_is_matched_all_the_same(world: World, desk: Desk) -> None:
    """Numbers in another form, a recording in quarantine, one without a time; "-" for no audio."""
    recordings, calls = [*world.recordings], [*world.calls]
    world.edit(recordings[0].id, call_from=f"+{recordings[0].call_from}")
    world.edit(recordings[1].id, duration="01:00:00")
    world.edit(recordings[2].id, created_at=None, call_id=calls[2].id)
    world.remove(recordings[3].id)
    world.calls.put(replace(calls[3], fields={"audio": "-"}))
    assert desk.run("pull", "--no-calls", "--day", "2021-04-06").code == 3

    ran = desk.run("reconcile", "--day", "2021-04-06", "--json")

    told = json.loads(ran.out)
    counts = [told[name] for name in ("matched", "matched_in_quarantine", "unrecorded")]
    assert (ran.code, counts) == (0, [COUNT - 1, 1, 1])
    assert (told["gaps"], told["recordings_without_call"]) == ([], 0)
    assert f"{COUNT - 1} with their recording (1 in quarantine only), gaps: 0" in ran.err


def test_the_first_of_all_days_can_be_named(desk: Desk) -> None:
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    assert desk.run("reconcile", "--day", "0001-01-01").code in {0, 3}


def test_what_is_needed_is_asked_for(desk: Desk) -> None:
    assert desk.run("reconcile").code == 2
    ran = desk.run("reconcile", "--day", "2021-04-06")
    assert ran.code == 2
    assert "There is no archive" in ran.err
