"""The line of a crontab: one line, which any name leaves whole."""

import subprocess
from datetime import time
from pathlib import Path

import pytest

from archiver.app.setup.schedule import SPREAD_MINUTES, Job, delay
from archiver.cli.setup.units.cron import line
from archiver.errors import UsageError

ODD = """it's 50%h "$HOME" $(touch x) `touch x`; & > ü"""
ECHO = '#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n'


def job(program: Path = Path("/bin/archiver"), archive: str = "/srv/archive", late: int = 0) -> Job:
    config = Path("/etc/archiver.toml")
    return Job(program, config, archive, time(23, 30), late, names_archive=True)


def command(text: str) -> str:
    """Return what cron hands to the shell: all up to a %, where none is escaped."""
    last = text.splitlines()[-1].split(" ", 5)[5]
    assert "%" not in last.replace(r"\%", "")
    return last.replace(r"\%", "%")


def test_it_is_quiet_and_names_the_settings() -> None:
    text = line(job())
    assert text.splitlines()[-1] == (
        "30 23 * * * /bin/archiver pull --config /etc/archiver.toml --archive /srv/archive --quiet"
    )
    assert all(each.startswith("#") for each in text.splitlines()[:-1])


def test_any_name_reaches_the_command_as_it_is(tmp_path: Path) -> None:
    program = tmp_path / ODD.replace("/", "")
    program.write_text(ECHO)
    program.chmod(0o700)
    odd = job(program, f"/srv/{ODD}")
    done = subprocess.run(
        ["/bin/sh", "-c", command(line(odd))],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=30,
    )
    assert done.stdout.splitlines() == [str(program), *odd.pull(), "--quiet"]
    assert [*tmp_path.iterdir()] == [program]


def test_a_backslash_is_refused() -> None:
    with pytest.raises(UsageError, match="crontab"):
        line(job(archive="/srv/a\\b"))


@pytest.mark.parametrize(("late", "at"), [(0, "30 23"), (29, "59 23"), (30, "0 0"), (59, "29 0")])
def test_the_delay_is_counted_in(late: int, at: str) -> None:
    assert line(job(late=late)).splitlines()[-1].startswith(f"{at} * * * ")


def test_delays_are_spread_and_stay() -> None:
    delays = [delay(f"host-{number} /srv/archive") for number in range(1000)]
    assert delays == [delay(f"host-{number} /srv/archive") for number in range(1000)]
    assert set(delays) == set(range(SPREAD_MINUTES))
