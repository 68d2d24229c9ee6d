"""A bar on a terminal, which everything that is said meanwhile is written above."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from tqdm import tqdm

from archiver.cli.screen.console import speaks_json, writing_with

FORMAT = "{percentage:3.0f} % |{bar:24}| {desc}"


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
    with tqdm(bar_format=FORMAT, dynamic_ncols=True, leave=False, file=sys.stderr) as shown:

        def above(line: str) -> None:
            shown.write(line, file=sys.stderr)

        with writing_with(above):
            yield Bar(shown)
