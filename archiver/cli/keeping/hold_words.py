"""Holds in words, and as JSON."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import fields

from archiver.app.keeping.hold import HoldPlan, HoldResult
from archiver.app.keeping.list_holds import HoldsResult, ShownHold
from archiver.app.keeping.release import ReleasePlan, ReleaseResult
from archiver.app.opening.filtering import MayBeMissing
from archiver.cli.keeping.forbidden_words import forbidden_document, why_not
from archiver.cli.screen.console import first_few, table
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted
from archiver.filters.filters import Filters
from archiver.manifest.codec import plain

UNREADABLE = "its filter can't be read: it is taken to bind everything. Run: archiver repair"


def planned(plan: HoldPlan) -> Iterator[str]:
    """Yield what would be held."""
    yield from first_few(plan.ids, printable)
    yield f"To hold: {counted(len(plan.ids), 'recording')}{_untold(plan)}."
    if len(plan.new) < len(plan.ids):
        yield f"Held by id for this matter already: {len(plan.ids) - len(plan.new)} of them."
    if plan.future:
        yield "And what is archived later and matches."
    yield from _going(plan)


def added(result: HoldResult, *, dry_run: bool) -> Iterator[str]:
    """Yield what came of it."""
    plan = result.plan
    if dry_run:
        yield from planned(plan)
        yield "This was a dry run: nothing was written."
    elif not (plan.ids or result.is_standing):
        yield "Nothing in the archive matches: nothing is held. To hold what comes: --future."
    elif not result.agreed:
        yield "Nothing was held."
    elif result.hold is None:
        yield f"Held already for this matter: all {counted(len(plan.ids), 'recording')}."
    else:
        comes = ", and what comes and matches" if plan.future else ""
        held = counted(len(plan.ids), "recording")
        yield f"Held: {held}{_untold(plan)}{comes}, by hold {result.hold}. Head: {result.head}"
        if result.is_standing and not plan.future:
            yield "What comes and matches is held for this matter already."
        yield from _going(plan)
    if result.locked:
        yield f"The bucket holds {counted(result.locked, 'version')} of them by itself."


def may_come(result: HoldResult) -> MayBeMissing:
    """Return what else may be meant, but for what is held since nothing tells whether it is."""
    missing = result.plan.missing
    return MayBeMissing(not_whole=missing.not_whole, begins=missing.begins, early=missing.early)


def listed(result: HoldsResult) -> Iterator[str]:
    """Yield the holds as a table."""
    if not result.holds:
        yield "Nothing is held."
        return
    rows = [_row(each) for each in result.holds]
    yield from table(rows, ("HOLD", "RECORDINGS", "SINCE", "BY", "MATTER", "REASON")).split("\n")
    for each in result.holds:
        if each.hold.is_open and not each.is_readable:
            yield f"Hold {each.hold.number}: {UNREADABLE}."
    open_ones = sum(each.hold.is_open for each in result.holds)
    yield (
        f"Held: {counted(result.recordings, 'recording')} by {counted(open_ones, 'hold')}. "
        f"Head: {result.head}"
    )


def shown(each: ShownHold) -> Iterator[str]:
    """Yield one hold."""
    hold = each.hold
    yield f"Hold:      {hold.number}{'' if hold.is_open else ', released'}"
    yield f"Matter:    {printable(hold.matter)}"
    yield f"Reason:    {printable(hold.reason)}"
    yield f"Added:     {plain(hold.added_at)} by {printable(hold.by)}"
    if not hold.is_open:
        by, why = hold.released_by or "", hold.released_why or ""
        yield f"Released:  {plain(hold.released_at)} by {printable(by)}: {printable(why)}"
    if hold.future:
        yield f"Standing:  {_asked(each.filters) if each.filters else UNREADABLE}"
    yield f"Binds:     {counted(len(each.ids), 'recording')}"
    yield from first_few(each.ids, printable)
    if each.exceptions:
        yield f"Released from it: {counted(len(each.exceptions), 'recording')}"
        yield from first_few(each.exceptions, printable)


def releasing(plan: ReleasePlan) -> Iterator[str]:
    """Yield what would be released."""
    yield from first_few(plan.freed, printable)
    for number, ids in plan.changes.items():
        yield f"To release: {counted(len(ids), 'recording') if ids else 'all'} of hold {number}."
    yield f"{counted(len(plan.freed), 'recording')} would be held no more."
    if plan.finishable:
        yield (
            f"{counted(plan.finishable, 'recording')} would be ERASED then: "
            "their erasure was deferred by it."
        )


def release_what(plan: ReleasePlan) -> str:
    """Return what is asked for where nobody sees the rest."""
    erased = f"erase {counted(plan.finishable, 'recording')}" if plan.finishable else ""
    return " and ".join(filter(None, ("release what is held" if plan.changes else "", erased)))


def released(result: ReleaseResult, *, dry_run: bool) -> Iterator[str]:
    """Yield what came of it."""
    plan = result.plan
    if dry_run:
        yield from releasing(plan)
        yield "This was a dry run: nothing was written."
        return
    if not result.agreed:
        yield "Nothing was released."
        return
    if plan.changes:
        numbers = ", ".join(map(str, plan.changes))
        free = counted(len(plan.freed), "recording")
        yield f"Released: hold {numbers}; {free} held no more. Head: {result.head}"
    else:
        yield "Nothing is left to release."
    if result.unlocked:
        yield f"The bucket's own hold of {counted(result.unlocked, 'version')} is ended."
    if result.left_locked:
        yield (
            f"The bucket's own hold of {counted(result.left_locked, 'version')} stays: it may have "
            "been there before, or be on all that runs stored (legal_hold)."
        )
    if result.erased:
        yield (
            f"Erased, as was asked for: {counted(result.erased, 'recording')}, {result.versions} "
            "versions removed, 0 left by a listing afterwards."
        )
    if result.has_more:
        yield "What came meanwhile and was not shown is left as it is. To see it: --dry-run."
    for forbidden in result.still:
        yield "What it deferred is not erased yet."
        yield from why_not(forbidden)


def hold_document(result: HoldResult) -> dict[str, Any]:
    """Return what ``hold add --json`` prints (``manifests/hold_add.schema.json``)."""
    plan = result.plan
    return {
        "hold": result.hold,
        "recordings": list(plan.ids),
        "new": len(plan.new),
        "untold": plan.untold,
        "begun": list(plan.begun),
        "future": result.is_standing,
        "agreed": result.agreed,
        "locked": result.locked,
        "head": plain(result.head),
    }


def holds_document(result: HoldsResult) -> dict[str, Any]:
    """Return what ``hold list --json`` and ``show`` print (``manifests/holds.schema.json``)."""
    return {
        "holds": [
            {
                "hold": each.hold.number,
                "matter": each.hold.matter,
                "reason": each.hold.reason,
                "by": each.hold.by,
                "added": plain(each.hold.added_at),
                "standing": each.hold.future is not None,
                "readable": each.is_readable,
                "recordings": list(each.ids),
                "exceptions": list(each.exceptions),
                "released": plain(each.hold.released_at),
                "released_by": each.hold.released_by,
                "released_reason": each.hold.released_why,
            }
            for each in result.holds
        ],
        "recordings": result.recordings,
        "head": plain(result.head),
    }


def release_document(result: ReleaseResult) -> dict[str, Any]:
    """Return what ``hold release --json`` prints (``manifests/hold_release.schema.json``)."""
    plan = result.plan
    return {
        "holds": [
            {"hold": number, "recordings": list(ids) or None}
            for number, ids in plan.changes.items()
        ],
        "freed": list(plan.freed),
        "finishable": plan.finishable,
        "agreed": result.agreed,
        "erased": result.erased,
        "removed": result.versions,
        "still": [*map(forbidden_document, result.still)],
        "unlocked": result.unlocked,
        "left_locked": result.left_locked,
        "more": result.has_more,
        "head": plain(result.head),
    }


def _untold(plan: HoldPlan) -> str:
    if not plan.untold:
        return ""
    return f" ({plan.untold} of them since nothing tells whether they match)"


def _going(plan: HoldPlan) -> Iterator[str]:
    if plan.begun:
        yield (
            f"Of {counted(len(plan.begun), 'recording')} the erasure was begun before: what is "
            "left of them is held, and may be nothing. See: archiver verify."
        )


def _row(each: ShownHold) -> tuple[str, ...]:
    hold = each.hold
    count = str(len(each.ids)) if hold.is_open else "released"
    comes = "+" if hold.future and hold.is_open else ""
    when = f"{hold.added_at:%Y-%m-%d}"
    return str(hold.number), count + comes, when, hold.by, hold.matter, hold.reason


def _asked(filters: Filters) -> str:
    """Return what a filter asks for, as it is kept."""
    told = ((each.name, getattr(filters, each.name)) for each in fields(filters))
    return printable("; ".join(f"{name}: {_value(value)}" for name, value in told if value))


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return " or ".join(getattr(each, "text", None) or str(each) for each in value)
    return str(value)
