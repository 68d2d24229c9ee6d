"""What every use case needs that takes recordings away: the archive, locked, and two people."""

from collections.abc import Iterator
from contextlib import contextmanager

from archiver.app.opening.archives import followed, journal_of, locked_store
from archiver.app.opening.context import Context
from archiver.app.opening.user import whoever
from archiver.check.reason import checked_words
from archiver.errors import UsageError
from archiver.removal.taking import Removal


@contextmanager
def open_removal(context: Context) -> Iterator[Removal]:
    """Open the archive to take something away, holding its lock."""
    with locked_store(context) as store:
        journal = journal_of(context, store)
        with followed(context, journal, is_remote=store.capabilities.is_remote) as catalog:
            yield Removal(store, journal, catalog)


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
    if named == whoever(by, context.environ):
        raise UsageError("--second names who decides.", advice="Two people must agree.")
    return named
