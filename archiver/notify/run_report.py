"""What is told of a run, whoever is told. Values only, and nothing in them is personal."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct, field


class RunCost(Struct, frozen=True):
    """What a run brought and asked: ``bytes`` downloaded, links ``refreshed``, requests sent."""

    bytes: int | None = None
    refreshed: int | None = None
    requests: int | None = None
    retries: int | None = None


class RunReport(Struct, frozen=True):
    """How a run ended (UTC), with which exit code, and what it came to in one ``line``.

    ``head`` is ``number:sha256``; ``open_findings`` counts by verdict, or by outcome where there is
    none. ``unsettled_since`` is the first portal day that still has to be looked at;
    ``silence_alarm`` says that its ``silent_days`` are unusual. What a run that was stopped does
    not know is empty, and so is the backlog of a run that was not over all that is due.
    """

    ended: datetime
    code: int
    line: str
    head: str | None = None
    archive: str | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    new_findings: int | None = None
    open_findings: Mapping[str, int] | None = None
    unsettled_since: date | None = None
    silent_days: int | None = None
    silence_alarm: bool | None = None
    backlog_recordings: int | None = None
    backlog_days: int | None = None
    cost: RunCost = field(default_factory=RunCost)
