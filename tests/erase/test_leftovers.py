"""What an erasure must not leave, and what must not come back: rows, files, and a number."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.check.expected_files import Expectations
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.erasures import Erasure
from archiver.removal.taking import Removal
from archiver.sandbox import Encoding, Sandbox, World
from archiver.sandbox.world.world import Call
from archiver.store.local import LocalStore
from archiver.store.local.folder_clearing import FolderClearing
from tests.archives import lose_catalog
from tests.cli.conftest import Run, run
from tests.cli.desk import ENDPOINT, TOKEN, Desk, Ran, at_endpoint
from tests.conftest import Figure
from tests.report.pages import data_of

__all__ = ["run"]
DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 6
BY = {"ARCHIVER_BY": "Ann", "ARCHIVER_READ_LOG": "1y", "ARCHIVER_SAME_AUDIO": "0"}
WHY = ("--reason", "asked for by the customer")


class Log:
    """One archive of the recordings and the calls of a portal's days."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home = sandbox, home
        self.world, self.archive = sandbox.world, home / "archive"

    def run(self, *words: str, **environ: str) -> Ran:
        desk = Desk(self.sandbox, self.home, {**at_endpoint(self.sandbox), **BY, **environ})
        return desk.run(*words, "-a", str(self.archive))

    def told(self, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        ran = self.run(*words, "--json")
        assert ran.code == code, (ran.out, ran.err)
        return json.loads(ran.out)

    def pull(self, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        last = DAY + timedelta(days=1)
        window = ("--since", f"{DAY:%Y-%m-%d}", "--until", f"{last:%Y-%m-%d}")
        return self.told("pull", *window, *words, code=code)

    def erase(self, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        return self.told("erase", *words, *WHY, "--yes", code=code)

    def call_of(self, recording: str) -> Call:
        """Return the call that ended as a recording was made."""
        at = self.world.recordings[recording].at
        return min(self.world.calls, key=lambda call: abs(call.at - at))

    def rows(self) -> list[str]:
        """Return the ids of all rows of calls that lie in the archive."""
        files = self.archive.glob("calls/**/*.jsonl")
        return [json.loads(line)["id"] for path in files for line in path.read_text().splitlines()]

    def manifests(self) -> list[Manifest]:
        return [manifest for _, manifest in Journal(LocalStore(self.archive)).manifests()]

    def found_in(self, text: str) -> list[str]:
        """Return where a raw search of the whole folder finds a text."""
        files = (path for path in self.archive.rglob("*") if path.is_file())
        return sorted(
            str(path.relative_to(self.archive))
            for path in files
            if text.encode() in path.read_bytes()
        )


@contextmanager
def log_at(home: Path) -> Iterator[Log]:
    """Serve the days, the same each time."""
    world = World(seed=5)
    last = DAY + timedelta(hours=20)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Encoding.CBR,), seconds=(9, 12, 31))
    with Sandbox(world, token=TOKEN, root_path=ENDPOINT) as sandbox:
        yield Log(sandbox, home)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the archive of the days, of which each test has a copy."""
    with log_at(tmp_path_factory.mktemp("home")) as made:
        made.pull()
    return made.home


@pytest.fixture
def log(pulled: Path, tmp_path: Path) -> Iterator[Log]:
    with log_at(tmp_path) as made:
        shutil.copytree(pulled, tmp_path, dirs_exist_ok=True)
        yield made


def first_of(log: Log) -> str:
    return next(iter(log.world.recordings)).id


def test_no_number_of_the_erased_is_anywhere(log: Log, figure: Figure) -> None:
    id_ = first_of(log)
    row = log.told("find", id_)[0]
    caller, called = row["caller"], row["called"]
    log.told("find", "--number", caller)
    code = log.run("export", "--number", caller, "--out", str(log.home / "out")).code
    assert code in {0, 3}
    others = [one["id"] for one in log.told("find") if caller in (one["caller"], one["called"])]
    before = log.found_in(caller)
    log.erase(*others)
    log.pull()
    left = log.found_in(caller)
    assert {place.partition("/")[0] for place in left} == {"exports"}, "as docs/compliance.md says"
    assert log.found_in(caller[::-1]) == [], "nor turned round, as the catalog has numbers"
    assert {place.partition("/")[0] for place in log.found_in(id_)} == {
        ".archiver", "certificates", "exports", "manifests",
    }  # fmt: skip
    assert called
    assert log.run("verify").code == 0
    figure("P2", f"a number: in {len(before)} files before, afterwards in {len(left)}: an export's")


@pytest.mark.parametrize("delete", ["audio", "nothing"])
def test_the_row_of_the_call_of_what_was_never_stored_goes_too(
    delete: str, log: Log, figure: Figure
) -> None:
    last = DAY + timedelta(days=1, hours=2)
    (one,) = log.world.add(count=1, first=last, last=last, kinds=(Encoding.CBR,))
    if delete == "audio":
        log.world.objects.pop(one.key or "")
    log.pull(code=3 if delete == "audio" else 0)
    call = log.call_of(one.id)
    assert log.rows().count(call.id) == 1
    assert (log.erase(one.id)["call_rows"], call.id in log.rows()) == (1, False)
    assert log.run("verify").code == 0
    figure("P2", f"a recording, {delete} deleted at the portal, erased: 1 row of its call gone")


def test_a_call_of_what_was_never_stored_may_be_unknown_and_that_is_said(
    log: Log, figure: Figure
) -> None:
    last = DAY + timedelta(days=1, hours=2)
    (one,) = log.world.add(count=1, first=last, last=last, kinds=(Encoding.CBR,))
    log.world.objects.pop(one.key or "")
    log.pull(code=3)
    call = log.call_of(one.id)
    lose_catalog(log.archive)
    assert log.erase(one.id, "--dry-run", code=3)["unmatched"] == [one.id]
    assert (log.erase(one.id, code=3)["unmatched"], call.id in log.rows()) == ([one.id], True)
    figure("P2", "a recording that was never stored, its catalog lost, erased: exit 3, and why")


def test_a_row_that_is_listed_again_on_another_day_stays_away(log: Log, figure: Figure) -> None:
    id_ = first_of(log)
    call = log.call_of(id_)
    log.pull()
    assert log.rows().count(call.id) == 1
    log.erase(id_)
    assert call.id not in log.rows()
    later = f"{DAY + timedelta(days=1, hours=3):%Y-%m-%d %H:%M:%S}"
    log.world.calls.put(replace(call, at=call.at + timedelta(days=1), fields={"end_at": later}))
    told = log.pull()
    assert (call.id in log.rows(), told["calls"]["new"]) == (False, 0)
    figure("P2", "rows of an erased call, listed again on a later day: archived 0")


def test_a_catalog_that_is_made_anew_knows_the_rows_of_others(log: Log, figure: Figure) -> None:
    id_ = first_of(log)
    changed = log.call_of([*log.world.recordings][-1].id)
    log.world.calls.put(replace(changed, fields={"notes": "called back"}))
    assert log.pull()["calls"]["changed"] == 1
    log.erase(id_)
    lose_catalog(log.archive)
    assert log.pull()["calls"] == {"listed": COUNT, "new": 0, "changed": 0, "unread": 0}
    figure("P2", f"{COUNT - 1} rows of others, a catalog made anew: archived again 0")


def test_a_call_that_its_recording_names_stays_away_even_if_it_never_came(
    tmp_path: Path, figure: Figure
) -> None:
    world = World(seed=5)
    world.add(count=3, first=DAY, last=DAY + timedelta(hours=9), kinds=(Encoding.CBR,))
    with Sandbox(world, token=TOKEN, root_path=ENDPOINT) as sandbox:
        log = Log(sandbox, tmp_path)
        id_ = first_of(log)
        call = log.call_of(id_)
        world.edit(id_, call_id=call.id)
        log.pull("--no-calls")
        assert log.erase(id_)["call_rows"] == 0
        told = log.pull()
    assert (call.id in log.rows(), told["calls"]["new"]) == (False, 2)
    figure("P2", "a call that an erased recording named, listed first afterwards: archived 0")


def test_a_row_that_a_killed_run_had_stored_stays_away_and_other_rows_come(
    log: Log, figure: Figure
) -> None:
    id_ = first_of(log)
    call, other = log.call_of(id_), log.call_of([*log.world.recordings][-1].id)
    (file,) = log.archive.glob("calls/**/*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    theirs = [line for line in lines if json.loads(line)["id"] in {call.id, other.id}]
    log.erase(id_)
    store = LocalStore(log.archive)
    text = b"".join(line.replace(b'"answered"', b'"Answered"') for line in theirs)
    folder = str(file.parent.relative_to(log.archive))
    store.put(f"{folder}/{sha256(text).hexdigest()[:12]}.jsonl", text)
    log.pull()
    assert log.run("verify").code == 3, "it is nobody's"
    assert log.told("erase", "--finish", "--dry-run")["returned"] == [id_]
    assert log.told("erase", "--finish")["removed"] == 1
    assert call.id not in log.rows()
    assert log.rows().count(other.id) >= 1
    assert log.run("verify").code == 0
    figure("P2", "a file that a killed run left: rows of the erased 0, of others entered")


def test_what_came_back_is_counted_and_removed_by_finish(log: Log, figure: Figure) -> None:
    id_ = first_of(log)
    files = {path: path.read_bytes() for path in log.archive.glob(f"recordings/**/*{id_}*")}
    log.erase(id_)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    assert log.run("verify").code == 3
    told = log.run("erase", "--finish", "--dry-run")
    assert "Erased before, and there again: files of 1 recording" in told.err
    head = log.told("verify", code=3)["head"]
    assert log.told("erase", "--finish")["removed"] == len(files)
    verified = log.told("verify")
    assert verified["head"] == head, "nothing is entered"
    figure("P2", f"{len(files)} files came back: counted by a dry run, removed, verify 0")


def test_an_id_that_is_typed_in_capitals_is_the_same(log: Log) -> None:
    """A UUID is; of other ids, capitals may tell two apart."""
    id_ = first_of(log)
    typed = id_.upper()
    assert [each["id"] for each in log.told("find", typed)] == [id_]
    assert [each["id"] for each in log.told("find", typed[:8])] == [id_]
    assert log.told("repair", typed)["left"] == []
    held = ("hold", "add", typed, "--matter", "one", *WHY, "--yes", "--json")
    assert log.run(*held, "--future").code == 0
    (hold,) = log.told("hold", "list")["holds"]
    assert hold["recordings"] == [id_]
    assert log.run("hold", "release", "--hold", str(hold["hold"]), *WHY, "--yes").code == 0
    assert log.erase(typed)["erased"] == 1
    assert log.run("erase", "--undo", typed, *WHY).code == 0
    assert log.pull()["outcomes"]["archived"] == 1


def test_an_erasure_that_was_cut_off_is_counted_by_a_dry_run(log: Log) -> None:

    cut = mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt)
    with cut:
        log.run("erase", first_of(log), *WHY, "--yes")
    told = log.run("erase", "--finish", "--dry-run")
    assert (told.code, "To finish first: 1 erasure." in told.err) == (0, True), told.err
    assert log.told("erase", "--finish", "--dry-run")["unfinished"] == 1
    assert log.told("erase", "--finish")["erased"] == 1


def test_nothing_is_clean_while_an_erasure_is_not_finished(log: Log, figure: Figure) -> None:
    assert [log.run(each).code for each in ("find", "status")] == [0, 0]
    with mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt):
        log.run("erase", first_of(log), *WHY, "--yes")
    for words in (("find",), ("find", "--count"), ("status",)):
        ran = log.run(*words)
        assert (ran.code, "1 erasure begun, not finished" in ran.out + ran.err) == (3, True), words
    out = log.home / "out"
    assert log.run("export", "-o", str(out)).code == 3
    assert "its erasure has begun, and is not at its end" in (out / "left_out.csv").read_text()
    pulled = log.pull(code=3)
    assert (pulled["accounted"], pulled["clean"], pulled["unfinished_erasures"]) == (True, False, 1)
    assert log.told("status", code=3)["unfinished_erasures"] == 1
    log.told("erase", "--finish")
    assert (log.pull()["unfinished_erasures"], log.run("status").code) == (0, 0)
    figure("P2", "an erasure that was cut off: find 3, status 3, pull 3, export 3; finished 0")


def erase_without_end(log: Log) -> None:
    """Erase a recording, and be killed once its bytes are gone."""
    remove = Removal.remove

    def removed_and_killed(removal: Removal, erasure: Erasure) -> int:
        remove(removal, erasure)
        raise KeyboardInterrupt

    with mock.patch.object(Removal, "remove", removed_and_killed):
        log.run("erase", first_of(log), *WHY, "--yes")


def test_a_page_names_an_erasure_of_which_only_the_end_is_not_entered(
    log: Log, figure: Figure
) -> None:
    """Nothing lies there that no manifest names: the files alone tell nothing of it."""
    out = log.home / "page.html"
    assert log.run("report", "-o", str(out)).code == 0
    erase_without_end(log)
    for words in (("verify",), ("verify", "--quick"), ("report", "-o", str(out))):
        ran = log.run(*words)
        assert (ran.code, "1 erasure begun, not finished" in ran.out + ran.err) == (3, True), words
    verified = log.told("verify", code=3)
    assert (verified["unfinished_erasures"], verified["missing"], verified["extra"]) == (1, [], [])
    assert log.told("report", "-o", str(out), code=3)["unfinished_erasures"] == 1
    findings = data_of(out.read_bytes())["findings"]
    (row,) = findings["rows"]
    assert "1 erasure is not finished" in findings["note"]
    assert row["command"].startswith("archiver erase --finish")
    log.told("erase", "--finish")
    assert [log.run(*words).code for words in (("report", "-o", str(out)), ("verify",))] == [0, 0]
    figure("P2", "all removed, the end not entered: report and verify 3; once finished 0")


def test_an_erasure_that_ends_while_verify_reads_is_finished(log: Log) -> None:
    erase_without_end(log)
    see = Expectations.see

    def finished_meanwhile(*given: Any) -> bool:  # noqa: ANN401 - as it is called
        watched.stop()
        assert log.told("erase", "--finish")["erased"] == 1
        return see(*given)

    watched = mock.patch.object(Expectations, "see", finished_meanwhile)
    watched.start()
    assert log.told("verify")["unfinished_erasures"] == 0


def test_undoing_needs_two_where_erasing_does(log: Log) -> None:
    id_ = first_of(log)
    log.erase(id_)
    four = {"ARCHIVER_FOUR_EYES": "yes"}
    alone = log.run("erase", "--undo", id_, *WHY, **four)
    assert (alone.code, "second person" in alone.err) == (2, True)
    same = log.run("erase", "--undo", id_, *WHY, "--second", "Ann", **four)
    assert same.code == 2
    ran = log.run("erase", "--undo", id_, *WHY, "--second", "Ben", "--json", **four)
    assert json.loads(ran.out)["undone"] == [id_]
    last = log.manifests()[-1].erasure
    assert last is not None
    assert (last.by, last.second) == ("Ann", "Ben")


def test_a_call_that_ended_after_midnight_goes_too(tmp_path: Path, figure: Figure) -> None:
    world = World(seed=8)
    night = DAY + timedelta(hours=23, minutes=59, seconds=50)
    world.add(count=1, first=night, last=night, kinds=(Encoding.CBR,), seconds=(12,))
    world.add(count=3, first=DAY, last=DAY + timedelta(hours=9), kinds=(Encoding.CBR,))
    recording = max(world.recordings, key=lambda one: one.at)
    call = min(world.calls, key=lambda one: abs(one.at - recording.at))
    ended = DAY + timedelta(days=1, seconds=4)
    world.calls.put(replace(call, at=ended))
    with Sandbox(world, token=TOKEN, root_path=ENDPOINT) as sandbox:
        log = Log(sandbox, tmp_path)
        log.pull()
        days = {path.parent.name for path in log.archive.glob("calls/**/*.jsonl")}
        assert days == {"06", "07"}
        told = log.erase(recording.id)
        assert (told["erased"], told["call_rows"]) == (1, 1)
        assert call.id not in log.rows()
        assert log.run("verify").code == 0
        assert log.pull()["calls"]["new"] == 0
    figure("P2", "a call that ended after midnight: its row erased from the next day's file")


def test_only_exports_that_held_it_are_named(log: Log, figure: Figure) -> None:
    ids = [each.id for each in log.world.recordings]
    for number, some in enumerate((ids[:1], ids[1:3])):
        assert log.run("export", *some, "--out", str(log.home / f"out{number}")).code == 0
    exports = [each.run.id for each in log.manifests() if each.export]
    assert log.told("erase", ids[0], *WHY, "--dry-run")["exports"] == exports[:1]
    assert log.told("erase", ids[2], *WHY, "--dry-run")["exports"] == exports[1:]
    assert log.told("erase", ids[4], *WHY, "--dry-run")["exports"] == []
    kept = next(log.archive.glob("exports/*.json"))
    shutil.move(kept, log.home / "lost")
    lost = len(log.told("erase", ids[4], *WHY, "--dry-run")["exports"])
    assert lost == 1, "of one whose file is lost nobody knows"
    figure("P2", "exports named of 3 recordings: those that held each, and no others")


def test_an_archive_of_an_earlier_version_can_be_erased_from(
    root: Path, tmp_path: Path, run: Run, figure: Figure
) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(root / "tests/archives_of/november_2026", archive)
    found = json.loads(run("find", "-a", str(archive), "--verdict", "verified", "--json")[1])
    words = (found[0]["id"], "-a", str(archive), *WHY, "--by", "Ann", "--yes", "--json")
    code, out, err = run("erase", *words)
    assert code == 0, err
    assert json.loads(out)["erased"] == 1
    assert run("verify", "-a", str(archive))[0] == 0
    number = found[0]["caller"]
    texts = [path.read_bytes() for path in archive.rglob("*") if path.is_file()]
    stays = any(number in (one["caller"], one["called"]) for one in found[1:])
    assert stays or sum(number.encode() in text for text in texts) == 0
    figure("P2", f"an archive of an earlier version: erased 1, {json.loads(out)['call_rows']} row")


def test_no_catalog_of_an_earlier_version_outlives_an_erasure(log: Log) -> None:
    old = log.archive / ".archiver/catalog-3.sqlite"
    old.write_bytes(b"a number")
    log.erase(first_of(log))
    assert not old.exists()


def test_who_repairs_is_in_the_chain(log: Log) -> None:
    path = next(log.archive.glob("recordings/**/*.mp3"))
    path.unlink()
    assert log.run("repair", "--by", "Ben").code == 0
    decision = log.manifests()[-1].decision
    assert decision is not None
    assert (decision.by, decision.reason) == ("Ben", "to bring back what was missing or damaged")
    assert log.run("repair", "--by", "07700900123").code == 2


def test_who_named_the_first_day_is_in_the_chain(tmp_path: Path) -> None:
    world = World(seed=5)
    world.add(count=2, first=DAY, last=DAY + timedelta(hours=9), kinds=(Encoding.CBR,))
    with Sandbox(world, token=TOKEN, root_path=ENDPOINT) as sandbox:
        log = Log(sandbox, tmp_path)
        assert log.run("pull", "--since", "2d", "--by", "07700900123").code == 2
        log.run("pull", "--since", "2d", "--by", "Ben")
        said = [each.decision.by for each in log.manifests() if each.decision]
        assert said == ["Ben"]
