"""That a document could not be read once is no knowledge: whoever opens the catalog tries again."""

from contextlib import closing
from pathlib import Path
from typing import BinaryIO
from unittest import mock

import pytest

from archiver.catalog import Catalog
from archiver.errors import DestinationError
from archiver.filters.filters import NumberPattern
from archiver.manifest.journal import Journal
from tests.archives import CALLER, MORNING, row, store_one
from tests.catalog.test_links import append, call, linked
from tests.conftest import Figure
from tests.store.memory import MemoryStore

DAY = MORNING.date()
WHOLE = {"1": ("c1", "ANSWERED")}


class Troubled(MemoryStore):
    """A store that breaks off in the middle of what begins like these, or can't open it."""

    breaks: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        if key.startswith(self.refuses):
            raise DestinationError(f"{key} can't be opened.")
        file = super().open(key, version)
        if key.startswith(self.breaks):
            return mock.MagicMock(
                __enter__=lambda self: self,
                read=mock.Mock(side_effect=DestinationError("Cut off.")),
            )
        return file


@pytest.fixture
def store() -> Troubled:
    """Return an archive of a recording and its call, with trouble while both are read."""
    made = Troubled()
    append(made, [store_one(made, row("1"))], [call("c1", MORNING)])
    made.breaks = ("recordings/", "calls/")
    return made


def followed(path: Path, store: MemoryStore) -> tuple[bool, int]:
    """Return whether a number is found, and of how many documents nothing is known."""
    with closing(Catalog(path)) as catalog:
        catalog.follow(Journal(store))
        unread = [*catalog.recordings.unread(), *catalog.calls.unread()]
        found = [*catalog.search.find(numbers=[NumberPattern(CALLER)])]
        return bool(found), len(unread)


def test_what_broke_off_is_read_by_whoever_comes_next(
    tmp_path: Path, store: Troubled, figure: Figure
) -> None:
    assert followed(tmp_path, store) == (False, 2)
    assert followed(tmp_path, store) == (False, 2), "as long as it breaks off"
    store.breaks, store.refuses = (), ("recordings/", "calls/")
    assert followed(tmp_path, store) == (False, 2), "a place that is away harms nobody"
    store.refuses = ()
    assert followed(tmp_path, store) == (True, 0)
    assert linked(tmp_path, store) == WHOLE
    figure("G13", "a sidecar and a file of calls that broke off while a catalog was made: read 2")


def test_what_is_linked_and_certified_is_looked_at_again(tmp_path: Path, store: Troubled) -> None:
    assert linked(tmp_path, store) == {"1": (None, None)}
    with closing(Catalog(tmp_path)) as catalog:
        catalog.note_reviewed([DAY], 1, "", stands=False)
        assert catalog.certified.to_review([DAY], "") == ()
    store.breaks = ()
    assert linked(tmp_path, store) == WHOLE
    with closing(Catalog(tmp_path)) as catalog:
        assert catalog.certified.to_review([DAY], "") == (DAY,)


def test_what_is_known_of_later_rows_outlives_older_ones_that_come_late(
    tmp_path: Path, store: Troubled
) -> None:
    assert followed(tmp_path, store) == (False, 2)
    store.breaks = ()
    newer = store_one(store, row("1", agent="Ben"))
    append(store, [newer], [call("c1", MORNING, status="BUSY")])
    assert followed(tmp_path, store) == (True, 0)
    assert linked(tmp_path, store) == {"1": ("c1", "BUSY")}
