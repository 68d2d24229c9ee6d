"""What filters mean for the archive that they are asked of, and what its answer may lack."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

from msgspec import Struct

from archiver.app.opening.context import Context
from archiver.app.opening.typed_offsets import ArchivedOffsets
from archiver.calls.linking import link_calls
from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.filtered import FilteredRecordings
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.domain.quantities import counted
from archiver.domain.recordings import Report
from archiver.domain.times.wall_clock import clock_lag
from archiver.domain.times.window import EARLIEST, LATEST, Window, in_words
from archiver.filters.filters import Filters
from archiver.filters.request import FilterRequest
from archiver.get.archive_reader import portal_now

SAMPLE = 20


class MayBeMissing(Struct, frozen=True):
    """What may be missing where an archive was asked by filters.

    Of ``untold`` recordings nothing tells whether they match; ``sample`` has the oldest of them.
    ``unknown_ids`` are no recording's of the archive. Of the days in ``not_whole`` it has no
    listing that is proven and was made when nothing of them came any more, so that recordings of
    them may be unknown to it; of those that are ``early`` among them it has one that is proven, and
    was made before all could have come. ``begins`` is the first day that it answers for or has
    something of, where all that is asked for lies before it. Of an archive that ``is_unbegun`` no
    run has entered anything yet.
    """

    untold: int = 0
    sample: tuple[FoundRow, ...] = ()
    unknown_ids: tuple[str, ...] = ()
    not_whole: tuple[date, ...] = ()
    begins: date | None = None
    early: frozenset[date] = frozenset()
    is_unbegun: bool = False

    @property
    def unlisted(self) -> tuple[date, ...]:
        """The days of which no listing is proven."""
        return tuple(day for day in self.not_whole if day not in self.early)

    @property
    def still_coming(self) -> tuple[date, ...]:
        """The days that were listed, proven, and may have got recordings since."""
        return tuple(day for day in self.not_whole if day in self.early)

    @property
    def is_nothing(self) -> bool:
        """Whether the answer is all that there is."""
        return not (self.untold or self.unknown_ids or self.not_whole or self.is_unbegun)


def filters_of(
    request: FilterRequest, catalog: Catalog, context: Context, *, only_sure: bool = False
) -> Filters:
    """Return what is meant, by the portal's clock as the archive knows it.

    Where it is asked for what is said of calls, the catalog knows then which recordings are theirs.
    Of a time with an offset, or in words that move with the clock, it is said what is assumed;
    ``only_sure`` raises :class:`UsageError`.
    """
    utc_offset = context.settings.portal.utc_offset
    now, minutes = portal_now(catalog, utc_offset)
    in_utc = now.replace(microsecond=0) - timedelta(minutes=minutes)
    offsets = ArchivedOffsets(catalog, utc_offset)
    if only_sure:
        offsets.require(request.with_offset)
        offsets.require_words(request, in_utc)
    offsets.tell(request.with_offset, context.listener)
    offsets.tell_words(request, in_utc, context.listener)
    filters = request.read(now, offsets.at)
    if filters.asks_of_calls:
        _link(catalog, filters, context)
    return filters


def tell_window(filters: Filters, context: Context) -> None:
    """Say how the time that is named was understood, before anything is done by it."""
    if filters.window is not None:
        context.listener.say(f"Window: {in_words(filters.window)}", "window")


def _link(catalog: Catalog, filters: Filters, context: Context) -> None:
    """Work out which calls recordings are of, on the days that are asked for."""
    window = filters.window or Window(EARLIEST, LATEST)
    left = 0

    def hear(days: int) -> None:
        nonlocal left
        left = days

    with context.listener.waiting("matching calls with recordings", lambda: counted(left, "day")):
        link_calls(catalog, window.first.date(), window.last.date(), hear)


def may_be_missing(
    catalog: Catalog,
    filters: Filters,
    context: Context,
    among: FilteredRecordings | None = None,
) -> MayBeMissing:
    """Return what the archive can't answer of these filters.

    Where neither a time nor an id is asked for, it is all that the archive answers for, up to its
    last run, and the days that were named for runs over a window. It is to be asked before the
    answer, or in one state with it: a run beside it may make whole what the answer lacks.
    ``among`` is asked what may match, else by the numbers of what is held.
    """
    filtered = among or catalog.filtered
    now, offset = portal_now(catalog, context.settings.portal.utc_offset)
    now += clock_lag(catalog.runs.last_at())
    untold = filtered.count_untold(filters)
    sample = islice(filtered.untold(filters), SAMPLE) if untold else ()
    unknown_ids = filtered.unknown_ids(filters)
    if filters.ids:
        return MayBeMissing(untold, tuple(sample), unknown_ids)
    reports, window = reports_of(catalog, context), filters.window
    if window is None:
        unlisted = {*_unlisted(catalog, offset, reports), *_unfinished(catalog, reports)}
        return MayBeMissing(
            untold,
            tuple(sample),
            unknown_ids,
            tuple(sorted(unlisted)),
            is_unbegun=catalog.runs.last_at() is None,
        )
    days = tuple(_not_whole(catalog, window, now, reports))
    begins = _beginning(catalog)
    is_before = begins is not None and window.last.date() < begins
    before = begins if is_before else None
    early = _early(catalog, days, reports)
    return MayBeMissing(untold, tuple(sample), unknown_ids, days, before, early)


def reports_of(catalog: Catalog, context: Context) -> tuple[Report, ...]:
    """Return which reports an archive is of: a call may have audio of its own."""
    return Report.those_of(with_calls=context.settings.calls and catalog.runs.has_calls())


def _not_whole(
    catalog: Catalog, window: Window, now: datetime, reports: Sequence[Report]
) -> Iterator[date]:
    """Yield the days until now of which the archive can't know that it knows every recording.

    Where no beginning is asked for, they begin where the archive does. Of a time that lies before
    that, or is yet to come, one day is named: nothing is known of it.
    """
    first, last = window.first.date(), min(window.last.date(), now.date())
    if window.first == EARLIEST:
        first = min(_beginning(catalog) or last, last)
    last = max(first, last)
    yield from _without_proof(catalog, first, last, reports)


def _without_proof(
    catalog: Catalog, first: date, last: date, reports: Sequence[Report], *, so_far: bool = False
) -> Iterator[date]:
    """Yield the days whose last listing does not say all of them, or all that there was so far."""
    whole = _whole(catalog, first, last, reports, so_far=so_far)
    yield from (day for day in Window.days(first, last).each_day() if day not in whole)


def _whole(
    catalog: Catalog, first: date, last: date, reports: Sequence[Report], *, so_far: bool
) -> set[date]:
    """Return the days of which each report is listed whole, and none without proof.

    The call log is listed without proof also where the last run was one without it.
    """
    known = (catalog.days.whole_in(each, first, last, so_far=so_far) for each in reports)
    return set.intersection(*known) - {each.day for each in catalog.holdings.unproven()}


def _unlisted(catalog: Catalog, offset: int, reports: Sequence[Report]) -> Iterator[date]:
    """Yield the days that the archive answers for, over by its last run, and has no proof of.

    Of the days since that run nothing is said here: an archive that is closed stays as it is.
    """
    since, ran = catalog.days.since(), catalog.runs.last_at()
    if since is None or ran is None:
        return
    last = (ran + timedelta(minutes=offset)).date() - timedelta(days=1)
    if since <= last:
        yield from _without_proof(catalog, since, last, reports, so_far=True)


def _unfinished(catalog: Catalog, reports: Sequence[Report]) -> Iterator[date]:
    """Yield the days of windows that were named and that no run has done all of."""
    yield from (each.day for each in catalog.days.unfinished(reports))


def _early(catalog: Catalog, days: Sequence[date], reports: Sequence[Report]) -> frozenset[date]:
    """Return those of the days whose last listing is proven, of every report."""
    if not days:
        return frozenset()
    whole = _whole(catalog, min(days), max(days), reports, so_far=True)
    return frozenset(days) & whole


def _beginning(catalog: Catalog) -> date | None:
    """Return the first day that the archive answers for or has something of, if there is one."""
    days = (catalog.days.since(), catalog.days.first_known())
    return min((day for day in days if day), default=None)
