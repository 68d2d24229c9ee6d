"""A server that is started for a test is gone after it, with every process that it started."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.s3servers import daemon

UP = b"up\n"
OBEYS = "exec 3>pipe; sleep 600 & echo up >&3; wait"
DISOBEYS = f"trap '' TERM; {OBEYS}"


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Yield the end to read of a pipe that a daemon and its child hold open while they live."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    end = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    yield end
    os.close(end)


def says(pipe: int, text: bytes) -> Callable[[], bool]:
    def said() -> bool:
        try:
            return os.read(pipe, len(text)) == text
        except BlockingIOError:
            return False

    return said


def ends(pipe: int) -> bool:
    """Whether nobody holds the pipe any more; waits for whoever is still ending."""
    os.set_blocking(pipe, True)
    return os.read(pipe, 1) == b""


@pytest.mark.parametrize("script", [OBEYS, DISOBEYS])
def test_nothing_lives_after_the_block(
    script: str, pipe: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "STOP_S", 0.1)
    command = ("sh", "-c", script)
    with (
        daemon.running(command, os.environ, tmp_path / "sh.out", says(pipe, UP)),
        pytest.raises(BlockingIOError),  # it is held open, and nothing more is said
    ):
        os.read(pipe, 1)
    assert ends(pipe)


def test_one_that_is_never_ready_is_ended_and_told(
    pipe: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "READY_S", 0.1)
    command = ("sh", "-c", f"echo why; {OBEYS}")
    with (
        pytest.raises(TimeoutError, match=r"(?s)sh is not ready after 0.1 s.*why"),
        daemon.running(command, os.environ, tmp_path / "sh.out", lambda: False),
    ):
        pytest.fail("it was taken for ready")
    assert set(os.read(pipe, len(UP))) <= set(UP)
    assert ends(pipe)


def test_one_that_ends_before_it_is_ready_is_told(tmp_path: Path) -> None:
    command = ("sh", "-c", "echo why; exit 3")
    with (
        pytest.raises(ChildProcessError, match=r"(?s)sh ended with 3.*why"),
        daemon.running(command, os.environ, tmp_path / "sh.out", lambda: False),
    ):
        pytest.fail("it was taken for ready")


def test_a_free_port_is_one_that_nobody_listens_on() -> None:
    assert not daemon.answers(daemon.free_port())
