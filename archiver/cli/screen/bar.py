"""A bar on a terminal, which everything that is said meanwhile is written above."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from archiver.cli.screen.console import speaks_json, writing_with

if TYPE_CHECKING:
    from tqdm import tqdm

FORMAT = "{percentage:3.0f} % |{bar:24}| {desc}"
_USUAL = 80, 24
"""What a terminal is taken for that tells no size, or only half of one: that of a script under
``docker exec -t`` or ``script``, a serial line. No bar fits into nothing.
"""


class Bar:
    """Shows a share and a text."""

    def __init__(self, shown: "tqdm[NoReturn]") -> None:
        self._shown = shown

    def show(self, done: int, total: int, text: str) -> None:
        """Show how much is done, of how much, and in words."""
        self._shown.n, self._shown.total = min(done, total), total or None
        self._shown.set_description_str(text, refresh=False)
        self._shown.update(0)


@contextmanager
def bar(*, quiet: bool) -> Iterator[Bar | None]:
    """Draw a bar while the block runs; ``None`` without a terminal, or where nobody wants it."""
    if quiet or speaks_json() or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm  # looks up its own version as it is imported, which only a bar is worth

    size = _size()
    columns, lines = size or (None, None)
    with tqdm(
        bar_format=FORMAT,
        ncols=columns,
        nrows=lines,
        dynamic_ncols=size is None,
        leave=False,
        file=sys.stderr,
    ) as shown:

        def above(line: str) -> None:
            shown.write(line, file=sys.stderr)

        with writing_with(above):
            yield Bar(shown)


def _size() -> tuple[int, int] | None:
    """Return columns and lines for a terminal without a size, ``None`` where it tells them."""
    with suppress(OSError):
        if 0 in os.get_terminal_size(sys.stderr.fileno()):
            return _USUAL
    return None
