"""``archiver status`` from the figures kept beside the catalog: as honest as from the catalog."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
import time_machine
from msgspec.structs import replace

from archiver.app.opening.archive import figures as counting
from archiver.catalog import Catalog
from archiver.catalog.sealed import SealedFile
from archiver.domain.layout import PRIVATE
from archiver.domain.outcomes import Outcome
from archiver.manifest.journal import Journal
from archiver.overview.kept_figures import kept_figures
from archiver.overview.seal import path_of, read_seal
from archiver.store.local import LocalStore
from tests.archives import entry, manifest_of
from tests.cli.conftest import Run
from tests.conftest import Figure

NIGHT = datetime(2026, 3, 4, 3, tzinfo=UTC)
OPTIONS = ("--findings", "--json")


class Office:
    """An archive of three days with two open findings, and how often its catalog was opened."""

    def __init__(self, archive: Path, run: Run) -> None:
        self.archive = archive
        self.private = archive / PRIVATE
        self.run = run
        self.opened = 0

    @property
    def file(self) -> Path:
        return path_of(self.private, "figures")

    def status(self, *more: str) -> tuple[int, str]:
        """Return how a status ends and what it says; it is told when a catalog is opened for it."""
        real, before = SealedFile.__init__, self.opened

        def init(file: SealedFile, *args: object) -> None:
            self.opened += 1
            real(file, *args)  # type: ignore[arg-type]  # as they came

        with (
            mock.patch.object(SealedFile, "__init__", init),
            time_machine.travel(NIGHT, tick=False),
        ):
            code, out, err = self.run("status", *(more or OPTIONS), "-a", str(self.archive))
        assert not err or self.opened > before
        return code, out

    def from_catalog(self) -> tuple[int, str]:
        """Return the same, from the catalog."""
        self.file.unlink(missing_ok=True)
        before = self.opened
        told = self.status()
        assert self.opened == before + 1
        return told

    def from_figures(self) -> tuple[int, str]:
        """Return the same, from the figures that are kept."""
        before = self.opened
        told = self.status()
        assert self.opened == before
        return told


@pytest.fixture
def office(root: Path, tmp_path: Path, run: Run) -> Office:
    archive = shutil.copytree(root / "tests/archives_of/november_2026", tmp_path / "archive")
    return Office(Path(archive), run)


def test_the_figures_say_what_the_catalog_says(office: Office, figure: Figure) -> None:
    reason = ("--reason", "listened to it", "--by", "ann")
    some = json.loads(office.status()[1])["listed"][0]["id"]
    changes: tuple[tuple[str, ...], ...] = (
        ("find", "--count"),
        ("hold", "add", "--matter", "M-1", "--day", "2026-03-02", "--future", "--yes", *reason),
        ("accept", some, *reason),
        ("find", "--rebuild", "--count"),
    )
    same = 0
    for words in changes:
        with time_machine.travel(NIGHT, tick=False):
            code, _, err = office.run(*words, "-a", str(office.archive))
        assert code in {0, 3}, err
        assert office.from_figures() == office.from_catalog() == office.from_figures()
        same += 1
    figure("G13", f"status from kept figures as from the catalog: after {same} commands of {same}")


def test_any_damage_of_the_figures_counts_as_none(office: Office, figure: Figure) -> None:
    true = office.from_catalog()
    whole = office.file.read_bytes()
    places = range(0, len(whole), 97)
    damaged = [
        *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places),
        *(whole[:at] for at in (0, 1, 64, 65, len(whole) // 2, len(whole) - 1)),
    ]
    journal = Journal(LocalStore(office.archive))
    archive, head = journal.archive().archive, journal.head()
    assert head is not None
    believed = 0
    for text in damaged:
        office.file.write_bytes(text)
        believed += kept_figures(office.private, archive, head) is not None
    assert believed == 0
    before = office.opened
    assert (office.status(), office.opened) == (true, before + 1)
    assert office.file.read_bytes() == whole, "they are kept anew"
    figure("G13", f"figures damaged: {len(damaged)} times, believed {believed}")


def _append(office: Office) -> None:
    journal = Journal(LocalStore(office.archive))
    journal.append(manifest_of(journal.archive().archive, [entry("other", Outcome.GONE)]))


def _change_catalog(office: Office) -> None:
    with time_machine.travel(NIGHT, tick=False):
        catalog = Catalog(office.private)
        catalog.note_locked(["recordings/x"])
        catalog.close()


def _lose_seal(office: Office) -> None:
    path_of(office.private, "seal").unlink()


@pytest.mark.parametrize("change", [_append, _change_catalog, _lose_seal])
def test_figures_of_another_state_are_not_believed(
    office: Office, change: Callable[[Office], None]
) -> None:
    office.from_catalog()
    change(office)
    before = office.opened
    told = office.status()
    assert office.opened == before + 1
    assert told == office.from_figures() == office.from_catalog()


def test_figures_are_of_one_archive_and_one_head(office: Office) -> None:
    office.from_catalog()
    journal = Journal(LocalStore(office.archive))
    archive, head = journal.archive().archive, journal.head()
    assert head is not None
    assert kept_figures(office.private, archive, head) is not None
    assert kept_figures(office.private, archive[::-1], head) is None
    assert kept_figures(office.private, archive, replace(head, sha256="0" * 64)) is None
    assert kept_figures(office.private / "elsewhere", archive, head) is None


def test_a_catalog_that_is_damaged_makes_no_false_figures(office: Office) -> None:
    """What is kept is of the catalog as it fitted its seal; commands that decide look at all."""
    true = office.from_catalog()
    seal = read_seal(office.private)
    assert seal is not None
    database = office.private / seal.database
    text = bytearray(database.read_bytes())
    text[len(text) // 2] ^= 1
    database.write_bytes(text)
    assert office.from_figures() == true
    _, _, err = office.run("find", "--count", "-a", str(office.archive))
    assert "made anew" in err
    assert office.from_figures() == true


def test_more_findings_than_are_kept_are_listed_by_the_catalog(office: Office) -> None:
    true = office.from_catalog()
    with mock.patch.object(counting, "MOST_LISTED", 1):
        assert office.from_catalog() == true
        before = office.opened
        assert office.status() == true
        assert office.opened == before + 1
        assert office.status("--json")[0] == true[0]
        assert office.opened == before + 1


def test_figures_that_can_not_be_kept_fail_no_command(office: Office) -> None:
    true = office.from_catalog()
    office.file.unlink()
    office.file.mkdir()
    assert office.status() == true
    assert office.run("find", "--count", "-a", str(office.archive))[0] == 0
