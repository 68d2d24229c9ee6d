"""How long questions take over the catalog of a million recordings, and what such a catalog weighs.

python -m tests.bench.finding --recordings 1000000

The recordings are made up and laid in the tables as entering them would leave them. Asked is what
``archiver find`` asks once it is up: the rows, made into what ``--json`` prints, and how many may
match besides.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from archiver.app.handover.found_document import found_document
from archiver.catalog import Catalog
from archiver.catalog.numbers import digits
from archiver.catalog.recording_rows import Columns, SearchFields
from archiver.domain.layout import PRIVATE, Shelf, audio_key, sidecar_key
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report, id_bytes
from archiver.domain.row.fingerprint import Fingerprint
from archiver.domain.times.window import Window
from archiver.filters.filters import Filters, NumberPattern
from tests.bench.page import PAGE, machine, put
from tests.bench.standing import ask_status, lay_chain, take_for_followed

PLACE = "bench-find"
RECORDINGS, AT_ONCE = 1_000_000, 20_000
FIRST, SPAN = datetime(2021, 11, 27), timedelta(days=5 * 365)  # noqa: DTZ001 - portal time is naive
AGENTS, LINES, CALLERS = 2_000, 60, 400_000
"""A firm of that many agents and lines, whose callers call two or three times in five years."""
TIMES = 60
LIMIT_MS, MIDDLE_LIMIT_MS = 50, 300


class Firm(Struct, frozen=True):
    """The people that recordings are of, and what chance makes of them."""

    chance: random.Random
    callers: tuple[str, ...]
    agents: tuple[str, ...]
    lines: tuple[str, ...]

    def one(self, number: int, count: int) -> tuple[Columns, tuple[str, ...]]:
        """Return a recording: the columns of its row, and its numbers."""
        at = (FIRST + SPAN * (number / count)).replace(microsecond=0)
        id_ = RecordingId(
            f"{self.chance.getrandbits(32):08x}-{number % 65_536:04x}-11f1-a97c-91b72265b1f5"
        )
        told = self._told()
        audio, sidecar = (f"{self.chance.getrandbits(256):064x}" for _ in range(2))
        columns: Columns = {
            "id": id_bytes(id_),
            "day": f"{at:%Y-%m-%d}",
            "at": at.isoformat(),
            "outcome": Outcome.ARCHIVED,
            "verdict": Verdict.VERIFIED,
            "held": True,
            "audio": audio_key(Shelf.RECORDINGS, id_, at, audio, "mp3"),
            "audio_bytes": 99_000,
            "sidecar": sidecar_key(Shelf.RECORDINGS, id_, at, sidecar),
            "sidecar_bytes": 900,
            "audio_sha256": audio,
            "sidecar_sha256": sidecar,
            "source": Report.RECORDINGS,
            "attempts": 1,
            "reasons": "[]",
            "concerns": "[]",
            "kind": Outcome.ARCHIVED,
            "accepted": False,
            "tries": 0,
            "open": False,
            "proof": 1 + number // 500,
            "audio_verdict": Verdict.VERIFIED,
            **told.columns,
            **told.said,
        }
        return columns, told.numbers

    def _told(self) -> SearchFields:
        row, name = (f"{self.chance.getrandbits(256):064x}" for _ in range(2))
        length_ms = self.chance.randrange(5_000, 900_000)
        return SearchFields(
            self.chance.choice(self.callers),
            self.chance.choice(self.lines),
            self.chance.choice(self.agents),
            length_ms,
            length_ms,
            fingerprint=Fingerprint(row, name),
        )


def firm() -> Firm:
    """Return the same firm each time."""
    chance = random.Random(15)
    callers = tuple(f"91{chance.randrange(6 * 10**9, 10**10)}" for _ in range(CALLERS))
    agents = tuple(f"Agent {chance.getrandbits(40):010x}" for _ in range(AGENTS))
    lines = tuple(f"9180{chance.randrange(10**8):08d}" for _ in range(LINES))
    return Firm(chance, callers, agents, lines)


def grow(catalog: Catalog, people: Firm, count: int) -> None:
    """Lay so many recordings in the tables."""
    file = catalog._file  # noqa: SLF001 - there is no archive that it could follow
    with file.exclusively():
        file.database.execute("PRAGMA cache_size = -2000000")
        with file.change() as database:
            for start in range(0, count, AT_ONCE):
                numbers = range(start, min(start + AT_ONCE, count))
                lay(database, [people.one(number, count) for number in numbers])
            followed = ("00000000-0000-4000-8000-000000000000", 1 + count // 500, "0" * 64)
            database.execute("INSERT INTO followed VALUES (?, ?, ?)", followed)


def lay(database: sqlite3.Connection, some: list[tuple[Columns, tuple[str, ...]]]) -> None:
    """Lay some recordings in the tables."""
    names = [*some[0][0]]
    question = f"INSERT INTO recordings ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of columns
    database.executemany(question, ([*columns.values()] for columns, _ in some))
    numbers = [
        (digits(number)[::-1], columns["id"]) for columns, theirs in some for number in theirs
    ]
    database.executemany("INSERT OR IGNORE INTO numbers VALUES (?, ?)", sorted(numbers))
    each = sorted({(number,) for number, _ in numbers})
    database.executemany("INSERT OR IGNORE INTO each_number VALUES (?)", each)
    agents = sorted({(columns["agent_key"],) for columns, _ in some})
    database.executemany("INSERT OR IGNORE INTO each_agent VALUES (?)", agents)


class Question(Struct, frozen=True):
    """A kind of question: one of it by chance, and how long it may take in milliseconds."""

    name: str
    draw: Callable[[Firm], Filters]
    limit_ms: int = LIMIT_MS


def _caller(people: Firm) -> str:
    return people.chance.choice(people.callers)


def _day(people: Firm) -> Window:
    return Window.day((FIRST + SPAN * people.chance.random()).date())


QUESTIONS = (
    Question("number, its last four digits", lambda p: _number(_caller(p)[-4:])),
    Question("number, in full", lambda p: _number("0" + _caller(p)[2:])),
    Question("agent", lambda p: Filters(agents=(p.chance.choice(p.agents)[6:],))),
    Question("day", lambda p: Filters(window=_day(p))),
    Question("agent, of a day", lambda p: Filters(agents=("agent 0",), window=_day(p))),
    Question(
        "number, six digits in the middle",
        lambda p: _number(_caller(p)[4:10], anywhere=True),
        MIDDLE_LIMIT_MS,
    ),
)


def _number(text: str, *, anywhere: bool = False) -> Filters:
    return Filters(numbers=(NumberPattern(text, anywhere),))


class Answered(Struct, frozen=True):
    """How long the answers to one kind of question took, in milliseconds, and how many rows.

    ``busy_ms`` is the processor's time. The file is in memory once its seal was looked at, so there
    is nothing to wait for but the processor, and whoever else works on it.
    """

    question: Question
    ms: tuple[float, ...]
    busy_ms: tuple[float, ...]
    rows: int

    @property
    def is_in_time(self) -> bool:
        """Whether nineteen of twenty answers took no more of the processor than they may."""
        return quantile(self.busy_ms, 0.95) <= self.question.limit_ms


def quantile(some: Sequence[float], of_all: float) -> float:
    """Return the time within which so much of all answers was there."""
    return sorted(some)[min(len(some) - 1, int(of_all * len(some)))]


def answer(catalog: Catalog, people: Firm, question: Question, times: int = TIMES) -> Answered:
    """Ask a kind of question so many times."""
    if catalog.followed() is None:
        raise AssertionError("there is nothing to ask")
    took, busy, rows = list[float](), list[float](), 0
    for _ in range(times):
        filters = question.draw(people)
        began, worked = time.perf_counter(), time.process_time()
        rows += sum(1 for row in catalog.filtered.matching(filters) if found_document(row))
        catalog.filtered.count_untold(filters)
        took.append(1_000 * (time.perf_counter() - began))
        busy.append(1_000 * (time.process_time() - worked))
    return Answered(question, tuple(took), tuple(busy), rows // times)


def ask_by_id(people: Firm, catalog: Catalog) -> Iterator[Question]:
    """Yield the questions by id: of recordings that there are."""
    some = people.chance.sample(range(1, 900), 20)
    days = [Window.day((FIRST + day * timedelta(days=1)).date()) for day in some]
    ids = [row.id for day in days for row in catalog.filtered.matching(Filters(window=day))]
    yield Question("id, whole", lambda p: Filters(ids=(p.chance.choice(ids),)))
    yield Question("id, its first ten letters", lambda p: Filters(ids=(p.chance.choice(ids)[:10],)))


def text_of(answers: list[Answered], count: int, size: int, up_s: float) -> str:
    """Return the figures in Markdown."""
    made = f"{count:,} recordings of {AGENTS:,} agents with {CALLERS:,} callers"
    weighs = f"a catalog of {size / 1e9:.2f} GB, opened in {up_s:.1f} s"
    lines = [
        f"`make bench-find`, {machine()}. {made}: {weighs}; {TIMES} of each.",
        "",
        "| asked by | rows | processor: median | p95 | at most | clock: median | p95 |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {each.question.name} | {each.rows:,} | {quantile(each.busy_ms, 0.5):.1f} ms "
            f"| {quantile(each.busy_ms, 0.95):.1f} ms | {each.question.limit_ms} ms "
            f"| {quantile(each.ms, 0.5):.1f} ms | {quantile(each.ms, 0.95):.1f} ms |"
            for each in answers
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Make the catalog, ask, and say whether every kind of question was answered in time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--recordings", type=int, default=RECORDINGS)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    people = firm()
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as home:
        archive = Path(home) / "archive"
        followed = lay_chain(archive, options.recordings)
        folder = archive / PRIVATE
        with closing(Catalog(folder)) as catalog:
            grow(catalog, people, options.recordings)
            take_for_followed(catalog, *followed)
        status = ask_status(archive)
        began = time.perf_counter()
        with closing(Catalog(folder)) as catalog:
            up_s = time.perf_counter() - began
            size = sum(path.stat().st_size for path in folder.glob("catalog-*"))
            asked = (*ask_by_id(people, catalog), *QUESTIONS)
            answers = [answer(catalog, people, question) for question in asked]
    text = f"{text_of(answers, options.recordings, size, up_s)}\n{status.text()}\n"
    sys.stdout.write(text)
    if options.record:
        PAGE.write_text(put(PAGE.read_text("utf-8"), PLACE, text), "utf-8")
    late = [each.question.name for each in answers if not each.is_in_time]
    late += [] if status.is_in_time else ["archiver status"]
    if late:
        sys.stdout.write(f"Too slow: {', '.join(late)}.\n")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
