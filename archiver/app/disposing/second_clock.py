"""The second clock beside this machine's: the portal's, or that of the bucket's server.

A clock that was set forward would make everything due; so two must agree.
"""

from datetime import UTC, datetime

from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import connect
from archiver.domain.recordings import Report
from archiver.domain.times.clocks import Clocks
from archiver.errors import StopRun, UsageError
from archiver.manifest.records.erasures import SecondClock, TwoClocks
from archiver.portal.proving.page_query import PageQuery
from archiver.store.base import Store


def two_clocks(context: Context, store: Store) -> TwoClocks:
    """Return what this machine's clock and another show.

    The portal is asked where a token is set, else the bucket's server. Raises
    :class:`UsageError` where there is no second clock, and :class:`StopRun` where the two disagree.
    """
    if context.settings.portal.token is not None:
        of, clocks = SecondClock.PORTAL, _portals(context)
    else:
        of, clocks = SecondClock.BUCKET, Clocks(datetime.now(UTC), store.clock())
    if clocks.portal is None:
        raise _no_second(of)
    if not clocks.agree:
        raise _disagree(of, clocks)
    return TwoClocks(_whole(clocks.machine), _whole(clocks.portal), of)


def _portals(context: Context) -> Clocks:
    """Ask the portal for a page, for the ``Date`` of its answer; each try is one."""
    with connect(context, watches_media=False) as connected:
        connected.client.fetch((PageQuery.first(Report.RECORDINGS, None),))
        return connected.client.clock.furthest


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _no_second(of: SecondClock) -> UsageError:
    told = (
        "the portal sends no Date" if of is SecondClock.PORTAL else "no token is set for the portal"
    )
    return UsageError(
        f"There is no second clock to go by: {told}.",
        advice="Nothing is disposed of by this machine's clock alone. See docs/operations.md.",
    )


def _disagree(of: SecondClock, clocks: Clocks) -> StopRun:
    return StopRun(
        f"This machine's clock shows {clocks.machine:%Y-%m-%d %H:%M} UTC, that of the {of} "
        f"{clocks.portal:%Y-%m-%d %H:%M}. Nothing is due until they agree.",
        advice="Set the clock that is wrong, then run it again.",
    )
