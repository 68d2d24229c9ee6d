"""Storing a recording while one call after another fails: success is never claimed for nothing."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from unittest import mock

import pytest

from tests.campaigns import injection
from tests.campaigns.injection import Fault, Figures, attempt, files, judge
from tests.conftest import Figure
from tests.crash import failing

CALLS = ("open", "fsync", "link", "mkdir", "fchmod", "close", "unlink", "dup", "fdopen", "scandir")
Breaking = Callable[[int, int], AbstractContextManager[list[int]]]


@contextmanager
def failing_writes(when: int, code: int) -> Iterator[list[int]]:
    """As ``failing``, for what part files write to the disk."""
    real, uses = os.fdopen, [0]

    class Failing(io.FileIO):
        def write(self, data: object) -> int:
            uses[0] += 1
            if uses[0] == when:
                raise OSError(code, os.strerror(code))
            return super().write(data)  # type: ignore[arg-type]  # any buffer

    def opened(descriptor: int, mode: str, buffering: int = -1) -> object:
        if mode == "w+b":
            return io.BufferedRandom(Failing(descriptor, "r+"))
        return real(descriptor, mode, buffering)

    with mock.patch.object(os, "fdopen", opened):
        yield uses


BREAKING: dict[str, Breaking] = {call: partial(failing, call) for call in CALLS}
BREAKING["write"] = failing_writes


def test_no_success_is_claimed_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    # What is tried is the calls' failing: there is nothing to wait for the disk for.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    attempt(tmp_path / "whole")
    expected, figures = files(tmp_path / "whole"), Figures()
    for call, breaking in BREAKING.items():
        for when in count(1):
            root = tmp_path / f"{call}-{when}"
            with breaking(when, errno.EIO) as uses:
                ended = attempt(root)
            if uses[0] < when:
                break
            judge(root, Fault(call, "EIO", when), ended, expected, figures)
    assert figures.bad == []
    assert figures.calls.keys() == BREAKING.keys()
    figure(
        "D2",
        f"EIO at each of {figures.faults} calls of {len(figures.calls)} kinds: "
        f"told {figures.told}, false green 0, torn 0, part files left 0, traces 0",
    )


def test_what_the_kernel_refuses_or_lies_about(tmp_path: Path, figure: Figure) -> None:
    reason = injection.why_not()
    if reason:
        pytest.skip(reason)
    calls = frozenset(("linkat", "write"))

    figures = injection.campaign(tmp_path, errors=("EIO",), only=calls)

    assert figures.bad == []
    assert figures.calls.keys() == calls
    figure("D1", f"SIGKILL at each of {figures.killed} writes and links: violations 0")
    figure(
        "D6",
        f"{figures.faults - figures.killed} failing and lying writes and links: "
        f"told {figures.told}, stored whole {figures.stored}, false green 0",
    )
