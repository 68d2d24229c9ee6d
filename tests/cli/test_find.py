"""``archiver find``: what an archive knows of recordings, and what its answer may lack."""

import csv
import io
import json
import os
import re
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import time_machine
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from archiver.app.handover.find import FindRequest, find
from archiver.app.opening.context import SettingsRequest, load
from archiver.app.opening.filtering import MayBeMissing
from archiver.catalog import Catalog
from archiver.catalog.questions.filtering import filtered
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.cli.handover import found_output
from archiver.cli.handover.missing_words import lines
from archiver.domain.layout import PRIVATE, manifest_key
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import Report
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import AskedWindow, ListedDay
from archiver.manifest.state import ids_digest
from archiver.pull.call_log import CallLog
from archiver.pull.intake import Intake
from archiver.store.base import Store
from archiver.store.local import LocalStore
from tests.archives import (
    MORNING,
    NOW,
    PORTAL,
    entry,
    fill,
    lose_catalog,
    manifest_of,
    row,
    store_one,
)
from tests.cli.conftest import Run
from tests.cli.desk import unplaced
from tests.conftest import Figure
from tests.nights import Month, month, shape

__all__ = ["month", "shape"]

HEAD = "7:3164fab2ecb199a4078bb02f837431dfb1db8f3c7dc7a7ae81de0c6892e60b92"
HOSTILE = ("=HYPERLINK(1)", "\x1b[2Jgone", "two\nlines", "\u202eback", "@SUM(1)", "@", 'Zoë, "Z"')


@pytest.fixture
def archive(root: Path, tmp_path: Path) -> Path:
    """Return a copy of an archive of three days: ten recordings in every state."""
    return Path(shutil.copytree(root / "tests/archives_of/november_2026", tmp_path / "archive"))


def rows_of(out: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


def made(folder: Path) -> Store:
    """Return the store of an archive of two recordings and two without audio."""
    store = LocalStore(folder)
    with store.exclusive():
        fill(store, manifests=1)
        journal = Journal(store)
        bare = [entry("3", Outcome.GONE, created_at=MORNING), entry("4", Outcome.NO_AUDIO)]
        journal.append(manifest_of(journal.archive().archive, bare))
    return store


def test_each_row_says_where_it_lies_and_how_far_it_is_proven(
    archive: Path, root: Path, run: Run
) -> None:
    code, out, err = run("find", "--json", "-a", str(archive))
    schema = json.loads((root / "manifests/find.schema.json").read_bytes())
    rows = rows_of(out)
    assert [*Draft202012Validator(schema).iter_errors(rows)] == []
    assert (code, len(rows), {each["head"] for each in rows}) == (0, 10, {HEAD})
    assert f"10 recordings found. Head: {HEAD}" in err
    assert [each["at"] for each in rows] == sorted(each["at"] for each in rows)
    stands = [(each["outcome"], each["verdict"], each["finding"]) for each in rows]
    assert stands.count(("archived", "verified", None)) == 7
    assert ("archived", "verified", "duration_mismatch") in stands, "a newer version was refused"
    assert all((archive / each["audio"]["path"]).is_file() for each in rows if each["audio"])
    assert {each["proven"] for each in rows} == {True}
    manifests = {each["manifest"] for each in rows}
    assert all((archive / manifest_key(number)).is_file() for number in manifests)


def test_the_example_fits_its_schema(root: Path) -> None:
    schema = json.loads((root / "manifests/find.schema.json").read_bytes())
    example = json.loads((root / "manifests/find.example.json").read_bytes())
    validator = Draft202012Validator(schema)
    assert [*validator.iter_errors(example)] == []
    assert example
    for name in example[0]:
        assert not validator.is_valid([{k: v for k, v in example[0].items() if k != name}]), name


def test_all_forms_show_the_same_recordings(archive: Path, run: Run) -> None:
    words = ("--outcome", "quarantined", "--outcome", "archived", "-a", str(archive))
    rows = rows_of(run("find", *words, "--json")[1])
    ids = [each["id"] for each in rows]
    assert run("find", *words, "--count")[:2] == (0, f"{len(ids)}\n")
    table = run("find", *words)[1].splitlines()
    lines = [*csv.DictReader(io.StringIO(run("find", *words, "--csv")[1]))]
    code, paths, _ = run("find", *words, "--paths")
    assert [each["id"] for each in lines] == ids
    assert [each["path"] for each in lines] == [each["audio"]["path"] for each in rows]
    assert [id_ in line for id_, line in zip(ids, table[1:], strict=True)] == [True] * len(ids)
    assert (code, [Path(each) for each in paths.split()]) == (
        0,
        [archive / each["audio"]["path"] for each in rows],
    )


def test_what_has_no_path_is_said_beside_the_paths(archive: Path, run: Run) -> None:
    code, out, err = run("find", "--outcome", "gone", "--paths", "-a", str(archive))
    assert (code, out) == (3, "")
    assert "Of 1 recording the archive has no audio, so no path." in err
    assert "1 recording found." in err


def test_what_others_wrote_is_shown_and_never_obeyed(
    tmp_path: Path, run: Run, figure: Figure
) -> None:
    store, folder = LocalStore(tmp_path / "archive"), tmp_path / "archive"
    rows = [row(f"{number} {name}", agent=name) for number, name in enumerate(HOSTILE)]
    with store.exclusive():
        journal = Journal(store)
        own = journal.create_or_open(PORTAL).archive
        entries = [store_one(store, each) for each in rows]
        journal.append(manifest_of(own, [*entries, entry("\x1b[2J odd", Outcome.GONE)]))
    for form in ("--json", "--csv", None):
        words = ("find", *([form] if form else []), "-a", str(folder))
        code, out, err = run(*words)
        acting = {c for c in out.replace("\r\n", "\n") + err if not c.isprintable()} - {"\n"}
        assert (code, acting) == (0, set()), form
    cells = [
        cell
        for line in csv.reader(io.StringIO(run("find", "--csv", "-a", str(folder))[1]))
        for cell in line
    ]
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))] == []
    found = rows_of(run("find", "--json", "-a", str(folder))[1])
    assert {each["agent"] for each in found} == {*HOSTILE, None}, "JSON has what was served"
    figure("X12", f"find: {len(HOSTILE)} hostile names in 3 forms: acting characters 0, formulas 0")


@pytest.mark.parametrize("state", ["missing", "torn", "foreign", "behind", "ahead", "copied away"])
def test_whatever_the_catalog_is_the_answer_is_the_archives(
    state: str, archive: Path, root: Path, tmp_path: Path, run: Run
) -> None:
    expected = run("find", "--json", "-a", str(archive))[1]
    private = archive / PRIVATE
    newest = archive / manifest_key(7)
    match state:
        case "missing":
            lose_catalog(archive)
        case "torn":
            (database,) = private.glob("catalog-*.sqlite")
            database.write_bytes(database.read_bytes()[:-4096])
        case "foreign":
            made(tmp_path / "other")
            run("find", "-a", str(tmp_path / "other"))
            lose_catalog(archive)
            for path in (tmp_path / "other" / PRIVATE).glob("catalog*"):
                shutil.copy(path, private)
        case "behind":
            lose_catalog(archive)
            (private / "head.json").unlink()
            text = newest.read_bytes()
            newest.unlink()
            assert run("find", "--count", "-a", str(archive))[0] == 0
            newest.write_bytes(text)
        case "ahead":
            (private / "head.json").unlink()
            newest.unlink()
            expected = run("find", "--json", "--rebuild", "-a", str(archive))[1]
            shutil.copy(root / "tests/archives_of/november_2026" / manifest_key(7), newest)
            run("find", "-a", str(archive))
            (private / "head.json").unlink()
            newest.unlink()
        case _:
            shutil.rmtree(private)
            archive = Path(shutil.move(archive, tmp_path / "elsewhere"))
    assert run("find", "--json", "-a", str(archive))[1] == expected
    assert rows_of(expected)


@pytest.mark.parametrize("is_home_too", [False, True])
def test_where_nothing_may_be_written_the_answer_is_the_same(
    is_home_too: bool,  # noqa: FBT001 - a case
    archive: Path,
    tmp_path: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = run("find", "--status", "received", "--json", "-a", str(archive))
    shutil.rmtree(archive / PRIVATE)
    before = {path: path.stat().st_mtime_ns for path in archive.rglob("*")}
    access = os.access

    def refuse(path: Any, mode: int) -> bool:  # noqa: ANN401 - as os.access
        is_below = str(path).startswith(str(tmp_path if is_home_too else archive))
        return access(path, mode) and not (mode & os.W_OK and is_below)

    monkeypatch.setattr(os, "access", refuse)
    assert run("find", "--status", "received", "--json", "-a", str(archive)) == expected
    assert run("find", "--rebuild", "--count", "-a", str(archive))[1] == "10\n"
    assert run("status", "-a", str(archive))[0] == 3
    after = {path: path.stat().st_mtime_ns for path in archive.rglob("*") if path in before}
    assert (after, [*archive.rglob("catalog*")]) == (before, [])
    kept = [*(tmp_path / ".local").rglob("catalog-*.sqlite")]
    assert len(kept) == (0 if is_home_too else 1)


def tables(archive: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of the stored catalog, but of what no archive tells."""
    with closing(Catalog(archive / PRIVATE)) as catalog:
        database = catalog._db  # noqa: SLF001 - all of it is compared
        names = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr)  # noqa: S608 - names of tables
            for name in names
            if name not in {"listed", "locked"}
        }


def test_a_catalog_that_grew_is_the_one_that_is_rebuilt(
    archive: Path, root: Path, run: Run
) -> None:
    source = root / "tests/archives_of/november_2026"
    shutil.rmtree(archive / "manifests")
    (archive / "manifests").mkdir()
    for number in range(1, 8):
        shutil.copy(source / manifest_key(number), archive / manifest_key(number))
        run("find", "--status", "received", "-a", str(archive))
    grown = tables(archive)
    code, out, err = run("find", "--rebuild", "--count", "-a", str(archive))
    assert (code, out) == (0, "10\n")
    run("find", "--status", "received", "-a", str(archive))
    assert "The catalog is made anew from the archive." in err
    rebuilt = tables(archive)
    assert {name: len(rows) for name, rows in rebuilt.items() if rows} == {
        name: len(rows) for name, rows in grown.items() if rows
    }
    assert rebuilt == grown
    assert len(rebuilt["recordings"]) == 10
    assert rebuilt["each_number"]
    assert (len(rebuilt["call_words"]), rebuilt["unlinked"]) == (11, [])


def test_what_is_said_of_the_call_is_that_of_the_call_log(archive: Path, run: Run) -> None:
    where = ("-a", str(archive))
    calls = {
        row["id"]: row
        for file in (archive / "calls").rglob("*.jsonl")
        for row in map(json.loads, file.read_text("utf-8").splitlines())
    }
    code, out, err = run("find", "--status", "received", "--json", *where)
    rows = rows_of(out)
    assert (code, len(rows)) == (3, 9)
    assert "Of 1 more recording, nothing in the archive tells whether they match" in err
    for each in rows:
        call = calls[each["call"] or each["id"]]
        people = ("caller", each["caller"]), ("called", each["called"])
        assert dict(people) == {"caller": call["call_from"], "called": call["call_to"]}
        assert (each["status"], each["region"]) == ("RECEIVED", call["region"])
    services = {call["service"] for call in calls.values()}
    counts = [int(run("find", "--service", each, "--count", *where)[1]) for each in services]
    assert sum(counts) == 9
    assert run("find", "--status", "busy", "--count", *where)[:2] == (3, "0\n")
    assert run("find", "--notes", "BACK called", "--count", *where)[1] == "1\n"
    assert rows_of(run("find", "--json", *where)[1])[0]["notes"] == "called back"


def test_without_a_call_log_nothing_is_known_of_calls(tmp_path: Path, run: Run) -> None:
    made(tmp_path / "archive")
    code, out, err = run("find", "--status", "received", "--json", "-a", str(tmp_path / "archive"))
    assert (code, out) == (3, "[]\n")
    assert "Of 4 more recordings, nothing in the archive tells whether they match" in err


def test_what_may_be_missing_is_said_and_ends_with_3(tmp_path: Path, run: Run) -> None:
    made(tmp_path / "archive")
    where = ("-a", str(tmp_path / "archive"))
    code, out, err = run("find", "--number", "0123", "--json", *where)
    assert (code, [each["id"] for each in rows_of(out)]) == (3, ["1", "2"])
    assert "Of 2 more recordings, nothing in the archive tells whether they match" in err
    assert "  3 (2019-06-11 06:04:21): gone" in err
    code, out, err = run("find", "1", "nobody", "--count", *where)
    assert (code, out) == (3, "1\n")
    assert "The archive has no recording nobody." in err
    code, out, err = run("find", "--day", "2019-06-11", "--verdict", "verified", "--count", *where)
    assert (code, out) == (3, "2\n")
    assert "Of 2019-06-11 the archive has no proven listing" in err
    assert run("find", "--verdict", "verified", "--count", *where)[0] == 0


def test_days_that_were_listed_to_their_end_are_whole(archive: Path, run: Run) -> None:
    where = ("--count", "-a", str(archive))
    code, _, err = run("find", "--since", "2026-02-27", "--until", "2026-03-03", *where)
    assert code == 3
    assert "Of 2026-02-27 to 2026-02-28 the archive has no proven listing of a time" in err
    assert "2026-03-01 to 2026-03-03 may still get recordings, or have got some:" in err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--until", "2026-02-27"), "Of 2026-02-27 "),
        (("--day", "2026-02-27"), "Of 2026-02-27 "),
        (("--since", "2025-12-24", "--until", "2025-12-24 08:00"), "Of 2025-12-24 "),
        (("--since", "2100-01-01"), "Of 2100-01-01 "),
        (("--day", "2100-01-01"), "Of 2100-01-01 "),
    ],
)
def test_a_time_before_the_archive_or_to_come_is_not_whole(
    words: tuple[str, ...], named: str, archive: Path, run: Run
) -> None:
    code, out, err = run("find", *words, "--count", "-a", str(archive))
    assert (code, out) == (3, "0\n")
    assert named in err
    assert ("before 2026-03-01, where the archive begins" in err) == ("2100-01-01" not in words)


def test_a_clock_that_is_behind_makes_no_day_whole(archive: Path, run: Run, figure: Figure) -> None:
    place, page = ("-a", str(archive)), str(archive.parent / "page.html")
    span = ("--since", "2026-02-28", "--until", "2026-03-09")
    named = []
    for now in (datetime(1971, 1, 1, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)):
        with time_machine.travel(now, tick=False):
            code, _, err = run("find", *span, "--count", *place)
            code_of_page = run("report", *span, "-o", page, *place)[0]
            code_of_status, out, _ = run("status", *place)
        assert (code, code_of_page, code_of_status) == (3, 3, 3)
        assert ("Clock: " in out) is (now.year == 1971)
        assert "2026-03-01 to 2026-03-03 may still get recordings" in err
        named.append(next(line for line in err.splitlines() if line.startswith("Of ")))
    assert "Of 2026-02-28, 2026-03-04 the" in named[0]
    assert "Of 2026-02-28, 2026-03-04 to 2026-03-09 the" in named[1]
    figure("G44", "find with a clock of 1971: the days up to the last run's are named, 3")


def listed_whole(store: Store, ids: tuple[str, ...], *entries: Entry) -> None:
    """Let a run say what all of the day of the archive's recordings is."""
    journal = Journal(store)
    built = manifest_of(journal.archive().archive, entries, run="run-2")
    days = tuple(
        ListedDay(report, MORNING.date(), *ids_digest(of_it), proven=True)
        for report, of_it in ((Report.RECORDINGS, ids), (Report.CALLS, ()))
    )
    journal.append(lambda below: replace(built(below), days=days))


def test_a_day_that_is_whole_is_so_without_a_beginning_that_is_asked_for(
    tmp_path: Path, run: Run
) -> None:
    store = LocalStore(tmp_path / "archive")
    with store.exclusive():
        fill(store, manifests=1)
        listed_whole(store, ("1", "2"))
    for words in (("--until", "2019-06-11"), ("--day", "2019-06-11")):
        told = run("find", *words, "--count", "-a", str(tmp_path / "archive"))
        assert told == (0, "2\n", ""), words


@pytest.mark.parametrize(("proven", "code"), [(True, 0), (False, 3)])
def test_a_call_log_without_proof_is_lacking_also_after_a_run_without_it(
    tmp_path: Path, run: Run, *, proven: bool, code: int
) -> None:
    store, day = LocalStore(tmp_path / "archive"), MORNING.date()
    with store.exclusive():
        fill(store, manifests=1)
        listed_whole(store, ("1", "2"))
        journal = Journal(store)
        built = manifest_of(journal.archive().archive, (), run="run-3")
        calls = ListedDay(Report.CALLS, day, *ids_digest(()), proven=proven)
        journal.append(lambda below: replace(built(below), days=(calls,), since=day))
        built = manifest_of(journal.archive().archive, (), run="run-4")

        def without_calls(below: Head | None) -> Manifest:
            last = built(below)
            return replace(last, run=replace(last.run, settings={"calls": False}))

        journal.append(without_calls)
    told = run("find", "--day", f"{day}", "--count", "-a", str(tmp_path / "archive"))
    assert (told[0], f"Of {day} the" in told[2]) == (code, not proven), told


def test_what_a_run_makes_whole_while_rows_are_read_is_missing_all_the_same(
    tmp_path: Path,
) -> None:
    store, day = LocalStore(tmp_path / "archive"), MORNING.date()
    with store.exclusive():
        fill(store, manifests=1)
    context = load(SettingsRequest({"archive": str(tmp_path / "archive")}), {})
    heads = list[Head]()

    def take(found: FoundRow) -> None:
        if not heads:
            listed_whole(store, ("1", "2", "late"), store_one(store, row("late")))
            find(FindRequest(), context)
        heads.append(found.head)

    asked = FindRequest(FilterRequest(day=str(day)))
    with mock.patch.object(filtered, "ROWS_AT_A_TIME", 1):
        result = find(asked, context, take)
    assert (result.count, result.missing.not_whole, result.code) == (2, (day,), ExitCode.FINDINGS)
    assert (result.head, [each.number for each in heads]) == (heads[0], [1, 2]), (
        "a row tells the head that it was read under"
    )
    after = find(asked, context)
    assert (after.count, after.code) == (3, ExitCode.CLEAN)


def test_days_between_one_that_was_pulled_and_a_later_beginning_are_named(
    tmp_path: Path, run: Run
) -> None:
    store = LocalStore(tmp_path / "archive")
    began = (MORNING + timedelta(days=3)).date()
    with store.exclusive():
        fill(store, manifests=1)
        journal = Journal(store)
        built = manifest_of(journal.archive().archive, [])
        journal.append(lambda below: replace(built(below), since=began))
    where = ("--count", "-a", str(tmp_path / "archive"))
    code, out, err = run("find", "--until", "2019-06-14", *where)
    assert (code, out) == (3, "2\n")
    assert "Of 2019-06-11 to 2019-06-14 the archive has no proven listing" in err


def test_without_a_time_no_answer_of_days_that_were_never_listed_is_whole(
    tmp_path: Path, run: Run
) -> None:
    store = LocalStore(tmp_path / "archive")
    with store.exclusive():
        fill(store, manifests=1)
        journal = Journal(store)
        built = manifest_of(journal.archive().archive, [])
        began = NOW.date() - timedelta(days=2)
        journal.append(lambda below: replace(built(below), since=began))
    where = ("--count", "-a", str(tmp_path / "archive"))
    code, out, err = run("find", "--number", "0199", *where)
    assert (code, out) == (3, "0\n")
    assert f"Of {began} to {NOW.date() - timedelta(days=1)} the archive has no proven" in err
    assert run("find", "1", *where)[:2] == (0, "1\n"), "an id is of no other day"
    assert run("export", "-o", str(tmp_path / "out"), "-a", where[-1])[0] == 3
    assert str(began) in (tmp_path / "out" / "left_out.csv").read_text("utf-8-sig")


def test_a_window_that_was_named_and_cut_off_is_in_every_answer(
    month: Month, tmp_path: Path, root: Path, figure: Figure
) -> None:
    """No beginning is stored there: the archive answers for the days that were named."""
    month.live(1)
    month.live(2)
    with month.now(2):
        with mock.patch.object(CallLog, "archive", side_effect=KeyboardInterrupt):
            assert month.pull("--day", "2026-03-01").code == 130
        assert month.pull("--day", "2026-03-02").code == 0
        found = month.type("find", "--number", "0199", "--count")
        made = month.type("export", "-o", str(tmp_path / "out"))
        status = month.type("status", "--findings")
        state = json.loads(month.type("status", "--json").out)
    assert (found.code, found.out, made.code, status.code) == (3, "0\n", 3, 3)
    assert "Of 2026-03-01 the archive has no proven listing" in found.err
    (left,) = csv.DictReader(io.StringIO((tmp_path / "out/left_out.csv").read_text("utf-8-sig")))
    assert (left["what"], left["time"]) == ("day", "2026-03-01")
    assert "Undone:    the listing of 1 day, the oldest 2026-03-01" in status.out
    assert "  archiver pull --day 2026-03-01\n" in unplaced(status.out)
    schema = json.loads((root / "manifests/status.schema.json").read_text("utf-8"))
    assert [*Draft202012Validator(schema).iter_errors(state)] == []
    assert (state["unfinished_days"], state["unproven_days"]) == (["2026-03-01"], [])
    with month.now(2):
        assert month.pull("--day", "2026-03-01").code == 0
        assert [month.type(each).code for each in ("find", "status")] == [0, 0]
        assert month.type("export", "-o", str(tmp_path / "whole")).code == 0
    figure("G49", "one of two days named and cut off: find, export and status end with 3, then 0")


class Killed(BaseException):
    """What a process does that dies here: nothing more."""


def test_a_window_is_in_the_chain_before_anything_of_it_is_listed(
    month: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """A run that dies before it has listed anything leaves no other word of its days."""
    monkeypatch.chdir(tmp_path)  # where a page is written that nobody names
    month.live(1)
    month.live(2)
    with month.now(2):
        with mock.patch.object(Intake, "take_in", side_effect=Killed), pytest.raises(Killed):
            month.pull("--day", "2026-03-01")
        (begun,) = month.manifests()
        assert (begun.asked is None, begun.windows, begun.run.closed) == (False, (), False)
        assert month.pull("--day", "2026-03-02").code == 0
        ended = [month.type(each).code for each in ("find", "status", "report")]
        assert month.type("export", "-o", str(month.archive.parent / "out")).code == 3
        assert month.pull("--day", "2026-03-01").code == 0
        assert [month.type(each).code for each in ("find", "status", "report")] == [0, 0, 0]
        written = len(month.manifests())
        assert month.pull("--day", "2026-03-01").code == 0
    assert ended == [3, 3, 3]
    assert len(month.manifests()) == written + 1, "all of it is listed: nothing needs be said first"
    figure("G49", "killed before it listed anything: find, export and status end with 3, then 0")


def test_a_part_of_a_day_is_named_only_while_some_of_it_is_left(month: Month) -> None:
    month.live(1)
    month.live(2)
    with month.now(1):
        for window in (
            ("--since", "2026-03-01 12:00", "--until", "2026-03-01 18:00"),
            ("--day", "2026-03-02"),
        ):
            assert month.pull(*window).code == 0
    with month.now(2):
        assert month.type("find").code == 0, "a part of a day answers for none"
        partial = ("--since", "2026-03-01 03:00", "--until", "2026-03-02 20:00")
        assert month.pull(*partial, "--max-bytes", "1").code == 0
        assert month.pull("--since", "2026-02-27", "--until", "2026-02-28").code == 0
        asked = [month.type(each).code for each in ("find", "status")]
        assert (asked, month.missing() > 0) == ([3, 3], True), "what a budget left is named"
        assert month.pull(*partial).code == 0
        assert [month.type(each).code for each in ("find", "status")] == [0, 0]
    (*_, last) = month.manifests()
    assert last.asked == AskedWindow(datetime(2026, 3, 1, 3), datetime(2026, 3, 2, 20, 0, 59))  # noqa: DTZ001 - portal time is naive


def test_a_day_whose_listing_is_proven_may_only_still_get_recordings(
    month: Month, tmp_path: Path
) -> None:
    month.live(1)
    assert month.night(1).code == 0
    day, out = ("--day", "2026-03-01"), tmp_path / "out"
    with month.now(1):
        asked = month.type("find", *day)
        page = month.type("report", *day, "-o", str(tmp_path / "page.html"))
        made = month.type("export", *day, "-o", str(out))
        later = month.type("find", "--day", "2026-03-02")
    said = "2026-03-01 may still get recordings, or have got some: the last proven listing"
    assert [(each.code, said in each.err) for each in (asked, page)] == [(3, True)] * 2
    assert "no proven listing" not in asked.err + page.err
    assert "Of 2026-03-02 the archive has no proven listing of a time" in later.err
    (told,) = csv.DictReader(io.StringIO((out / "left_out.csv").read_text("utf-8-sig")))
    assert (made.code, told["what"], told["time"]) == (3, "day", "2026-03-01")
    assert told["reasons"].startswith("it may still get recordings")
    assert "Not certain: 1 day may lack recordings. left_out.csv names each.\n" in made.err
    assert "Left out" not in made.err


def test_spans_of_days_are_told_shortly() -> None:
    days = tuple(MORNING.date().replace(day=day) for day in (1, 2, 3, 7, *range(9, 30, 2)))
    (told,) = lines(MayBeMissing(not_whole=days))
    assert told.startswith("Of 2019-06-01 to 2019-06-03, 2019-06-07, 2019-06-09, ")
    assert "and 4 more spans the archive has" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--json", "--csv"), "are forms"),
        (("--number", "Ann"), "--number is no phone number"),
        (("--verdict", "good"), "--verdict is one of verified"),
        (("--outcome", "held"), "--outcome is one of archived"),
        (("--day", "someday"), "--day"),
        (("--day", "today", "--day", "today"), "--day can be given once"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "--since"),
        (("--min-length", "x"), "--min-length"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_opened(
    words: tuple[str, ...], said: str, archive: Path, run: Run
) -> None:
    code, out, err = run("find", *words, "-a", str(archive))
    assert (code, out) == (2, "")
    assert said in err
    assert not (archive / PRIVATE).exists() or "--since" in words


def test_no_archive_is_no_empty_archive(tmp_path: Path, run: Run) -> None:
    code, out, err = run("find", "--json", "-a", str(tmp_path / "nowhere"))
    assert (code, out) == (2, "")
    assert "There is no archive at" in err
    code, out, err = run("find", "--json")
    assert (code, out) == (2, "")
    assert "No archive is named." in err
    assert not (tmp_path / "nowhere").exists()


def test_a_broken_chain_answers_nothing(archive: Path, run: Run) -> None:
    (archive / manifest_key(3)).write_bytes(b"{}\n")
    for words in ((), ("--rebuild",)):
        code, out, err = run("find", "--json", *words, "-a", str(archive))
        assert (code, out) == (4, "")
        assert "chain of manifests is broken" in err


def test_a_sidecar_that_is_lost_makes_its_recording_one_that_may_match(
    archive: Path, run: Run
) -> None:
    rows = rows_of(run("find", "--json", "-a", str(archive))[1])
    lost = next(each for each in rows if each["outcome"] == "archived" and not each["refused"])
    (archive / lost["sidecar"]["path"]).unlink()
    code, out, err = run(
        "find", "--number", lost["caller"], "--json", "--rebuild", "-a", str(archive)
    )
    assert code == 3
    assert lost["id"] not in {each["id"] for each in rows_of(out)}
    assert f"  {lost['id']} ({lost['at'].replace('T', ' ')}): archived" in err


def test_an_archive_of_nothing_has_no_recordings(tmp_path: Path, run: Run) -> None:
    store = LocalStore(tmp_path / "archive")
    with store.exclusive():
        Journal(store).create_or_open(PORTAL)
    code, out, err = run("find", "--json", "-a", str(tmp_path / "archive"))
    assert (code, out, "0 recordings found. Head: none" in err) == (3, "[]\n", True)
    assert "No run has entered anything in this archive yet" in err
    assert run("find", "--csv", "-a", str(tmp_path / "archive"))[1].startswith("id,at,")


def test_a_narrow_terminal_has_the_place_on_a_line_of_its_own(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "archive")
    wide = run("find", "-a", str(tmp_path / "archive"))[1].splitlines()
    monkeypatch.setattr(found_output, "width_of_terminal", lambda: 100)
    narrow = run("find", "-a", str(tmp_path / "archive"))[1].splitlines()
    assert len(narrow) == 2 * len(wide) == 10
    assert all(re.match(r"  \S+$", line) for line in narrow[1::2])
    assert max(map(len, narrow)) < max(map(len, wide))


def test_many_rows_stand_under_one_header(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "archive")
    whole = run("find", "-a", str(tmp_path / "archive"))[1].split()
    monkeypatch.setattr(found_output, "ROWS_AT_ONCE", 1)
    assert run("find", "-a", str(tmp_path / "archive"))[1].split() == whole
    assert whole.count("TIME") == 1


def test_a_program_asks_in_the_same_way(tmp_path: Path) -> None:
    made(tmp_path / "archive")
    context = load(SettingsRequest({"archive": str(tmp_path / "archive")}), {})
    taken: list[str] = []
    result = find(
        FindRequest(), context, lambda found: taken.append(f"{found.id}@{found.head.number}")
    )
    assert taken == ["4@2", "1@2", "2@2", "3@2"]
    assert (result.count, result.code, str(result.head)[:2]) == (4, ExitCode.CLEAN, "2:")
    asked = FindRequest(FilterRequest(verdict=("verified",), min_length="1s"))
    assert find(asked, context).count == 2
