"""What the archive has and the portal lists no more: it stays, and is evidence. Pure."""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from archiver.domain.recordings import RecordingId, Report
from archiver.manifest.records.listings import HeldDay
from archiver.manifest.state import ids_digest

NAMED = 3


class Unlisted(Struct, frozen=True):
    """What is in no proven listing of a run any more, of one report, by portal day.

    ``sample`` names a few. ``unsettled`` are the days that are due still: on one that is settled,
    rows go when the provider keeps them no longer.
    """

    report: Report
    days: tuple[HeldDay, ...] = ()
    sample: tuple[RecordingId, ...] = ()
    unsettled: tuple[date, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(day.count for day in self.days)


def unlisted(
    report: Report, lost: Iterable[tuple[date, RecordingId]], is_settled: Callable[[date], bool]
) -> Unlisted:
    """Sum up what was lost, given by day; ``is_settled`` tells of a day that it is due no more."""
    days, sample, unsettled = list[HeldDay](), list[RecordingId](), list[date]()
    for day, group in groupby(lost, key=itemgetter(0)):
        ids = [id_ for _, id_ in group]
        days.append(HeldDay(day, *ids_digest(ids)))
        sample += ids[: NAMED - len(sample)]
        unsettled += [] if is_settled(day) else [day]
    return Unlisted(report, tuple(days), tuple(sample), tuple(unsettled))
