"""What use cases share that let recordings go or stay: the archive, what is meant, two people."""

from collections.abc import Iterator
from contextlib import contextmanager

from archiver.app.opening.archive.archives import (
    clear_older_catalogs,
    followed,
    locked_store,
)
from archiver.app.opening.archive.journals import is_there, journal_of, no_archive
from archiver.app.opening.archive.stores import open_store
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import MayBeMissing, filters_of, may_be_missing
from archiver.app.opening.reason import checked_words
from archiver.app.opening.user import whoever
from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.filtered import FilteredRecordings
from archiver.errors import UsageError
from archiver.filters.caseless import caseless
from archiver.filters.filters import Filters
from archiver.filters.request import FilterRequest
from archiver.open_archive import OpenArchive


@contextmanager
def open_for_removal(context: Context) -> Iterator[OpenArchive]:
    """Open the archive to take something away, holding its lock.

    What catalogs of earlier versions tell of anybody goes. Raises :class:`UsageError`, making
    nothing, where there is no archive.
    """
    if not is_there(journal_of(context, open_store(context))):
        raise no_archive(context)
    with locked_store(context) as store:
        clear_older_catalogs(context)
        with followed(context, store, journal_of(context, store)) as archive:
            yield archive


def meant(
    request: FilterRequest,
    catalog: Catalog,
    context: Context,
    among: FilteredRecordings | None = None,
) -> tuple[Filters, MayBeMissing]:
    """Return what filters mean, and what the archive may lack of it, as :func:`may_be_missing`.

    Raises :class:`UsageError` for a time with an offset that may be another one of the portal's.
    """
    filters = filters_of(request, catalog, context, only_sure=True)
    return filters, may_be_missing(catalog, filters, context, among)


def as_now(request: FilterRequest, catalog: Catalog, context: Context) -> FilterRequest:
    """Return filters of the time that they mean now: who is asked to agree takes a while.

    Raises what :func:`meant` does.
    """
    if request.is_fixed:
        return request
    timed = FilterRequest(since=request.since, until=request.until, day=request.day)
    window = filters_of(timed, catalog, context, only_sure=True).window
    return request.within(window) if window else request


def require_known(missing: MayBeMissing, nothing: str) -> None:
    """Raise :class:`UsageError` for ids that the archive doesn't know.

    ``nothing`` says of what nothing was done by that.
    """
    if missing.unknown_ids:
        named = ", ".join(missing.unknown_ids[:3])
        raise UsageError(
            f"The archive knows no recording called {named}.",
            advice=f"{nothing} See: archiver find.",
        )


def agreed_by(second: str | None, by: str | None, context: Context) -> str | None:
    """Return the name of the second person, if one is given.

    Raises :class:`UsageError` where that is who decides, or two must agree and one is named.
    """
    if context.settings.four_eyes and not second:
        raise UsageError(
            "four_eyes is set: a second person must agree.",
            advice="Give their name: --second NAME.",
        )
    if second is None:
        return None
    named = checked_words(second, "--second")
    # Case, width and space tell nobody from somebody else.
    if caseless(named) == caseless(whoever(by, context.environ)):
        raise UsageError("--second names who decides.", advice="Two people must agree.")
    return named
