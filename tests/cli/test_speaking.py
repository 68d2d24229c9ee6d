"""Whoever asks for a log in JSON gets nothing else on stderr, whatever goes wrong and when."""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from archiver.cli.screen.log_format import asked_for
from archiver.cli.screen.redaction import RedactingFormatter
from archiver.pull import dispatch
from archiver.sandbox import Sandbox
from tests.cli.desk import Desk
from tests.pulls import Archive, portal

JSON = {"ARCHIVER_LOG_FORMAT": "json"}


def objects(text: str) -> list[dict[str, object]]:
    """Return the lines of a log; each must say when, how grave, what and in which words."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert [*line][:4] == ["time", "level", "event", "text"]
        age = datetime.now(UTC) - datetime.fromisoformat(line["time"])
        assert timedelta() <= age < timedelta(minutes=1)
    return lines


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with portal(2, wrong=1) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("words", "environ", "told"),
    [
        (["--nonsense"], JSON, "--nonsense"),
        (["--log-format", "json", "--workers"], {}, "requires an argument"),
        (["--log-format=json", "--rate", "many"], {}, "rate must be a whole number"),
        (["--day", "never"], JSON, "--day is not a time"),
        ([], JSON | {"ARCHIVER_WORKERS": "many"}, "workers must be a whole number"),
        ([], JSON | {"ARCHIVER_TOKEN": ""}, "token"),
    ],
)
def test_an_error_at_the_door_is_a_line_like_any_other(
    words: list[str], environ: dict[str, str], told: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    ran = Desk(sandbox, tmp_path, environ).run("pull", "-a", str(tmp_path / "archive"), *words)
    assert ran.code == 2
    error = next(line for line in objects(ran.err) if line["event"] == "error")
    assert (error["level"], error["exit_code"]) == ("error", 2)
    assert told in str(error["text"])


def test_a_bug_is_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(sandbox, tmp_path, JSON)
    with mock.patch.object(dispatch, "divide", side_effect=KeyError("447700900123")):
        ran = desk.run("pull", "-a", str(tmp_path / "archive"), "--day", "today")
    assert ran.code == 1
    *_, bug, advice = objects(ran.err)
    assert (bug["event"], bug["level"], bug["exit_code"]) == ("bug", "error", 1)
    assert "Traceback" in str(bug["text"])
    assert "447700900123" not in ran.err
    assert advice["event"] == "advice"


def test_what_is_logged_is_in_json_too(sandbox: Sandbox, tmp_path: Path) -> None:
    archive = Archive(sandbox, tmp_path / "archive", JSON)
    archive.options = (*archive.options, "-v")
    ended = archive.pull()
    assert ended.code == 3
    lines = objects(ended.err)
    assert {line["event"] for line in lines} >= {"began", "finding", "summary", "logged"}
    assert {line["level"] for line in lines} == {"info", "warning"}
    assert {line["logger"] for line in lines if line["event"] == "logged"} >= {"archiver.portal"}


def test_a_logged_line_names_the_account_and_keeps_no_secret() -> None:
    formatter = RedactingFormatter()
    formatter.as_json, formatter.account = True, "north"
    record = logging.makeLogRecord(
        {"name": "a", "levelname": "WARNING", "msg": "GET https://h.example/a?X-Amz-Signature=0f"}
    )
    (line,) = objects(formatter.format(record))
    assert (line["level"], line["account"], line["logger"]) == ("warning", "north", "a")
    assert line["text"] == "GET https://h.example/a?…"


@pytest.mark.parametrize(
    ("words", "environ", "format_"),
    [
        ([], {}, ""),
        ([], JSON, "json"),
        (["--log-format", "text"], JSON, "text"),
        (["--log-format=json", "--log-format", "text"], {}, "text"),
        (["--log-format"], {}, ""),
    ],
)
def test_the_command_line_is_asked_first(
    words: list[str], environ: Mapping[str, str], format_: str
) -> None:
    assert asked_for(words, environ) == format_
