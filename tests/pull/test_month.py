"""Thirty nights of a job that nobody watches, on a portal that misbehaves, in seconds."""

import errno
import json
import os
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from unittest import mock

from msgspec.structs import replace

from archiver.check.audit import audit
from archiver.config.token import VARIABLE as TOKEN_VARIABLE
from archiver.domain.layout import PRIVATE
from archiver.domain.recordings import Report
from archiver.manifest.journal import Journal
from archiver.overview.due_days import unsettled_since
from archiver.sandbox import Faults, ListingFaults, PageFaults, Recording, Trouble, Troubled
from archiver.store.local import LocalStore
from tests.catalogs import opened
from tests.conftest import Figure
from tests.crash import die_at, failing, in_child
from tests.nights import AT_NIGHT, EACH, FIRST, Month

NIGHTS = 30
WITHOUT_NETWORK = 14
CLEAN, FINDINGS, STOPPED, KILLED = 0, 3, 4, -9
PASSING = (
    Faults(pages=PageFaults(errors=2)),
    Faults(pages=PageFaults(errors=2, error_status=429), retry_after="0"),
    Faults(pages=PageFaults(cut=1)),
    Faults(pages=PageFaults(reset=1)),
    Faults(pages=PageFaults(failed_under_200=False), listing=ListingFaults(shuffled_ties=True)),
    Faults(media=(Troubled(Trouble.RESET, times=1),)),
    Faults(media=(Troubled(Trouble.SLOW_DOWN, times=1),)),
    Faults(media=(Troubled(Trouble.FLIPPED, times=1),)),
)
"""Each passes: a run that tries again ends as if nothing had been."""


def _no_network() -> AbstractContextManager[object]:
    unreachable = OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
    return mock.patch.object(socket, "create_connection", side_effect=unreachable)


def _killed(pull: Callable[[], object]) -> int:
    def dying() -> None:
        die_at(60, after=True)
        pull()

    return in_child(dying)


def test_thirty_nights(month: Month, figure: Figure) -> None:
    made = {}
    for number in range(1, NIGHTS + 1):
        made[number] = month.live(number)
        _happen(month, number, made)
        with month.now(number):
            month.codes.append(_night(month, number))

    expected = dict.fromkeys(range(1, NIGHTS + 1), CLEAN) | EXPECTED
    assert dict(enumerate(month.codes, 1)) == expected
    assert month.check.kinds == [kind for night in expected.items() for kind in _pings(*night)]
    _ends_clean(month)
    ends = Counter(expected.values())
    figure(
        "month",
        f"{NIGHTS} nights, {len(month.sandbox.world.recordings)} recordings: "
        f"{ends[CLEAN]} clean, {ends[FINDINGS]} with findings, {ends[STOPPED]} stopped, "
        f"{ends[KILLED]} killed; every exit code and ping as it should be; clean in the end",
    )


def _pings(number: int, code: int) -> tuple[str, ...]:
    """Return the pings of a night: none without network, no second one of a run that is killed."""
    if number == WITHOUT_NETWORK:
        return ()
    return ("start",) if code == KILLED else ("start", str(code))


def _happen(month: Month, number: int, made: dict[int, list[Recording]]) -> None:
    """Let happen what a day brings beside its recordings."""
    world = month.sandbox.world
    month.sandbox.faults = PASSING[number % len(PASSING)]
    match number:
        case 7:
            world.arrive(month.day(5) + timedelta(hours=12))
        case 10 | 19:
            month.wrong(made[number][0])
        case 15:
            world.recordings.put(made[10][0])
        case 21:
            reason = ("--reason", "listened to it: it is whole")
            assert month.type("accept", made[19][0].id, *reason).code == CLEAN
        case 22:
            first, *_ = world.calls.between(month.day(21), month.day(22), 0, 1)[1]
            world.calls.put(replace(first, fields={"notes": "called back"}))
        case 23:
            world.edit(made[23][1].id, audio=None)
        case 25:
            world.recordings.put(made[23][1])
        case 27:
            key = made[27][2].key
            assert key is not None
            lasting = Troubled(Trouble.SLOW_DOWN, keys=frozenset({key}))
            month.sandbox.faults = Faults(media=(lasting,))
        case _:
            pass


def _night(month: Month, number: int) -> int:
    """Do what the job does at night, or what is done to it; return how the pull ended."""
    match number:
        case 1:
            return month.pull("--since", f"{FIRST:%Y-%m-%d}").code
        case 6 | 16:
            return _killed(month.pull)
        case 9:
            with failing("link", 3, errno.ENOSPC):
                return month.pull().code
        case 12:
            return month.pull(**{TOKEN_VARIABLE: "revoked"}).code
        case number if number == WITHOUT_NETWORK:
            with _no_network():
                return month.pull().code
        case _:
            return month.pull().code


EXPECTED = {
    6: KILLED, 16: KILLED,
    9: STOPPED, 12: STOPPED, WITHOUT_NETWORK: STOPPED,
    10: FINDINGS, 11: FINDINGS, 13: FINDINGS,
    19: FINDINGS, 20: FINDINGS,
    27: FINDINGS,
}  # fmt: skip


def _ends_clean(month: Month) -> None:
    """See that the archive is whole, and that only the look-back is still due."""
    store = LocalStore(month.archive)
    assert audit(store).is_clean
    catalog = opened(month.archive / PRIVATE)
    catalog.follow(Journal(store))
    known = catalog.recordings.many(each.id for each in month.sandbox.world.recordings)
    assert len(known) == EACH * NIGHTS + 1
    assert all(each.held or each.accepted for each in known.values())
    calls = [call.id for call in month.sandbox.world.calls]
    assert len(catalog.rows.calls(calls)) == len(calls)
    rows = [file.rows for _, each in Journal(store).manifests() for file in each.calls]
    assert sum(rows) == len(calls) + 1, "one had a later note"
    now = (month.day(NIGHTS + 1) + AT_NIGHT).replace(tzinfo=None)
    settled = catalog.days.settled(Report, now.date())
    assert unsettled_since(FIRST.date(), now, settled) == now.date() - timedelta(days=3)


def test_a_night_without_news_costs_few_requests(month: Month, figure: Figure) -> None:
    for number in (1, 2, 3, 4, 5):
        month.live(number, 5)
    month.sandbox.world.arrive(month.day(6) + timedelta(minutes=30))
    counts = month.sandbox.counts
    with month.now(5):
        assert month.pull("--since", f"{FIRST:%Y-%m-%d}").code == CLEAN
        assert month.pull().code == CLEAN
        asked = {what: counts[what] for what in ("recordings", "calls", "media")}
        entered = sum(1 for _ in Journal(LocalStore(month.archive)).manifests())
        told = json.loads(month.pull().out)
    pages = len(told["windows"])
    assert pages == 8, "of each report a page a day: the look-back, and the day that has begun"
    spent = {what: counts[what] - asked[what] for what in asked}
    assert spent == {"recordings": 13, "calls": 13, "media": 0}, "and looks around"
    assert sum(1 for _ in Journal(LocalStore(month.archive)).manifests()) == entered + 1
    figure(
        "due",
        f"no news: {told['requests']} requests for {pages} pages and looks around",
    )
