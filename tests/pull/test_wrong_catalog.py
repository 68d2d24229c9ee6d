"""Whatever the catalog says, nothing held is moved, nothing is believed held, no run is stuck."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from unittest import mock

import pytest
from msgspec import Struct

from archiver.catalog import Catalog
from archiver.check.audit import audit
from archiver.domain.layout import Shelf
from archiver.manifest.journal import Journal
from archiver.overview import seal as sealing
from archiver.overview.seal import VERSION
from archiver.pull import plan
from archiver.pull.ledger.ledger import Ledger
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 6
PULLS = 2
ANEW = "made anew"


class Nights(Struct):
    """An archive of one night, and the portal with a recording more than it had then."""

    desk: Desk

    @property
    def archive(self) -> Path:
        return self.desk.home / "archive"

    @property
    def private(self) -> Path:
        return self.archive / ".archiver"

    @property
    def seal(self) -> Path:
        return self.private / f"catalog-{VERSION}.seal"

    @property
    def database(self) -> Path:
        return self.private / str(json.loads(self.seal.read_bytes())["database"])

    def pull(self) -> Ran:
        ran = self.desk.run("pull", "--day", "2021-04-06", "--json")
        assert "Traceback" not in ran.err
        return ran

    def files(self) -> set[str]:
        store = LocalStore(self.archive)
        return {item.key for shelf in Shelf for item in store.items(f"{shelf}/")}

    def arrive(self) -> str:
        """Let one more recording be listed; return its id."""
        return self.desk.sandbox.world.arrive(DAY + timedelta(hours=12)).id

    def held(self) -> set[str]:
        manifests = [each for _, each in Journal(LocalStore(self.archive)).manifests()]
        entries = [entry for each in manifests for entry in each.recordings]
        return {entry.id for entry in entries if entry.outcome == "archived"}

    def forge(self, *changes: str) -> None:
        """Change the catalog, and seal it as if it had always been so."""
        with closing(sqlite3.connect(self.database)) as database, database:
            for change in changes:
                assert database.execute(change).rowcount
        seal = json.loads(self.seal.read_bytes())
        seal["sha256"] = hashlib.sha256(self.database.read_bytes()).hexdigest()
        self.seal.write_text(json.dumps(seal))


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    world = World(seed=14)
    last = DAY + timedelta(hours=9)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(3, 4, 5))
    with Sandbox(world, token=TOKEN) as sandbox:
        nights = Nights(Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")}))
        assert nights.pull().code == 0
        yield nights


def flipped(nights: Nights, chance: Random) -> None:
    data = bytearray(nights.database.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    nights.database.write_bytes(data)


def cut(nights: Nights, chance: Random) -> None:
    data = nights.database.read_bytes()
    nights.database.write_bytes(data[: chance.randrange(len(data))])


def forgot_files(nights: Nights, _chance: Random) -> None:
    with closing(sqlite3.connect(nights.database)) as database, database:
        database.execute("DELETE FROM entered WHERE path LIKE '%.mp3'")


def forgot_all(nights: Nights, _chance: Random) -> None:
    with closing(sqlite3.connect(nights.database)) as database, database:
        database.execute("DELETE FROM recordings")


def no_seal(nights: Nights, _chance: Random) -> None:
    nights.seal.unlink()


DAMAGES = ((flipped, 2), (cut, 2), (forgot_files, 1), (forgot_all, 1), (no_seal, 1))
"""Ways to damage a catalog, and how often each is to be tried."""


@pytest.mark.parametrize(("damage", "times"), DAMAGES, ids=[how.__name__ for how, _ in DAMAGES])
def test_a_pull_over_a_damaged_catalog_is_as_any_other(
    damage: Callable[[Nights, Random], None], times: int, nights: Nights, figure: Figure
) -> None:
    before = nights.files()
    for seed in range(times):
        damage(nights, Random(seed))
        ran = nights.pull()
        assert (ran.code, json.loads(ran.out)["outcomes"]["held"]) == (0, COUNT)
        assert ran.err.count(ANEW) == 1
    again = nights.pull()
    assert (again.code, ANEW in again.err) == (0, False)
    assert nights.files() == before
    assert audit(LocalStore(nights.archive)).is_clean
    figure(
        "G13",
        f"{times} pulls over a catalog {damage.__name__}: files moved 0, stuck 0, tracebacks 0",
    )


def test_what_it_calls_held_must_be_archived_in_the_chain(nights: Nights, figure: Figure) -> None:
    new = nights.arrive()
    columns = "day, at, outcome, verdict, audio, audio_bytes, audio_sha256, sidecar, sidecar_bytes,"
    columns += " sidecar_sha256, attempts, reasons, held, accepted, tries, source, concerns, kind,"
    columns += " open, proof, told_row"
    nights.forge(
        f"INSERT INTO recordings (id, {columns}) SELECT x'{new.encode().hex()}', {columns}"  # noqa: S608 - a test's own words
        " FROM recordings LIMIT 1"
    )
    told = mock.Mock(return_value=False)
    with mock.patch.object(plan, "differs", told):
        ran = nights.pull()
    assert told.called
    assert (ran.code, new in nights.held()) == (0, True)
    assert ran.err.count(ANEW) == 1
    figure("G13", "a forged row that calls a new recording held: archived 1 of 1")


def test_no_file_is_moved_that_the_chain_names(nights: Nights, figure: Figure) -> None:
    before = nights.files()
    nights.forge("DELETE FROM entered WHERE path LIKE '%.mp3'")
    ran = nights.pull()
    assert (ran.code, nights.files()) == (0, before)
    assert ran.err.count(ANEW) == 1
    again = nights.pull()
    assert (again.code, ANEW in again.err) == (0, False)
    figure("G13", f"a forged catalog that knows none of {COUNT} files: moved 0")


def test_one_that_breaks_in_the_middle_of_a_run_stops_it_once(nights: Nights) -> None:
    real = Ledger.new_rows

    def break_it(ledger: Ledger, *args: object) -> object:
        with closing(sqlite3.connect(nights.database)) as database, database:
            database.execute("UPDATE recordings SET outcome = 'nonsense'")
        return real(ledger, *args)  # type: ignore[arg-type]  # as they came

    with mock.patch.object(Ledger, "new_rows", break_it):
        ran = nights.pull()
    assert (ran.code, "was damaged" in ran.err) == (4, True)
    again = nights.pull()
    assert (again.code, again.err.count(ANEW)) == (0, 1)
    assert nights.pull().code == 0


def test_a_reading_command_of_another_version_kills_no_pull(nights: Nights, figure: Figure) -> None:
    """One older and one newer come when a recording is fetched and not yet entered."""
    real, came = Ledger.settle, 0

    def settle(ledger: Ledger, *args: object) -> object:
        nonlocal came
        for version in (VERSION - 1, VERSION + 1):
            with (
                mock.patch.object(sealing, "VERSION", version),
                closing(Catalog(nights.private)) as reading,
            ):
                reading.follow(Journal(LocalStore(nights.archive)))
                came += 1
        return real(ledger, *args)  # type: ignore[arg-type]  # as they came

    killed = 0
    for _ in range(PULLS):
        nights.arrive()
        with mock.patch.object(Ledger, "settle", settle):
            killed += nights.pull().code != 0
    assert (killed, came) == (0, 2 * PULLS)
    figure(
        "G13", f"{came} reading commands of other versions beside {PULLS} pulls: killed {killed}"
    )
