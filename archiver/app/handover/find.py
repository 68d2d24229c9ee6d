"""Finding recordings in an archive, and saying what may be missing in the answer: the use case.

The archive alone is asked: its catalog, which follows the chain, or is made anew from it where it
is missing or stale.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.on_hold import with_holds
from archiver.app.opening.archive.read_log import Act, read_log
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import MayBeMissing, filters_of, may_be_missing
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from archiver.manifest.records.files import Head


class FindRequest(Struct, frozen=True):
    """Which recordings are looked for; all of them, where the filters name none.

    With ``rebuild`` the catalog is made anew from the archive first, whatever state it is in.
    """

    filters: FilterRequest = field(default_factory=FilterRequest)
    rebuild: bool = False

    def require(self) -> None:
        """Raise :class:`UsageError` for a filter that can't be read."""
        self.filters.check(datetime.now(UTC).replace(tzinfo=None))


class FindResult(Struct, frozen=True):
    """How many recordings were found, under which head, and what may be missing among them.

    There is no head while the archive has no manifest. ``is_logged`` is false where some that were
    found are not in the read log. ``unfinished_erasures`` were begun, and are not at their end:
    what is left of their recordings is not found.
    """

    head: Head | None
    count: int
    missing: MayBeMissing
    is_logged: bool = True
    unfinished_erasures: int = 0

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where nothing asked for can be missing, and the read log is whole."""
        is_whole = self.missing.is_nothing and self.is_logged
        is_fine = is_whole and not self.unfinished_erasures
        return ExitCode.CLEAN if is_fine else ExitCode.FINDINGS


def find(
    request: FindRequest, context: Context, take: Callable[[FoundRow], object] | None = None
) -> FindResult:
    """Find recordings, oldest first, and have the caller ``take`` each.

    Without a ``take`` they are counted only. Which they are, and what may be missing, is of one
    state of the archive, that of the result's head. What each says is as it stands when it is
    taken, with the head of then: a run may have ended meanwhile. Raises :class:`UsageError` where a
    filter can't be read, an id is the beginning of several, or there is no archive.
    """
    request.require()
    is_filtered, by_number = not request.filters.is_empty, bool(request.filters.number)
    log = read_log(context, Act.FOUND, filtered=is_filtered, by_number=by_number)
    with open_existing(context, anew=request.rebuild) as archive:
        catalog = archive.catalog
        filters = filters_of(request.filters, catalog, context)
        with catalog.in_one_state():
            head, missing = catalog.followed(), may_be_missing(catalog, filters, context)
            found = FindResult(head, 0, missing, unfinished_erasures=len(catalog.erased.begun()))
            if take is None:
                return replace(found, count=catalog.filtered.count(filters))
            rows = with_holds(catalog.filtered.matching(filters), archive)
        count = 0
        for row in log.noted((row.id, row) for row in rows):
            take(row)
            count += 1
        return replace(found, count=count, is_logged=log.is_whole)
