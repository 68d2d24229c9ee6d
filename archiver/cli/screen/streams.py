"""The three streams of the process, so that telling is never part of the work.

What is said on stderr goes on whether or not anybody can be told. What a command was asked for on
stdout is its work: where that can't be written, the command ends with a word and exit code 4.
"""

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING

from archiver.errors import DestinationError

if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer

STDIN, STDOUT, STDERR = range(3)


class _Patient(io.FileIO):
    """Waits where somebody who shares the descriptor made it non-blocking, and it has no room."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write what there is room for, as soon as there is any."""
        while True:
            written: int | None = super().write(data)
            if written is not None:
                return written
            select.select((), (self,), ())


class TellingStream(_Patient):
    """Drops what can't be written: a closed descriptor, a full disk, a reader that went away."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, or pretend to."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


class Result(_Patient):
    """Raises once when something can't be written, and drops the rest: a part is of no use.

    That is a ``BrokenPipeError`` where the reader went away, which is nobody's fault, else a
    :class:`DestinationError`.
    """

    is_lost = False

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, unless something could not be written before."""
        if self.is_lost:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            self.is_lost = True
            raise
        except OSError as error:
            self.is_lost = True
            raise _lost(error) from error


def _lost(error: OSError) -> DestinationError:
    why = "it is closed" if error.errno == errno.EBADF else error.strerror
    return DestinationError(
        f"The result can't be written to stdout: {why}.",
        advice="Make room there or send stdout elsewhere, then run it again.",
    )


def secure() -> None:
    """Replace the streams of this process by such as these, whatever state it was started in."""
    # A descriptor that is closed would be given to the next file, and be written to as a stream.
    for number, flags in ((STDIN, os.O_RDONLY), (STDOUT, os.O_RDONLY), (STDERR, os.O_WRONLY)):
        _plug(number, flags)
    if sys.stdin is None:
        sys.stdin = open(STDIN, closefd=False)  # noqa: SIM115  # for as long as we live
    sys.stdout = _text(Result(STDOUT, "w", closefd=False), sys.stdout)
    sys.stderr = _text(TellingStream(STDERR, "w", closefd=False), sys.stderr)


def _plug(number: int, flags: int) -> None:
    """Open nothing at all under a standard descriptor that is closed.

    Under stdout it can be read only, so that writing there still fails.
    """
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _text(raw: io.FileIO, before: "TextIO | None") -> io.TextIOWrapper:
    """Return a text stream in the encoding of the one before, which spells out what that lacks.

    ASCII is the encoding of a machine that nobody told of any other, so UTF-8 is written there.
    """
    named = before.encoding if before is not None else "utf-8"
    is_telling = isinstance(raw, TellingStream) or raw.isatty()
    encoding = "utf-8" if named.lower() in {"ascii", "us-ascii", "ansi_x3.4-1968"} else named
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=is_telling
    )
