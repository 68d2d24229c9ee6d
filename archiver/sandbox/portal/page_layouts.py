"""Pages of rows in the three shapes that the provider's portals answer in."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

Row = Mapping[str, object]
_COUNTS = {"last_page", "last_page_url", "total"}
_META = ("current_page", "from", "last_page", "path", "per_page", "to", "total")


class SandboxShape(StrEnum):
    """How an answer is laid out."""

    NESTED = "nested"
    """``{"status", "data": {"data": [...], "current_page", "total", ...}}``: the page's sample."""
    RESOURCE = "resource"
    """``{"status", "code", "message", "data": [...], "links", "meta"}``."""
    FLAT = "flat"
    """``{"status", "data": [...]}``: every row at once."""


class SandboxPage(Struct, frozen=True):
    """Page ``number`` of ``total`` rows; ``path`` is the report's address, without any query."""

    rows: Sequence[Row]
    number: int
    per_page: int
    total: int
    path: str
    next_path: str

    @property
    def last(self) -> int:
        """The number of the last page (1 when there are no rows)."""
        return max(1, -(-self.total // self.per_page))

    @property
    def next_url(self) -> str | None:
        """The next page, without the filter: as on the portal, following it leads astray."""
        return f"{self.next_path}?page={self.number + 1}" if self.number < self.last else None

    @property
    def previous_url(self) -> str | None:
        """The page before."""
        return f"{self.path}?page={self.number - 1}" if self.number > 1 else None

    @property
    def span(self) -> tuple[int | None, int | None]:
        """The places of the first and last row in the whole listing, from 1."""
        if not self.rows:
            return None, None
        before = (self.number - 1) * self.per_page
        return before + 1, before + len(self.rows)


def laid_out(page: SandboxPage, shape: SandboxShape, *, counted: bool = True) -> dict[str, object]:
    """Return the JSON document of ``page`` in ``shape``; one not ``counted`` tells no total."""
    if shape is SandboxShape.FLAT:
        return {"status": "OK", "data": page.rows}
    data = _nested(page)
    if not counted:
        data = {name: value for name, value in data.items() if name not in _COUNTS}
    if shape is SandboxShape.NESTED:
        return {"status": "OK", "data": data}
    return _resource(page, data)


def _nested(page: SandboxPage) -> dict[str, object]:
    first, last = page.span
    return {
        "current_page": page.number,
        "data": page.rows,
        "first_page_url": f"{page.path}?page=1",
        "from": first,
        "last_page": page.last,
        "last_page_url": f"{page.path}?page={page.last}",
        "next_page_url": page.next_url,
        "path": page.path,
        "per_page": page.per_page,
        "prev_page_url": page.previous_url,
        "to": last,
        "total": page.total,
    }


def _resource(page: SandboxPage, data: Mapping[str, object]) -> dict[str, object]:
    return {
        "status": 200,
        "code": "SUCCESS",
        "message": "The request was successful",
        "data": page.rows,
        "links": {
            "first": data["first_page_url"],
            "last": data.get("last_page_url"),
            "prev": data["prev_page_url"],
            "next": data["next_page_url"],
        },
        "meta": {name: data[name] for name in _META if name in data},
    }
