"""Choosing among recordings that match: shown as a numbered table, asked for at a terminal."""

import re
import sys
from collections.abc import Sequence

import click

from archiver.cli.screen.console import emit, table
from archiver.domain.quantities import human_duration
from archiver.errors import UsageError
from archiver.get.matches import M, Match

SHOWN = 50
_PART = re.compile(r"([0-9]{1,6})(?:\s*-\s*([0-9]{1,6}))?")


def ask(matches: Sequence[M], /) -> Sequence[M]:
    """Let the person choose among several; without a terminal that is a :class:`UsageError`."""
    if len(matches) <= 1:
        return matches
    emit(_numbered(matches))
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            f"{len(matches)} recordings match.", advice="Name one by its id, or take them --all."
        )
    answer = click.prompt("Which (such as 2, or 1,4-6, or all)", err=True)
    return [matches[number - 1] for number in chosen(answer, len(matches))]


def chosen(answer: str, count: int) -> list[int]:
    """Return the numbers that an answer names, of those from 1 to ``count``: each once, in order.

    Raises :class:`UsageError`. The answer is a person's, so a range may be written with blanks.

    >>> chosen("1, 4-6,5", 9)
    [1, 4, 5, 6]
    """
    if answer.strip().lower() == "all":
        return [*range(1, count + 1)]
    numbers: dict[int, None] = {}
    for part in answer.split(","):
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= count:
            raise UsageError(
                f"There is no {part.strip()!r} in the list: its numbers are 1 to {count}.",
                advice="Answer such as 2, or 1,4-6, or all. Nothing was fetched.",
            )
        numbers |= dict.fromkeys(range(first, last + 1))
    return [*numbers]


def _numbered(matches: Sequence[Match]) -> str:
    shown = matches[:SHOWN]
    has_state = any(match.state for match in shown)
    rows = [
        (
            str(number),
            match.id,
            str(match.at or "?"),
            "?" if match.reported_ms is None else human_duration(match.reported_ms),
            match.who,
            *([match.state] if has_state else []),
        )
        for number, match in enumerate(shown, start=1)
    ]
    more = f"\nand {len(matches) - SHOWN} more" if len(matches) > SHOWN else ""
    return table(rows, ("", "id", "portal time", "length", "who", *(["state"] * has_state))) + more
