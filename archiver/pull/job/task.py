"""What the job of a recording is given: plain values, which any process may be sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from archiver.domain.times.portal_zone import Offset
from archiver.pull.plan import Work

OffsetOf = Callable[[datetime | None, str], Offset]
"""Tells the offset of a recording by its portal time and its id."""


@dataclass(frozen=True, slots=True)
class Task:
    """One recording to bring to its outcome, with its portal's ``offset`` from UTC.

    One that ``has_orphans`` may find files of it in the archive that no manifest names.
    """

    work: Work
    offset: Offset
    has_orphans: bool = False
