"""The result of the use case that lays calls beside the archive, and what ``--json`` has of it."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from archiver.app.opening.windows import span
from archiver.calls.call import LoggedCall
from archiver.completeness.balance import Excluded, MissingCall, WithoutCall
from archiver.completeness.review import DayReview
from archiver.errors import ExitCode
from archiver.json_documents import Json
from archiver.manifest.codec import plain
from archiver.manifest.records.files import Head

ALL = 10_000
"""What all calls are, in hundredths of a per cent."""


class Reconciliation(Struct, frozen=True):
    """What was found of some days, each with its calls and recordings, and whether all were listed.

    ``undated`` are calls of no day that lack their recording. ``listing_proven`` tells of the
    portal's own listing, ``None`` where it was not asked. ``certified`` are the days that got a
    certificate, ``lost`` those whose newest one is not there as it was written, ``head`` what the
    archive's chain came to.
    """

    days: tuple[DayReview, ...]
    undated: tuple[LoggedCall, ...]
    head: Head | None
    listing_proven: bool | None = None
    min_complete: int | None = None
    certified: tuple[date, ...] = ()
    lost: tuple[date, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether the calls and recordings of each day are proven to be all."""
        return self.listing_proven is not False and not any(day.doubts for day in self.days)

    @property
    def complete(self) -> int | None:
        """How many of the calls that must have a recording have it; see :func:`share_of`."""
        return share_of(self.days)

    @property
    def missing(self) -> tuple[tuple[date, MissingCall], ...]:
        """The calls that must have a recording and have none that is held, with their days."""
        return tuple((day.day, each) for day in self.days for each in day.balance.missing)

    @property
    def without_call(self) -> tuple[tuple[date, WithoutCall], ...]:
        """The recordings of no call, with their days."""
        return tuple((day.day, each) for day in self.days for each in day.balance.without_call)

    @property
    def excluded(self) -> tuple[tuple[date, Excluded], ...]:
        """The calls that need no recording, with their days."""
        return tuple((day.day, each) for day in self.days for each in day.balance.excluded)

    @property
    def is_even(self) -> bool:
        """Whether nothing is missing or left over that no person has accepted."""
        return not self.undated and all(day.balance.is_even for day in self.days)

    @property
    def is_enough(self) -> bool:
        """Whether as much is complete as was asked for: all, unless less will do."""
        if self.min_complete is None:
            return self.is_even
        is_above = self.complete is None or self.complete >= self.min_complete
        return is_above and not self.undated

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where all is proven, enough of it complete, and no certificate lost."""
        is_clean = self.proven and self.is_enough and not self.lost
        return ExitCode.CLEAN if is_clean else ExitCode.FINDINGS

    @property
    def document(self) -> dict[str, Json]:
        """What ``--json`` prints (``manifests/reconcile.schema.json``)."""
        excluded: list[Json] = [
            {"id": each.call.id, "day": f"{day}", "why": each.why, "recording": each.recording}
            for day, each in self.excluded
        ]
        alone: list[Json] = [
            {"id": each.found.id, "day": f"{day}", "accepted": each.accepted}
            for day, each in self.without_call
        ]
        return {
            "asked_portal": self.listing_proven is not None,
            "proven": self.proven,
            **_counts(self.days),
            "days": [_day(day, is_lost=day.day in self.lost) for day in self.days],
            "missing": [_missing(day, each) for day, each in self.missing],
            "undated": [call.id for call in self.undated],
            "excluded": excluded,
            "without_call": alone,
            "certified": plain(self.certified),
            "head": plain(self.head),
        }


def share_of(days: Sequence[DayReview]) -> int | None:
    """Return how many calls are complete of those that must be, in hundredths of a per cent.

    It is rounded down, so that only all of them are 100 %; ``None`` where none must have one.
    """
    complete = sum(len(day.balance.complete) for day in days)
    expected = complete + sum(len(day.balance.missing) for day in days)
    return complete * ALL // expected if expected else None


def per_cent(share: int | None) -> str:
    """Return a share as people write it: ``99.15 %``; nothing where there is none.

    >>> per_cent(9915), per_cent(10_000)
    ('99.15 %', '100.00 %')
    """
    return "" if share is None else f"{share // 100}.{share % 100:02} %"


def _counts(days: Sequence[DayReview]) -> dict[str, Json]:
    share = share_of(days)
    return {
        "calls": sum(day.balance.calls for day in days),
        "complete": sum(len(day.balance.complete) for day in days),
        "missing_calls": sum(len(day.balance.missing) for day in days),
        "excluded_calls": sum(len(day.balance.excluded) for day in days),
        "recordings_without_call": sum(len(day.balance.without_call) for day in days),
        "percent": None if share is None else share / 100,
    }


def _day(day: DayReview, *, is_lost: bool) -> dict[str, Json]:
    return {
        "day": f"{day.day}",
        **_counts([day]),
        "doubts": [*day.doubts],
        "unsettled": [*day.unsettled],
        "certificate": plain(day.certificate),
        "certificate_is_current": day.is_current,
        "certificate_is_lost": is_lost,
    }


def _missing(day: date, each: MissingCall) -> dict[str, Json]:
    when = each.call.when
    return {
        "id": each.call.id,
        "day": f"{day}",
        **(span(when) if when else {"from": None, "to": None}),
        "says_recorded": each.call.says_recorded,
        "why": each.why,
        "recording": each.recording,
        "others": [*each.others],
        "accepted": each.accepted,
    }
