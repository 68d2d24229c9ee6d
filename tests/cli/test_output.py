"""Nothing that is shown can act on the terminal or in the spreadsheet."""

import csv
import io
import logging
import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.cli.screen.console import emit, table
from archiver.cli.screen.redaction import RedactingFormatter, redact
from archiver.domain.plain_text import csv_cell, printable
from archiver.domain.quantities import human_bytes, human_duration
from tests.cli.desk import Ran
from tests.pulls import DAY, portal
from tests.s3.guard import Guard
from tests.s3.machines import Machine

Figure = Callable[[str, str], None]
ANY_TEXT = st.text(st.characters())
HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "Ann\r\narchiver: all is well",
    "\u202egnp.exe\u202c",
    "\u2066isolated\u2069",
    "zero\u200bwidth",
    "line\u2028separator",
    "\x00\x7f",
    "lone \ud800 surrogate",
    '=HYPERLINK("http://evil.example")',
    "+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    " =1+1",
    "\uff1d1+1",
]


def test_hostile_names_are_spelled_out(figure: Figure, capsys: pytest.CaptureFixture[str]) -> None:
    """Raw escapes, bidirectional marks, line breaks and formulas in every way out (X12)."""
    emit(" ".join(map(printable, HOSTILE)))
    told = capsys.readouterr().err
    laid_out = table([(name, "x") for name in HOSTILE], ("NAME", "\x1b[1mOTHER"))
    records = [logging.LogRecord("a", 30, "", 0, "%s", (name,), None) for name in HOSTILE]
    logged = [RedactingFormatter("%(message)s").format(record) for record in records]
    cells = list(map(csv_cell, HOSTILE))
    raw = sum(
        unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        for text in (told.replace("\n", "", 1), laid_out.replace("\n", ""), *logged, *cells)
        for c in text
    )
    assert raw == 0
    assert len(laid_out.split("\n")) == len(HOSTILE) + 1
    formulas = sum(cell.lstrip()[0] in "=+-@\uff1d" for cell in cells)
    assert formulas == 0
    figure("X12", f"names {len(HOSTILE)}, raw control characters {raw}, live formulas {formulas}")


@given(ANY_TEXT)
def test_whatever_is_printed_is_printable_and_plain_text_unchanged(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()
    shown.encode()


@given(ANY_TEXT)
def test_a_cell_survives_a_csv_file_and_never_begins_a_formula(text: str) -> None:
    cell = csv_cell(text)
    file = io.StringIO()
    csv.writer(file).writerow([cell, "next"])
    assert next(csv.reader([file.getvalue()])) == [cell, "next"]
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=5))
def test_a_table_has_a_line_for_each_row(rows: list[tuple[str, str]]) -> None:
    assert len(table(rows, ("ONE", "TWO")).split("\n")) == len(rows) + 1


def test_columns_are_as_wide_as_a_terminal_shows_them() -> None:
    assert table([("日本", "1"), ("e\u0301", "2"), ("abcde", "")], ("NAME", "N")) == (
        "NAME   N\n日本   1\ne\u0301      2\nabcde"
    )


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_549_000, "1.5 MB"), (999_960, "1.0 MB")],
)
def test_bytes_for_people(count: int, text: str) -> None:
    assert human_bytes(count) == text


def test_bytes_without_end() -> None:
    assert human_bytes(10**18) == "1000.0 PB"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0.0 s"), (4_210, "4.2 s"), (59_990, "1:00"), (93_000, "1:33"), (93_605_000, "26:00:05")],
)
def test_durations_for_people(ms: int, text: str) -> None:
    assert human_duration(ms) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://h.example/a?X-Amz-Signature=0f&b=1 done", "GET https://h.example/a?… done"),
        ("access_token=abc", "access_token=…"),
        ("'access_token': 'abc'", "'access_token': '…'"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("http://user:pass@proxy.example:80", "http://…@proxy.example:80"),
        ("from 447700900123", "from …"),
        ("port 8080 at 12:30", "port 8080 at 12:30"),
    ],
)
def test_secrets_and_numbers_are_taken_out(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize("text", ["http://", "X-Amz-", "http://a?b X-Amz-Date=1 "])
def test_a_long_line_that_is_hard_to_read_takes_no_longer(text: str) -> None:
    started = time.thread_time()
    redact(text * 100_000)
    assert time.thread_time() - started < 5


def test_a_logged_traceback_is_redacted_and_keeps_its_lines() -> None:
    with pytest.raises(ValueError, match="Signature") as raised:
        _fail("https://h.example/a?X-Amz-Signature=0f")
    trace = (ValueError, raised.value, raised.tb)
    record = logging.LogRecord("a", 40, "", 0, "x", (), trace)
    lines = RedactingFormatter("%(message)s").format(record).split("\n")
    assert lines[-1] == "ValueError: https://h.example/a?…"
    assert lines[0] == "x"


def test_verbose_logging_of_libraries_is_redacted() -> None:
    program = (
        "import logging; from archiver.cli.screen.redaction import log_more, log_to_stderr\n"
        "log_to_stderr(); log_more({})\n"
        "logging.getLogger('httpx').info('GET %s', 'https://p.example/v2?access_token=canary')\n"
        "logging.getLogger('httpcore').debug('%r', [(b'Authorization', b'Bearer canary')])"
    )
    lines = [
        subprocess.run(
            [sys.executable, "-c", program.format(verbosity)],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stderr.splitlines()
        for verbosity in (0, 1, 2)
    ]
    assert [len(each) for each in lines] == [0, 1, 2]
    assert re.fullmatch(
        r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z httpx INFO GET https://p.example/v2\?…", lines[1][0]
    )
    assert "canary" not in str(lines)


def _fail(message: str) -> None:
    raise ValueError(message)


def test_a_quiet_pull_into_a_bucket_says_nothing(guard: Guard, bucket: str, tmp_path: Path) -> None:
    with portal(1) as sandbox:
        machine = Machine(sandbox, guard, bucket, tmp_path / "home")
        ran = machine.end(machine.start("pull", "--day", f"{DAY:%Y-%m-%d}", "--quiet"))
    assert ran == Ran(0, "", "")
