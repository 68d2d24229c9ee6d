"""``archiver reconcile`` (row A11): the calls that say they were recorded, held to the archive."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from archiver.domain.layout import PRIVATE
from archiver.sandbox import Call, Encoding, Faults, ListingFaults, Sandbox, World
from archiver.sandbox.world.tones import Tone
from tests.cli.desk import TOKEN, Desk, Ran
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


def told(ran: Ran, root: Path) -> dict[str, Any]:
    """Return what was printed, which fits its schema."""
    document: dict[str, Any] = json.loads(ran.out)
    schema = json.loads((root / "manifests/reconcile.schema.json").read_bytes())
    Draft202012Validator(schema).validate(document)
    return document


def test_the_gaps_are_those_that_were_made(
    root: Path, world: World, desk: Desk, figure: Figure
) -> None:
    lost = lose(world, GAPS)
    assert desk.run("pull", "--no-calls", "--day", "2021-04-06").code == 0

    ran = desk.run("reconcile", "--portal", "--day", "2021-04-06", "--json")

    document = told(ran, root)
    missing = document["missing"]
    assert ran.code == 3
    assert {each["id"] for each in missing} == lost
    assert all(each["says_recorded"] for each in missing)
    assert (document["complete"], document["recordings_without_call"]) == (COUNT - GAPS, 0)
    assert (document["asked_portal"], document["proven"]) == (True, True)
    assert "447700900" not in desk.printed
    table = desk.run("reconcile", "--portal", "--day", "2021-04-06").out
    assert all(id_ in table for id_ in lost)
    figure("A11", f"{COUNT} calls, gaps made {GAPS}, found {len(missing)}, false 0")


def test_the_archive_alone_tells(root: Path, world: World, tmp_path: Path, figure: Figure) -> None:
    """The portal is gone, there is no token, and nothing is written to what is read."""
    archive = tmp_path / "archive"
    with Sandbox(world, token=TOKEN) as sandbox:
        lost = set()
        for recording, call in [*zip(world.recordings, world.calls, strict=True)][::4]:
            world.remove(recording.id)
            lost.add(call.id)
        desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(archive)})
        assert desk.run("pull", "--day", "2021-04-06").code == 0
    desk.environ["ARCHIVER_TOKEN"] = ""
    shutil.rmtree(archive / PRIVATE)
    before = {path: path.stat().st_mtime_ns for path in archive.rglob("*")}

    ran = desk.run("reconcile", "--day", "2021-04-06", "--json")

    document = told(ran, root)
    assert ran.code == 3
    assert {each["id"] for each in document["missing"]} == lost
    assert document["days"][0]["unsettled"] == ["it is not settled yet"]
    assert (document["asked_portal"], document["proven"]) == (False, True)
    after = {path: path.stat().st_mtime_ns for path in archive.rglob("*")}
    assert {path: at for path, at in after.items() if PRIVATE not in path.parts} == before
    figure("A11", f"without the portal and a token: {len(lost)} of {len(lost)} found, written 0")


def test_a_day_that_is_not_settled_is_no_last_word(desk: Desk) -> None:
    window = ("--since", "2021-04-05", "--until", "2021-04-06")
    said = []
    for pulled in (window, (*window[:2], "--until", "2021-04-05"), window):
        desk.run("pull", *pulled)
        ran = desk.run("reconcile", *window)
        assert ran.code == 0, "nothing is missing of what is proven"
        said += [re.findall(r"NOT SETTLED: (.*), so more may come\. archiver pull ", ran.err)]
    assert said == [["nothing of this is yet"], ["1 of 2 days"], []]
    assert "NOT SETTLED" not in desk.run("reconcile", *window, "-q").err


def test_enough_may_do(world: World, desk: Desk) -> None:
    """Of 40 calls one is missing: 97.50 %."""
    world.remove(next(iter(world.recordings)).id)
    desk.run("pull", "--day", "2021-04-06")
    codes = {
        share: desk.run("reconcile", "--day", "2021-04-06", "--min-complete", share).code
        for share in ("97.5", "97.51", "100", "0", "97,5", "101", "-1")
    }
    assert codes == {"97.5": 0, "97.51": 3, "100": 3, "0": 0, "97,5": 2, "101": 2, "-1": 2}
    assert "97.50 %" in desk.printed


def test_what_it_advises_ends_the_gaps(
    root: Path, world: World, desk: Desk, figure: Figure
) -> None:
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
    before = desk.run("reconcile", "--portal", "--day", "2021-04-06")
    document = told(desk.run("reconcile", "--portal", "--day", "2021-04-06", "--json"), root)
    missing = document["missing"]
    assert (before.code, len(missing)) == (3, GAPS)
    assert sum(each["recording"] is not None for each in missing) == GAPS // 2
    assert "is its" in before.out
    assert "Pull the same days: archiver pull fetches the audio that a call says" in before.err
    (first, *_) = re.findall(r"archiver accept (\S+) ", before.err)
    assert desk.run("accept", first, "--reason", "looked at").code == 2
    assert "only the portal lists can be accepted after a pull" in before.err

    desk.run("pull", "--day", "2021-04-06")

    after = told(desk.run("reconcile", "--day", "2021-04-06", "--json"), root)
    assert (after["complete"], after["missing"]) == (COUNT, [])
    figure("G18", f"gaps beside recordings without numbers or audio: {GAPS}, after a pull 0")


def test_it_advises_to_accept_what_can_be_accepted(world: World, desk: Desk) -> None:
    """Five are in quarantine, gone, not there (2), and waiting for their audio."""
    bad, gone, none, other, waiting = [*world.recordings][:5]
    calls = [*world.calls]
    world.edit(bad.id, duration="00:00:30")
    world.objects.pop(gone.key or "")
    for each in (none, other):
        world.remove(each.id)
    world.recordings.put(replace(waiting, key=None))
    assert desk.run("pull", "--day", "2021-04-06").code == 3
    day = ("reconcile", "--day", "2021-04-06")

    ran = desk.run(*day)

    said = {line.split()[-1]: line for line in ran.out.splitlines()}
    assert "its recording is in quarantine" in said[calls[0].id]
    assert "its recording is gone" in said[calls[1].id]
    assert "its recording waits for its audio" in said[calls[4].id]
    assert "What waits for its audio is asked for again: archiver pull." in ran.err
    (typed,) = re.findall(r"archiver (accept .*) --reason TEXT\. So may 1 more", ran.err)
    assert set(typed.split()) == {"accept", bad.id, gone.id, calls[2].id}
    assert desk.run(*typed.split(), "--reason", "looked at").code == 0
    assert f"archiver accept {calls[3].id} --reason TEXT." in desk.run(*day).err
    assert desk.run("accept", calls[3].id, "--reason", "looked at").code == 0
    ran = desk.run(*day)
    assert (ran.code, "asked for again" in ran.err, "accept " in ran.err) == (3, True, False)
    assert waiting.id not in ran.err


def test_no_gap_is_clean_and_quiet(desk: Desk) -> None:
    desk.run("pull", "--day", "2021-04-06")
    ran = desk.run("reconcile", "--day", "2021-04-06", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_which_calls_must_have_a_recording(world: World, desk: Desk) -> None:
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    arrived = world.arrive(DAY + timedelta(hours=22))
    day = ("reconcile", "--portal", "--day", "2021-04-06")
    assert desk.run(*day).code == 3
    said = desk.run(*day, "--expect", "said")
    assert (said.code, "1 excluded" in said.err) == (0, True)
    short = desk.run(*day, "--min-talk", "1000s")
    assert f"0 complete, 0 missing, {COUNT + 1} excluded" in short.err
    desk.environ["ARCHIVER_NOT_RECORDED"] = f"service:OUT, +{arrived.call_from}"
    assert desk.run(*day).code == 0
    desk.environ["ARCHIVER_NOT_RECORDED"] = "all of them"
    assert "ARCHIVER_NOT_RECORDED: not_recorded must be such as" in desk.run(*day).err


def test_a_call_log_that_proves_nothing_is_not_green(desk: Desk) -> None:
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    alone = desk.run("reconcile", "--day", "2021-04-06", "--min-complete", "0")
    assert alone.code == 3
    assert "NOT PROVEN 2021-04-06: its calls were not listed since it ended" in alone.err
    assert "archiver pull --day 2021-04-06" in alone.err.splitlines()[-1]
    desk.sandbox.faults = Faults(listing=ListingFaults(total_off=1))
    ran = desk.run("reconcile", "--portal", "--day", "2021-04-06")
    assert ran.code == 3
    assert f"{COUNT} complete (100.00 %), 0 missing" in ran.err
    assert "could not be proven complete: there may be more calls" in ran.err
    enough = desk.run("reconcile", "--portal", "--day", "2021-04-06", "--min-complete", "1")
    assert enough.code == 3


def test_a_call_lost_at_midnight_is_a_gap_of_its_day(
    root: Path, tmp_path: Path, figure: Figure
) -> None:
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
            ran = desk.run("reconcile", "--portal", "--day", day, "--json")
            document = told(ran, root)
            missing = [each["id"] for each in document["missing"]]
            named[day] = ran.code, document["complete"], missing, document["without_call"]
    assert named == {"2021-04-06": (3, 0, ["call-4711"], []), "2021-04-07": (0, 1, [], [])}
    figure("A11", "a call lost at midnight, beside another's recording: gaps made 1, found 1")


def test_what_the_portal_writes_otherwise_is_matched_all_the_same(
    root: Path, world: World, desk: Desk
) -> None:
    """Numbers in another form, a recording in quarantine, one without a time; "-" for no audio."""
    recordings, calls = [*world.recordings], [*world.calls]
    world.edit(recordings[0].id, call_from=f"+{recordings[0].call_from}")
    world.edit(recordings[1].id, duration="01:00:00")
    world.edit(recordings[2].id, created_at=None, call_id=calls[2].id)
    world.remove(recordings[3].id)
    world.calls.put(replace(calls[3], fields={"audio": "-"}))
    assert desk.run("pull", "--day", "2021-04-06").code == 3

    ran = desk.run("reconcile", "--day", "2021-04-06", "--json")

    document = told(ran, root)
    why = {each["id"]: each["why"] for each in document["missing"]}
    assert (ran.code, document["complete"], len(why)) == (3, COUNT - 2, 2)
    assert why[calls[3].id] == "no_recording"
    assert document["recordings_without_call"] in {0, 1}


def test_the_first_of_all_days_can_be_named(desk: Desk) -> None:
    desk.run("pull", "--no-calls", "--day", "2021-04-06")
    assert desk.run("reconcile", "--day", "0001-01-01").code == 3
    assert desk.run("reconcile", "--portal", "--day", "0001-01-01").code == 3


def test_what_is_needed_is_asked_for(desk: Desk) -> None:
    assert desk.run("reconcile").code == 2
    ran = desk.run("reconcile", "--day", "2021-04-06")
    assert ran.code == 2
    assert "There is no archive" in ran.err
    desk.run("pull", "--day", "2021-04-06")
    ran = desk.run("reconcile", "--day", "today")
    assert ran.code == 2
    assert "is over yet (portal time)" in ran.err
