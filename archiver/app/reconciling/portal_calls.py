"""The calls that the portal lists of some days, and of a margin around them."""

from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta

from msgspec import Struct

from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import connect
from archiver.calls.call import LoggedCall, call_of
from archiver.calls.reconciliation import MARGIN
from archiver.domain.quantities import counted
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import Window
from archiver.listing.slices import clip_to_cutoff, list_slices
from archiver.portal.proving.odd_rows import odd_of, unproven_by
from archiver.portal.session import open_report
from archiver.pull.ledger.naming import named
from archiver.pull.ledger.seen_ids import SeenIds


class PortalCalls(Struct, frozen=True):
    """Calls, and whether they are proven to be all."""

    calls: tuple[LoggedCall, ...]
    proven: bool


def list_calls(days: Sequence[date], context: Context) -> PortalCalls:
    """List the calls of these days, from the first to the last, and of a margin around them."""
    calls: dict[RecordingId, LoggedCall] = {}
    proven = True
    slack = timedelta(milliseconds=context.settings.reconcile.slack_ms)
    with closing(SeenIds(Report.CALLS)) as seen, connect(context) as connections:
        client = connections.client
        _, opening = open_report(client, Report.CALLS, context.settings.portal.utc_offset)
        window = Window.days(days[0], days[-1]).grown(MARGIN + slack)
        around = clip_to_cutoff(window, opening)

        def so_far() -> str:
            return f"{counted(len(calls), 'call')}, {counted(client.requests, 'request')}"

        with context.listener.waiting("listing calls", so_far):
            for served in list_slices(client, Report.CALLS, around, opening.behaviour()):
                listing = unproven_by(odd_of(served), served)
                listed = seen.namesakes({each.row.id for each in listing.listed})
                rows = seen.add(named(listing.listed, {}, listed, seen.mark_of))
                calls |= {each.row.id: call_of(each.row) for each in rows}
                proven = proven and listing.proven
                if not listing.proven:
                    context.listener.say(f"NOT PROVEN {listing.window}: {listing.note}.")
    return PortalCalls(tuple(calls.values()), proven)
