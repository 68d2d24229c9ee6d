"""A portal that is far away: how much of the time is the portal's own, and unavoidable.

The first byte of everything takes 60 ms and a page 200 ms, and the portal counts requests. Of
1,000 a minute with a rate of 500, as they are really, this machine's processor would be most of the
wait, portal and audio being served by it as well. So both are a quarter here.
"""

import time
from pathlib import Path

from msgspec import Struct

from archiver.portal import rate_limiter
from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.portal_process import PortalPlan
from tests.bench.sides import AT_ONCE, Side, pull
from tests.bench.turns import in_turns, table
from tests.bench.work import listed

FIRST_BYTE_S, PAGE_S = 0.06, 0.2
LIMIT, RATE = 250, 125
SECONDS = 10
"""Of talk, 10 kB: what is measured is waiting."""
A_PAGE = 15
MOST_TURNS = 2
"""Each waits for the same, whatever the machine does."""
SHARE = Goal("distance: share of the best possible", 92, 97, "%", grows=True)


class Best(Struct, frozen=True):
    """The least time in which so many recordings can be listed and fetched, in seconds."""

    listing_s: float
    fetching_s: float

    @property
    def wall_s(self) -> float:
        """All of it: what is listed is fetched meanwhile, but for the last page's recordings."""
        return max(self.listing_s + FIRST_BYTE_S, PAGE_S + self.fetching_s)


def best(recordings: int, rate: int = RATE, at_once: int = AT_ONCE) -> Best:
    """Return the least time, by the rate that is set and by how many are fetched at once.

    A few requests may be sent at once when a run begins (:mod:`archiver.portal.rate_limiter`).
    """
    limiter = rate_limiter.Limiter(rate, clock=time.monotonic, wait=bool)
    burst = min(rate_limiter.BURST, rate // rate_limiter.BURST_PART_OF_A_MINUTE)
    pages = -(-recordings // A_PAGE)
    waited = max(0, pages - 1 - burst) * limiter.interval
    return Best(waited + PAGE_S, -(-recordings // at_once) * FIRST_BYTE_S)


def run(size: Size, home: Path) -> Figures:
    """Archive a day from far away."""
    plan = PortalPlan(
        size.recordings,
        SECONDS,
        latency_s=FIRST_BYTE_S,
        page_s=PAGE_S - FIRST_BYTE_S,
        rate_limit=LIMIT,
    )
    side = Side("archiver", "all of it", pull(settings={"ARCHIVER_RATE": str(RATE)}))
    with listed(plan) as day:
        sides = in_turns(day, home, min(size.turns, MOST_TURNS), [side])
    least = best(size.recordings)
    share = 100 * least.wall_s / sides["archiver"].wall_s
    told = (
        f"The best possible for {size.recordings:,} recordings at {RATE} requests a minute: "
        f"{least.wall_s:.2f} s, of which the listing takes {least.listing_s:.2f} s; fetching "
        f"{AT_ONCE} at once takes {least.fetching_s:.2f} s meanwhile."
    )
    return Figures([Reached(SHARE, share)], [told, "", *table(sides, size.recordings)])


CASE = Case("distance", "A portal far away", run)
