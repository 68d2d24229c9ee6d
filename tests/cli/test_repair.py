"""``archiver repair``: what verify found damaged comes back, from a copy or from the portal."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec import Struct
from msgspec.structs import replace

from archiver.check.audit import audit
from archiver.check.audit_report import AuditReport
from archiver.check.repairing.file_repair import LOST_AUDIO, LOST_SIDECAR
from archiver.domain.outcomes import Concern, Outcome
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest, ManifestKind
from archiver.removal.making_way import set_aside
from archiver.sandbox import Encoding as Audio
from archiver.sandbox import Sandbox, World
from archiver.store.local import LocalStore
from tests.cli.desk import ENDPOINT, TOKEN, Desk, at_endpoint
from tests.conftest import Figure
from tests.patience import impatient

pytestmark = pytest.mark.slow

DAY = datetime(2021, 4, 6, tzinfo=UTC)
PULL = ("pull", "--day", "2021-04-06", "-q")
WHY = ("--reason", "the disk failed and there is no other copy")
COUNT = 5


class Bench(Struct):
    """An archive of a pulled day, another copy of it, and a desk to repair it at."""

    desk: Desk
    root: Path

    @property
    def archive(self) -> Path:
        return self.desk.home / "archive"

    @property
    def copy(self) -> Path:
        return self.desk.home / "copy"

    @property
    def world(self) -> World:
        return self.desk.sandbox.world

    def keep_a_copy(self) -> None:
        shutil.copytree(self.archive, self.copy, ignore=shutil.ignore_patterns(".archiver"))

    def file(self, ending: str, number: int = 1) -> Path:
        """Return the file of one recording."""
        id_ = [*self.world.recordings][number].id
        (path,) = self.archive.glob(f"recordings/**/*{id_}*.{ending}")
        return path

    def name(self, path: Path) -> str:
        return str(path.relative_to(self.archive))

    def repair(self, *options: str) -> tuple[int, dict[str, Any]]:
        ran = self.desk.run("repair", "--json", *options)
        told = json.loads(ran.out)
        schema = json.loads((self.root / "manifests/repair.schema.json").read_bytes())
        Draft202012Validator(schema).validate(told)
        assert self.desk.leaks() == []
        return ran.code, told

    def verified(self) -> AuditReport:
        return audit(LocalStore(self.archive))

    def newest(self) -> Manifest:
        return [each for _, each in Journal(LocalStore(self.archive)).manifests()][-1]


@contextmanager
def desk_at(home: Path) -> Iterator[Desk]:
    """Serve the day, the same each time, to a desk."""
    world = World(seed=11)
    last = DAY + timedelta(hours=9)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Audio.BARE,), seconds=(3, 4))
    with Sandbox(world, token=TOKEN, root_path=ENDPOINT) as sandbox:
        place = {"ARCHIVER_ARCHIVE": str(home / "archive")}
        yield Desk(sandbox, home, at_endpoint(sandbox) | place)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the archive of the day, of which each test has a copy."""
    with impatient(), desk_at(tmp_path_factory.mktemp("home")) as desk:
        assert desk.run(*PULL).code == 0
    return desk.home


@pytest.fixture
def bench(pulled: Path, tmp_path: Path, root: Path) -> Iterator[Bench]:
    with desk_at(tmp_path) as desk:
        shutil.copytree(pulled, tmp_path, dirs_exist_ok=True)
        yield Bench(desk, root)


def flip(path: Path) -> bytes:
    """Change a bit of a file; return what it was."""
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(bytes([whole[0] ^ 1, *whole[1:]]))
    return whole


@pytest.mark.parametrize("source", ["portal", "copy"])
@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_the_very_bytes_come_back(source: str, damage: str, bench: Bench, figure: Figure) -> None:
    bench.keep_a_copy()
    path = bench.file("mp3")
    whole = flip(path)
    if damage == "missing":
        path.unlink()
    fetched = bench.desk.sandbox.counts["media"]

    code, told = bench.repair(*(("--from", str(bench.copy)) if source == "copy" else ()))

    assert (code, told["put_back"], told["replaced"], told["left"]) == (
        0,
        [bench.name(path)],
        [],
        [],
    )
    assert path.read_bytes() == whole
    assert bench.desk.sandbox.counts["media"] == fetched + (source == "portal")
    report, said = bench.verified(), bench.newest()
    assert report.is_clean
    assert len(report.aside) == (damage == "flipped"), "the damaged file is kept apart"
    (entry,) = said.recordings
    assert (said.kind, entry.outcome, entry.audio and entry.audio.path) == (
        ManifestKind.REPAIR,
        Outcome.HELD,
        bench.name(path),
    )
    assert told["head"]["number"] == said.number
    assert bench.desk.run(*PULL).code == 0
    figure("D11", f"audio {damage}: put back from the {source} 1, verify clean")


def test_what_was_moved_and_was_whole_comes_back_from_where_it_lies(
    bench: Bench, figure: Figure
) -> None:
    store = LocalStore(bench.archive)
    calls = next(item.key for item in store.items("calls/"))
    moved = sorted([bench.name(bench.file("mp3")), bench.name(bench.file("json", 2)), calls])
    aside = [set_aside(store, key) for key in moved]
    for recording in [*bench.world.recordings]:
        bench.world.remove(recording.id)

    code, told = bench.repair()

    assert (code, sorted(told["put_back"]), told["left"]) == (0, moved, [])
    report = bench.verified()
    assert report.is_clean
    assert sorted(each.path for each in report.aside) == sorted(aside), "nothing is deleted"
    put_back = {entry.reasons for entry in bench.newest().recordings}
    assert put_back == {("put back from what was set aside",)}
    figure("G13", f"whole files that were moved aside: {len(moved)} of {len(moved)} put back")


def test_a_lost_sidecar_comes_from_a_copy_or_is_written_anew(bench: Bench) -> None:
    bench.keep_a_copy()
    one, other = bench.file("json", 1), bench.file("json", 2)
    whole = flip(one)
    other.unlink()

    code, told = bench.repair("--from", str(bench.copy), bench.name(one))

    assert (code, told["put_back"]) == (0, [bench.name(one)])
    assert one.read_bytes() == whole
    flip(one)
    code, told = bench.repair()
    assert (code, told["put_back"]) == (3, [])
    assert sorted(told["replaced"]) == sorted(map(bench.name, (one, other)))
    assert told["originals_lost"] == told["replaced"]
    assert bench.verified().is_clean
    for entry in bench.newest().recordings:
        assert entry.sidecar is not None
        assert entry.sidecar.path not in told["replaced"]
        assert entry.supersedes[0] in told["replaced"]
        assert (entry.concerns, entry.reasons) == ((Concern.ORIGINAL_LOST,), (LOST_SIDECAR,))
    assert bench.desk.run("accept", "--verdict", "original_lost", *WHY).code == 0
    assert bench.desk.run(*PULL).code == 0


def test_a_lost_original_is_a_finding_until_a_person_accepts_it(
    bench: Bench, figure: Figure
) -> None:
    """Other bytes of the portal are a new version, and the loss is told whatever comes then."""
    first, second = [*bench.world.recordings][1:3]
    body = bench.world.stored(second.key or "")
    assert body is not None
    path = bench.file("mp3")
    flip(path)
    bench.world.store(first.key or "", body.body)
    bench.world.edit(first.id, duration=f"00:00:{second.seconds:02}")

    code, told = bench.repair()

    assert (code, told["put_back"], told["replaced"]) == (3, [], [bench.name(path)])
    assert told["originals_lost"] == told["replaced"]
    assert bench.verified().is_clean
    (entry,) = bench.newest().recordings
    assert (entry.outcome, entry.supersedes) == (Outcome.ARCHIVED, (bench.name(path),))
    assert (entry.concerns, entry.reasons) == ((Concern.ORIGINAL_LOST,), (LOST_AUDIO,))
    assert kept(bench, entry) == body.body
    assert bench.repair()[0] == 0, "there is nothing more to bring back"
    nights = [bench.desk.run(*PULL)]
    bench.world.edit(first.id, notes="called back")
    nights.append(bench.desk.run(*PULL))
    assert [night.code for night in nights] == [3, 3]
    assert f"still open: archived (original_lost) {first.id}: {LOST_AUDIO}" in nights[1].err
    assert bench.desk.run("accept", first.id, *WHY).code == 0
    assert bench.desk.run(*PULL).code == 0
    figure("G21", "an original lost, other bytes in its place: exit code 3, 1 finding, 2 nights")


def test_a_lost_original_that_the_portal_has_again_under_its_row_is_archived(bench: Bench) -> None:
    """A finding about good audio is asked about by its ETag, too."""
    first, second = [*bench.world.recordings][1:3]
    path = bench.file("mp3")
    whole, own = path.read_bytes(), bench.world.objects[first.key or ""]
    flip(path)
    bench.world.objects[first.key or ""] = bench.world.objects[second.key or ""]
    assert bench.repair()[0] == 3
    asked = bench.desk.sandbox.counts["not_modified"]
    assert bench.desk.run(*PULL).code == 3
    assert bench.desk.sandbox.counts["not_modified"] == asked + 1
    bench.world.objects[first.key or ""] = own
    assert bench.desk.run(*PULL).code == 3, "a person has to see that it was lost"
    (entry,) = bench.newest().recordings
    assert kept(bench, entry) == whole


def kept(bench: Bench, entry: Entry) -> bytes:
    assert entry.audio is not None
    return (bench.archive / entry.audio.path).read_bytes()


@pytest.mark.parametrize("fate", ["gone", "unlisted", "bad", "no token"])
def test_what_cannot_be_brought_back_is_told(fate: str, bench: Bench) -> None:
    first = [*bench.world.recordings][1]
    path = bench.file("mp3")
    flip(path)
    damaged = path.read_bytes()
    if fate == "gone":
        bench.world.objects.pop(first.key or "")
    elif fate == "unlisted":
        bench.world.remove(first.id)
    elif fate == "bad":
        bench.world.store(first.key or "", b"an error page")
    else:
        bench.desk.environ["ARCHIVER_TOKEN"] = ""

    code, told = bench.repair()

    assert (code, told["put_back"]) == (3, [])
    assert [each["path"] for each in told["left"]] == [bench.name(path)]
    assert path.read_bytes() == damaged, "nothing is moved that has no substitute"
    assert [each.path for each in bench.verified().differ] == [bench.name(path)]
    assert bench.verified().extra == []
    shown = bench.desk.run("repair")
    assert shown.code == 3
    assert bench.name(path) in shown.out
    assert "--from ARCHIVE" in shown.err


def test_what_lies_in_the_way_is_called_so_and_needs_no_copy(bench: Bench) -> None:
    """Nothing is moved that can't be read: a person does."""
    bench.keep_a_copy()
    pipe, folder = bench.file("mp3"), bench.file("mp3", 2)
    for path in (pipe, folder):
        path.unlink()
    os.mkfifo(pipe)
    folder.mkdir()
    whole = bench.desk.run("repair", "--from", str(bench.copy))
    assert whole.code == 3
    assert f"{bench.name(pipe)}: something that is no file lies where one should be\n" in whole.out
    assert f"{bench.name(folder)}: a folder lies where a file should be\n" in whole.out
    assert "Where something else lies under its name, move that away" in whole.err
    assert "another copy" not in whole.err
    assert "Check what lies under its name" in bench.desk.run("verify").out
    pipe.unlink()
    folder.rmdir()
    assert bench.repair("--from", str(bench.copy))[0] == 0


def test_a_file_of_calls_comes_from_a_copy_alone(bench: Bench) -> None:
    bench.keep_a_copy()
    (path,) = bench.archive.glob("calls/**/*.jsonl")
    whole = flip(path)
    assert bench.repair()[1]["left"][0]["path"] == bench.name(path)
    code, told = bench.repair("--from", str(bench.copy))
    assert (code, told["put_back"]) == (0, [bench.name(path)])
    assert path.read_bytes() == whole
    assert [each.file.path for each in bench.newest().calls] == [bench.name(path)]
    assert bench.verified().is_clean
    assert bench.desk.run(*PULL).code == 0
    assert bench.newest().calls == (), "no call is new for having been put back"


def test_a_manifest_comes_back_only_as_the_chain_says(bench: Bench) -> None:
    bench.desk.run(*PULL, "--no-calls")
    bench.keep_a_copy()
    head = bench.verified().head
    _, low, high = sorted(bench.archive.glob("manifests/*.json"))
    whole = flip(low)
    forged = bench.copy / bench.name(low)
    forged.write_bytes(forged.read_bytes().replace(b"verified", b"damaged"))

    code, told = bench.repair("--from", str(bench.copy))

    assert (code, told["put_back"]) == (3, [])
    assert [each["path"] for each in told["left"]] == [bench.name(low)]
    forged.write_bytes(whole)
    high.unlink()
    memory = bench.archive / ".archiver/head.json"
    seen = memory.read_bytes()
    memory.unlink()
    assert bench.repair("--from", str(bench.copy))[0] == 3, "nothing tells what was highest"
    memory.write_bytes(seen)
    assert bench.repair("-n", "--from", str(bench.copy))[0] == 3
    code, told = bench.repair("--from", str(bench.copy), "--head", str(head))
    assert (code, sorted(told["put_back"])) == (0, [bench.name(low), bench.name(high)])
    assert low.read_bytes() == whole
    assert bench.verified().is_clean
    assert bench.newest().run.settings["put_back"] == f"{bench.name(high)}, {bench.name(low)}"


def test_the_archives_own_file_comes_back(bench: Bench) -> None:
    bench.keep_a_copy()
    whole = flip(bench.archive / "ARCHIVE.json")
    assert bench.repair()[0] == 3
    assert bench.repair("--from", str(bench.copy))[0] == 0
    assert (bench.archive / "ARCHIVE.json").read_bytes() == whole
    assert bench.verified().is_clean


def test_a_dry_run_only_looks(bench: Bench) -> None:
    assert bench.repair()[0] == 0, "there is nothing to do"
    path = bench.file("mp3")
    path.unlink()
    code, told = bench.repair("-n")
    assert (code, told["left"][0]["path"]) == (3, bench.name(path))
    assert not path.exists()
    other = [*bench.world.recordings][2].id
    assert bench.repair(other)[0] == 0, "only what was named"
    assert bench.newest().kind is ManifestKind.RUN
    assert bench.repair([*bench.world.recordings][1].id)[0] == 0
    assert bench.repair("-n", "--quick")[0] == 0
    nowhere = str(bench.desk.home / "no")
    for option in ("-a", "--from"):
        ran = bench.desk.run("repair", option, nowhere)
        named = "--archive" if option == "-a" else option
        assert (ran.code, f"no archive at {nowhere}.\nCheck {named}." in ran.err) == (2, True)
    assert not (bench.desk.home / "no").exists()


def test_what_a_quick_repair_did_not_read_is_said(bench: Bench, figure: Figure) -> None:
    flip(bench.file("mp3"))
    for options in ([], ["-n"]):
        ran = bench.desk.run("repair", "--quick", *options)
        assert (ran.code, "files were NOT read" in ran.err) == (0, True)
        code, told = bench.repair("--quick", *options)
        assert (code, told["left"]) == (0, [])
        assert told["files"]["sized"] > 0
    ran = bench.desk.run("repair", "-n")
    assert (ran.code, "NOT read" in ran.err) == (3, False)
    figure("G43", "repair --quick of a flipped bit: says how many files were not read")


def test_what_is_missing_is_called_so_and_named_once(bench: Bench, figure: Figure) -> None:
    path = bench.file("mp3")
    path.unlink()
    name = bench.name(path)
    told = {words[0]: bench.desk.run(*words).out for words in (("repair", "-n"), ("verify",))}
    assert f"to repair  {name}: it is not there\n" in told["repair"]
    assert f"missing     {name}: it is not there\n" in told["verify"]
    assert [each.count(name) for each in told.values()] == [1, 1]
    assert "damaged" not in told["repair"]
    figure("R17", "a missing file: not called damaged, its path named once")


def test_an_older_version_comes_from_a_copy_alone(bench: Bench) -> None:
    bench.keep_a_copy()
    path = bench.file("mp3")
    first, second = [*bench.world.recordings][1:3]
    body = bench.world.stored(second.key or "")
    assert body is not None
    bench.world.store(first.key or "", body.body)
    bench.world.edit(first.id, duration=f"00:00:{second.seconds:02}", notes="redacted")
    assert bench.desk.run(*PULL).code == 0
    flip(path)
    fetched = bench.desk.sandbox.counts["media"]
    code, told = bench.repair()
    assert (code, "older version" in told["left"][0]["what"]) == (3, True)
    assert bench.desk.sandbox.counts["media"] == fetched
    assert bench.repair("--from", str(bench.copy))[0] == 0
    assert bench.verified().is_clean
    assert bench.desk.run(*PULL).code == 0, "the newer version is current as before"
    assert bench.desk.sandbox.counts["media"] == fetched


def test_what_was_refused_and_lost_gives_way_to_what_is_good(bench: Bench) -> None:
    first = [*bench.world.recordings][1]
    whole = bench.file("mp3").read_bytes()
    bench.world.store(first.key or "", whole[: len(whole) // 2])
    bench.world.edit(first.id, duration="00:00:59")
    assert bench.desk.run(*PULL).code == 3, "a newer version of what is held"
    (path,) = bench.archive.glob("quarantine/**/*.mp3")
    path.unlink()
    bench.world.store(first.key or "", whole)
    bench.world.edit(first.id, duration=f"00:00:{first.seconds:02}")
    code, told = bench.repair()
    assert (code, told["replaced"], told["originals_lost"]) == (0, [bench.name(path)], [])
    assert bench.newest().findings.open == 0
    assert bench.verified().is_clean


def test_what_was_refused_and_lost_and_is_bad_again_is_missed(bench: Bench) -> None:
    first = [*bench.world.recordings][1]
    whole = bench.file("mp3").read_bytes()
    bench.world.edit(first.id, duration="00:00:59")
    shutil.rmtree(bench.archive)
    shutil.rmtree(bench.desk.home / ".local")
    assert bench.desk.run(*PULL).code == 3
    (path,) = bench.archive.glob("quarantine/**/*.mp3")
    path.unlink()
    bench.world.store(first.key or "", whole[: len(whole) // 2])
    code, told = bench.repair()
    assert (code, told["originals_lost"]) == (3, [bench.name(path)])
    assert LOST_AUDIO in bench.newest().recordings[0].reasons


def test_a_chain_that_is_shorter_than_a_copy_has_it_is_never_whole(
    bench: Bench, figure: Figure
) -> None:
    """Nothing here tells that its end is lost: neither a manifest nor what was remembered."""
    bench.desk.run(*PULL)
    bench.keep_a_copy()
    head, source = bench.verified().head, ("--from", str(bench.copy))
    shutil.rmtree(bench.archive / ".archiver")
    *kept, high = sorted(bench.archive.glob("manifests/*.json"))
    whole = high.read_bytes()
    high.unlink()
    shorter = bench.repair(*source)
    assert [each["path"] for each in shorter[1]["left"]] == [bench.name(high)]
    assert f"the copy goes on from here to manifest {len(kept) + 1}" in str(shorter[1]["left"])
    shutil.rmtree(bench.archive / ".archiver")
    for path in kept:
        path.unlink()
    ends = [bench.repair(*words) for words in ((), ("-n",), source)]
    assert [code for code, _ in (shorter, *ends)] == [3] * 4
    assert all("no manifest is there" in str(told["left"]) for _, told in ends)
    code, told = bench.repair(*source, "--head", str(head))
    assert (code, len(told["put_back"])) == (0, len(kept) + 1)
    assert high.read_bytes() == whole
    assert bench.verified().is_clean
    figure("G53", "repair of a chain without its end, or without any: 3, 4 of 4; by its head 0")


def test_what_lies_in_quarantine_is_repaired_and_stays_a_finding(bench: Bench) -> None:
    bench.world.edit([*bench.world.recordings][1].id, duration="00:00:59")
    shutil.rmtree(bench.archive)
    shutil.rmtree(bench.desk.home / ".local")
    assert bench.desk.run(*PULL).code == 3
    (path,) = bench.archive.glob("quarantine/**/*.mp3")
    whole = flip(path)
    code, told = bench.repair()
    assert (code, told["put_back"]) == (0, [bench.name(path)])
    assert path.read_bytes() == whole
    assert bench.newest().findings.open == 1
    assert bench.verified().is_clean


def test_a_chain_that_contradicts_itself_is_not_repaired(bench: Bench, figure: Figure) -> None:
    """A manifest names other bytes for a file than one before it: which is right, nobody knows."""
    bench.desk.run("pull", "--day", "2021-04-07", "-q", "-a", str(bench.archive))
    every = [*Journal(LocalStore(bench.archive)).manifests()]
    head, top = every[-1]
    old = next(each for _, manifest in every for each in manifest.recordings if each.audio)
    assert old.audio is not None
    wrong = replace(old, audio=replace(old.audio, bytes=7))
    path = bench.archive / "manifests" / f"{head.number:08}.json"
    path.write_bytes(replace(top, recordings=(*top.recordings, wrong)).to_json())
    (bench.archive / ".archiver" / "head.json").unlink()
    codes = [
        bench.desk.run(*words, "-a", str(bench.archive)).code
        for words in (("verify",), ("repair", "-n"), ("repair",), ("verify",))
    ]
    assert codes == [3, 3, 3, 3]
    figure("G40", "a chain that contradicts itself: verify, repair -n, repair end with 3")
