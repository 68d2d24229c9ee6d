"""Lies about what there is: totals, pages, filters, rights, ids."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

from msgspec.structs import replace

from archiver.sandbox.portal.page_layouts import SandboxShape
from tests.lies.portal import WAYS, Show
from tests.lies.trick import Trick, reports_of, some, some_nights, trick
from tests.lies.truth import DAY, SECOND, Call, Truth, at_midnight, audio, in_last_second, uuid


@trick
def capped(random: Random, truth: Truth) -> Trick:
    """Give totals and pages up to a limit only."""
    most, reports = random.randint(2, 16), reports_of(random)
    return Trick(
        "totals and pages capped", "1", range(truth.nights),
        lambda show, _now: replace(show, most=most, reports=reports),
    )  # fmt: skip


@trick
def worse_when_accepted(random: Random, truth: Truth) -> Trick:
    """Show less than there is, and still less once a person has accepted that."""
    nights = range(random.randrange(truth.nights - 1), truth.nights + 2)
    most = random.randint(3, 12)
    first = truth.night(nights.start)

    def bend(show: Show, now: datetime) -> Show:
        return replace(show, most=most if now <= first else most // 2, total_off=1)

    return Trick("listing worse than accepted", "6", nights, bend, accepts=True)


@trick
def accepted_early(random: Random, truth: Truth) -> Trick:
    """Count wrong, let a person accept the newest days, and let the job rest while rows come."""
    night = random.randrange(max(1, truth.nights - 3))
    return Trick(
        "accepted early, then the job rests", "22", range(night, night + 1),
        lambda show, _now: replace(show, total_off=1),
        accepts=True, rests=range(night + 1, night + 5),
    )  # fmt: skip


@trick
def flat_cut(random: Random, truth: Truth) -> Trick:
    """Cut flat answers at a limit."""
    most, reports = random.randint(2, 16), reports_of(random)
    return Trick(
        "flat answers cut", "1", range(truth.nights),
        lambda show, _now: replace(show, shape=SandboxShape.FLAT, flat_most=most, reports=reports),
    )  # fmt: skip


@trick
def newest_only(random: Random, truth: Truth) -> Trick:
    """Ignore the filter, and show only the newest."""
    newest = random.randint(1, 20)
    shape = random.choice([*SandboxShape])
    return Trick(
        "filter ignored, newest only", "1", range(truth.nights),
        lambda show, _now: replace(show, newest=newest, shape=shape),
    )  # fmt: skip


@trick
def odd_rows(random: Random, truth: Truth) -> Trick:
    """Spoil the text of some rows."""
    share = random.choice((0.05, 0.3))
    spoilt = {each.id: random.choice([*WAYS]) for each in some(random, truth, share)}
    spoilt |= {each.id: random.choice([*WAYS]) for each in truth.calls if random.random() < share}
    return Trick(
        "rows that can't be read", "1", some_nights(random, truth),
        lambda show, _now: replace(show, odd=spoilt),
        accepts=random.random() < 0.2,
    )  # fmt: skip


@trick
def unfiltered(random: Random, truth: Truth) -> Trick:
    """Ignore the filter on some nights."""
    return Trick(
        "filter ignored",
        "1",
        some_nights(random, truth),
        lambda show, _now: replace(show, unfiltered=True),
    )


@trick
def unreadable_times(random: Random, truth: Truth) -> Trick:
    """Honour whole days only, on some nights."""
    return Trick(
        "times of day not honoured", "1", some_nights(random, truth),
        lambda show, _now: replace(show, honours_times=False),
    )  # fmt: skip


@trick
def shifted(random: Random, truth: Truth) -> Trick:
    """Understand another time than was asked for."""
    hours = random.choice((-24, -6, -1, 1, 6, 24))
    return Trick(
        "filter shifted", "2", some_nights(random, truth),
        lambda show, _now: replace(show, shift=timedelta(hours=hours)),
    )  # fmt: skip


@trick
def no_totals(random: Random, truth: Truth) -> Trick:
    """Give no total."""
    return Trick(
        "no total",
        "7",
        some_nights(random, truth),
        lambda show, _now: replace(show, tells_total=False),
    )


@trick
def total_off(random: Random, truth: Truth) -> Trick:
    """Count wrong."""
    off = random.choice((-2, -1, 1, 2))
    return Trick(
        "total is wrong",
        "1",
        some_nights(random, truth),
        lambda show, _now: replace(show, total_off=off),
    )


@trick
def hidden_by_day(random: Random, truth: Truth) -> Trick:
    """Leave rows out where whole days are asked for."""
    ids = frozenset(one.id for one in some(random, truth))
    return Trick(
        "rows left out of whole days", "1", range(truth.nights),
        lambda show, _now: replace(show, hidden_by_day=ids), unseen=ids,
    )  # fmt: skip


@trick
def hidden(random: Random, truth: Truth) -> Trick:
    """Leave rows out of everything, totals too."""
    ids = frozenset(one.id for one in some(random, truth, 0.2))
    return Trick(
        "rows left out everywhere", "2", some_nights(random, truth),
        lambda show, _now: replace(show, hidden=ids), unseen=ids,
    )  # fmt: skip


@trick
def hidden_and_stopped(random: Random, truth: Truth) -> Trick:
    """Leave rows out of everything, and stop each run when all is listed."""
    nights = range(random.randrange(1, truth.nights), truth.nights + 3)
    lie = hidden(random, truth)
    return replace(lie, name="rows left out of runs that stop", nights=nights, stops=True)


@trick
def blind(random: Random, truth: Truth) -> Trick:
    """Lose the right to see anything, and get it back."""
    first = random.randint(0, max(0, truth.nights - 2))
    reports = reports_of(random)
    return Trick(
        "right lost", "2", range(first, truth.nights + 3),
        lambda show, _now: replace(show, blind=True, reports=reports),
    )  # fmt: skip


@trick
def doubled(random: Random, truth: Truth) -> Trick:
    """Serve rows twice, in place of others."""
    ids = frozenset(one.id for one in some(random, truth, 0.3))
    return Trick(
        "rows doubled",
        "1",
        some_nights(random, truth),
        lambda show, _now: replace(show, doubled=ids),
    )


@trick
def renamed(random: Random, truth: Truth) -> Trick:
    """Give two recordings one id."""
    one, other = random.choice(truth.recordings), random.choice(truth.recordings)
    return Trick(
        "one id for two", "4", range(truth.nights + 10),
        lambda show, _now: replace(show, renamed={other.id: one.id}, by_query=False),
    )  # fmt: skip


@trick
def last_second(random: Random, truth: Truth) -> Trick:
    """Let recordings lie in the last fraction of a second of their day."""
    ids = frozenset(one.id for one in some(random, truth, 0.2))
    return Trick(
        "rows in a day's last half second", "5", range(truth.nights),
        change=lambda truth: in_last_second(truth, ids),
    )  # fmt: skip


@trick
def begins_after(random: Random, truth: Truth) -> Trick:
    """Leave the very moment out at which the filter begins; a few rows or many are of a midnight.

    Pages may be short, so that no first page of more shows what a day begins with.
    """
    ids = frozenset(one.id for one in some(random, truth, random.choice((0, 0, 0.3))))
    per_page, honours_times = random.choice((3, 15)), random.random() < 0.6
    return Trick(
        "a filter that leaves out the moment at which it begins", "5", range(truth.nights),
        lambda show, _now: replace(
            show, begins_after=True, per_page=per_page, honours_times=honours_times
        ),
        change=lambda truth: at_midnight(truth, ids),
    )  # fmt: skip


@trick
def undated(random: Random, truth: Truth) -> Trick:
    """Show some rows without a date: before all others, and by no filter."""
    ids = frozenset(one.id for one in some(random, truth, 0.1)[:8])
    return Trick(
        "rows without a date", "36", range(truth.nights + 10),
        lambda show, _now: replace(show, undated=ids),
    )  # fmt: skip


@trick
def cut_off(random: Random, truth: Truth) -> Trick:
    """Let most of what was recorded come in one night, when its days have settled.

    Totals may be cut at a limit that no day comes near, and the job may name a moving window.
    """
    night = random.randint(6, 10)
    comes, share = truth.night(night) - 3 * SECOND, random.choice((0.2, 0.8))
    late = {
        one.id for one in some(random, truth, share)
        if one.at < truth.night(night) - 5 * DAY and one is not truth.recordings[0]
    }  # fmt: skip
    days = Counter(truth.wall(one.at).date() for one in truth.recordings)
    words = random.choice(((), (), ("--since", "5d")))
    most = None if words else random.choice((None, max(days.values()) + random.randint(1, 9)))

    def change(truth: Truth) -> Truth:
        recordings = tuple(
            replace(one, listed_from=comes, audio_from=comes) if one.id in late else one
            for one in truth.recordings
        )
        return replace(truth, recordings=recordings)

    return Trick(
        "most of some days comes when they have settled", "35", range(truth.nights + 10),
        lambda show, _now: replace(show, most=most), change=change,
        words=words,
    )  # fmt: skip


@trick
def call_audio(random: Random, truth: Truth) -> Trick:
    """Let calls have audio of their own beside recordings of which no number is known."""
    beside = some(random, truth, 0.3)

    def change(truth: Truth) -> Truth:
        silent = {one.id for one in beside}
        recordings = tuple(
            replace(one, audio_from=one.at + 400 * DAY) if one.id in silent else one
            for one in truth.recordings
        )
        others = tuple(
            Call(uuid(random, one.at - 20 * SECOND), one.at - 5 * SECOND,
                 ("447700900999", f"120255502{n % 100:02}"), 14, audio(f"call beside {one.id}", 14))
            for n, one in enumerate(beside)
        )  # fmt: skip
        return replace(truth, recordings=recordings, calls=(*truth.calls, *others))

    return Trick("calls with audio beside silent rows", "18", range(truth.nights), change=change)
