"""The read log: who found, got or exported what, on lines that no kill or full disk can join."""

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

from archiver.app.opening.read_log import NAME
from archiver.domain.layout import PRIVATE
from archiver.errors import ExitCode
from archiver.store.disk import line_log
from archiver.store.disk.line_log import LineLog
from tests.cli.conftest import Run

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


def log_of(archive: Path) -> Path:
    return archive / PRIVATE / NAME


def lines_of(archive: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_of(archive).read_text().splitlines()]


def first_id(archive: Path, run: Run) -> str:
    found = json.loads(run("find", "-a", str(archive), "--verdict", "verified", "--json")[1])
    return str(found[0]["id"])


def never(_: bytes) -> bool:
    return False


def test_no_log_is_kept_unless_it_is_set(archive: Path, run: Run) -> None:
    first_id(archive, run)
    assert not log_of(archive).exists()


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
    assert log_of(archive).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("logged")
def test_of_a_filter_it_says_only_that_there_was_one(archive: Path, run: Run) -> None:
    every = json.loads(run("find", "-a", str(archive), "--json")[1])
    number = next(each["caller"] for each in every if each["caller"])
    run("find", "-a", str(archive), "--number", number)
    assert [each["filtered"] for each in lines_of(archive)] == [False, True]
    assert number.lstrip("+") not in log_of(archive).read_text()


@pytest.mark.usefixtures("logged")
def test_nobody_is_refused_for_a_full_disk_and_it_is_said(archive: Path, run: Run) -> None:
    with mock.patch.object(line_log, "_write", side_effect=OSError(28, "full")):
        code, out, err = run("find", "-a", str(archive), "--verdict", "verified")
    assert code == ExitCode.FINDINGS
    assert "Not in the read log" in err
    assert out


@pytest.mark.usefixtures("logged")
def test_what_is_older_than_is_set_goes_and_a_torn_line_stays_alone(
    archive: Path, run: Run
) -> None:
    now = datetime.now(UTC)
    old, recent = (json.dumps({"at": f"{now - timedelta(days=n):%FT%T}"}) for n in (800, 20))
    log_of(archive).parent.mkdir(exist_ok=True)
    log_of(archive).write_text(f"{old}\n{recent}\n" + '{"at": "20')
    first_id(archive, run)
    kept = log_of(archive).read_text().splitlines()
    assert kept[:2] == [recent, '{"at": "20']
    assert json.loads(kept[2])["act"] == "found"
    assert len(kept) == 3


def _add_many(path: Path, name: str) -> None:
    for number in range(25):
        LineLog(path, "the log").add(f"{name} {number}\n".encode(), lambda line: line == b"old\n")


def test_several_writers_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"old\n")
    spawn = get_context("fork")
    writers = [spawn.Process(target=_add_many, args=(path, name)) for name in "abcd"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    wanted = sorted(f"{name} {number}" for name in "abcd" for number in range(25))
    assert sorted(path.read_text().splitlines()) == wanted


def test_a_line_written_in_part_is_not_joined_by_the_next(tmp_path: Path) -> None:
    log, write = LineLog(tmp_path / NAME, "the log"), os.write

    def full(file: int, data: bytes) -> int:
        if len(data) <= 3:
            raise OSError(28, "full")
        return write(file, data[:-3])

    with (
        mock.patch.object(os, "write", full),
        pytest.raises(Exception, match="log"),
    ):
        log.add(b"first line\n", never)
    log.add(b"second\n", never)
    assert log.path.read_bytes().splitlines()[-1] == b"second"


def test_nobody_else_writes_while_old_lines_go(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"old\n")

    def over(_: bytes) -> bool:
        with (
            path.with_suffix(".lock").open("rb") as lock,
            pytest.raises(BlockingIOError),
        ):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True

    LineLog(path, "the log").add(b"new\n", over)
    assert path.read_bytes() == b"new\n"
