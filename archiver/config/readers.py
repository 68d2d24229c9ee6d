"""Readers: from a text, or a value of TOML, to what a setting is. Each raises ``UsageError``.

The error's message says what the value must be; it never repeats a value, which may be a secret.
"""

import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from archiver.config import home
from archiver.config.archive_address import folder_of, read_address
from archiver.config.settings import CREDENTIALS, FromCommand, FromKeyring, RetentionRule
from archiver.domain.disposal import RetentionAction, Term
from archiver.domain.outcomes import Tolerance
from archiver.domain.quantities import size
from archiver.domain.retention import Period
from archiver.errors import UsageError

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)
LEAST_BYTES_PER_S = 64_000
"""Any slower, and the transfers that share it would each look like one that is stuck."""
MOST_PERCENT = 100
_ALLOWANCE = re.compile(r"([0-9]{1,4}(?:\.[0-9])?)\s*(s|%)")
_LENGTH = re.compile(r"([0-9]{1,4})\s*([sm])|0")
_ESCAPED = re.compile("[\ud800-\udfff]")
"""How Python writes the bytes of a name, a word or a variable that it can't decode (PEP 383)."""
_NOT_RECORDED = re.compile(r"(service|status):[^,:]{1,64}|\+?[0-9][0-9 ()/.-]{1,30}[0-9]")
_FIELD = re.compile("[a-z_]{1,24}")
_OFFSET = re.compile(r"([+-])([01][0-9]):(00|15|30|45)")


def one_line(value: object) -> str:
    """Read text in one line, without the blanks around it."""
    if not isinstance(value, str):
        raise UsageError("must be text")
    if _ESCAPED.search(value):
        raise UsageError(_not_decoded(sys.getfilesystemencoding()))
    if not value.isprintable():
        raise UsageError("must be text in one line, without control characters")
    if not value.strip():
        raise UsageError("must not be empty")
    return value.strip()


def _not_decoded(encoding: str) -> str:
    """Say why what was typed, or lies in the environment, is no text, and what to do."""
    if encoding == "utf-8":
        return "holds bytes that are not UTF-8: rename it, or name a link to it in UTF-8"
    return f"holds what the locale's encoding ({encoding}) lacks: run with LC_ALL=C.UTF-8"


def absolute_path(value: object) -> Path:
    """Read an absolute path; of another, the folder is told that stands before it, typed here."""
    path = Path(one_line(value))
    if not path.is_absolute():
        here = home.absolute("")
        raise UsageError(f"must be an absolute path, from / on: the current folder is {here}")
    return path


def token_file(value: object) -> Path:
    """Read the path of a token file: absolute, or in systemd's credentials."""
    text = one_line(value)
    return Path(text) if text.startswith(f"{CREDENTIALS}/") else absolute_path(text)


def token_command(value: object) -> FromCommand:
    """Read a command: a list of words, or a line as a shell takes it."""
    try:
        argv = value if isinstance(value, list) else shlex.split(one_line(value))
    except ValueError as error:
        raise UsageError("has an open quotation mark") from error
    if not argv:
        raise UsageError("must name a command")
    return FromCommand(tuple(one_line(word) for word in argv))


def token_keyring(value: object) -> FromKeyring:
    """Read ``service/user``."""
    service, _, user = one_line(value).rpartition("/")
    if not service or not user:
        raise UsageError("must be a service and a user, such as archiver/portal")
    return FromKeyring(service, user)


def saying(read: Callable[[str], T]) -> Callable[[object], T]:
    """Return a reader of text whose ``ValueError`` is told to the person."""

    def told(value: object) -> T:
        try:
            return read(one_line(value))
        except ValueError as error:
            raise UsageError(str(error)) from error

    return told


def one_of(choices: type[Choice]) -> Callable[[object], Choice]:
    """Return a reader of one of the choices."""

    def read(value: object) -> Choice:
        if value not in list(choices):
            raise UsageError(f"must be one of {', '.join(choices)}")
        return choices(one_line(value))

    return read


def fitting(pattern: str, like: str) -> Callable[[object], str]:
    """Return a reader of text that fits a pattern; ``like`` is an example."""

    def read(value: object) -> str:
        text = one_line(value)
        if not re.fullmatch(pattern, text):
            raise UsageError(f"must be such as {like}")
        return text

    return read


def yes_or_no(value: object) -> bool:
    """Read ``yes`` or ``no``, or TOML's booleans."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in {"yes", "no"}:
        raise UsageError("must be yes or no")
    return value == "yes"


def archive(value: object) -> str:
    """Read a folder or an address; which kinds of places there are, the stores know."""
    text = one_line(value)
    return read_address(text) if folder_of(text) is None else str(absolute_path(text))


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """Return a reader of whole numbers from ``low`` to ``high``."""

    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value.strip()):
            value = int(value.strip())  # int leaves some of what strip takes away
        if type(value) is not int or not low <= value <= high:
            raise UsageError(f"must be a whole number from {low} to {high}")
        return value

    return read


def processes(value: object) -> int | None:
    """Read a number of processes, ``None`` for ``auto``."""
    if value == "auto":
        return None
    try:
        return whole_number(1, 64)(value)
    except UsageError as error:
        raise UsageError('must be "auto" or a whole number from 1 to 64') from error


def bwlimit(value: object) -> int:
    """Read bytes a second, such as ``2M``."""
    limit = size(one_line(value))
    if limit < LEAST_BYTES_PER_S:
        raise UsageError(f"must be at least {LEAST_BYTES_PER_S // 1000}k")
    return limit


def tolerance(value: object) -> Tolerance:
    """Read ``3s, 1%`` or either."""
    parts = [_ALLOWANCE.fullmatch(part.strip()) for part in one_line(value).split(",")]
    allowed = {part[2]: float(part[1]) for part in parts if part}
    if len(allowed) != len(parts) or allowed.get("%", 0) > MOST_PERCENT:
        raise UsageError('must be seconds, a percentage or both, such as "3s, 1%"')
    return Tolerance(ms=round(allowed.get("s", 0) * 1000), permille=round(allowed.get("%", 0) * 10))


def length(value: object) -> int:
    """Read a length in seconds or minutes; return milliseconds."""
    length = _LENGTH.fullmatch(one_line(value))
    if not length:
        raise UsageError('must be seconds or minutes, such as "10s" or "2m", or "0"')
    return int(length[1] or 0) * (60_000 if length[2] == "m" else 1_000)


def not_recorded(value: object) -> tuple[str, ...]:
    """Read numbers and ``service:NAME`` or ``status:NAME``: a list, or with commas between."""
    terms = value if isinstance(value, list) else one_line(value).split(",")
    read = tuple(one_line(term) for term in terms)
    if not read or not all(_NOT_RECORDED.fullmatch(term) for term in read):
        raise UsageError('must be such as "service:OUT", "status:MISSED", or a number of a line')
    return read


def utc_offset(value: object) -> int | None:
    """Read minutes east of UTC, ``None`` for ``auto``."""
    text = one_line(value)
    if text == "auto":
        return None
    match = _OFFSET.fullmatch(text)
    minutes = int(f"{match[1]}{int(match[2]) * 60 + int(match[3])}") if match else None
    if minutes is None or not -12 * 60 <= minutes <= 14 * 60:
        raise UsageError('must be "auto" or an offset such as "+05:30", from -12:00 to +14:00')
    return minutes


def metrics_file(value: object) -> Path:
    """Read the path of a ``.prom`` file."""
    path = absolute_path(value)
    if path.suffix != ".prom":
        raise UsageError("must end in .prom: the collector reads no other files")
    return path


def mode(least: int, most: int) -> Callable[[object], int]:
    """Return a reader of permissions between two, in octal digits."""

    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch("0?[0-7]{3}", value.strip()):
            value = int(value.strip(), 8)
        if type(value) is not int or value & least != least or value | most != most:
            raise UsageError(f'must be from "0{least:o}" to "0{most:o}"')
        return value

    return read


def retention_rules(value: object) -> tuple[RetentionRule, ...]:
    """Read rules: TOML's list of tables, or the text of one in a variable."""
    rules = _list_in(value) if isinstance(value, str) else value
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise UsageError("must be tables that begin with [[retention]]")
    return tuple(_rule(number, rule) for number, rule in enumerate(rules, 1))


def _list_in(text: str) -> object:
    """Return the list that a text is in TOML; whatever else it is, is none."""
    try:
        return tomllib.loads(f"rules = {one_line(text)}")["rules"]
    except (ValueError, RecursionError) as error:
        raise UsageError('must be such as [{ period = "7y", action = "dispose" }]') from error


def _rule(number: int, rule: Mapping[str, object]) -> RetentionRule:
    """Read one rule; what its filters mean, those know who ask by them."""
    term = Term(
        _part(number, "period", saying(Period.of), rule.get("period")),
        _part(number, "action", one_of(RetentionAction), rule.get("action")),
    )
    named = sorted(rule.keys() - {"period", "action"})
    return RetentionRule(
        term, tuple((name, _part(number, name, _words, rule[name])) for name in named)
    )


def _part(number: int, name: str, read: Callable[[object], T], value: object) -> T:
    """Read one field of a rule; a name that is long or odd is not repeated."""
    try:
        return read(value)
    except UsageError as error:
        shown = name if _FIELD.fullmatch(name) else "a field"
        raise UsageError(f"rule {number}: {shown} {error.message}") from error


def _words(value: object) -> tuple[str, ...]:
    """Read one text, or a list of several."""
    return tuple(map(one_line, value)) if isinstance(value, list) else (one_line(value),)
