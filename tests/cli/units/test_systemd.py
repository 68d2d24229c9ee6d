"""The service and its timer: what they allow, and that any name stands in them as it is."""

import shutil
import subprocess
from datetime import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.app.setup.schedule import Job
from archiver.cli.setup.units.systemd import quoted, units
from archiver.errors import UsageError

ODD = """it's 50%h "$HOME" ${HOME} \\back; ü"""
"""Part of a name in which something means something to systemd, or to a shell."""
TIMER = "# /etc/systemd/system/archiver.timer\n"


def job(folder: Path = Path("/srv"), archive: str | None = None, name: str = "archive") -> Job:
    return Job(
        program=folder / "archiver 50%h ${HOME}; ü",
        config=folder / f"{name}.toml",
        archive=archive or str(folder / name),
        at=time(2, 30),
        delay=0,
        names_archive=True,
    )


def read(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def words(text: str) -> list[str]:
    """Split as systemd.syntax(7) says: quotes around words, backslashes in them, %% for %."""
    found, word, quote, letters = list[str](), "", False, iter(text)
    for letter in letters:
        if letter == '"':
            quote = not quote
        elif letter == " " and not quote:
            found.append(word)
            word = ""
        elif letter == "\\":
            word += next(letters)
        elif letter == "%":
            assert next(letters) == "%"
            word += "%"
        else:
            word += letter
    return [*found, word]


def test_it_may_write_to_the_archive_only() -> None:
    service = read(units(job(), "archiver").partition(TIMER)[0])
    assert service["ReadWritePaths"] == "/srv/archive"
    assert service["User"] == "archiver"
    assert service["CapabilityBoundingSet"] == ""
    closed = {"NoNewPrivileges": "yes", "PrivateTmp": "yes", "ProtectSystem": "strict"}
    assert service.items() >= closed.items()
    assert "StateDirectory" not in service


def test_for_a_bucket_systemd_keeps_the_state() -> None:
    service = read(units(job(archive="s3://calls/2026"), "archiver").partition(TIMER)[0])
    assert (service["StateDirectory"], service["Environment"]) == (
        "archiver",
        "XDG_STATE_HOME=%S",
    )
    assert "ReadWritePaths" not in service


@pytest.mark.parametrize("archive", ["/srv/archive", "s3://calls/2026"])
def test_it_may_write_its_metrics(archive: str) -> None:
    measured = replace(job(archive=archive), metrics=Path("/var/lib/node exporter/archiver.prom"))
    lines = units(measured, "archiver").splitlines()
    assert 'ReadWritePaths="/var/lib/node exporter"' in lines
    assert ("ReadWritePaths=/srv/archive" in lines) == (archive == "/srv/archive")


def test_it_runs_nightly_with_a_delay_and_makes_up_for_missed_nights() -> None:
    timer = read(units(job(), "archiver").partition(TIMER)[2])
    assert timer["OnCalendar"] == "*-*-* 02:30:00"
    assert (timer["RandomizedDelaySec"], timer["Persistent"]) == ("60min", "true")


@pytest.mark.parametrize("name", ["plain", "two words", *ODD.split(), ODD])
def test_any_name_stands_for_itself(name: str) -> None:
    assert words(quoted(f"/srv/{name}")) == [f"/srv/{name}"]
    odd = job(name=name)
    service = read(units(odd, "archiver"))
    program, *rest = words(service["ExecStart"])
    assert program == f":{odd.program}"
    assert rest == ["pull", "--config", str(odd.config), "--archive", odd.archive]
    assert words(service["ReadWritePaths"]) == [odd.archive]


@pytest.mark.parametrize("user", ["", "a b", "root\nExecStart=/bin/sh", "%u", "-x"])
def test_no_user_can_add_a_line(user: str) -> None:
    with pytest.raises(UsageError, match="user's name"):
        units(job(), user)


@pytest.mark.parametrize("name", ["it's", 'a"b', "a\\b"])
def test_a_program_that_systemd_does_not_take_is_refused(name: str) -> None:
    odd = replace(job(), program=Path("/srv", name))
    with pytest.raises(UsageError, match="systemd program"):
        units(odd, "archiver")


def test_control_characters_stand_in_no_unit() -> None:
    with pytest.raises(UsageError, match="control characters"):
        job(name="a\nExecStart=/bin/sh")


@pytest.mark.parametrize("archive", [None, "s3://calls/2026"], ids=["folder", "bucket"])
def test_systemd_accepts_both(tmp_path: Path, archive: str | None) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    odd = job(tmp_path, archive, ODD)
    odd.program.write_text("#!/bin/sh\n")
    odd.program.chmod(0o700)
    service, _, timer = units(odd, "root").partition(TIMER)
    (tmp_path / "archiver.service").write_text(service)
    (tmp_path / "archiver.timer").write_text(timer)
    files = [tmp_path / "archiver.service", tmp_path / "archiver.timer"]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
