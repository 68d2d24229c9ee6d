"""Rows of a listing that can't be read: in words, and what they mean for its proof. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing

NAMED = 3


def reason_of(listed: Listed) -> str:
    """Say where a row stood that can't be read, and why; nothing of one that can."""
    odd = listed.row.odd
    return f"row {odd.position} on page {listed.ask.page} can't be read: {odd.why}" if odd else ""


def odd_of(listing: Listing) -> tuple[Listed, ...]:
    """Return the rows of a listing that can't be read."""
    return tuple(each for each in listing.listed if each.row.odd is not None)


def unproven_by(rows: Sequence[Listed], listing: Listing) -> Listing:
    """Return a listing that is unproven if any of its rows are odd, which have no outcome for it.

    What such a row says of something that is archived already, nobody knows.
    """
    if not rows:
        return listing
    named = [f"{each.row.id}: {reason_of(each)}" for each in rows[:NAMED]]
    more = [f"{len(rows) - NAMED} more rows can't be read"] if len(rows) > NAMED else []
    return replace(listing, proven=False, note="; ".join([*named, *more, listing.note]))
