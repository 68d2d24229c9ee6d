"""Verify beside a run: what that stored is nobody's plant, and what was planted still is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct, field

from archiver.check.audit import audit
from archiver.check.meanwhile import OtherRun
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.store.base import Item
from archiver.store.local import LocalStore
from tests.archives import fill, manifest_of, row, store_one
from tests.conftest import Figure

PLANTED = "recordings/2019/06/11/planted.mp3"


class Pull(Struct):
    """A run beside the audit: each time that somebody waits, it does the next of its steps."""

    steps: list[Callable[[], object]] = field(default_factory=list)
    now: float = 0.0
    waited: int = 0

    def wait(self, seconds: float) -> None:
        self.waited += 1
        self.now += seconds
        if self.steps:
            self.steps.pop(0)()

    def beside(self, most_s: float, *, ends: bool = False) -> OtherRun:
        def is_writing() -> bool:
            return bool(self.steps) or not ends

        return OtherRun(is_writing, most_s, self.wait, lambda _files: None, lambda: self.now)


@pytest.fixture
def archive(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "archive")
    fill(store)
    return store


def enter(store: LocalStore, entry: Entry) -> None:
    journal = Journal(store)
    journal.append(manifest_of(journal.archive().archive, [entry]))


def test_what_is_stored_and_not_entered_yet_is_waited_for(
    archive: LocalStore, figure: Figure
) -> None:
    entry = store_one(archive, row("7"))
    assert [len(audit(archive).extra), audit(archive).is_clean] == [2, False]
    pull = Pull([bool, bool, lambda: enter(archive, entry)])
    report = audit(archive, other_run=pull.beside(60))
    assert report.is_clean
    assert report.head == Journal(archive).head()
    assert report.ok == 16 + 3
    assert pull.waited == 3
    figure("T12", f"2 files that a run entered after {pull.waited} glances: extra 0, head 4")


def test_what_was_planted_beside_a_run_is_extra(archive: LocalStore, figure: Figure) -> None:
    entry = store_one(archive, row("7"))
    (archive.root / PLANTED).write_bytes(b"planted")
    extra = []
    for ends in (True, False):
        pull = Pull([lambda: enter(archive, entry)] if ends else [])
        report = audit(archive, other_run=pull.beside(60, ends=ends))
        extra += [one.path for one in report.extra]
        assert pull.now == (2 if ends else 60)
    assert extra == [PLANTED, PLANTED]
    figure("T12", f"planted beside a run, that ended and that did not: extra {len(extra)} of 2")


def test_what_a_run_set_aside_meanwhile_is_gone(archive: LocalStore) -> None:
    (archive.root / PLANTED).write_bytes(b"left by a killed run")
    pull = Pull([(archive.root / PLANTED).unlink])
    assert audit(archive, other_run=pull.beside(60, ends=True)).is_clean


class Busy(LocalStore):
    """A folder into which a run stores, and that is done, while its files are being listed."""

    def scan(self) -> Iterator[Item]:
        enter(self, store_one(self, row("7")))
        return super().scan()


def test_a_run_that_ends_while_files_are_listed_leaves_nothing_extra(archive: LocalStore) -> None:
    assert audit(Busy(archive.root)).is_clean
