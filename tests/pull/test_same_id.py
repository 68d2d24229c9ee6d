"""One id on two recordings: both are kept, each under a name of its own, and a person is told."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.check.audit import audit
from archiver.domain.outcomes import Concern, Outcome
from archiver.domain.row.identity import alias_of
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest
from archiver.manifest.named_files.call_files import read_calls
from archiver.sandbox import Encoding, Faults, Recording, Sandbox, Trouble, Troubled, World
from archiver.sandbox.portal.page_layouts import SandboxShape
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure

FIRST = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 6
BOTH_DAYS = ("--since", "2021-04-06", "--until", "2021-04-07")
EXPIRED = Faults(media=(Troubled(Trouble.EXPIRED, times=1),))


class Twins:
    """Two days of recordings, two of which have one id, and what is archived of them."""

    def __init__(self, home: Path, shape: str = SandboxShape.NESTED) -> None:
        self.home = home
        self.world = World(seed=4)
        for day in (FIRST, FIRST + timedelta(days=1)):
            self.world.add(
                count=COUNT // 2,
                first=day + timedelta(hours=1),
                last=day + timedelta(hours=20),
                kinds=(Encoding.BARE,),
                seconds=(3, 4, 5, 6, 7, 8),
            )
        self.sandbox = Sandbox(self.world, token=TOKEN, shape=shape)

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.home / "archive")

    def double(self, first: int, second: int) -> tuple[Recording, Recording]:
        """Give the second of two recordings the id of the first."""
        every = list(self.world.recordings)
        self.world.edit(every[second].id, id=every[first].id)
        return every[first], every[second]

    def run(self, *words: str) -> Ran:
        return Desk(self.sandbox, self.home).run(*words, "-a", str(self.home / "archive"))

    def pull(self, *window: str) -> Ran:
        return self.run("pull", "--json", *(window or BOTH_DAYS))

    def manifests(self) -> list[Manifest]:
        return [manifest for _, manifest in Journal(self.store).manifests()]

    def archived(self) -> dict[str, Entry]:
        entries = (entry for each in self.manifests() for entry in each.recordings)
        return {entry.id: entry for entry in entries if entry.outcome is Outcome.ARCHIVED}

    def aliases(self) -> dict[str, Entry]:
        return {id_: entry for id_, entry in self.archived().items() if alias_of(id_)}

    def lost(self) -> int:
        """Return how many recordings there are whose audio is under no entry of their own time."""
        kept = {
            (entry.created_at, entry.audio.sha256)
            for entry in self.archived().values()
            if entry.audio
        }
        return sum(
            (self.world.wall(each.at), _sha256(self.world, each)) not in kept
            for each in self.world.recordings
        )


def _sha256(world: World, recording: Recording) -> str:
    stored = world.stored(recording.key or "")
    assert stored is not None
    return hashlib.sha256(stored.body).hexdigest()


@pytest.fixture
def shape() -> str:
    return SandboxShape.NESTED


@pytest.fixture
def twins(tmp_path: Path, shape: str) -> Iterator[Twins]:
    made = Twins(tmp_path, shape)
    with made.sandbox:
        yield made


PLACES = {"two days": (0, 4), "one day": (0, 1), "one day, the other way round": (1, 0)}


@pytest.mark.parametrize(
    ("place", "shape", "faults"),
    [
        ("two days", SandboxShape.NESTED, Faults()),
        ("two days", SandboxShape.FLAT, EXPIRED),
        ("one day", SandboxShape.NESTED, EXPIRED),
        ("one day", SandboxShape.FLAT, Faults()),
        ("one day, the other way round", SandboxShape.RESOURCE, EXPIRED),
    ],
)
def test_both_are_kept_and_it_is_a_finding(
    place: str, faults: Faults, twins: Twins, figure: Figure
) -> None:
    first, _ = twins.double(*PLACES[place])
    twins.sandbox.faults = faults
    ran = twins.pull()
    told = json.loads(ran.out)
    assert (ran.code, told["accounted"], told["outcomes"]["listed"]) == (3, True, COUNT), ran.err
    assert twins.sandbox.counts["media"] == (2 * COUNT if faults.media else COUNT)
    assert twins.lost() == 0
    ((alias, entry),) = twins.aliases().items()
    assert alias_of(alias) == first.id
    assert entry.concerns == (Concern.SAME_ID,)
    assert entry.reasons == (f"the portal lists another recording under its id, {first.id}",)
    assert f"{alias}: the portal lists another recording" in ran.err
    assert audit(twins.store).is_clean
    assert twins.run("accept", alias, "--reason", "asked the provider").code == 0
    before = Counter(twins.sandbox.counts.objects)
    told = json.loads(twins.pull().out)
    assert (told["clean"], told["outcomes"]["held"], told["bytes"]) == (True, COUNT, 0)
    assert twins.sandbox.counts["not_modified"] == 1, "it is asked about by its ETag"
    asked = twins.sandbox.counts.objects - before
    assert sorted(asked.values()) == [1], "and no other"
    assert len(twins.archived()) == COUNT
    figure("G6", f"{place}: rows without their audio {twins.lost()} of {COUNT}, findings 1")


@pytest.mark.parametrize("days", [("06", "07"), ("07", "06")], ids=["older first", "newer first"])
def test_whichever_was_seen_first_keeps_its_name(
    days: tuple[str, str], twins: Twins, figure: Figure
) -> None:
    twins.double(0, 4)
    for day, code in zip(days, (0, 3), strict=True):
        assert twins.pull("--day", f"2021-04-{day}").code == code
    names = {id_: entry.created_at for id_, entry in twins.archived().items()}
    ((alias, entry),) = twins.aliases().items()
    assert entry.created_at is not None
    assert f"{entry.created_at:%d}" == days[1]
    for window in (BOTH_DAYS, ("--day", "2021-04-07"), ("--day", "2021-04-06")):
        assert twins.pull(*window).code == 3
    assert {id_: each.created_at for id_, each in twins.archived().items()} == names
    assert len([e for m in twins.manifests() for e in m.recordings]) == COUNT, "and once each"
    assert twins.run("accept", alias, "--reason", "asked the provider").code == 0
    assert twins.pull().code == 0
    figure("G6", f"days {days[0]}, {days[1]}: names the same in 5 runs, rows without audio 0")


def test_one_whose_sidecar_is_lost_makes_way_for_no_other(twins: Twins, figure: Figure) -> None:
    """A catalog that is made anew knows no object of it: nothing says that a later row is its."""
    first, second = twins.double(0, 4)
    assert twins.pull("--day", "2021-04-06").code == 0
    audio = twins.archived()[first.id].audio
    (sidecar,) = (twins.store.root / "recordings").rglob(f"*{first.id}.*.json")
    sidecar.unlink()
    shutil.rmtree(twins.store.root / ".archiver")
    ran = twins.pull("--day", "2021-04-07")
    assert (ran.code, twins.lost()) == (3, 0), ran.err
    ((alias, entry),) = twins.aliases().items()
    assert (alias_of(alias), entry.concerns) == (first.id, (Concern.SAME_ID,))
    assert entry.created_at == twins.world.wall(second.at)
    assert (twins.archived()[first.id].audio, entry.supersedes) == (audio, ())
    figure("G23", "another recording under the id of one without its sidecar: taken over 0 of 1")


def test_one_whose_sidecar_is_lost_is_still_the_same(twins: Twins) -> None:
    first, *_ = twins.world.recordings
    assert twins.pull().code == 0
    (sidecar,) = (twins.store.root / "recordings").rglob(f"*{first.id}.*.json")
    sidecar.unlink()
    shutil.rmtree(twins.store.root / ".archiver")
    twins.pull()
    assert (len(twins.archived()), twins.aliases()) == (COUNT, {})


def test_audio_that_comes_late_is_found_under_its_name(twins: Twins) -> None:
    first, second = twins.double(0, 1)
    twins.world.edit(second.id, audio=None)
    assert json.loads(twins.pull().out)["outcomes"]["no_audio"] == 1
    twins.world.recordings.put(replace(second, fields={"id": first.id}))
    assert twins.pull().code == 3
    assert twins.lost() == 0
    assert len(twins.aliases()) == 1


def test_a_row_that_is_dated_anew_is_no_other_recording(twins: Twins) -> None:
    first, *_ = twins.world.recordings
    assert twins.pull().code == 0
    twins.world.recordings.put(replace(first, at=first.at.replace(hour=0, minute=30)))
    assert twins.pull().code == 0
    assert (len(twins.archived()), twins.aliases()) == (COUNT, {})


def test_other_audio_of_the_same_time_is_a_new_version(twins: Twins) -> None:
    first, *_ = twins.world.recordings
    assert twins.pull().code == 0
    twins.world.objects["rc/another.mp3"] = twins.world.objects[first.key or ""]
    twins.world.recordings.put(replace(first, key="rc/another.mp3"))
    assert twins.pull().code == 0
    assert (len(twins.archived()), twins.aliases()) == (COUNT, {})


def test_the_lost_audio_of_one_is_not_repaired_with_the_others(twins: Twins) -> None:
    first, _ = twins.double(0, 4)
    twins.pull()
    (entry,) = twins.aliases().values()
    base = twins.archived()[first.id]
    for each in (entry, base):
        assert each.audio is not None
        (twins.store.root / each.audio.path).unlink()
    ran = twins.run("repair")
    assert "2 put back" in ran.err, ran.err
    assert audit(twins.store).is_clean
    for each in (entry, base):
        assert each.audio is not None
        (twins.store.root / each.audio.path).unlink()
    twins.world.remove(first.id)
    assert "1 put back, 0 replaced, 1 left" in twins.run("repair").err


def test_calls_of_one_id_are_all_archived(twins: Twins, figure: Figure) -> None:
    one, *_, other = twins.world.calls
    twins.world.calls.put(replace(other, fields={"id": one.id, "notes": "another"}))
    assert json.loads(twins.pull().out)["calls"] == {
        "listed": COUNT,
        "new": COUNT,
        "changed": 0,
        "unread": 0,
    }
    for window in (BOTH_DAYS, ("--day", "2021-04-07"), BOTH_DAYS):
        told = json.loads(twins.pull(*window).out)
        assert (told["calls"]["new"], told["calls"]["changed"], told["clean"]) == (0, 0, True)
    files = [file.file.path for each in twins.manifests() for file in each.calls]
    rows = [row for key in files for row in read_calls((twins.store.root / key).read_bytes())]
    assert {row["notes"] for row in rows if row["id"] == one.id} == {None, "another"}
    figure("G6", f"calls of one id: rows archived {len(rows)} of {COUNT}, written again 0")


def test_both_rows_of_one_id_are_shown(twins: Twins) -> None:
    twins.double(0, 4)
    desk = Desk(twins.sandbox, twins.home)
    assert len(desk.run("list", "--json", *BOTH_DAYS).out.splitlines()) == COUNT
    ran = twins.run("pull", "--dry-run", "--json", *BOTH_DAYS)
    assert json.loads(ran.out)["recordings"] == COUNT
