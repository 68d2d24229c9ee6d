"""The read log: who found, got or exported what, on lines that no kill or full disk can join.

Its days are files that are only added to; the next manifest enters their hashes, and verify holds
them to that.
"""

import fcntl
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from archiver.domain.layout import PRIVATE
from archiver.domain.retention import Period
from archiver.errors import ExitCode
from archiver.manifest.builder import Statement
from archiver.manifest.journal import Journal
from archiver.manifest.model import FindingCounts, ManifestKind
from archiver.store.disk import line_log
from archiver.store.disk.line_log import add_lines, locked
from archiver.store.disk.read_days import FOLDER, ReadDays
from archiver.store.local import LocalStore
from tests.cli.conftest import Run
from tests.conftest import Figure
from tests.report.pages import data_of

LOGGED = {"ARCHIVER_READ_LOG": "1y", "ARCHIVER_BY": "Ann"}


@pytest.fixture
def archive(root: Path, tmp_path: Path) -> Path:
    """Return a copy of an archive of three days."""
    return Path(shutil.copytree(root / "tests/archives_of/november_2026", tmp_path / "archive"))


@pytest.fixture
def logged(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - it comes first
    """Have a log kept; after what clears the environment for ``run``."""
    for name, value in LOGGED.items():
        monkeypatch.setenv(name, value)


def logs_of(archive: Path) -> list[Path]:
    return sorted((archive / PRIVATE / FOLDER).glob("*.jsonl"))


def text_of(archive: Path) -> str:
    return "".join(path.read_text() for path in logs_of(archive))


def lines_of(archive: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text_of(archive).splitlines()]


def enter(archive: Path) -> None:
    """Have a manifest entered, of whatever kind."""
    journal = Journal(LocalStore(archive), None, ReadDays(archive / PRIVATE / FOLDER))
    statement = Statement(ManifestKind.ERASE, journal.archive().archive)
    journal.append(lambda below: statement.on(below, (), FindingCounts(0, 0)))


def verified(archive: Path, run: Run) -> dict[str, Any]:
    code, out, _ = run("verify", "-a", str(archive), "--json")
    told: dict[str, Any] = json.loads(out)
    assert (code == ExitCode.CLEAN) == (not told["read_log"]), told
    return told


def first_id(archive: Path, run: Run) -> str:
    found = json.loads(run("find", "-a", str(archive), "--verdict", "verified", "--json")[1])
    return str(found[0]["id"])


def test_no_log_is_kept_unless_it_is_set(archive: Path, run: Run) -> None:
    first_id(archive, run)
    assert logs_of(archive) == []


@pytest.mark.usefixtures("logged")
def test_it_says_who_found_got_and_exported_what(
    archive: Path, root: Path, tmp_path: Path, run: Run
) -> None:
    one = first_id(archive, run)
    run("get", one, "-a", str(archive), "-o", f"{tmp_path}/got/")
    run("export", one, "-a", str(archive), "--out", f"{tmp_path}/out", "--by", "Bob")
    found, got, exported = lines_of(archive)
    schema = json.loads((root / "manifests/read.schema.json").read_bytes())
    example = json.loads((root / "manifests/read.example.json").read_bytes())
    for each in (found, got, exported, example):
        assert [*Draft202012Validator(schema).iter_errors(each)] == []
    assert sorted(schema["required"]) == sorted(found)
    assert (found["by"], found["act"], found["filtered"]) == ("Ann", "found", True)
    assert one in found["ids"]
    assert (got["act"], got["filtered"], got["ids"]) == ("got", False, [one])
    assert (exported["by"], exported["act"], exported["ids"]) == ("Bob", "exported", [one])
    (log,) = logs_of(archive)
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("logged")
def test_of_a_filter_it_says_only_that_there_was_one(archive: Path, run: Run) -> None:
    every = json.loads(run("find", "-a", str(archive), "--json")[1])
    number = next(each["caller"] for each in every if each["caller"])
    run("find", "-a", str(archive), "--number", number)
    said = [(each["filtered"], each["by_number"]) for each in lines_of(archive)]
    assert said == [(False, False), (True, True)]
    assert number.lstrip("+") not in text_of(archive)


@pytest.mark.usefixtures("logged")
def test_nobody_is_refused_for_a_full_disk_and_it_is_said(archive: Path, run: Run) -> None:
    with mock.patch.object(line_log, "_write", side_effect=OSError(28, "full")):
        code, out, err = run("find", "-a", str(archive), "--verdict", "verified")
    assert code == ExitCode.FINDINGS
    assert "Not in the read log" in err
    assert out


@pytest.mark.usefixtures("logged")
def test_a_change_to_what_was_entered_is_found_and_names_the_day(
    archive: Path, run: Run, figure: Figure
) -> None:
    one = first_id(archive, run)
    enter(archive)
    run("find", "-a", str(archive))
    assert verified(archive, run)["read_log"] == [], "what came after the manifest is no fault"
    (log,) = logs_of(archive)
    whole, found = log.read_bytes(), 0
    lines = whole.splitlines(keepends=True)
    for spoilt in (whole.replace(one.encode(), b"x" * len(one)), b"".join(lines[1:]), b"", None):
        log.unlink() if spoilt is None else log.write_bytes(spoilt)
        (told,) = verified(archive, run)["read_log"]
        assert f"{log.name[:10]} were changed or removed" in told["what"]
        found += 1
    page = archive / "../page.html"
    assert run("report", "-a", str(archive), "-o", str(page))[0] == ExitCode.FINDINGS
    notes = [each["text"] for each in data_of(page.read_bytes())["state"]]
    assert any("1 of the read log" in each for each in notes), notes
    log.write_bytes(whole)
    assert verified(archive, run)["read_log"] == []
    shutil.rmtree(log.parent)
    run("find", "-a", str(archive))
    assert len(verified(archive, run)["read_log"]) == 1, "a new log is not the old one"
    figure("P8", f"read log: {found + 1} of {found + 1} changes found, each with its day")


@pytest.mark.usefixtures("logged")
def test_the_chain_says_how_far_each_day_went_and_no_more(archive: Path, run: Run) -> None:
    first_id(archive, run)
    enter(archive)
    enter(archive)
    head = Journal(LocalStore(archive)).head()
    assert head is not None
    one, other = Journal(LocalStore(archive)).manifests(after=head.number - 2)
    (named,) = one[1].reads
    assert other[1].reads == (), "it is entered once"
    (log,) = logs_of(archive)
    assert (named.name, named.lines, named.bytes) == (log.name, 1, log.stat().st_size)
    run("export", "--verdict", "verified", "-a", str(archive), "--out", f"{archive}-out")
    (_, last), *_ = Journal(LocalStore(archive)).manifests(after=head.number)
    assert [each.lines for each in last.reads] == [2], "an export enters itself"
    text = (archive / "manifests").joinpath(f"{last.number:08}.json").read_text()
    assert '"found"' not in text.partition('"reads"')[2]


@pytest.mark.usefixtures("logged")
def test_a_day_that_was_entered_is_entered_once(archive: Path, run: Run) -> None:
    first_id(archive, run)
    days = ReadDays(archive / PRIVATE / FOLDER)
    entered = days.unentered()
    assert len(entered) == 1
    days.note_entered(entered)
    assert days.unentered() == ()
    first_id(archive, run)
    assert [each.lines for each in days.unentered()] == [2]


@pytest.mark.usefixtures("logged")
def test_days_that_are_kept_no_more_are_gone_and_no_finding(
    archive: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    days, now = ReadDays(archive / PRIVATE / FOLDER), datetime.now(UTC)
    days.add(b"{}\n", now - timedelta(days=20), Period(days=10))
    days.add(b"{}\n", now - timedelta(days=20), Period(years=1))
    enter(archive)
    monkeypatch.setenv("ARCHIVER_READ_LOG", "1d")
    first_id(archive, run)
    first_id(archive, run)
    assert len(logs_of(archive)) == 3, "nothing that is entered is of a day so late"
    enter(archive)
    first_id(archive, run)
    assert len(logs_of(archive)) == 2, "one is kept no more; a shorter period shortens no other"
    assert verified(archive, run)["read_log"] == []


@pytest.mark.usefixtures("logged")
def test_of_a_copy_and_of_other_machines_it_says_that_their_log_is_not_here(
    archive: Path, run: Run
) -> None:
    first_id(archive, run)
    enter(archive)
    copy = f"{archive}-copy"
    assert run("copy", "-a", str(archive), "--to", copy)[0] == ExitCode.CLEAN
    told = verified(Path(copy), run)
    assert (told["read_log"], told["reads_elsewhere"]) == ([], 1)
    assert "1 day of read logs" in run("verify", "-a", copy)[1]


@pytest.mark.usefixtures("logged")
def test_a_copy_that_other_tools_made_without_the_log_is_not_compared(
    archive: Path, run: Run, tmp_path: Path
) -> None:
    first_id(archive, run)
    enter(archive)
    private = shutil.ignore_patterns(PRIVATE)
    copy = Path(shutil.copytree(archive, tmp_path / "by_hand", ignore=private))
    told = verified(copy, run)
    assert (told["read_log"], told["reads_elsewhere"]) == ([], 1)
    shutil.rmtree(archive / PRIVATE / FOLDER)
    assert len(verified(archive, run)["read_log"]) == 1, "its id says that there was one"


@pytest.mark.usefixtures("logged")
def test_of_an_archive_that_was_brought_back_a_lost_log_is_found(
    archive: Path, run: Run, tmp_path: Path
) -> None:
    back = str(tmp_path / "back")
    assert run("copy", "-a", str(archive), "--to", back)[0] == ExitCode.CLEAN
    first_id(Path(back), run)
    enter(Path(back))
    assert verified(Path(back), run)["reads_elsewhere"] == 0
    shutil.rmtree(Path(back) / PRIVATE / FOLDER)
    told = verified(Path(back), run)
    assert (len(told["read_log"]), told["reads_elsewhere"]) == (1, 0)


@pytest.mark.parametrize("is_cut", [False, True])
def test_the_one_file_of_before_is_spread_over_its_days_once(
    tmp_path: Path, *, is_cut: bool
) -> None:
    now, days = datetime.now(UTC), ReadDays(tmp_path / FOLDER)
    old, recent = (json.dumps({"at": f"{now - timedelta(days=n):%FT%T}"}) for n in (800, 20))
    text = f"{old}\n{recent}\n{recent}\n" + '{"at": "20'
    (tmp_path / "reads.jsonl").write_text(text)
    if is_cut:
        with mock.patch.object(Path, "unlink", side_effect=OSError(28, "killed")), _stopped():
            days.add(b"first\n", now, Period(years=1))
    days.add(b"{}\n", now, Period(years=1))
    before, then, today = sorted((tmp_path / FOLDER).glob("*.jsonl"))
    assert before.read_text() == f"{old}\n"
    assert then.read_text() == f"{recent}\n{recent}\n" + '{"at": "20\n'
    assert today.read_text() == "{}\n"
    assert not (tmp_path / "reads.jsonl").exists()


@pytest.mark.parametrize("at", ["9999-12-31T00:00:00", "2999-01-01", "0001-01-01"])
def test_a_damaged_line_of_the_one_file_of_before_stops_nobody(tmp_path: Path, at: str) -> None:
    days, line = ReadDays(tmp_path / FOLDER), json.dumps({"at": at}).encode() + b"\n"
    (tmp_path / "reads.jsonl").write_bytes(line + b"\xff\n")
    days.add(b"{}\n", datetime.now(UTC), Period(years=1))
    every = b"".join(path.read_bytes() for path in sorted((tmp_path / FOLDER).glob("*.jsonl")))
    assert every == line + b"\xff\n{}\n"


@pytest.mark.parametrize("name", ["2026-11-27_2026-11-26.jsonl", "2026-11-31_2027-11-27.jsonl"])
def test_what_is_no_day_of_the_log_is_passed_over(tmp_path: Path, name: str) -> None:
    days = ReadDays(tmp_path / FOLDER)
    days.add(b"{}\n", datetime.now(UTC), Period(years=1))
    (tmp_path / FOLDER / name).write_bytes(b"{}\n")
    (tmp_path / FOLDER / "2026-11-27_2027-11-28.jsonl").mkdir()
    (entered,) = days.unentered()
    assert entered.lines == 1
    days.note_entered([entered])
    days.add(b"{}\n", datetime.now(UTC), Period(years=1))
    assert (tmp_path / FOLDER / name).exists()


def test_a_note_of_more_than_there_is_is_not_believed(tmp_path: Path) -> None:
    days = ReadDays(tmp_path / FOLDER)
    days.add(b"{}\n", datetime.now(UTC), Period(years=1))
    (day,) = days.unentered()
    days.note_entered([replace(day, bytes=9_999_999)])
    assert days.unentered() == (day,)


def test_a_clock_that_is_set_forward_drops_no_day(tmp_path: Path) -> None:
    days, now = ReadDays(tmp_path / FOLDER), datetime.now(UTC)
    days.add(b"{}\n", now, Period(days=10))
    days.note_entered(days.unentered())
    for _ in range(2):
        days.add(b"{}\n", now + timedelta(days=9_000), Period(days=10))
    assert len([*(tmp_path / FOLDER).glob("*.jsonl")]) == 2
    days.note_entered(days.unentered())
    days.add(b"{}\n", now, Period(days=10))
    assert len([*(tmp_path / FOLDER).glob("*.jsonl")]) == 2, "this machine's clock counts as well"


def _stopped() -> pytest.RaisesExc[Exception]:
    return pytest.raises(Exception, match="read log")


def _add_many(folder: Path, name: str) -> None:
    now = datetime.now(UTC)
    for number in range(25):
        ReadDays(folder).add(f"{name} {number}\n".encode(), now, Period(days=1))


def test_several_writers_lose_no_line(tmp_path: Path) -> None:
    spawn = get_context("fork")
    writers = [spawn.Process(target=_add_many, args=(tmp_path / FOLDER, name)) for name in "abcd"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    wanted = sorted(f"{name} {number}" for name in "abcd" for number in range(25))
    found = [path.read_text() for path in (tmp_path / FOLDER).glob("*.jsonl")]
    assert sorted("".join(found).splitlines()) == wanted


def test_a_line_written_in_part_is_not_joined_by_the_next(tmp_path: Path) -> None:
    path, write = tmp_path / "log", os.write

    def full(file: int, data: bytes) -> int:
        if len(data) <= 3:
            raise OSError(28, "full")
        return write(file, data[:-3])

    with mock.patch.object(os, "write", full), pytest.raises(OSError, match="full"):
        add_lines(path, b"first line\n")
    add_lines(path, b"second\n")
    assert path.read_bytes().splitlines()[-1] == b"second"


def test_nobody_else_writes_while_one_does(tmp_path: Path) -> None:
    path = tmp_path / "reads.lock"
    with (
        locked(path),
        path.open("rb") as other,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
