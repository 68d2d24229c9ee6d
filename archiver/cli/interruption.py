"""Ctrl-C, SIGTERM and SIGHUP: asked once, a command winds up and exits 130; asked twice, it ends.

What a killed pull leaves is whole and the next one adopts it, so the second way is safe too.
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

    before = _handle(note)
    try:
        yield lambda: came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handle(handler: Handler) -> dict[signal.Signals, Handler]:
    """Set the handler of each; what is ignored (nohup, a shell's background job) stays ignored."""
    asking = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heard = [number for number in asking if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heard}
