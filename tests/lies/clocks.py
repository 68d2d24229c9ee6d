"""Clocks that stand still, lag, jump or say nothing: the portal's and this machine's."""

from datetime import datetime, timedelta
from random import Random

from msgspec.structs import replace

from tests.lies.media import serving
from tests.lies.portal import Clock, Served, Show
from tests.lies.trick import Trick, some, some_nights, trick
from tests.lies.truth import DAY, FIRST, Recording, Truth, audio, uuid

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NEAR_MIDNIGHT = (10, 50, 75, 1_385, 1_425)
"""Minutes of a day that a filter by another clock has in the day beside it."""
ALL_DAY = (10, 50, *range(90, 1_380, 90), 1_425)
AT_NOON = (720,)
"""One recording a day: where there are no totals, it is held against its own second alone."""
LAST_OF_A_CHANGE = 60
"""So often a first run asks for a report, where it has to find out when clocks changed."""
LONG = 7
"""So many nights leave days enough after a change for it to be overlooked."""


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
def summer_months(random: Random, _truth: Truth) -> Trick:
    """Ask for weeks as one window, long after: a local filter's clock changed in them, or since.

    What holds at the window's ends may not be what holds now.
    """
    days = random.choice((24, 34, 45))
    winter, zone = random.choice((0, 60, -300)) * MINUTE, random.choice(("Z", "", ""))
    changes = (FIRST + random.randrange(5, days + 12) * DAY + HOUR).replace(tzinfo=None)
    is_back, apart = random.random() < 0.5, random.choice((1, 2, 9))
    nights = days + 15

    def local(at: datetime) -> timedelta:
        return winter + (HOUR if (at < changes) == is_back else timedelta())

    def change(truth: Truth) -> Truth:
        """Add recordings near the window's ends, and some between and behind them."""
        near = (0, 1, days - 1, days, days + 9, days + 14)
        seen = [(day, 720) for day in range(0, days, apart)]
        seen += [(day, minutes) for day in near for minutes in NEAR_MIDNIGHT]
        moments = (truth.begins + day * DAY + minutes * MINUTE for day, minutes in seen)
        made = tuple(_at(random, moment) for moment in moments)
        return replace(truth, recordings=(*truth.recordings, *made), nights=nights)

    return Trick(
        f"rows in UTC{' with Z' if zone else ''}, weeks asked for as one, clocks changed", "2",
        range(nights + 10), lambda show, _now: replace(show, local=local, zone=zone),
        change=change, rests=range(nights - 1), lists=days,
    )  # fmt: skip


def _at(random: Random, at: datetime) -> Recording:
    """Return a recording of a moment, listed at once."""
    id_ = uuid(random, at)
    numbers = ("447700900997", "12025550197")
    return Recording(id_, at, numbers, 14, audio(id_, 14), at, at, f"call-{id_}")


@trick
def machine_clock(random: Random, truth: Truth) -> Trick:
    """Set this machine's clock wrong for one run."""
    off = random.choice((3_650, 3_650, 400, 5, 1 / 12, -1 / 12, -5, -400)) * DAY
    served = {one.key: Served(b"", status=500) for one in some(random, truth, 0.9)}
    made = serving(
        "machine's clock wrong, objects fail", "19", some_nights(random, truth, 1), served
    )
    return replace(made, clock_off=off)


@trick
def summer_time(random: Random, truth: Truth) -> Trick:
    """Date rows in UTC, filter by local time, and change the clocks; the job begins late."""
    winter = random.choice((0, 60, 330, -300)) * MINUTE
    number = 0 if truth.nights < LONG else random.choice((0, 1))
    back = number > 0 and random.random() < 0.7
    zone = random.choice(("Z", ""))
    changes = (FIRST + number * DAY + HOUR).replace(tzinfo=None)
    spread = random.choice((ALL_DAY, ALL_DAY, AT_NOON))

    def local(at: datetime) -> timedelta:
        return winter + (HOUR if (at < changes) == back else timedelta())

    def change(truth: Truth) -> Truth:
        """Add recordings all day, and near each midnight, or few."""
        moments = [
            truth.begins + day * DAY + minutes * MINUTE
            for day in range(truth.nights)
            for minutes in spread
        ]
        made = tuple(_at(random, moment) for moment in moments)
        return replace(truth, recordings=(*truth.recordings, *made))

    name = f"rows in UTC{' with Z' if zone else ''}, a local filter, clocks changed"
    return Trick(
        name, "2", range(truth.nights + 10),
        lambda show, _now: replace(show, local=local, zone=zone), change=change,
        rests=range(truth.nights - 1),
    )  # fmt: skip


@trick
def summer_time_and_one_answer(random: Random, truth: Truth) -> Trick:
    """Change the clocks, and leave rows out of one answer of the first run.

    What it lacks may show by which clock the filter goes, or since when.
    """
    made, first_run = summer_time(random, truth), truth.night(truth.nights - 1)
    number, share = random.randint(1, LAST_OF_A_CHANGE), random.choice((0.5, 1, 1))
    lacking: set[str] = set()

    def change(truth: Truth) -> Truth:
        harder = made.change(truth)
        lacking.update(one.id for one in harder.recordings if random.random() < share)
        return harder

    def lapse(show: Show, each: int) -> Show:
        return replace(show, hidden=frozenset(lacking)) if each == number else show

    def bend(show: Show, now: datetime) -> Show:
        bent = made.bend(show, now)
        return replace(bent, lapse=lapse) if now <= first_run else bent

    name = f"{made.name}, and one answer lacks rows"
    return replace(made, name=name, number="4", change=change, bend=bend)
