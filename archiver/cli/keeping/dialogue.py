"""How the commands speak that let recordings go or stay: they ask first, then answer once."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from archiver.cli.screen.console import emit, print_document
from archiver.errors import ExitCode, UsageError


def answer(
    lines: Iterable[str], document: Mapping[str, Any], code: ExitCode, *, as_json: bool
) -> ExitCode:
    """Tell what came of it, in words on stderr or as JSON on stdout, and return its code."""
    if as_json:
        print_document(document, code)
    else:
        tell(lines)
    return code


def agrees(lines: Iterable[str], what: str, question: str) -> bool:
    """Show what would be done and ask; without a terminal nobody can answer."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"This would {what}, and nobody can be asked.",
            advice="Look at it with --dry-run, then give --yes.",
        )
    tell(lines)
    return click.confirm(question, err=True)


def tell(lines: Iterable[str]) -> None:
    """Tell the person, line by line."""
    for line in lines:
        emit(line)
