"""What a receiver opens: a spreadsheet reads it as it was meant, and nothing in it acts."""

import csv
import io
from datetime import datetime

import pytest
from msgspec.structs import replace

from archiver.domain.plain_text import FORMULA_STARTS
from archiver.handover import load_file
from archiver.handover.csv_lists import LEFT_OUT, RECORDINGS, SEC, CsvList
from archiver.handover.handed_over import WHOLE_DAY, HandedOver, LeftOut
from tests.conftest import Figure

AT = datetime(2019, 6, 11, 6, 4, 21)  # noqa: DTZ001 - the portal's own clock has no zone
ROW = HandedOver(
    id="42",
    path="recordings/2019/06/11/20190611-060421_42.0123456789ab.mp3",
    bytes=600,
    sha256="01" * 32,
    at=AT,
    offset=330,
    manifest=7,
    caller="sip:one",
    called="sip:two",
    agent="Ann Lee",
    length_ms=93_010,
    reported_ms=93_000,
    verdict="verified",
)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    "\x1b[2Jgone",
    'say "hi", twice',
    "one\ntwo\r\nthree",
    "\u202eexe.3pm",
    "\uff1d1+1",
    "\x14\u00fe",
    "\ud800",
    "x;=cmd|' /C calc'!A1;y",
    'x; "=1+1"',
    "x|@SUM(A1)",
)


def read(text: bytes) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))]


def test_a_spreadsheet_reads_what_was_handed_over() -> None:
    text = RECORDINGS.header() + RECORDINGS.line(ROW)
    assert text.startswith(b'\xef\xbb\xbf"file",'), "Excel knows UTF-8 by its mark"
    (row,) = read(text)
    assert row["time"] == "2019-06-11T06:04:21+05:30"
    assert (row["seconds"], row["reported_seconds"]) == ("93.010", "93.000")
    assert (row["file"], row["sha256"], row["manifest"]) == (ROW.path, ROW.sha256, "7")


def test_a_time_whose_zone_nobody_knows_has_none() -> None:
    (row,) = read(RECORDINGS.header() + RECORDINGS.line(replace(ROW, offset=None)))
    assert row["time"] == "2019-06-11T06:04:21"


def test_a_day_is_named_by_its_date() -> None:
    day = LeftOut(WHOLE_DAY, at=datetime.fromisoformat("2019-06-11"))
    (row,) = read(LEFT_OUT.header() + LEFT_OUT.line(day))
    assert (row["what"], row["time"], row["accepted"]) == ("day", "2019-06-11", "")


def test_the_fields_that_the_sec_asks_for() -> None:
    (row,) = read(SEC.header() + SEC.line(ROW))
    assert row["Originating Number"] == "sip:one"
    assert row["Terminating Number"] == "sip:two"
    assert (row["Date"], row["Time"]) == ("06/11/2019", "06:04:21+05:30")
    assert row["Filename"] == ROW.path


@pytest.mark.parametrize("sheet", [RECORDINGS, SEC], ids=lambda sheet: sheet.name)
def test_a_hostile_name_is_one_cell_and_no_formula(
    sheet: CsvList[HandedOver], figure: Figure
) -> None:
    rows = [replace(ROW, agent=text, caller=text) for text in HOSTILE]
    got = read(sheet.header() + b"".join(map(sheet.line, rows)))
    assert len(got) == len(HOSTILE)
    cells = [cell for row in got for cell in row.values()]
    acting = [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]
    raw = [cell for cell in cells if not cell.isprintable()]
    assert (acting, raw) == ([], [])
    text = (sheet.header() + b"".join(map(sheet.line, rows))).decode("utf-8-sig")
    for parted in (";", ",", "|", "\t"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            cut = csv.reader(io.StringIO(text, newline=""), delimiter=parted, quoting=quoting)
            split = [cell.lstrip(' "') for row in cut for cell in row]
            assert [cell for cell in split if cell.startswith(FORMULA_STARTS)] == []
    figure("X12", f"{sheet.name}: {len(HOSTILE)} hostile names: formulas 0, control bytes 0")


def test_a_load_file_has_a_field_for_each_column_whatever_a_name_holds() -> None:
    rows = [replace(ROW, agent=text) for text in HOSTILE]
    text = load_file.header() + b"".join(map(load_file.line, rows))
    lines = text.decode("utf-8-sig").split("\r\n")
    assert lines.pop() == ""
    fields = [line.split("\x14") for line in lines]
    assert {len(each) for each in fields} == {10}
    assert all(
        each.startswith("\u00fe") and each.endswith("\u00fe") and "\u00fe" not in each[1:-1]
        for line in fields
        for each in line
    )
    assert fields[1][1] == f"\u00fe{ROW.path}\u00fe".replace("/", "\\")
