"""What happens to the archive and its catalog between two runs, and to a run itself."""

import shutil
import sqlite3
from contextlib import closing, suppress
from random import Random

from tests.lies.archive import Archive
from tests.lies.trick import Trick, some_nights, trick
from tests.lies.truth import Truth


def catalogs(archive: Archive) -> list[str]:
    """Return the names of the catalogs beside the archive."""
    return [path.name for path in (archive.folder / ".archiver").glob("catalog*.sqlite")]


@trick
def catalog_flipped(random: Random, truth: Truth) -> Trick:
    """Flip bytes in the catalog."""
    seed, most = random.random(), random.choice((1, 1, 3, 40))

    def meddle(archive: Archive) -> None:
        chance = Random(seed)
        for name in catalogs(archive):
            path = archive.folder / ".archiver" / name
            data = bytearray(path.read_bytes())
            for _ in range(most if data else 0):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(data)

    return Trick("catalog damaged", "14", some_nights(random, truth), meddle=meddle)


MORE_DAYS = """
    INSERT OR REPLACE INTO days
    SELECT report, date(day, '+1 day'), sha256, 2, run, 1, 0, 1 FROM days
"""


@trick
def catalog_edited(random: Random, truth: Truth) -> Trick:
    """Change rows of the catalog."""
    change = random.choice(
        (
            "UPDATE recordings SET held = 1, outcome = 'archived', open = 0",
            "UPDATE recordings SET accepted = 1, open = 0",
            "DELETE FROM recordings WHERE rowid % 2",
            "UPDATE days SET agreeing = 2, looked_back = 1, proven = 1",
            MORE_DAYS,
            "DELETE FROM entered",
            "DELETE FROM calls",
            "UPDATE since SET day = date(day, '+1 day')",
        )
    )

    def meddle(archive: Archive) -> None:
        for name in catalogs(archive):
            with (
                closing(sqlite3.connect(archive.folder / ".archiver" / name)) as database,
                database,
                suppress(sqlite3.Error),
            ):
                database.execute(change)

    return Trick(
        f"catalog edited: {change[:40]}", "14", some_nights(random, truth, 2), meddle=meddle
    )


@trick
def catalog_of_yesterday(_random: Random, truth: Truth) -> Trick:
    """Put an older catalog in the place of the newest."""

    def meddle(archive: Archive) -> None:
        private, kept = archive.folder / ".archiver", archive.home / "older"
        if kept.exists():
            for path in kept.iterdir():
                shutil.copy(path, private / path.name)
        kept.mkdir(exist_ok=True)
        for name in catalogs(archive):
            shutil.copy(private / name, kept / name)

    return Trick("catalog of another night", "14", range(truth.nights), meddle=meddle)


@trick
def set_back(random: Random, truth: Truth) -> Trick:
    """Take the newest manifests away, as restoring an older copy without the catalog does."""
    count = random.randint(1, 3)

    def meddle(archive: Archive) -> None:
        keys = sorted(item.key for item in archive.store.items("manifests/"))
        if len(keys) > count:
            archive.copy("whole")
            for key in keys[-count:]:
                (archive.folder / key).unlink()

    return Trick("chain set back", "15", some_nights(random, truth, 1), meddle=meddle)


@trick
def budget(random: Random, truth: Truth) -> Trick:
    """Give every run a budget of a few recordings."""
    size = random.choice((30, 60, 150))
    return Trick("budget", "20", range(truth.nights), words=("--max-bytes", f"{size}K"))


@trick
def killed(random: Random, truth: Truth) -> Trick:
    """Cut a run off at some request."""
    return Trick("killed", "-", some_nights(random, truth, 2), kills=True)
