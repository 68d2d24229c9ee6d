"""One odd row costs that row: named, a finding, and the other rows of its day are archived."""

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.domain.outcomes import Concern, Outcome
from archiver.manifest.journal import Journal
from archiver.manifest.state import RecordingState, apply_entry
from archiver.portal import client
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure
from tests.portal.bent import at_row, at_rows, bend

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 20
ODD = {
    "a byte that is no UTF-8": lambda row: row[:-1] + b', "name": "Jos\xe9"}',
    "a raw control character": lambda row: row[:-1] + b', "note": "a\tb"}',
    "a key twice": lambda row: row[:-1] + b', "n": 1, "n": 2}',
    "no number": lambda row: row[:-1] + b', "n": NaN}',
    "one quotation mark": lambda row: row[:-1] + b', "note": "5" wide"}',
    "a backslash at the end": lambda row: row[:-1] + b', "path": "C:\\"}',
    "quotation marks": lambda row: row[:-1] + b', "note": "so "he" said"}',
    "2 MB": lambda row: row[:-1] + b', "note": "' + b"x" * 2_000_000 + b'"}',
    "40 levels": lambda row: row[:-1] + b', "note": ' + b"[" * 40 + b"]" * 40 + b"}",
    "null": lambda _row: b"null",
    "a text": lambda _row: b'"see above"',
}


class Archive:
    """An archive of a portal's day, and who types commands at it."""

    def __init__(self, sandbox: Sandbox, world: World, home: Path) -> None:
        self.world = world
        self.ids = [each.id for each in world.recordings]
        self.folder = home / "archive"
        self.desk = Desk(sandbox, home)

    def run(self, *words: str) -> Ran:
        return self.desk.run(*words, "-a", str(self.folder))

    def pull(self) -> tuple[int, dict[str, Any], str]:
        ran = self.run("pull", "--json", "--day", f"{DAY:%Y-%m-%d}", "--no-calls")
        return ran.code, json.loads(ran.out), ran.err

    def known(self) -> dict[str, RecordingState]:
        known: dict[str, RecordingState] = {}
        for _head, manifest in Journal(LocalStore(self.folder)).manifests():
            for entry in manifest.recordings:
                known[entry.id] = apply_entry(known.get(entry.id), entry, manifest.kind)
        return known

    def settled(self) -> int:
        journal = Journal(LocalStore(self.folder))
        return sum(len(manifest.days) for _head, manifest in journal.manifests())


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    world = World(seed=9)
    last = DAY + timedelta(hours=23)
    world.add(
        count=COUNT, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(3, 4, 5, 6, 7, 8, 9)
    )
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Archive(sandbox, world, tmp_path)


LONG, NAMELESS = ("2 MB",), {"null", "a text"}
NAMED = tuple(what for what in ODD if what not in {*LONG, *NAMELESS})


@pytest.mark.parametrize(
    "ways", [NAMED, LONG, *((what,) for what in sorted(NAMELESS))], ids=lambda ways: ways[0]
)
def test_an_odd_row_costs_itself_alone(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, ways: tuple[str, ...], figure: Figure
) -> None:
    """All that leave a row its id stand beside each other."""
    ids = [archive.ids[7], *archive.ids[8:16]][: len(ways)]
    with monkeypatch.context() as bent:
        bend(bent, at_rows({id_: ODD[way] for id_, way in zip(ids, ways, strict=True)}))
        code, told, err = archive.pull()
        odd = [each for each in archive.known().values() if each.outcome is Outcome.FAILED]
        held = sum(known.held for known in archive.known().values())
        assert (code, told["outcomes"]["listed"], told["accounted"]) == (3, COUNT, True)
        assert (held, len(odd)) == (COUNT - len(ways), len(ways))
        assert {(each.concerns, each.is_open) for each in odd} == {((Concern.ROW_UNREAD,), True)}
        is_named = not NAMELESS & {*ways}
        assert ({each.id for each in odd} == {*ids}) is is_named
        for each in odd:
            assert f"failed (row_unread) {each.id}: row " in err
        assert err.count("row 13 on page 1 can't be read: ") == 1
        assert is_named or archive.settled() == 0, "any day may be its own"
        assert archive.pull()[0] == 3
        listed = archive.desk.run("list", "--day", f"{DAY:%Y-%m-%d}")
        assert (listed.code, "row 13 on page 1" in listed.err) == (3, True)
        got = archive.desk.run("get", archive.ids[3], "-o", str(archive.folder.parent))
        assert got.code == 0, "another recording of that day"
    code, told, _ = archive.pull()
    known = [archive.known()[id_] for id_ in ids]
    assert {(each.held, each.is_open) for each in known} == {(True, False)}
    assert (code == 0) is is_named, "what had no name stays a finding until accepted"
    figure("R2", f"{', '.join(ways)}: {held} of {COUNT} archived, exit 3, healed after")


def test_an_odd_row_of_what_is_held_leaves_it_and_proves_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """Its row may tell of other audio. Whoever looked may accept the listing as it is."""
    assert archive.pull()[0] == 0
    before = archive.known()
    bend(monkeypatch, at_row(archive.ids[7], ODD["a byte that is no UTF-8"]))
    code, told, err = archive.pull()
    assert (code, told["outcomes"]["held"], told["accounted"]) == (3, COUNT, False)
    assert f"{archive.ids[7]}: row 13 on page 1 can't be read: not UTF-8" in err
    assert archive.known() == before
    words = ("--listing", f"{DAY:%Y-%m-%d}", "--reason", "a note was added")
    assert archive.run("accept", *words).code == 0
    assert archive.pull()[0] == 0
    figure("R2", f"a row that went odd: {told['outcomes']['held']} of {COUNT} held, exit 3")


def test_an_accepted_odd_row_keeps_nobody_awake(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    bend(monkeypatch, at_row(archive.ids[7], ODD["a key twice"]))
    assert archive.pull()[0] == 3
    assert archive.run("accept", archive.ids[7], "--reason", "a test call").code == 0
    assert archive.pull()[0] == 0


def test_many_rows_without_anything_are_told_apart(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    def how(answer: dict[str, Any]) -> dict[str, Any]:
        for place in (0, 3, 4, 5):
            if place < len(answer["data"]["data"]):
                answer["data"]["data"][place] = None
        return answer

    bend(monkeypatch, how)
    _, told, _ = archive.pull()
    odd = [known for known in archive.known().values() if known.outcome is Outcome.FAILED]
    assert 2 * told["outcomes"]["listed"] == sum(told["outcomes"].values())
    assert len(odd) >= 4
    figure("R2", f"null rows on every page: {len(odd)} findings, every row has its outcome")


def test_who_accepts_a_row_without_anything_accepts_no_other(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """One that stands alone on its page, too: the same text is another row of another page."""

    def alone_on(page: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def how(answer: dict[str, Any]) -> dict[str, Any]:
            if answer["data"]["current_page"] == page:
                answer["data"]["data"] = [None for _ in answer["data"]["data"]]
            return answer

        return how

    accepted = 0
    for page in (2, 1):
        with monkeypatch.context() as bent:
            bend(bent, alone_on(page))
            assert archive.pull()[0] == 3
            odd = [each for each in archive.known().values() if each.is_open]
            assert odd
            for each in odd:
                assert archive.run("accept", each.id, "--reason", "a test").code == 0
            accepted += len(odd)
    figure("R2", f"null rows of two pages: {accepted} findings, none accepted for another")


@pytest.mark.parametrize("row", [b"{}", b'{"id": null, "created_at": "", "duration": 12}'])
def test_a_row_that_says_nothing_of_itself_is_a_finding(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, row: bytes, figure: Figure
) -> None:
    bend(monkeypatch, at_row(archive.ids[7], lambda _row: row))
    code, told, err = archive.pull()
    assert (code, told["outcomes"]["failed"], archive.settled()) == (3, 1, 0)
    assert "it has neither an id nor a time nor audio" in err
    figure("R2", f"the row {row.decode()}: exit 3, named by where it stands")


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        (("a byte that is no UTF-8",), "1 call"),
        (("one quotation mark", "40 levels"), "2 calls"),
    ],
)
def test_odd_calls_are_told_counted_and_never_archived(
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    ways: tuple[str, ...],
    said: str,
    figure: Figure,
) -> None:
    """As often as they are met; no run that has met one is clean."""
    every = [call.id for call in archive.world.calls]
    odd = dict(zip(every, (ODD[way] for way in ways), strict=False))
    bend(monkeypatch, at_rows(odd))
    day = ("pull", "--day", f"{DAY:%Y-%m-%d}")
    ran = archive.run(*day, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["calls"]["unread"], told["clean"]) == (3, len(odd), False)
    again = archive.run(*day)
    assert f"{said} can't be read. Listing NOT accounted" in again.err
    for id_ in odd:
        assert f"unread (row_unread) call {id_}: row " in ran.err
        assert f"unread (row_unread) call {id_}: row " in again.err
    files = [path.read_text() for path in archive.folder.glob("calls/**/*.jsonl")]
    rows = [json.loads(line) for file in files for line in file.splitlines()]
    assert {row["id"] for row in rows} == {*every} - odd.keys()
    assert len(rows) == len(every) - len(odd)
    figure("R2", f"{said}, {', '.join(ways)}: {len(rows)} of {len(every)} archived, exit 3, told")


@pytest.mark.parametrize("place", [2, 18])
def test_a_page_that_cannot_be_read_is_narrowed_around(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, place: int, figure: Figure
) -> None:
    """Where it is no JSON at all; on the very first page that is asked for, too."""
    code, held, err = _around(archive, monkeypatch, archive.ids[place])
    assert (code, held) == (3, {*archive.ids} - {archive.ids[place]})
    assert "NOT PROVEN" in err
    assert "can't be read (a web page instead of JSON" in err
    figure("R2", f"a page that can't be read: {len(held)} of {COUNT} archived, exit 3, named")


def test_the_only_page_may_be_one_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """No other page tells the zone then: a window of the newest days does."""
    world = World(seed=9)
    world.add(count=9, first=DAY, last=DAY + timedelta(hours=20), kinds=(Encoding.BARE,))
    with Sandbox(world, token=TOKEN) as sandbox:
        archive = Archive(sandbox, world, tmp_path)
        code, held, err = _around(archive, monkeypatch, archive.ids[8])
        assert (code, held) == (3, {*archive.ids[:8]})
        assert "(portal time, UTC+00:00, inferred)" in err
    figure("R2", f"the only page can't be read: {len(held)} of 9 archived, exit 3")


def _around(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, id_: str
) -> tuple[int, set[str], str]:
    """Pull while each page with a recording is a web page; return exit code, ids held, words."""

    def how(answer: dict[str, Any]) -> dict[str, Any] | bytes:
        is_there = any(row["id"] == id_ for row in answer["data"]["data"])
        return b"<html>" if is_there else answer

    monkeypatch.setattr(client, "delay", _twice(itertools.repeat(0.0)))
    bend(monkeypatch, how)
    code, _, err = archive.pull()
    return code, {known.id for known in archive.known().values() if known.held}, err


def _twice(pauses: Iterator[float]) -> Callable[..., float | None]:
    """Wait for nothing, and try no more than twice."""
    return lambda _backoff, attempt, *_: next(pauses) if attempt < 2 else None
