"""Ctrl-C, SIGTERM and SIGHUP: asked once, a command winds up and exits 130; asked twice, it ends.

What a killed pull leaves is whole and the next one adopts it, so the second way is safe too. A
signal that a command was started to ignore stays ignored: nohup ignores SIGHUP, and a script's
background job SIGINT, so that the command outlives a terminal and a Ctrl-C that is not for it.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object] | int | None


def treat_alike() -> None:
    """Let SIGTERM and SIGHUP do what Ctrl-C does: raise ``KeyboardInterrupt``."""
    _handle(signal.default_int_handler)


@contextmanager
def noted() -> Iterator[Callable[[], bool]]:
    """While the block runs, only note the first signal; yield what tells whether it came."""
    came = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        came = True
        _handle(signal.SIG_DFL)

    with handled(note):
        yield lambda: came


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """While the block runs, handle each of the signals so, unless it is ignored."""
    before = _handle(handler)
    try:
        yield
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)


def _handle(handler: Handler) -> dict[signal.Signals, Handler]:
    """Set the handler of each that isn't ignored; return what handled those before."""
    asking = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heard = [number for number in asking if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heard}
