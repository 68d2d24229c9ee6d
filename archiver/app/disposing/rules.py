"""The retention rules of the settings, with what their filters mean for an archive."""

import difflib
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any

from msgspec import Struct
from msgspec.structs import fields, replace

from archiver.app.opening.context import Context
from archiver.app.opening.filtering import filters_of
from archiver.catalog import Catalog
from archiver.config.settings import RetentionRule, Settings
from archiver.domain.disposal import Term
from archiver.domain.times.portal_offsets import always
from archiver.errors import UsageError
from archiver.filters.filters import Filters
from archiver.filters.request import FILTER_FIELDS, FilterRequest
from archiver.json_documents import dumps

NAMES = tuple(name for name in FILTER_FIELDS if name != "ids")
"""The filters that a rule may have: single recordings are kept by a hold."""
_SEVERAL = frozenset(each.name for each in fields(FilterRequest) if each.default == ())
_SHOWN = 24
_FAR_APART = [datetime.combine(day, time()) for day in (date(2001, 1, 1), date(2101, 7, 7))]
"""Two moments of portal time, which has no zone."""
_SCRYPT_N, _SCRYPT_R = 1 << 14, 8


class ReadRule(Struct, frozen=True):
    """A rule as an archive can be asked by it."""

    term: Term
    filters: Filters


def check_rules(settings: Settings) -> None:
    """Raise :class:`UsageError` for a rule whose filters can't be read, naming the rule."""
    now = datetime.now(UTC).replace(tzinfo=None)
    for number, rule in enumerate(settings.disposal.rules, 1):
        with _named(number):
            _request(rule).check(now)


def read_rules(context: Context, catalog: Catalog) -> tuple[ReadRule, ...]:
    """Return the rules in force. Raises :class:`UsageError` for one that can't be read."""
    return tuple(
        _read(number, rule, context, catalog)
        for number, rule in enumerate(context.settings.disposal.rules, 1)
    )


def require_rules(settings: Settings) -> None:
    """Raise :class:`UsageError` where no rule is set, or one can't be read."""
    if not settings.disposal.rules:
        raise UsageError(
            "No retention rules are set, so nothing is ever disposed of.",
            advice="Set [[retention]] rules: see docs/settings.md.",
        )
    check_rules(settings)


class RulesSeal(Struct, frozen=True):
    """What tells whether rules are still the same.

    They may hold phone numbers, so the digest has a ``salt`` (both are hex digits) and takes its
    time: nobody can try all numbers.
    """

    salt: str
    digest: str

    def __post_init__(self) -> None:
        bytes.fromhex(self.salt)

    @classmethod
    def of(cls, settings: Settings, salt: str | None = None) -> "RulesSeal":
        """Return the seal of the rules in force."""
        salt = salt or secrets.token_hex(16)
        rules = settings.disposal.rules
        words = [[str(each.term), [[n, list(told)] for n, told in each.filters]] for each in rules]
        text = dumps(words)
        digest = hashlib.scrypt(text, salt=bytes.fromhex(salt), n=_SCRYPT_N, r=_SCRYPT_R, p=1)
        return cls(salt, digest[:32].hex())

    def fits(self, settings: Settings) -> bool:
        """Whether the rules in force are those that were sealed."""
        return RulesSeal.of(settings, self.salt) == self


def _read(number: int, rule: RetentionRule, context: Context, catalog: Catalog) -> ReadRule:
    with _named(number):
        return ReadRule(rule.term, filters_of(_request(rule), catalog, context, only_sure=True))


def _request(rule: RetentionRule) -> FilterRequest:
    asked: dict[str, Any] = {name: _value(name, words) for name, words in rule.filters}
    request = FilterRequest(**asked)
    _require_dates(request)
    return request


def _require_dates(request: FilterRequest) -> None:
    """Raise :class:`UsageError` for a time that a clock moves: set forward, it would free all."""
    ends = (replace(request, until=None), replace(request, since=None))
    read = [[each.read(moment, always(0)).window for each in ends] for moment in _FAR_APART]
    if read[0] != read[1]:
        raise UsageError(
            "its time moves with the clock.", advice='Write a date, such as since = "2021-01-01".'
        )


def _value(name: str, words: tuple[str, ...]) -> object:
    if name not in NAMES:
        near = "".join(difflib.get_close_matches(name, NAMES, n=1))
        shown = name if len(name) <= _SHOWN and name.isidentifier() else "this"
        raise UsageError(f"{shown} is no filter{f': did you mean {near}?' if near else '.'}")
    if name in _SEVERAL:
        return words
    if len(words) != 1:
        raise UsageError(f"{name} is one text.")
    return words[0]


@contextmanager
def _named(number: int) -> Iterator[None]:
    """Say of which rule it is what can't be read."""
    try:
        yield
    except UsageError as error:
        raise UsageError(
            f"retention rule {number}: {error.message}", advice=error.advice
        ) from error
