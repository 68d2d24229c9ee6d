"""What a pull does and says of an archive that is a bucket, beside archiving into it."""

from collections.abc import Iterator

from archiver.catalog import Catalog
from archiver.cli.configuration import Context
from archiver.cli.stores import is_bucket, retention
from archiver.errors import UsageError
from archiver.retention import LockMode
from archiver.run.locking import lock_due
from archiver.run.opening import Opening
from archiver.run.waiting import Asked
from archiver.store.base import Store


def confirm(context: Context, catalog: Catalog, *, confirmed: bool) -> None:
    """Raise :class:`UsageError` unless somebody said that locks of this archive are for good.

    The chain remembers it: whoever archives into it later need not say it again.
    """
    was_said = catalog.decided("lock") == LockMode.COMPLIANCE
    if context.settings.lock is LockMode.COMPLIANCE and not (was_said or confirmed):
        raise UsageError(
            "Locks in COMPLIANCE mode can be taken away by nobody, not by the account's owner and "
            "not by AWS: what is stored now, and what `lock_after` reaches, stays and costs for "
            f"{context.settings.retain}.",
            advice="If that is meant, say so once for this archive: --confirm-compliance.",
        )


def notes(
    context: Context, store: Store, catalog: Catalog, opening: Opening, asked: Asked
) -> Iterator[str]:
    """Lock what is due in a bucket, and yield what there is to say of it."""
    if not is_bucket(context):
        return
    from archiver.store.s3.store import BucketStore

    if not isinstance(store, BucketStore):
        return
    now, periods = opening.clocks.now, retention(context)
    locked, lost = lock_due(store, catalog, periods, opening.offset_of, now, asked)
    if locked:
        yield f"{locked} recordings were locked: the time to screen them is over."
    if lost:
        yield f"{lost} recordings are not there to be locked. Run `archiver verify`."
    if store.too_old:
        period = context.settings.retain
        yield f"{store.too_old} objects were given no date: their calls are older than {period}."
    if not store.habits.takes_many_writers:
        yield (
            "This bucket lets a name be written twice, so only one machine may write to this "
            "archive. See `archiver doctor`."
        )
