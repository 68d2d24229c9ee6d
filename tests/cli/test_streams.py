"""Telling is not part of the work: whatever the streams are, archiving goes on."""

import csv
import fcntl
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest

from archiver.cli.main import run
from archiver.cli.screen.streams import Result, TellingStream
from archiver.errors import DestinationError
from archiver.sandbox import Sandbox
from tests.conftest import Figure
from tests.pulls import DAY, Archive, portal

pytestmark = pytest.mark.slow

FULL = Path("/dev/full")
NAME = "Jos\u00e9 \u4e2d\u6587"
ON_DAY = ("--day", f"{DAY:%Y-%m-%d}", "--rate", "60000")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with portal(3) as sandbox:
        first = next(iter(sandbox.world.recordings))
        sandbox.world.edit(first.id, call_from=NAME)
        yield sandbox


def shell(
    archive: Archive, streams: str, *words: str, **environ: str
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command with its streams as a shell leaves them."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "archiver", *words],
        env=archive.environment() | environ,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("streams", "words"),
    [
        ("2>&-", ("--quiet",)),
        ("<&- >&- 2>&-", ()),
        ("2>/dev/full", ("--log-format", "json", "-v")),
        (">>/dev/full 2>&1", ()),
    ],
)
def test_a_pull_archives_whatever_its_streams_are(
    sandbox: Sandbox, tmp_path: Path, streams: str, words: tuple[str, ...], figure: Figure
) -> None:
    archive = Archive(sandbox, tmp_path / "archive")
    done = shell(archive, streams, "pull", *ON_DAY, *words)
    assert done.returncode == 0, done.stderr
    assert len(archive.stored()) == 3
    assert archive.verified().is_clean
    figure("R1", f"pull {streams} {' '.join(words)}: exit 0, 3 archived, verify clean")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("streams", "words"),
    [
        (">&-", ("pull", "--json", *ON_DAY)),
        (">/dev/full", ("list", "--csv", *ON_DAY)),
        (">/dev/full", ("get",)),
    ],
)
def test_a_result_that_is_lost_ends_with_4(
    sandbox: Sandbox, tmp_path: Path, streams: str, words: tuple[str, ...], figure: Figure
) -> None:
    archive = Archive(sandbox, tmp_path / "archive")
    if words[0] == "get":
        words = ("get", next(iter(sandbox.world.recordings)).id, "--from-portal", "-o", "-")
    done = shell(archive, streams, *words)
    assert done.returncode == 4, done.stderr
    assert b"The result can't be written to stdout: " in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    if words[:2] == ("pull", "--json"):
        assert archive.verified().is_clean, "what was archived is archived"
    figure("R1", f"{words[0]} {streams}: exit 4, said so")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "words",
    [
        ("pull", "--json", *ON_DAY),
        ("pull", "--dry-run", *ON_DAY),
        ("list", *ON_DAY),
        ("doctor", "--json"),
        ("probe", "/etc/hostname"),
        ("--version",),
    ],
)
def test_no_result_is_lost_without_a_word(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    """As above, in this process: whatever a command prints with."""
    archive = Archive(sandbox, tmp_path / "archive")
    with Result(FULL, "w") as raw:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(raw)))
        with mock.patch.dict(os.environ, archive.environment(), clear=True):
            assert run(words) == 4
    assert "The result can't be written to stdout: " in capsys.readouterr().err
    if words[:2] == ("pull", "--json"):
        assert archive.verified().is_clean, "what was archived is archived"


@pytest.mark.parametrize("encoding", ["latin-1:strict", "ascii"])
def test_what_the_encoding_lacks_is_spelled_out(
    sandbox: Sandbox, tmp_path: Path, encoding: str, figure: Figure
) -> None:
    archive = Archive(sandbox, tmp_path / "archive")
    done = shell(archive, "", "list", "--csv", *ON_DAY, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    is_latin = encoding.startswith("latin")
    text = done.stdout.decode("latin-1" if is_latin else "utf-8")
    names = [row["call_from"] for row in csv.DictReader(io.StringIO(text))]
    assert ("Jos\u00e9 \\u4e2d\\u6587" if is_latin else NAME) in names
    figure("R1", f"a name that {encoding} may lack: exit 0, spelled out, rows 3")


def test_a_reader_that_leaves_ends_a_listing_without_a_word(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    environ = Archive(sandbox, tmp_path / "archive").environment()
    command = [sys.executable, "-m", "archiver", "list", *ON_DAY]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        command, env=environ, stdout=write, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(write)
    assert done.returncode == 4
    assert [line[:7] for line in done.stderr.splitlines()] == [b"Window:"]


def test_a_result_is_lost_once() -> None:
    read, write = os.pipe()
    os.close(read)
    with Result(write, "w") as result:
        with pytest.raises(BrokenPipeError):
            result.write(b"one")
        assert result.write(b"four") == 4


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named_once() -> None:
    with Result(FULL, "w") as result:
        with pytest.raises(DestinationError, match="No space left"):
            result.write(b"one")
        assert result.write(b"four") == 4


def test_telling_never_fails() -> None:
    read, write = os.pipe()
    os.close(read)
    with TellingStream(write, "w") as telling:
        assert telling.write(b"four") == 4


@pytest.mark.parametrize("kind", [Result, TellingStream])
def test_a_pipe_that_is_full_and_does_not_block_is_waited_for(kind: type[Result]) -> None:
    read, write = os.pipe()
    size = fcntl.fcntl(write, fcntl.F_GETPIPE_SZ)
    os.set_blocking(write, False)
    os.write(write, b"x" * size)
    with kind(write, "w") as stream, ThreadPoolExecutor() as elsewhere:
        writing = elsewhere.submit(stream.write, b"four")
        assert os.read(read, size) == b"x" * size
        assert writing.result(10) == 4
    assert os.read(read, 9) == b"four"
    os.close(read)
