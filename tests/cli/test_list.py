"""What ``archiver list`` shows: every row once, nothing that acts, and how far it is proven."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from archiver.app.download.list_ import ListedSlice, count
from archiver.domain.recordings import Essential, Odd, RecordingId, Report, Row
from archiver.domain.times.window import Window
from archiver.errors import ExitCode
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.sandbox import Faults, FilterFaults, ListingFaults, Sandbox, World
from archiver.sandbox.world.blemish import Blemish, blemish
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.sandbox.clocks import FIRST, LAST, Clock

CLOCK = Clock()
RANGE = ("--since", "2021-04-01", "--until", "2021-04-12")


@pytest.fixture
def world() -> World:
    world = World(seed=7)
    world.add(count=40, first=FIRST, last=LAST, seconds=(7, 12))
    return world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        yield Desk(sandbox, tmp_path)


def ids(out: str) -> list[str]:
    return [json.loads(line)["id"] for line in out.splitlines()]


@pytest.mark.parametrize("shape", ["nested", "resource", "flat"])
def test_every_row_once_oldest_first(shape: str, world: World, tmp_path: Path) -> None:
    with Sandbox(world, token=TOKEN, now=CLOCK, shape=shape) as sandbox:
        ran = Desk(sandbox, tmp_path).run("list", *RANGE, "--json")
    assert ids(ran.out) == [recording.id for recording in world.recordings]
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "Window: 2021-04-01 00:00:00 to 2021-04-12 23:59:59 (portal time, UTC+00:00, inferred)",
        "40 recordings; the listing is proven.",
    ]


def test_a_table_has_one_header_and_the_columns_people_look_for(desk: Desk, world: World) -> None:
    ran = desk.run("list", *RANGE)
    header, *lines = ran.out.splitlines()
    assert header.split() == ["ID", "CREATED_AT", "DURATION", "CALL_FROM", "CALL_TO", "AGENT"]
    first = next(iter(world.recordings))
    row = lines[0].split()
    assert row[0] == first.id
    assert row[4:6] == [first.call_from, first.call_to]
    assert len(lines) == 40
    assert desk.leaks() == []


def test_fields_come_as_served_without_the_links_query(desk: Desk, world: World) -> None:
    first = next(iter(world.recordings))
    world.edit(first.id, user_id=7, notes={"deep": [1, None]})
    row = json.loads(desk.run("list", *RANGE, "--json").out.splitlines()[0])
    assert (row["user_id"], row["notes"]) == (7, {"deep": [1, None]})
    assert row["audio"].endswith(str(first.key))
    assert desk.leaks() == []


def test_csv_has_a_header_of_all_fields_seen(desk: Desk, world: World) -> None:
    newest = list(world.recordings)[-1]
    world.edit(newest.id, serial="-1", notes='a "quoted", note')
    rows = list(csv.DictReader(io.StringIO(desk.run("list", *RANGE, "--csv").out, newline="")))
    assert list(rows[0])[-2:] == ["notes", "serial"]
    assert [row["id"] for row in rows] == [recording.id for recording in world.recordings]
    assert (rows[0]["serial"], rows[-1]["serial"]) == ("", "'-1")
    assert rows[-1]["notes"] == 'a "quoted", note'


def test_hostile_fields_are_shown_and_never_obeyed(
    desk: Desk, world: World, figure: Figure
) -> None:
    """Escapes, formulas, lone surrogates, bidirectional marks in every format (X12)."""
    for turn, recording in enumerate(list(world.recordings)[:10]):
        blemish(world, recording, Blemish.HOSTILE, turn % 5)
    outs = [desk.run("list", *RANGE, *form).out for form in ((), ("--json",), ("--csv",))]
    assert "cron.d" in outs[0]
    assert "\\u001b]0;owned" in outs[1]
    cells = [cell for row in csv.reader(io.StringIO(outs[2], newline="")) for cell in row]
    formulas = [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert formulas == []
    assert desk.leaks() == []
    figure("X12", f"list: raw control characters 0 in {len(desk.printed)}, formulas 0")


def test_calls_are_listed_in_the_zone_that_recordings_tell(tmp_path: Path) -> None:
    """Long calls: their ids hold the start, rows the end, so they would tell a wrong zone."""
    world = World(seed=3, utc_offset_minutes=330)
    world.add(count=30, first=FIRST, last=LAST, seconds=(1_800,))
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        desk = Desk(sandbox, tmp_path)
        ran = desk.run(
            "list", "--calls", "--json", "--since", "2021-04-01", "--until", "2021-04-13"
        )
        shown = desk.run("list", "--calls", "--since", "2021-04-01")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["id"] for row in rows] == [call.id for call in world.calls]
    assert rows[0]["hangup_by"] == "caller"
    assert "UTC+05:30, inferred" in ran.err
    assert ran.err.endswith("30 calls; the listing is proven.\n")
    assert shown.out.split()[:3] == ["ID", "END_AT", "DURATION"]


def test_today_is_what_is_meant_when_no_window_is_named(desk: Desk, world: World) -> None:
    late = world.arrive(CLOCK.moment - timedelta(hours=3))
    world.arrive(CLOCK.moment - timedelta(hours=30))
    ran = desk.run("list", "--json")
    assert ids(ran.out) == [late.id]
    assert ran.err.startswith("Window: 2021-04-20 00:00:00 to 2021-04-20 11:59:55 (portal time")


@pytest.mark.parametrize(
    ("words", "header"),
    [
        ((), "id,created_at,duration,call_from,call_to,agent,audio"),
        (
            ("--calls",),
            (
                "id,end_at,duration,call_from,call_to,service,status,hangup_by,bridge,billing,"
                "pulsing,charges,start_at,dtmf,location,region,provider,notes,audio,name"
            ),
        ),
    ],
)
def test_a_csv_has_one_header_with_and_without_rows(
    desk: Desk, words: tuple[str, ...], header: str, figure: Figure
) -> None:
    """So that files of several days can be put together."""
    empty = desk.run("list", "--day", "2021-03-01", "--csv", *words)
    assert empty.out == header + "\r\n"
    full = desk.run("list", *RANGE, "--csv", *words)
    first, *rows = full.out.splitlines()
    assert (first, bool(rows)) == (header, True)
    figure("R17", f"a CSV with rows and without: {header}")


def test_two_forms_at_once_are_refused(desk: Desk, figure: Figure) -> None:
    for words in (("--json", "--csv"), ("--csv", "--json")):
        ran = desk.run("list", *words)
        assert (ran.code, ran.out) == (ExitCode.USAGE, "")
        assert "--json and --csv are two forms." in ran.err
    figure("R17", "list --json --csv: refused, in either order")


def test_nothing_listed_says_so(desk: Desk) -> None:
    ran = desk.run("list", "--day", "2021-03-01", "--json")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("0 recordings; the listing is proven.\n")


def test_what_is_not_proven_ends_with_3(desk: Desk, figure: Figure) -> None:
    desk.sandbox.faults = Faults(listing=ListingFaults(empty_total=500))
    ran = desk.run("list", "--day", "2021-04-02")
    assert ran.code == 3
    assert "NOT PROVEN 2021-04-02 00:00:00 to 2021-04-02 23:59:59: " in ran.err
    assert ran.err.endswith("0 recordings; the listing is NOT proven.\n")
    figure("A6", "list: empty pages with a total of 500 end with 3, false green 0")


@pytest.mark.parametrize(
    ("faults", "filter_support"),
    [
        (Faults(filter=FilterFaults(whole_days=True)), "dates only"),
        (Faults(filter=FilterFaults(ignored=True)), "ignores the filter"),
    ],
)
def test_a_portal_with_a_worse_filter_is_listed_all_the_same(
    desk: Desk, world: World, faults: Faults, filter_support: str
) -> None:
    desk.sandbox.faults = faults
    ran = desk.run("list", "--since", "2021-04-02 06:00", "--until", "2021-04-05 17:59", "--json")
    first, last = FIRST + timedelta(hours=30), FIRST + timedelta(hours=4 * 24 + 18)
    assert ids(ran.out) == [each.id for each in world.recordings if first <= each.at < last]
    assert filter_support in ran.err
    assert ran.code == 0


def test_a_window_of_the_future_and_a_wrong_token_are_explained(desk: Desk) -> None:
    ahead = desk.run("list", "--day", "2021-05-01")
    desk.environ |= {"ARCHIVER_TOKEN": "another-token"}
    refused = desk.run("list", *RANGE)
    assert (ahead.code, refused.code) == (2, 4)
    assert "has not begun: at the portal it is 2021-04-20" in ahead.err
    assert "The portal refused the token (401)" in refused.err
    assert "another-token" not in desk.printed


def test_slices_are_shown_as_they_arrive_and_rows_in_two_of_them_once() -> None:
    """A recording that is edited between two slices may be listed in both."""
    window = Window.day(FIRST.date())
    rows = [
        Row(RecordingId(id_), window.first + timedelta(hours=hour), None, None, {})
        for id_, hour in (("b", 2), ("a", 1), ("c", 3))
    ]
    listed = [Listed(row, PageQuery.first(Report.RECORDINGS, window)) for row in rows]
    taken: list[list[str]] = []

    def take(part: ListedSlice) -> None:
        taken.append([row.id for row in part.rows])

    def listings() -> Iterator[Listing]:
        for part in (listed[:2], listed[1:]):
            before = len(taken)
            yield Listing(Report.RECORDINGS, window, tuple(part), 3, 1, proven=True, note="")
            assert len(taken) == before + 1

    result = count(listings(), take, PortalBehaviour(window.last))
    assert (result.rows, result.odd, result.code) == (3, 0, ExitCode.CLEAN)
    assert taken == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"odd": Odd(3, "no JSON")}, "row 3 on page 1 can't be read: no JSON"),
        ({"unread": {Essential.TIME: "no time"}}, "no time"),
    ],
)
def test_a_listing_with_a_row_that_cannot_be_read_is_not_proven(
    row: dict[str, Any], why: str
) -> None:
    window = Window.day(FIRST.date())
    ask = PageQuery.first(Report.RECORDINGS, window)
    there = Row(RecordingId("a"), window.first, None, None, {})
    listed = Listed(replace(there, **row), ask)
    taken: list[ListedSlice] = []
    listing = Listing(Report.RECORDINGS, window, (listed,), 1, 1, proven=True, note="")
    result = count(iter([listing]), taken.append, PortalBehaviour(window.last))
    assert (result.rows, result.odd, result.proven) == (1, 1, False)
    assert result.code is ExitCode.FINDINGS
    assert [each.reason for each in taken[0].odd] == [why]


@pytest.mark.parametrize("report", [(), ("--calls",)])
def test_what_json_prints_fits_its_schema(desk: Desk, root: Path, report: tuple[str, ...]) -> None:
    schema = json.loads((root / "manifests" / "list.schema.json").read_bytes())
    example = json.loads((root / "manifests" / "list.example.json").read_bytes())
    out = desk.run("list", *RANGE, "--json", *report).out
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == 40
    for row in (*rows, example):
        Draft202012Validator(schema).validate(row)
