"""Until when rules to keep forbid that recordings are erased, whoever asks for it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from archiver.app.disposing.due import RuleFit
from archiver.app.disposing.rules import read_rules
from archiver.app.opening.context import Context
from archiver.catalog import Catalog
from archiver.domain.disposal import RetentionAction
from archiver.manifest.state import RecordingState
from archiver.open_archive import OpenArchive


def kept_until(
    context: Context, archive: OpenArchive, recordings: Iterable[RecordingState]
) -> datetime | None:
    """Return when (UTC) the last rule to keep lets go of these, ``None`` where none keeps any now.

    Where nothing tells whether a rule fits, it does. A period counts from now for what has no time.
    It is over once two clocks are past it: this machine's, and the bucket's or, in a folder, the
    portal's as the last run saw it. What none bears out is kept still.
    """
    catalog = archive.catalog
    rules = read_rules(context, catalog)
    fits = [RuleFit.of(catalog, rule) for rule in rules if rule.term.action is RetentionAction.KEEP]
    if not fits:
        return None
    now = datetime.now(UTC)
    second = archive.store.clock() or _seen_by_last_run(catalog)
    ends = (
        fit.term.until(each.at or now.replace(tzinfo=None))
        for each in recordings
        for fit in fits
        if fit.may_fit(each.id)
    )
    kept = (end for end in ends if second is None or end > min(now, second))
    return max((end.replace(microsecond=0) for end in kept), default=None)


def _seen_by_last_run(catalog: Catalog) -> datetime | None:
    """Return the portal's clock by the chain, ``None`` if its last run saw none."""
    run = catalog.runs.last()
    return run.portal_clock if run else None
