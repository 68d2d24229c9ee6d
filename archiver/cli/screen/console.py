"""What reaches a terminal: tables and single lines, in which nothing may act, whoever wrote it."""

import json
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, TypeVar

import click

from archiver.cli.screen.next_commands import placed
from archiver.domain.outcomes import Judgement, Verdict
from archiver.domain.plain_text import printable
from archiver.errors import ExitCode
from archiver.json_documents import Json, dumps

RED, YELLOW, GREEN = "red", "yellow", "green"
T = TypeVar("T")
SHOWN = 20
"""So many of many lines are shown."""
WHOLE = "whole (no reported length to compare)"
_LEVELS = {
    **dict.fromkeys(("bug", "error", "stopped"), "error"),
    **dict.fromkeys(
        (
            "call_unread",
            "doubted",
            "failed",
            "finding",
            "interrupted",
            "not_proven",
            "not_told",
            "noticed",
            "still_open",
        ),
        "warning",
    ),
}
"""By event; any other is ``info``."""
_LOG_FORMAT = "archiver.log_format"
_ACCOUNT = "archiver.account"
_ARCHIVE = "archiver.archive"
_WRITER = "archiver.writer"


def table(rows: Iterable[Sequence[str]], headers: Sequence[str]) -> str:
    """Lay rows out in columns, two spaces between, each as wide as a terminal shows it."""
    lines = [[printable(cell) for cell in line] for line in (headers, *rows)]
    widths = [max(map(_width, column)) for column in zip_longest(*lines, fillvalue="")]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=False)
        ).rstrip()
        for line in lines
    )


def first_few(things: Sequence[T], line: Callable[[T], str]) -> Iterator[str]:
    """Yield the ``line`` of each of the first of many things, and how many more ``--json`` has."""
    yield from map(line, things[:SHOWN])
    if len(things) > SHOWN:
        yield f"and {len(things) - SHOWN} more: see --json"


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def human_verdict(judgement: Judgement) -> str:
    """Return what audio is, in a word or a few: its concerns where it has some."""
    if judgement.concerns:
        return ", ".join(judgement.concerns)
    return WHOLE if judgement.verdict is Verdict.DURATION_UNKNOWN else judgement.verdict.value


def print_document(document: Mapping[str, Any], code: ExitCode, indent: int | None = None) -> None:
    """Print what a command was asked for as one JSON object, with the exit code that it ends with.

    Who reads nothing else must not take for good what ends with another code than 0.
    """
    click.echo(dumps({**document, "exit_code": code.value}, indent=indent), nl=False)


def emit(text: str, event: str = "said", **told: Json) -> None:
    """Tell the person: on stderr, so that stdout holds results only. Keeps its line breaks.

    Where a command was asked for a log in JSON, it is a line of that with what is ``told`` beside.
    """
    if not speaks_json():
        lines = (named(printable(line)) for line in text.split("\n"))
        _write("\n".join(coloured(line, _colour(event, told)) for line in lines))
        return
    if account := _notes().get(_ACCOUNT):
        told["account"] = account
    level = _LEVELS.get(event, "info")
    click.echo(json_line(datetime.now(UTC), level, event, text, **told), err=True)


def coloured(text: str, colour: str | None) -> str:
    """Return a text that is safe to show in a colour, or as it is.

    Whoever sets ``NO_COLOR`` (no-color.org) gets none. What is printed to anything but a terminal
    loses them on its way: click takes them out.
    """
    if colour is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, fg=colour)


def writing_with(write: Callable[[str], None]) -> AbstractContextManager[None]:
    """Let whatever is said while the block runs be written in another way: above a bar."""
    return _noted(_WRITER, write)


def _colour(event: str, told: Mapping[str, Json]) -> str | None:
    """Return the colour of a line: red for what ends a command, yellow for what needs a person."""
    if event == "summary":
        return GREEN if told.get("clean") else YELLOW
    return {"error": RED, "warning": YELLOW}.get(_LEVELS.get(event, ""))


def _write(text: str) -> None:
    writer = _notes().get(_WRITER)
    if writer is None:
        click.echo(text, err=True)
    else:
        writer(text)


def json_line(moment: datetime, level: str, event: str, text: str, **told: Json) -> str:
    """Return a line of a log in JSON; ``moment`` is in UTC."""
    time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": time, "level": level, "event": event, "text": text, **told}
    return json.dumps(line, ensure_ascii=True)


def speak(log_format: str) -> None:
    """Let the command of this moment say everything as ``text`` or ``json``."""
    click.get_current_context().meta[_LOG_FORMAT] = log_format


def speaking_of(account: str | None) -> AbstractContextManager[None]:
    """Let the command name the account, if any, in every line that it says in the block."""
    return _noted(_ACCOUNT, account)


def speak_of(context: click.Context, archive: str) -> None:
    """Let the commands that are advised be of the archive that an option of this one names."""
    context.meta[_ARCHIVE] = archive


def named(line: str) -> str:
    """Return a line with the account that the command speaks of at this moment, if any.

    The commands that it advises are of that account, or of the archive that an option names.
    """
    account: str | None = _notes().get(_ACCOUNT)
    return f"{account}: {to_type(line)}" if account else to_type(line)


def to_type(line: str) -> str:
    """Return a line whose commands can be typed as they stand: of this archive, or account."""
    notes = _notes()
    return placed(line, archive=notes.get(_ARCHIVE), account=notes.get(_ACCOUNT))


def speaks_json() -> bool:
    """Whether the command of this moment was asked for a log in JSON."""
    return bool(_notes().get(_LOG_FORMAT) == "json")


def _notes() -> dict[str, Any]:
    """Return what is noted of the command of this moment; outside of one, that is nothing."""
    context = click.get_current_context(silent=True)
    return {} if context is None else context.meta


@contextmanager
def _noted(name: str, value: object) -> Iterator[None]:
    """Note something of the command while the block runs."""
    notes = _notes()
    before = notes.get(name)
    notes[name] = value
    try:
        yield
    finally:
        notes[name] = before
