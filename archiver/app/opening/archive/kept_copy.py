"""Whether the archive that the settings name is a copy, as ``archiver copy`` keeps one."""

from contextlib import suppress

from archiver.app.opening.archive.stores import open_store, workdir
from archiver.app.opening.context import Context
from archiver.errors import ArchiverError
from archiver.manifest.journal import Journal

COPIED = "copied"
"""The note of ``archiver copy`` in the private folder of the copy that it keeps."""


def is_copy(context: Context) -> bool:
    """Whether the archive is a copy as ``archiver copy`` left it, from this machine.

    Where anything was entered since, it is an archive of its own: it was brought back from one.
    """
    try:
        noted = (workdir(context) / COPIED).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return False
    with suppress(ArchiverError):
        return noted == str(Journal(open_store(context)).head())
    return True


def warn_of_copy(context: Context) -> None:
    """Say so where something is to be entered in a copy that this machine keeps."""
    if is_copy(context):
        context.listener.say(
            f"{context.archive()} is a copy that archiver copy keeps. What is entered here makes "
            "its chain another than the archive's, and nothing is copied to it any more. If the "
            "archive was brought back from a copy, to this place, that is as it should be.",
            "noticed",
        )
