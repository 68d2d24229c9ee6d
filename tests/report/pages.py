"""A page as whoever has it can take it apart: its policy, its scripts, its data."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

from archiver.check.audit_report import CheckedBy
from archiver.report.contents import contents
from archiver.report.page.html_page import html_page
from archiver.report.subject import Subject
from tests.report.made import subject

PAGE = Path("/srv/report.html")


def page_of(one: Subject, page: Path = PAGE, *, shows_numbers: bool = False) -> bytes:
    """Return the page of an archive, in its folder."""
    return html_page(contents(one, page, shows_numbers=shows_numbers), plays=True)


def page_of_nothing() -> bytes:
    """Return the page of an archive without a recording."""
    return page_of(subject([], by=CheckedBy.READ))


def data_of(page: bytes) -> dict[str, Any]:
    """Return the document that a page shows."""
    block = re.search(rb'<script type="application/octet-stream" id="data">(.*?)</script>', page)
    assert block is not None
    document: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(block[1])))
    return document


def shell_of(page: bytes) -> bytes:
    """Return a page without its data: what is the same for every archive."""
    return re.sub(rb'(id="data">).*?(</script>)', rb"\1\2", page)


def words_of(column: dict[str, Any]) -> list[str]:
    """Return a column of words that repeat, a word a row."""
    return [column["words"][place] for place in column["index"]]


def marks_of(page: bytes) -> list[str]:
    """Return the title of each recording's mark."""
    data = data_of(page)
    names = words_of(data["recordings"]["mark"])
    return [data["marks"][name]["title"] for name in names]
