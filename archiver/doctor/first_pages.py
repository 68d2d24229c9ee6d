"""What the first pages of the portal's reports show: silence, odd rows, rows without a date.

A pull believes no empty day where no row with a date is shown, so no run is clean there.
"""

from msgspec.structs import replace

from archiver.domain.checks import Check
from archiver.domain.quantities import counted
from archiver.domain.recordings import Essential, Report, Row
from archiver.domain.times.portal_zone import Offset
from archiver.errors import ArchiverError, NoAnswer
from archiver.portal.client import Client
from archiver.portal.proving.odd_rows import reason_of
from archiver.portal.session import PortalSession, open_session
from archiver.portal.wire.answers import Page

_NONE_WANTED = "If there is no call log for you, set calls = no."
_UNPROVEN = "Until then no empty day is believed, and no run is clean."


def check_rows(session: PortalSession) -> Check:
    """Say what is odd about the newest recordings."""
    page = session.page
    if not page.rows:
        found = f"No recordings are listed, of {_total(page)} in all."
        advice = f"Ask the provider what this token's account may see. {_UNPROVEN}"
        return Check.unclean("rows", found, advice)
    there = counted(_total(page), "recording is", "recordings are")
    listed, among = f"{there} listed", f"of {len(page.rows)}"
    if _are_undated(page):
        found = f"{listed}; {_without_time(page.rows)}."
        advice = f"Ask the provider for dates: no question finds what has none. {_UNPROVEN}"
        return Check.unclean("rows", found, advice)
    if odd := [reason for each in session.listed if (reason := reason_of(each))]:
        found = f"{listed}; of {len(odd)} {among}, {odd[0]}."
        advice = "Their audio is not fetched. Ask the provider to mend these rows."
        return Check.warn("rows", found, advice)
    if unread := _unread(page.rows):
        found = f"{listed}; of {len(unread)} {among}, {unread[0]}."
        advice = "Those are archived under undated/, and are findings until accepted."
        return Check.warn("rows", found, advice)
    if any(row.at is None for row in page.rows):
        found = f"{listed}; {_without_time(page.rows)}."
        return Check.warn("rows", found, "Those are archived under undated/.")
    return Check.ok("rows", f"{listed}.")


def check_calls(client: Client, offset: Offset) -> Check:
    """Ask for the call log as a pull does; without a proof of it, no run is clean."""
    try:
        page = open_session(client, Report.CALLS, offset.minutes).page
    except ArchiverError as error:
        failed = Check.fail("calls", error)
        if isinstance(error, NoAnswer):
            return failed
        return replace(failed, advice=f"{error.advice} {_NONE_WANTED}".lstrip())
    if not page.rows:
        found = f"No calls are listed, of {_total(page)} in all."
        advice = f"Ask the provider for the right to see calls. {_NONE_WANTED} {_UNPROVEN}"
        return Check.unclean("calls", found, advice)
    listed = f"{counted(_total(page), 'call is', 'calls are')} listed"
    if _are_undated(page):
        advice = f"Ask the provider for dates. {_NONE_WANTED} {_UNPROVEN}"
        return Check.unclean("calls", f"{listed}; {_without_time(page.rows)}.", advice)
    return Check.ok("calls", f"{listed}.")


def _total(page: Page) -> int:
    return len(page.rows) if page.total is None else page.total


def _are_undated(page: Page) -> bool:
    return all(row.at is None for row in page.rows)


def _unread(rows: tuple[Row, ...]) -> list[str]:
    return [row.unread[Essential.TIME] for row in rows if Essential.TIME in row.unread]


def _without_time(rows: tuple[Row, ...]) -> str:
    """Say how many rows have no time, and why one of them has none, where it is told."""
    undated = sum(row.at is None for row in rows)
    why = f": {unread[0]}" if (unread := _unread(rows)) else ""
    return f"{undated} of {len(rows)} without a time{why}"
