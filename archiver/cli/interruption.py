"""Ctrl-C, SIGTERM and SIGHUP: asked once, a command winds up and exits 130; asked twice, it ends.

What a killed pull leaves is whole and the next one adopts it, so the second way is safe too. A
signal that a command was started to ignore stays ignored: nohup ignores SIGHUP, and a script's
background job SIGINT, so that the command outlives a terminal and a Ctrl-C that is not for it.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from archiver.concurrency.stop import StopToken

Handler = Callable[[int, FrameType | None], object] | int | None


def treat_alike() -> None:
    """Let SIGTERM and SIGHUP do what Ctrl-C does: raise ``KeyboardInterrupt``."""
    _handle(signal.default_int_handler)


@contextmanager
def stop_token() -> Iterator[StopToken]:
    """Yield the token that the first signal sets, once the work of the block heeds it.

    Before that, and after, a signal raises ``KeyboardInterrupt`` as ever.
    """
    token = StopToken()

    def ask(number: int, frame: FrameType | None) -> None:
        if not token.is_heeded:
            signal.default_int_handler(number, frame)
        _handle(signal.SIG_DFL)
        token.set()

    with handled(ask):
        yield token


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
