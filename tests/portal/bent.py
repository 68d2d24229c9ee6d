"""Answers of a sandbox, bent on their way out: as a portal writes them that is not written well."""

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from archiver.sandbox.portal import reports

Bend = Callable[[dict[str, Any]], dict[str, Any] | bytes]
"""Is given an answer, and returns another, or the very bytes that are sent."""


class _Bytes(str):
    """A text that is sent as other bytes."""

    __slots__ = ("sent",)

    sent: bytes

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        del encoding, errors
        return self.sent


def bend(monkeypatch: pytest.MonkeyPatch, how: Bend) -> None:
    """Let every answer of every sandbox be bent from now on."""

    def dumps(answer: dict[str, Any]) -> str:
        bent = how(answer)
        text = _Bytes()
        text.sent = bent if isinstance(bent, bytes) else json.dumps(bent).encode()
        return text

    monkeypatch.setattr(reports, "json", SimpleNamespace(dumps=dumps))


def at_row(id_: str, row: Callable[[bytes], bytes]) -> Bend:
    """Bend the text of one row."""
    return at_rows({id_: row})


def at_rows(bent: Mapping[str, Callable[[bytes], bytes]]) -> Bend:
    """Bend the text of rows, each in its own way."""

    def how(answer: dict[str, Any]) -> bytes:
        mark = json.dumps({**answer, "data": {**answer["data"], "data": "ROWS"}}).encode()
        as_it_is = bytes
        rows = (
            bent.get(row["id"], as_it_is)(json.dumps(row).encode())
            for row in answer["data"]["data"]
        )
        return mark.replace(b'"ROWS"', b"[" + b", ".join(rows) + b"]")

    return how
