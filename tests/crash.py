"""Doing something while system calls fail, or in a child process that may kill itself anywhere."""

import itertools
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

STEPS = tuple((os, name) for name in ("open", "fsync", "link", "mkdir", "fchmod", "unlink"))
"""The steps on the disk: each is a function, by its owner and its name."""


def in_child(work: Callable[[], object]) -> int:
    """Fork, do ``work``, and return 0, 1 for an exception, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            work()
        except BaseException:  # noqa: BLE001 - the child must end here, whatever happened
            traceback.print_exc(file=sys.stderr)
            code = 1
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def die_at(point: int, *, after: bool, at: Iterable[tuple[object, str]] = STEPS) -> None:
    """Let this process be killed at its ``point``-th step ``at`` these: before it or after it."""
    steps = itertools.count(1)

    def deadly(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            step = next(steps)
            if step == point and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*args, **kwargs)
            finally:
                if step == point:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call

    for owner, name in at:
        setattr(owner, name, deadly(getattr(owner, name)))


def killed_at(
    point: int,
    work: Callable[[], object],
    *,
    after: bool,
    at: Iterable[tuple[object, str]] = STEPS,
) -> bool:
    """Do ``work`` in a child that is killed at its ``point``-th step; return whether it got there.

    Raises ``AssertionError`` where it ended by itself and not well.
    """

    def dying() -> None:
        die_at(point, after=after, at=at)
        work()

    code = in_child(dying)
    assert code in {-signal.SIGKILL, 0}, f"ended with {code} before or at step {point}"
    return code != 0


def steps_of(work: Callable[[], object], at: Iterable[tuple[object, str]] = STEPS) -> int:
    """Do ``work``, and return how many steps ``at`` these it takes."""
    steps = itertools.count()

    def counting(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            next(steps)
            return real(*args, **kwargs)

        return call

    with ExitStack() as patched:
        for owner, name in at:
            real = getattr(owner, name)
            patched.enter_context(mock.patch.object(owner, name, counting(real)))
        work()
    return next(steps)


@contextmanager
def failing(call: str, when: int, code: int, *, here: bool = False) -> Iterator[list[int]]:
    """Let the ``when``-th use of ``os.<call>`` fail with ``code``; yields how often it was used.

    Of ``here``, only this thread's uses count: another test's server may still be closing.
    """
    real: Callable[..., object] = getattr(os, call)
    uses, caller = [0], threading.get_ident()

    def fails(*args: object, **kwargs: object) -> object:
        if here and threading.get_ident() != caller:
            return real(*args, **kwargs)
        uses[0] += 1
        if uses[0] == when:
            if call == "close":  # one that fails has closed all the same, says close(2)
                real(*args)
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    with mock.patch.object(os, call, fails):
        yield uses
