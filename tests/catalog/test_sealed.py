"""A catalog that is not as it was left is made anew, whatever happened to it, and harms nobody."""

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest

from archiver.catalog import Catalog, following, schema, sealed
from archiver.catalog.entering import manifest_rows
from archiver.domain.outcomes import Outcome, Verdict
from archiver.errors import DestinationError
from archiver.manifest.journal import Journal
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.records.files import ArchivedFile
from archiver.overview import seal as sealing
from archiver.overview.seal import VERSION
from tests.archives import entry, fill, manifest_of, row, store_one
from tests.conftest import Figure
from tests.lies.archive import MEMORY
from tests.store.memory import MemoryStore

SEEDS = 15
"""So often is each damage done, each time in another place."""
PAGE = 4_096
Files = Mapping[str, bytes]
"""What lies in a catalog's folder, by name."""
SEAL = f"catalog-{VERSION}.seal"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def database_of(files: Files) -> str:
    """Return the name of the file that the seal says counts."""
    return str(json.loads(files[SEAL])["database"])


def lay(folder: Path, files: Files) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def rows_of(files: Files, folder: Path) -> list[str]:
    """Return all that the tables hold, read from a copy in ``folder``."""
    path = lay(folder, files) / database_of(files)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [*database.iterdump()]


class Chain:
    """An archive in memory, and a catalog of it as it was before its last manifest and after."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        fill(self.store, manifests=2)
        self.journal = Journal(self.store)
        self.folder = folder
        self.before = self.followed()
        archive = self.journal.archive().archive
        bad = store_one(self.store, row("7"), b"cut", Verdict.TRUNCATED)
        self.journal.append(manifest_of(archive, [bad, entry("8", Outcome.GONE)]))
        self.halfway: list[Files] = []
        self.after = self.followed(during=self.halfway.append)
        self.rows = rows_of(self.after, folder / "right")

    def followed(self, during: Callable[[Files], object] = bool) -> Files:
        folder = self.folder / "catalog"
        real = manifest_rows.enter

        def entered(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever it takes
            real(*args, **kwargs)
            during(files_in(folder))

        with (
            closing(Catalog(folder)) as catalog,
            mock.patch.object(following, "enter", entered),
        ):
            catalog.follow(self.journal)
        return files_in(folder)

    def made_good(self, files: Files) -> list[str]:
        """Follow the chain with a catalog that was left so; return what was said of it.

        What it holds then must be right, and so must it be for whoever comes next.
        """
        folder, told = lay(self.folder / "damaged", files), list[str]()
        for _ in range(2):
            with closing(Catalog(folder, tell=told.append)) as catalog:
                catalog.follow(self.journal)
                assert catalog.findings.counted().count == 2
        assert rows_of(files_in(folder), self.folder / "found") == self.rows
        return told


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Return a chain whose catalogs lie in memory where that can be: hundreds are synced."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        yield Chain(Path(folder))


def with_database(files: Files, change: Callable[[bytes], bytes]) -> Files:
    name = database_of(files)
    return {**files, name: change(files[name])}


def flipped(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def truncated(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))]


def swapped(data: bytes, chance: Random) -> bytes:
    """Return two pages in each other's place."""
    pages = [data[at : at + PAGE] for at in range(0, len(data), PAGE)]
    one, other = chance.sample(range(len(pages)), 2)
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def zeroed(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) // PAGE) * PAGE
    return data[:at] + bytes(PAGE) + data[at + PAGE :]


def test_other_tables_have_another_version() -> None:
    """Raise the version with them: a catalog that an earlier one made would be taken for ours."""
    tables = hashlib.sha256(schema._TABLES.encode()).hexdigest()[:12]  # noqa: SLF001 - all of them
    assert (VERSION, tables) == (43, "fa51d3701101")


@pytest.mark.parametrize("damage", [flipped, truncated, swapped, zeroed])
def test_a_damaged_file_is_made_anew(
    damage: Callable[[bytes, Random], bytes], chain: Chain, figure: Figure
) -> None:
    right = chain.after[database_of(chain.after)]
    told = 0
    for seed in range(SEEDS):
        damaged = damage(right, Random(seed))
        lines = chain.made_good(with_database(chain.after, lambda _: damaged))  # noqa: B023 - called at once
        assert lines == ([sealed.DAMAGED] if damaged != right else [])
        told += len(lines)
    assert told > SEEDS / 2
    figure(
        "G13", f"catalog {damage.__name__}: {SEEDS} times, made anew {told}, wrong rows 0, stuck 0"
    )


CHANGES = (
    "DELETE FROM recordings WHERE id = x'31'",
    "UPDATE recordings SET held = NOT held",
    "UPDATE recordings SET outcome = 'nonsense' WHERE id = x'31'",
    "UPDATE recordings SET audio = CAST(x'ff' AS TEXT) WHERE id = x'31'",
    "UPDATE recordings SET id = x'39' WHERE id = x'31'",
    "UPDATE recordings SET at = 'never'",
    "UPDATE followed SET number = 1",
    "DELETE FROM followed",
    "DELETE FROM entered",
    "INSERT INTO entered VALUES ('recordings/undated/9.000000000000.mp3')",
    "INSERT INTO since VALUES ('2019-06-11')",
    "DROP TABLE entered",
    "DROP INDEX unsettled",
    "PRAGMA user_version = 9",
)


def test_a_name_that_is_no_text_is_damage_as_any(chain: Chain) -> None:
    """SQLite quotes the name in what it says of it, and that is no text then."""
    right = chain.after[database_of(chain.after)]
    damaged = right.replace(b"CREATE TABLE followed", b"CREATE TABXE follo\xa0ed")
    assert damaged != right
    damaged = damaged.replace(b"tablefollowed", b"tablefollo\xa0ed")
    assert chain.made_good(with_database(chain.after, lambda _: damaged)) == [sealed.DAMAGED]


def test_a_row_that_was_changed_by_hand_is_made_good(chain: Chain, figure: Figure) -> None:
    for change in CHANGES:
        folder = lay(chain.folder / "changed", chain.after)
        with closing(sqlite3.connect(folder / database_of(chain.after))) as database, database:
            database.execute(change)
        assert chain.made_good(files_in(folder)) == [sealed.DAMAGED], change
    figure("G13", f"catalog changed by SQL: {len(CHANGES)} ways, made anew {len(CHANGES)}, stuck 0")


def test_a_copy_of_a_moment_in_the_middle_of_a_write_is_made_good(
    chain: Chain, figure: Figure
) -> None:
    """A copy may have any page of before and of after, the journal of that moment, either seal."""
    before, after = (each[database_of(each)] for each in (chain.before, chain.after))
    assert database_of(chain.before) == database_of(chain.after)
    (halfway,) = chain.halfway
    journals = [{name: data} for name, data in halfway.items() if name.endswith("-journal")]
    told = 0
    for seed in range(SEEDS):
        chance = Random(seed)
        ends = [chance.choice([before, after]) for _ in range(0, len(after), PAGE)]
        torn = b"".join(end[n * PAGE : (n + 1) * PAGE] for n, end in enumerate(ends))
        seal = chance.choice([chain.before, chain.after])
        left = chance.choice([{}, *journals])
        told += len(chain.made_good({**with_database(seal, lambda _: torn), **left}))  # noqa: B023 - called at once
    assert journals
    assert told > SEEDS / 2
    figure("G13", f"catalog copied in mid-write: {SEEDS} times, made anew {told}, stuck 0")


def test_a_seal_that_is_no_good_breaks(chain: Chain) -> None:
    seal = chain.after[SEAL]
    name = database_of(chain.after)
    for chance in map(Random, range(SEEDS)):
        bad = chance.choice([flipped, truncated])(seal, chance)
        assert chain.made_good({**chain.after, SEAL: bad}) == [sealed.DAMAGED]
    other = seal.replace(b"%d-" % VERSION, b"%d-" % (VERSION + 1))
    assert chain.made_good({**chain.after, SEAL: other}) == [sealed.DAMAGED]
    without_seal = {each: data for each, data in chain.after.items() if each != SEAL}
    assert chain.made_good(without_seal) == [sealed.DAMAGED]
    without_file = {each: data for each, data in chain.after.items() if each != name}
    assert chain.made_good(without_file) == [sealed.DAMAGED]
    assert chain.made_good({}) == [], "that it is made for the first time is no news"


def test_one_of_another_day_or_archive_is_no_harm(
    chain: Chain, tmp_path: Path, figure: Figure
) -> None:
    (tmp_path / "other").mkdir()
    other = Chain(tmp_path / "other")
    assert chain.made_good(chain.before) == [], "an older one is caught up with"
    (foreign,) = chain.made_good(other.after)
    assert "another archive" in foreign
    stolen = other.after[database_of(other.after)]
    assert chain.made_good(with_database(chain.after, lambda _: stolen)) == [sealed.DAMAGED]
    older = chain.before[database_of(chain.before)]
    assert chain.made_good(with_database(chain.after, lambda _: older)) == [sealed.DAMAGED]
    figure("G13", "catalogs of another archive 2, of an older day 2: wrong rows 0, stuck 0")


def test_one_that_is_ahead_of_the_chain_begins_anew(chain: Chain, tmp_path: Path) -> None:
    shorter = MemoryStore()
    for item in chain.store.items(""):
        if not item.key.endswith("3.json"):
            shorter.put(item.key, chain.store.open(item.key).read())
    told = list[str]()
    with closing(Catalog(lay(tmp_path / "ahead", chain.after), tell=told.append)) as catalog:
        catalog.follow(Journal(shorter))
        assert catalog.recordings.get("7") is None
    assert len(told) == 1


@pytest.mark.parametrize("change", [each for each in CHANGES if "recordings" in each][2:4])
def test_what_is_damaged_while_it_is_open_stops_the_run_once(change: str, chain: Chain) -> None:
    folder = lay(chain.folder / "open", chain.after)
    with closing(Catalog(folder)) as catalog:
        catalog.follow(chain.journal)
        with closing(sqlite3.connect(folder / database_of(chain.after))) as database, database:
            database.execute(change)
        with pytest.raises(DestinationError, match="was damaged"):
            catalog.recordings.get("1")
    assert chain.made_good(files_in(folder)) == [sealed.DAMAGED]


def test_what_is_damaged_while_it_is_open_is_made_good_with_the_next_manifest(
    chain: Chain,
) -> None:
    folder, told = lay(chain.folder / "open", chain.after), list[str]()
    with closing(Catalog(folder, tell=told.append)) as catalog:
        catalog.follow(chain.journal)
        path = folder / database_of(chain.after)
        path.write_bytes(flipped(path.read_bytes(), Random(1)))
        catalog.follow(chain.journal)
        assert told == [sealed.DAMAGED]
        assert catalog.findings.counted().count == 2


def test_whoever_has_it_open_goes_on_when_another_begins_anew(chain: Chain) -> None:
    folder = lay(chain.folder / "shared", chain.after)
    with closing(Catalog(folder)) as pulling:
        pulling.follow(chain.journal)
        (folder / SEAL).unlink()
        with closing(Catalog(folder)) as reading:
            reading.follow(chain.journal)
            assert pulling.findings.counted().count == 2
            archive = chain.journal.archive().archive
            chain.journal.append(manifest_of(archive, [entry("9", Outcome.GONE)]))
            pulling.follow(chain.journal)
            reading.follow(chain.journal)
            for catalog in (pulling, reading):
                assert catalog.followed() == chain.journal.head()
                assert catalog.findings.counted().count == 3
    assert len([*folder.glob("*.sqlite")]) == 1


def test_two_take_turns(chain: Chain, tmp_path: Path) -> None:
    """Both build one catalog, a round each: what is counted is counted once."""
    with mock.patch.object(following, "A_ROUND", 1):
        one, other = (Catalog(tmp_path / "both") for _ in range(2))
        lookups = list[str]()

        def meanwhile(file: ArchivedFile) -> Sidecar | None:
            lookups.append(file.path)
            return chain.journal.documents.sidecar(file)

        one.follow(chain.journal, meanwhile)
        other.follow(chain.journal, meanwhile)
    assert len(lookups) == len(set(lookups)), "what one has taken in the other does not"
    assert other.followed() == one.followed() == chain.journal.head()
    for catalog in (one, other):
        catalog.close()
    assert rows_of(files_in(tmp_path / "both"), tmp_path / "found") == chain.rows


def test_other_versions_are_left_alone_and_older_ones_cleared(
    chain: Chain, tmp_path: Path, figure: Figure
) -> None:
    folder = lay(tmp_path / "versions", chain.after)
    with closing(Catalog(folder)) as pulling:
        pulling.follow(chain.journal)
        for version in (VERSION - 1, VERSION + 1):
            with (
                mock.patch.object(sealing, "VERSION", version),
                closing(Catalog(folder)) as reading,
            ):
                reading.follow(chain.journal)
                assert reading.findings.counted().count == 2
            archive = chain.journal.archive().archive
            chain.journal.append(manifest_of(archive, [entry(f"v{version}", Outcome.NO_AUDIO)]))
            pulling.follow(chain.journal)
            assert pulling.followed() == chain.journal.head()
    (folder / "catalog.sqlite").touch()
    (folder / "catalog.sqlite-journal").touch()
    sealed.clear_older(folder)
    versions = {int(re.findall("[0-9]+", name)[0]) for name in files_in(folder)}
    assert versions == {VERSION, VERSION + 1}
    figure("G13", "catalogs of other versions opened beside a run 2: the run's own taken 0")
