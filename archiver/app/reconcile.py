"""Laying the call log beside the archive: the use case, from request to result."""

from dataclasses import dataclass
from datetime import timedelta

from archiver.app.opening.archives import open_for_reading
from archiver.app.opening.context import Context
from archiver.app.opening.portals import connect
from archiver.app.opening.windows import WindowRequest, span
from archiver.calls import reconciliation as gaps
from archiver.calls.call import LoggedCall, call_of
from archiver.calls.reconciliation import MARGIN, Reconciled
from archiver.domain.quantities import counted
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.window import Window
from archiver.errors import ExitCode, UsageError
from archiver.json_documents import Json
from archiver.listing.slices import clip_to_cutoff, list_slices
from archiver.portal.proving.odd_rows import odd_of, unproven_by
from archiver.portal.session import open_report
from archiver.pull.ledger.naming import call_mark_of, named
from archiver.pull.ledger.seen_ids import SeenIds


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """Which calls, and how far in time a recording may lie from its own (``slack``).

    With ``every_call``, each one in which somebody talked is held to have a recording.
    """

    window: WindowRequest
    slack: timedelta = timedelta(minutes=5)
    every_call: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The window as it was understood, what it came to, and whether all calls were listed."""

    window: Window
    found: Reconciled
    proven: bool

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where no call lacks a recording, and none may be missing."""
        return ExitCode.CLEAN if self.proven and not self.found.gaps else ExitCode.FINDINGS

    @property
    def document(self) -> dict[str, Json]:
        """What ``--json`` prints (``manifests/reconcile.schema.json``)."""
        near = {call.id: found.id for call, found in self.found.near}
        return {
            "window": span(self.window),
            "proven": self.proven,
            "matched": len(self.found.matched),
            "matched_in_quarantine": self.found.in_quarantine,
            "unrecorded": len(self.found.unrecorded),
            "recordings_without_call": len(self.found.alone),
            "not_understood": self.found.not_understood,
            "gaps": [_gap(call, near.get(call.id)) for call in self.found.gaps],
        }


def reconcile(request: ReconcileRequest, context: Context) -> Reconciliation:
    """List the calls of a window, and match them with what is archived; downloads nothing.

    Raises :class:`UsageError` where no window is named, and where there is no archive.
    """
    request.window.require("calls")
    window, calls, proven = _calls(request, context)
    with open_for_reading(context) as opened:
        if opened is None:
            raise UsageError(
                f"There is no archive at {context.archive()}.", advice="Check --archive."
            )
        search, slack = opened[1].search, request.slack
        recordings = search.stored_in(gaps.reach(window, calls, slack))
        shared = search.shared_objects(call.object for call in calls)
        found = gaps.reconcile(calls, recordings, slack, every=request.every_call, shared=shared)
        return Reconciliation(window, found.within(window), proven)


def _calls(request: ReconcileRequest, context: Context) -> tuple[Window, list[LoggedCall], bool]:
    """List the calls of the window and of a margin around it.

    Returns the window as understood too, and whether the listing is proven.
    """
    calls: dict[RecordingId, LoggedCall] = {}
    seen = SeenIds(call_mark_of)
    proven = True
    with connect(context) as connections:
        client = connections.client
        zone, opening = open_report(client, Report.CALLS, context.settings.portal.utc_offset)
        window = clip_to_cutoff(request.window.by(zone), opening)
        around = clip_to_cutoff(window.grown(MARGIN + request.slack), opening)

        def so_far() -> str:
            return f"{counted(len(calls), 'call')}, {counted(client.requests, 'request')}"

        with context.listener.waiting("listing calls", so_far):
            for served in list_slices(client, Report.CALLS, around, opening.behaviour()):
                listing = unproven_by(odd_of(served), served)
                listed = seen.namesakes({each.row.id for each in listing.listed})
                rows = seen.add(named(listing.listed, {}, listed, call_mark_of))
                calls |= {each.row.id: call_of(each.row) for each in rows}
                proven = proven and listing.proven
                if not listing.proven:
                    context.listener.say(f"NOT PROVEN {listing.window}: {listing.note}.")
    return window, [*calls.values()], proven


def _gap(call: LoggedCall, near: str | None) -> dict[str, Json]:
    when: dict[str, Json] = span(call.when) if call.when else {"from": None, "to": None}
    return {"id": call.id, **when, "says_recorded": call.says_recorded, "near": near}
