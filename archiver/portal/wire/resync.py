"""Rows told apart by how each begins, where a stray quotation mark hides where they end. Pure.

One quotation mark too many or too few puts all that follows it out of step: brackets and commas are
then taken for text, and text for them. But all rows of an answer begin with the same name, and what
stands in a text that was written as JSON can't look like that, as its quotation marks are escaped.

>>> apart = told_apart(b'{"data": [{"id": 1, "by": "x"y"}, {"id": 2, "by": "z"}]}', ("id", "by"))
>>> apart.rows
(b'{"id": 1, "by": "x"y"}', b'{"id": 2, "by": "z"}')
"""

import itertools
import re
from collections.abc import Collection
from contextlib import suppress

from msgspec import Struct

import archiver.json_documents as documents
from archiver.json_documents import BadDocument

_ROWS = re.compile(rb'"data"\s*:\s*\[\s*(?=\{\s*("(?:[^"\\]++|\\.)*+")\s*:)')
"""What stands before the first row, and the name that this begins with."""
_END = re.compile(rb"\s*\]\s*(?=[,}])")
_MOST_ENDS, _MOST_BEHIND = 16, 64 * 1024
"""So many brackets are tried for the one that ends the list, and no more bytes stand behind it."""


class RowsApart(Struct, frozen=True):
    """An answer's rows as they came, and what stands before and behind them."""

    before: bytes
    rows: tuple[bytes, ...]
    behind: bytes


def told_apart(answer: bytes, names: Collection[str]) -> RowsApart:
    """Return the rows of an answer, each of which has all of ``names``.

    Raises :class:`BadDocument` where they can't be told apart, or what is around them not be read.
    """
    first = _ROWS.search(answer)
    if first is None:
        raise BadDocument("no list of rows")
    before = answer[: first.end()]
    begin = re.compile(rb",\s*(?=\{\s*" + re.escape(first[1]) + rb"\s*:)")
    *rows, last = _whole(begin.split(answer[first.end() :]), names)
    row, behind = _ended(before, last)
    return RowsApart(before, (*rows, row), behind)


def has_several(text: bytes, names: Collection[str]) -> bool:
    """Whether a text that was taken for one row has all names of rows more than once."""
    return all(len(each.findall(text)) > 1 for each in _mentions(names))


def _whole(parts: list[bytes], names: Collection[str]) -> list[bytes]:
    """Return the parts that are rows; one without their names belongs to the one before it."""
    rows, mentions = [parts[:1]], _mentions(names)
    for part in parts[1:]:
        if all(each.search(part) for each in mentions):
            rows.append([part])
        else:
            rows[-1].append(part)
    return [b",".join(row) for row in rows]


def _mentions(names: Collection[str]) -> list[re.Pattern[bytes]]:
    """Return what finds each of the names of rows in a text."""
    return [re.compile(b'"' + re.escape(name.encode()) + rb'"\s*:') for name in names]


def _ended(before: bytes, last: bytes) -> tuple[bytes, bytes]:
    """Return the last row without what stands behind the list, and that."""
    nearest = max(0, len(last) - _MOST_BEHIND)
    for end in itertools.islice(_END.finditer(last, nearest), _MOST_ENDS):
        behind = last[end.start() :].lstrip()
        around = before + behind
        with suppress(BadDocument):
            documents.loads(around, max_bytes=len(around))
            return last[: end.start()], behind
    raise BadDocument("no end of the rows")
