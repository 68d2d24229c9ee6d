"""Taking secrets and numbers out of texts that others wrote: log lines, foreign tracebacks.

Our own messages never hold any; this is for what libraries put into theirs. It errs on the side of
hiding: an address loses its query, and any long run of digits may be a phone number.

>>> redact("GET https://media.example/a.mp3?X-Amz-Signature=0f failed for +12025550143")
'GET https://media.example/a.mp3?… failed for +…'
"""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from archiver.cli.screen.console import json_line
from archiver.domain.plain_text import printable


def _query_hidden(match: re.Match[str]) -> str:
    return f"{match[1]}?…" if match[2] else match[1]


def _value_hidden(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}…" if match[2] else match[1]


# What may have nothing to hide is matched all the same, so that no text is read twice.
_GIVEN = r"['\"]?\s*[=:]\s*b?['\"]?"
_NAMED = r"(?:access_token|X-Amz-[A-Za-z0-9-]+)"
_RULES = (
    (re.compile(r"(https?://)[^\s/?#@'\"]*@", re.IGNORECASE), r"\1…@"),
    (re.compile(r"(https?://[^\s?#'\"<>]*)([?#][^\s'\"<>]*)?", re.IGNORECASE), _query_hidden),
    (re.compile(rf"({_NAMED})(?:({_GIVEN})[^\s&'\",)]+)?", re.IGNORECASE), _value_hidden),
    (re.compile(r"(\b(?:Bearer|Basic)\s+)[^\s'\",)]+", re.IGNORECASE), r"\1…"),
    (re.compile(r"[0-9]{7,}"), "…"),
)


def redact(text: str) -> str:
    """Return ``text`` without queries, tokens, signatures, passwords in addresses and numbers."""
    for pattern, shown in _RULES:
        text = pattern.sub(shown, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats each record as one redacted line, in UTC; a traceback in it keeps its lines.

    ``account`` is named in every line. With ``as_json`` a record is one JSON object.
    """

    account: str | None = None
    as_json = False
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text, safe to show and to keep."""
        if self.as_json:
            return self._json(record)
        prefix = f"{self.account}: " if self.account else ""
        return "\n".join(prefix + line for line in _safe(super().format(record)))

    def _json(self, record: logging.LogRecord) -> str:
        told = {"account": self.account} if self.account else {}
        return json_line(
            datetime.fromtimestamp(record.created, UTC),
            record.levelname.lower(),
            "logged",
            "\n".join(_safe(_BARE.format(record))),
            logger=record.name,
            **told,
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        """Return the message in one line, so that nobody's text can forge a second one."""
        return printable(super().formatMessage(record))


_BARE = logging.Formatter()


def _safe(text: str) -> Iterator[str]:
    return (printable(redact(line)) for line in text.split("\n"))


def log_to_stderr() -> None:
    """Send warnings of any library to stderr, redacted."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


@contextmanager
def naming(account: str) -> Iterator[None]:
    """Let every line that is logged while the block runs name the account."""
    ours = _formatters()
    for each in ours:
        each.account = account
    try:
        yield
    finally:
        for each in ours:
            each.account = None


def log_as(log_format: str) -> None:
    """Log everything from now on as ``text`` or ``json``."""
    for each in _formatters():
        each.as_json = log_format == "json"


def _formatters() -> list[RedactingFormatter]:
    """Return those of ours that are in use."""
    used = (handler.formatter for handler in logging.getLogger().handlers)
    return [each for each in used if isinstance(each, RedactingFormatter)]


def log_more(verbosity: int) -> None:
    """Log progress as well (1), or everything (2 and more)."""
    if verbosity:
        logging.getLogger().setLevel(logging.INFO if verbosity == 1 else logging.DEBUG)
