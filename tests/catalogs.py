"""Catalogs that stay open until their test is over.

SQLite warns of a database that nobody closed (since Python 3.13), and a warning is an error here.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from archiver.catalog import Catalog

_opened = ExitStack()


def opened(folder: Path, readers: int = 1) -> Catalog:
    """Open the catalog in a folder; the end of the test closes it."""
    return _opened.enter_context(closing(Catalog(folder, readers=readers)))


@pytest.fixture(autouse=True)
def _catalogs() -> Iterator[None]:
    yield
    _opened.close()
