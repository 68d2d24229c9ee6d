"""An answer of the portal, and what other answers say of it."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.portal.proving.walk import Listed, RowKey


class Says(Enum):
    """What other answers say of one."""

    WHOLE = "whole"
    """One of them is larger, or they hold the very rows that it has: no limit cut it."""
    ALONE = "alone"
    """The portal lists no other row that it could be held against."""
    OTHERWISE = "otherwise"
    """They contradict it."""
    NOTHING = "nothing"
    """There is none that could be asked for."""


class Answer(Struct, frozen=True):
    """What the walks of a window came to, as it was asked for.

    ``total`` is ``None`` where the portal gives none; ``is_flat`` tells that it has no pages.
    """

    report: Report
    window: Window
    rows: Mapping[RowKey, Listed]
    total: int | None
    is_flat: bool

    @property
    def keys(self) -> frozenset[RowKey]:
        """Its rows by what tells them apart alone."""
        return frozenset(self.rows)

    @property
    def said(self) -> int:
        """How many rows there are by this answer."""
        return len(self.rows) if self.total is None else self.total


class AnswerVerdict(Struct, frozen=True):
    """What other answers say of one, and why; ``rows`` are those of its window that it lacked."""

    says: Says
    why: str = ""
    rows: Mapping[RowKey, Listed] = field(default_factory=dict)


WHOLE = AnswerVerdict(Says.WHOLE)
NO_TOTAL = AnswerVerdict(Says.NOTHING, "this portal gives no totals and ignores times of day")
