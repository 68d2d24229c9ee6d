"""What the archive knows of portal days: listed, whole, accepted or settled, and what is left."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime
from functools import partial
from itertools import chain

from archiver.catalog.days.settlement import AGREED, DOUBTFUL, SETTLED, SO_FAR, WHOLE, since
from archiver.catalog.questions.asker import Questions
from archiver.catalog.questions.recording_states import TRIED, WAITS
from archiver.catalog.recording_rows import day_text
from archiver.catalog.schema import AS_ACCEPTED
from archiver.catalog.sql import select
from archiver.domain.recordings import Report
from archiver.manifest.records.listings import AskedWindow, ListedDay
from archiver.overview.archive_figures import DayOfReport
from archiver.overview.archive_status import LOOKED_BACK, DaysSoFar

Row = tuple[object, ...]


_ROWS = (
    "SELECT day, max(count - iif(report = 'recordings', (SELECT count(*) FROM recordings AS each"
    " WHERE each.day = days.day AND each.source = 'calls'), 0), ifnull(total, 0)) FROM days"
    " WHERE report = ? AND day BETWEEN ? AND ?"
)
"""The rows of days; those that came from the call log are none that their report lists."""
_LISTED = "(report, day, count, sha256, total, missing, lacks) AS (VALUES (?, ?, ?, ?, ?, ?, ?))"
_ACCEPTS = f"WITH days {_LISTED} {select('1', f'days JOIN accepted AS a ON {AS_ACCEPTED}')}"

_NEWEST_COUNTS = (
    "SELECT day, count(*) FROM recordings WHERE day IN (SELECT DISTINCT day FROM recordings"
    " WHERE day > '' AND day <= ? ORDER BY day DESC LIMIT ?) GROUP BY day"
)


class KnownDays(Questions):
    """Questions about days by the portal's clock."""

    def since(self) -> date | None:
        """Return the first day that the archive answers for, ``None`` while nobody said one."""
        with self._asker.reading() as database:
            return since(database)

    def was_listed(self, report: Report, day: date) -> bool:
        """Whether a run has listed all of a portal day after its end, proven or not."""
        question = "SELECT 1 FROM days WHERE report = ? AND day = ?"
        return any(self._asker.rows(question, report, day_text(day)))

    def listed_in(self, report: Report, days: Collection[date]) -> set[date]:
        """Return those of the days, one at least, that a run has listed all of, proven or not."""
        question = "SELECT day FROM days WHERE report = ? AND day BETWEEN ? AND ?"
        ends = day_text(min(days)), day_text(max(days))
        return {*self._asker.each(_day, question, report, *ends)} & {*days}

    def rows_of(self, report: Report, days: Collection[date]) -> dict[date, int]:
        """Return how many rows each of these days had when it was listed last, by the larger word.

        That is what was seen, or what the portal said. Audio that only a call has is seen as well,
        and is no row of the recordings' report.
        """
        if not days:
            return {}
        ends = day_text(min(days)), day_text(max(days))
        every = {
            date.fromisoformat(str(day)): int(str(count))
            for day, count in self._asker.rows(_ROWS, report, *ends)
        }
        return {day: every[day] for day in days if day in every}

    def has_left(self, report: Report, day: date) -> bool:
        """Whether a portal day was never listed to its end, or something of it waits for audio."""
        question = "SELECT 1 FROM recordings WHERE source = ? AND day = ?"
        question += f" AND {WAITS}"
        waits = any(self._asker.rows(question, report, day_text(day)))
        return waits or not self.was_listed(report, day)

    def is_whole(self, report: Report, day: date) -> bool:
        """Whether the last listing of a portal day says what all of it is.

        It is proven, or accepted, and of a time when nothing of the day comes any more.
        """
        question = "SELECT 1 FROM listings WHERE report = ? AND day = ? AND"
        return any(self._asker.rows(f"{question} {WHOLE}", report, day_text(day)))

    def whole_in(
        self, report: Report, first: date, last: date, *, so_far: bool = False
    ) -> set[date]:
        """Return the days from one to another of which the last listing says what all of it is.

        Or only what there was of it ``so_far``, when it was listed: more may have come since.
        """
        question = "SELECT day FROM listings WHERE report = ? AND day BETWEEN ? AND ? AND"
        sides = day_text(first), day_text(last)
        whole = SO_FAR if so_far else WHOLE
        return {*self._asker.each(_day, f"{question} {whole}", report, *sides)}

    def unfinished(self, reports: Iterable[Report]) -> Iterator[DayOfReport]:
        """Yield the days that runs over a named window have left, by report.

        They were cut off, had no budget left, could not prove it, or are doubtful; and no listing
        since says all there was of these days.
        """
        asked = {*chain.from_iterable(self._asker.each(_span, "SELECT first, last FROM asked"))}
        if not asked:
            return
        for report in reports:
            whole = self.whole_in(report, min(asked), max(asked), so_far=True)
            yield from (DayOfReport(report, day) for day in sorted(asked - whole))

    def left_behind(self, reports: Iterable[Report], tried_before: datetime) -> set[date]:
        """Return the days that runs over a named window have left, and that none has taken up.

        So are those of which something waits for its audio and was tried last before a moment.
        """
        question = select(f"day, {TRIED}", f"recordings WHERE day > '' AND {WAITS}")
        waiting = self._asker.each(_day_and_moment, question)
        forgotten = {day for day, tried in waiting if tried < tried_before}
        return forgotten.union(each.day for each in self.unfinished(reports))

    def is_named(self, window: AskedWindow, reports: Collection[Report]) -> bool:
        """Whether whoever asks for all is told of each day of a window that is not there yet.

        The archive answers for the days, a run has noted them, or all of each is listed.
        """
        first, last = window.first.date(), window.last.date()
        day = self.since()
        if day is not None and day <= first:
            return True
        noted = "SELECT 1 FROM asked WHERE first <= ? AND last >= ? AND with_calls >= ?"
        sides = window.first.isoformat(), window.last.isoformat()
        if any(self._asker.rows(noted, *sides, Report.CALLS in reports)):
            return True
        days = {*_days(first, last)}
        return all(self.whole_in(each, first, last, so_far=True) == days for each in reports)

    def first_known(self) -> date | None:
        """Return the first day that was listed, or has a recording; ``None`` if there is none."""
        question = "SELECT day FROM (SELECT min(day) AS day FROM days UNION ALL"
        question += (
            " SELECT min(day) FROM recordings WHERE day > '') WHERE day NOT NULL ORDER BY day"
        )
        return next(self._asker.each(_day, question), None)

    def settled(self, reports: Iterable[Report], before: date) -> set[date]:
        """Return the portal days of before a day that need no more listing, in all these reports.

        Two runs have listed the same of each, proven, and each recording is held, accepted or
        erased; or a person has accepted its listing, and it was listed so when nothing of it came
        any more.
        """
        every = [{*self._asker.each(_day, SETTLED, each, day_text(before))} for each in reports]
        return set.intersection(*every) if every else set()

    def counts(self, first: date, last: date) -> dict[date, int]:
        """Return how many recordings are known of each portal day that has some."""
        question = "SELECT day, count(*) FROM recordings WHERE day BETWEEN ? AND ? GROUP BY day"
        return dict(self._asker.each(_day_and_count, question, day_text(first), day_text(last)))

    def accepts(self, listed: ListedDay) -> bool:
        """Whether a person accepted the listing of a day: these ids, this total, lacking this."""
        told = (listed.report, day_text(listed.day), listed.count, listed.sha256, listed.total)
        return any(self._asker.rows(_ACCEPTS, *told, listed.missing, listed.lacks))

    def doubtful_listings(self, day: date) -> tuple[ListedDay, ...]:
        """Return the last listings of a day that a person may accept.

        They were without proof, or without rows that the archive has, and nobody accepted that.
        """
        rows = self._asker.each(listed_of(day), DOUBTFUL, day_text(day))
        return tuple(rows)

    def so_far(self, reports: Iterable[Report], today: date) -> DaysSoFar:
        """Return what is known of the days of these reports."""
        newest = self._asker.each(_day_and_count, _NEWEST_COUNTS, day_text(today), LOOKED_BACK)
        return DaysSoFar(self.since(), self.settled(reports, today), dict(newest))

    def agreed(self, report: Report) -> set[date]:
        """Return the days of which runs agreed on all there is, when no more of it would come."""
        return {*self._asker.each(_day, AGREED, report)}


def _day(row: Row) -> date:
    return date.fromisoformat(str(row[0]))


def _span(row: Row) -> Iterator[date]:
    first, last = (datetime.fromisoformat(str(each)).date() for each in row)
    return _days(first, last)


def _days(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def _day_and_count(row: Row) -> tuple[date, int]:
    return _day(row), int(str(row[1]))


def _day_and_moment(row: Row) -> tuple[date, datetime]:
    return _day(row), datetime.fromisoformat(str(row[1]))


def listed_of(day: date) -> Callable[[Row], ListedDay]:
    """Return what reads a listing of a day."""
    return partial(_listed, day)


def _listed(day: date, row: Row) -> ListedDay:
    report, count, sha256, proven, total, missing, lacks = row
    return ListedDay(
        Report(str(report)), day, int(str(count)), str(sha256), bool(proven),
        None if total is None else int(str(total)), int(str(missing)),
        None if lacks is None else str(lacks),
    )  # fmt: skip
