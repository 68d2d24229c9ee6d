"""What a pull does and says of an archive that is a bucket, beside archiving into it."""

from collections.abc import Callable, Iterator
from functools import partial

from archiver.app.archives import is_bucket, open_bucket, open_for_reading, retention
from archiver.app.context import Context
from archiver.catalog import Catalog
from archiver.concurrency.stop import StopRequested
from archiver.domain.quantities import counted
from archiver.domain.retention import LockMode
from archiver.errors import ChainBroken, UsageError
from archiver.portal.session import PortalSession
from archiver.pull.locking import Locked, lock_due
from archiver.store.base import Store


def confirm(context: Context, *, confirmed: bool = False) -> None:
    """Raise :class:`UsageError` unless somebody said that locks of this archive are for good.

    The chain remembers it: whoever writes into it later need not say it again. Nothing is written
    by asking, so that nothing is left of what was not meant.
    """
    if not confirmed and _is_for_good(context) and not _was_said(context):
        raise _unconfirmed(context)


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


def lock_mode(context: Context, store: Store) -> LockMode | None:
    """Return the mode in which an archive locks its recordings; only buckets do."""
    if not is_bucket(context):
        return None
    from archiver.store.s3.store import BucketStore

    return store.lock_mode if isinstance(store, BucketStore) else None


def _is_for_good(context: Context) -> bool:
    """Whether what is locked can be unlocked by nobody, by the settings or the bucket's default."""
    if context.settings.lock is None or not is_bucket(context):
        return False
    return open_bucket(context).lock_mode is LockMode.COMPLIANCE


def _was_said(context: Context) -> bool | None:
    """Whether the chain says that its locks are for good; ``None`` where there is no archive."""
    with open_for_reading(context) as opened:
        return opened and opened[1].days.decided("lock") == LockMode.COMPLIANCE


def _unconfirmed(context: Context) -> UsageError:
    settings = context.settings
    why = "" if settings.lock is LockMode.COMPLIANCE else ", which is this bucket's default,"
    return UsageError(
        f"Locks in COMPLIANCE mode{why} can be taken away by nobody, not by the account's owner "
        "and not by AWS: what is stored now, and what `lock_after` reaches, stays and costs for "
        f"{settings.retain}.",
        advice="If that is meant, say so once for this archive: "
        "`archiver pull --confirm-compliance`.",
    )


def locking(
    context: Context,
    store: Store,
    catalog: Catalog,
    session: PortalSession,
    stop_requested: StopRequested,
) -> Callable[[], Locked]:
    """Return what locks the recordings that are due in a bucket; of a folder it locks nothing."""
    if not is_bucket(context):
        return Locked
    from archiver.store.s3.store import BucketStore

    if not isinstance(store, BucketStore):
        return Locked
    now, periods = session.clocks.now, retention(context)
    return partial(lock_due, store, catalog, periods, session.offset_of, now, stop_requested)


def notes(context: Context, store: Store) -> Iterator[str]:
    """Yield what there is to say of a bucket after a pull."""
    if not is_bucket(context):
        return
    from archiver.store.s3.store import BucketStore

    if not isinstance(store, BucketStore):
        return
    if store.too_old:
        period = context.settings.retain
        yield (
            f"{counted(store.too_old, 'object was', 'objects were')} given no date: older than "
            f"{period}, by the call."
        )
    if not store.habits.takes_many_writers:
        yield (
            "This bucket lets a name be written twice, so only one machine may write to this "
            "archive. See `archiver doctor`."
        )
