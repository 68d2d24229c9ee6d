"""Clocks that stand still, lag, jump or say nothing: the portal's and this machine's."""

from dataclasses import replace
from random import Random

from tests.lies.media import serving
from tests.lies.portal import Clock, Served
from tests.lies.trick import Trick, some, some_nights, trick
from tests.lies.truth import DAY, Truth


@trick
def clock_frozen(random: Random, truth: Truth) -> Trick:
    """Let the portal's Date stand still."""
    nights = some_nights(random, truth)
    at = truth.night(nights.start) - random.random() * DAY
    return Trick(
        "Date frozen", "3", range(nights.start, truth.nights),
        lambda show, _now: replace(show, clock=Clock(frozen_at=at)),
    )  # fmt: skip


@trick
def clock_off(random: Random, truth: Truth) -> Trick:
    """Let the portal's Date lag, or be ahead."""
    off = random.choice((-400 * DAY, -3 * DAY, -DAY / 2, DAY / 8, 2 * DAY, 40 * DAY))
    return Trick(
        "Date off",
        "3",
        some_nights(random, truth),
        lambda show, _now: replace(show, clock=Clock(off=off)),
    )


@trick
def clock_silent(random: Random, truth: Truth) -> Trick:
    """Send no Date."""
    return Trick(
        "no Date",
        "3",
        some_nights(random, truth),
        lambda show, _now: replace(show, clock=Clock(off=None)),
    )


@trick
def machine_clock(random: Random, truth: Truth) -> Trick:
    """Set this machine's clock wrong for one run."""
    off = random.choice((3_650, 3_650, 400, 5, 1 / 12, -1 / 12, -5, -400)) * DAY
    served = {one.key: Served(b"", status=500) for one in some(random, truth, 0.9)}
    made = serving(
        "machine's clock wrong, objects fail", "19", some_nights(random, truth, 1), served
    )
    return replace(made, clock_off=off)
