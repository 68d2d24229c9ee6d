"""Locks that nobody can take away are set only where somebody said so once, for that archive."""

from archiver.app.opening.archive.archives import open_for_reading
from archiver.app.opening.archive.stores import open_store
from archiver.app.opening.context import Context
from archiver.domain.retention import LockMode
from archiver.errors import ChainBroken, UsageError


def confirm(context: Context, *, confirmed: bool = False, command: str = "pull") -> None:
    """Raise :class:`UsageError` unless somebody said that locks of this archive are for good.

    The chain remembers it: whoever writes into it later need not say it again. Nothing is written
    by asking, so that nothing is left of what was not meant. ``command`` is where it can be said.
    """
    if not confirmed and _is_for_good(context) and not _was_said(context):
        raise _unconfirmed(context, command)


def confirm_mending(context: Context) -> None:
    """Do the same for whoever mends the archive, where it can still be read what was said."""
    if not _is_for_good(context):
        return
    try:
        was_said = _was_said(context)
    except ChainBroken:
        return
    if was_said is False:
        raise _unconfirmed(context)


def _is_for_good(context: Context) -> bool:
    """Whether what is locked can be unlocked by nobody, by the settings or by default."""
    if context.settings.retention.mode is None:
        return False
    return open_store(context).locking.mode is LockMode.COMPLIANCE


def _was_said(context: Context) -> bool | None:
    """Whether the chain says that its locks are for good; ``None`` where there is no archive."""
    with open_for_reading(context) as archive:
        return archive.catalog.runs.decided("lock") == LockMode.COMPLIANCE if archive else None


def _unconfirmed(context: Context, command: str = "pull") -> UsageError:
    settings = context.settings
    why = (
        ""
        if settings.retention.mode is LockMode.COMPLIANCE
        else ", which is this bucket's default,"
    )
    return UsageError(
        f"Locks in COMPLIANCE mode{why} can be taken away by nobody, not by the account's owner "
        "and not by AWS: what is stored now, and what `lock_after` reaches, stays and costs for "
        f"{settings.retention.period}.",
        advice="If that is meant, say so once for this archive: "
        f"`archiver {command} --confirm-compliance`.",
    )
