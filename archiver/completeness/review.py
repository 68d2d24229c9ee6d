"""Looking at a portal day: its balance, what its listings prove, and whether it can be certified.

A day closes when it is settled, two runs have listed the same of both reports, by proof and not by
acceptance, every call that was listed is there to be read, and nothing is left over that no person
has accepted. A call without a time may be of any day, so none closes while one of those is missing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from archiver.calls.call import LoggedCall
from archiver.calls.reconciliation import MARGIN, reach
from archiver.catalog import Catalog
from archiver.completeness.balance import DayBalance, Material, balance
from archiver.completeness.day_calls import CallSource, DayCalls
from archiver.completeness.erased_calls import listed_with
from archiver.completeness.expected import Rules
from archiver.domain.expectation import Expectation, GapKind
from archiver.domain.quantities import counted
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import Window, beside
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.records.listings import ListedDay

Erased = Mapping[RecordingId, RecordingId]
"""Calls that were erased, each with the recording that it was of."""


class DayReview(Struct, frozen=True):
    """What was found of a ``day``.

    ``listings`` are those of both reports that two runs agreed on. ``doubts`` say why its calls or
    recordings may not be all, ``unsettled`` what else keeps it from being certified, in words.
    ``certificate`` is its newest, which ``is_current`` unless something of the day came after it,
    or by these rules it adds up no more.
    """

    day: date
    balance: DayBalance
    listings: tuple[ListedDay, ...]
    doubts: tuple[str, ...]
    unsettled: tuple[str, ...]
    certificate: ArchivedFile | None
    is_current: bool

    @property
    def closes(self) -> bool:
        """Whether all of it adds up, and is proven to."""
        return self.balance.is_even and not (self.doubts or self.unsettled)


class Reviewer:
    """Looks at days of one archive. ``settled`` are those that are due no more.

    Those before ``overdue_before`` should have been listed once nothing of them came any more.
    With ``asks_portal``, the portal has just listed the ``calls``: then its proof stands for that
    of the archive's listings of calls.
    """

    def __init__(  # noqa: PLR0913 - what it looks at, and by which rules
        self,
        catalog: Catalog,
        calls: CallSource,
        expectation: Expectation,
        settled: Iterable[date],
        *,
        overdue_before: date = date.min,
        asks_portal: bool = False,
    ) -> None:
        self.catalog, self.expectation = catalog, expectation
        self._overdue_before = overdue_before
        self.settled, self._calls = frozenset(settled), calls
        self._asks_portal = asks_portal
        self.undated = self._undated()

    def review(self, day: date) -> DayReview:
        """Return what is found of a day."""
        its = self._of(day)
        erased = self._erased(day, its)
        whole = [self.catalog.certified.whole_listing(each, day) for each in Report]
        listings = tuple(each for each in whole if each)
        material = self._material(day, its, erased or {})
        words = balance(day, material, self.expectation)
        return DayReview(
            day=day,
            balance=words,
            listings=listings,
            doubts=(*self._doubts(day, erased), *_of_one_id(material.calls)),
            unsettled=tuple(self._unsettled(day, listings)),
            certificate=self.catalog.certified.certificate(day),
            is_current=words.is_even and self.catalog.certified.is_current(day),
        )

    def _of(self, day: date | None) -> DayCalls:
        """Return the calls of a day, but for those that the portal lists and that were erased."""
        its = self._calls.of(day)
        erased = self.catalog.erased.calls_among(its.ids) if self._asks_portal else frozenset()
        if not erased:
            return its
        return replace(its, calls=tuple(call for call in its.calls if call.id not in erased))

    def _erased(self, day: date, its: DayCalls) -> Erased | None:
        """Return the erased calls of a day that are in its listing.

        ``None`` where that has others beside them that are not archived, or not each that is.
        """
        erased = self.catalog.erased.calls_on(day)
        listed = self.catalog.certified.last_listing(Report.CALLS, day)
        if self._asks_portal:
            there = frozenset(self._calls.of(day).ids)
        elif listed is None:
            there = frozenset(erased)
        else:
            agreed = self.catalog.certified.agreed_ids(Report.CALLS, day)
            found = listed_with(agreed or listed.sha256, its.ids, erased)
            if found is None:
                return None
            there = found
        return {id_: recording for id_, recording in erased.items() if id_ in there}

    def _material(self, day: date, its: DayCalls, erased: Erased) -> Material:
        window = Window.day(day)
        slack = timedelta(milliseconds=self.expectation.slack_ms)
        wide = window.grown(MARGIN + slack)
        others = (self._of(each).calls for each in beside(day))
        calls = [
            *its.calls,
            *(call for call in chain.from_iterable(others) if _overlaps(call, wide)),
            *self._of(None).calls,
        ]
        recordings = [*self.catalog.search.known_in(reach(window, calls, slack))]
        lacking = [each.id for each in recordings if not each.held]
        return Material(
            calls,
            recordings,
            self.catalog.recordings.many(lacking),
            self.catalog.search.shared_objects(call.object for call in calls),
            self.catalog.certified.accepted_gaps(day),
            erased,
        )

    def _doubts(self, day: date, erased: Erased | None) -> Iterable[str]:
        """Yield why the calls or the recordings of a day may not be all."""
        reports = [each for each in Report if each is Report.RECORDINGS or not self._asks_portal]
        for report in reports:
            agreed = self.catalog.certified.agreed_ids(report, day)
            listed = self.catalog.certified.last_listing(report, day)
            if listed is None:
                yield f"its {report.value} were not listed since it ended"
            elif not (agreed or (listed.counts and self._is_listed(report, day, so_far=True))):
                yield f"the listing of its {report.value} is not proven, or lacks some"
            elif report is Report.CALLS and erased is None:
                yield f"of {counted(listed.count, 'listed call')}, not each is archived"
            elif day < self._overdue_before and not (agreed or self._is_listed(report, day)):
                yield f"its {report.value} were listed last when more could come: archiver pull"
        for each in (day, *beside(day), None):
            flaw = self._calls.of(each).flaw
            if flaw is not None:
                yield flaw

    def _is_listed(self, report: Report, day: date, *, so_far: bool = False) -> bool:
        return day in self.catalog.days.whole_in(report, day, day, so_far=so_far)

    def _unsettled(self, day: date, listings: Sequence[ListedDay]) -> Iterable[str]:
        """Yield what keeps a day from being certified, though all of it may be there."""
        if day not in self.settled:
            yield "it is not settled yet"
        elif len(listings) < len(Report):
            yield "what was listed of it last is not what two runs have proven"
        if self.undated:
            yield f"{counted(len(self.undated), 'call')} without a time may be of it"

    def _undated(self) -> tuple[LoggedCall, ...]:
        """Return the calls of no day that lack their recording, and no person has accepted that.

        An object that several of them give is that of none.
        """
        rules = Rules(self.expectation)
        accepted = self.catalog.certified.accepted_gaps(None)
        calls = self._of(None).calls
        times = Counter(call.object for call in calls)
        own = {call.id: call.object if times[call.object] == 1 else None for call in calls}
        return tuple(
            call
            for call in calls
            if not rules.exclusion_of(call, is_recorded=False)
            and not self.catalog.calls.has_recording(call.id, own[call.id])
            and (GapKind.MISSING, call.id) not in accepted
        )


def _of_one_id(calls: Iterable[LoggedCall]) -> Iterator[str]:
    """Yield what is doubtful where the portal gave one id to several calls that lie near."""
    times = Counter(call.id for call in calls)
    if several := sum(count > 1 for count in times.values()):
        ids = counted(several, "id is", "ids are")
        yield f"{ids} of several calls: which of them a recording is of can't be told"


def _overlaps(call: LoggedCall, window: Window) -> bool:
    return call.when is not None and (
        call.when.first <= window.last and window.first <= call.when.last
    )
