"""A file of calls that could not be read when a catalog was made leaves no row of the erased."""

import shutil
from datetime import datetime
from pathlib import Path

from archiver.domain.layout import day_folder
from archiver.errors import ExitCode
from tests.archives import lose_catalog
from tests.cli.conftest import run
from tests.conftest import Figure
from tests.erase.test_leftovers import DAY, WHY, Log, first_of, log, pulled

__all__ = ["log", "pulled", "run"]


def file_of(log: Log, at: datetime) -> Path:
    """Return the file of the calls that ended on a day."""
    (file,) = log.archive.glob(f"calls/{day_folder(at.date())}/*.jsonl")
    return file


def test_rows_that_a_repair_brings_back_go_with_what_is_erased(log: Log, figure: Figure) -> None:
    """Until then nothing near that day is erased: no row tells which call it is of."""
    id_ = first_of(log)
    call = log.call_of(id_).id
    log.told("copy", "--to", str(log.home / "copy"))
    file_of(log, DAY).unlink()
    lose_catalog(log.archive)
    log.told("status")
    before = log.manifests()
    ran = log.run("erase", id_, *WHY, "--yes")
    assert (ran.code, log.manifests()) == (ExitCode.USAGE, before)
    assert "is missing or damaged, and may have rows" in ran.err
    log.told("repair", "--from", str(log.home / "copy"))
    assert log.rows().count(call) == 1
    assert (log.erase(id_)["call_rows"], log.rows().count(call)) == (1, 0)
    assert log.run("verify").code == ExitCode.CLEAN
    figure("P2", "a file of calls that a new catalog never read: 1 row of the erased gone, left 0")


def test_a_file_that_can_be_read_again_needs_no_repair(log: Log) -> None:
    id_ = first_of(log)
    file, away = file_of(log, DAY), log.home / "away"
    shutil.move(file, away)
    lose_catalog(log.archive)
    log.told("find")
    shutil.move(away, file)
    log.told("reconcile", "--day", f"{DAY:%Y-%m-%d}")
    assert log.erase(id_)["call_rows"] == 1


def test_what_is_planned_to_go_waits_as_well(log: Log) -> None:
    file = file_of(log, DAY)
    file.write_bytes(b"")
    lose_catalog(log.archive)
    rules = '[{ period = "1y", action = "dispose" }]'
    ran = log.run("dispose", ARCHIVER_RETENTION=rules)
    assert (ran.code, "may have rows" in ran.err) == (ExitCode.USAGE, True)
