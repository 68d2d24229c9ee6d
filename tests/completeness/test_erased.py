"""What was erased on purpose is excluded from a day, with that reason, and its proof stands."""

import json
from contextlib import closing
from datetime import timedelta

import pytest
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.domain.expectation import Exclusion
from archiver.domain.layout import PRIVATE
from archiver.manifest.journal import Journal
from archiver.sandbox import Recording
from archiver.store.local import LocalStore
from tests.archives import lose_catalog
from tests.completeness.test_nights import (
    CLEAN,
    DAY_ONE,
    FINDINGS,
    call_of,
    certificates,
    live,
    reconcile,
    verify,
)
from tests.conftest import Figure
from tests.nights import Month

pytestmark = pytest.mark.slow

WHY = ("--reason", "asked for by the customer", "--yes")
SETTLED = 5


@pytest.fixture
def first(month: Month) -> list[Recording]:
    """Return the recordings of the first day, once that is certified."""
    recordings = month.live(1)
    month.night(1)
    live(month, SETTLED, first=2)
    assert len(certificates(month)[DAY_ONE]) == 1
    return recordings


def erase(month: Month, *ids: str) -> None:
    with month.now(SETTLED):
        ran = month.type("erase", *ids, *WHY)
    assert ran.code == CLEAN, ran.err


def test_a_day_of_which_something_was_erased_stays_proven(
    month: Month, first: list[Recording], figure: Figure
) -> None:
    gone, call = first[0].id, call_of(month, first[0]).id
    erase(month, gone)
    for _ in range(2):
        code, told = reconcile(month)
        assert (code, told["proven"], told["complete"]) == (CLEAN, True, 2)
        (excluded,) = told["excluded"]
        assert excluded == {
            "id": call, "day": DAY_ONE, "why": Exclusion.ERASED, "recording": gone,
        }  # fmt: skip
        lose_catalog(month.archive)
    live(month, SETTLED + 1, first=SETTLED + 1)
    *_, newest = certificates(month)[DAY_ONE]
    assert ([each.why for each in newest.excluded], newest.calls.listed) == (["erased"], 3)
    assert reconcile(month)[1]["days"][0]["certificate_is_current"]
    assert (reconcile(month, "--portal")[0], verify(month)) == (CLEAN, CLEAN)
    figure("A12", "1 of 3 erased from a certified day: proven, excluded as erased, certified anew")


def test_what_was_erased_is_no_news_of_a_settled_day(month: Month, first: list[Recording]) -> None:
    erase(month, first[0].id)
    month.live(SETTLED + 1)
    ran = month.night(SETTLED + 1)
    assert (ran.code, "listed again" in ran.err) == (CLEAN, False), ran.err


def test_what_the_provider_has_deleted_too_is_not_counted(
    month: Month, first: list[Recording]
) -> None:
    with month.now(SETTLED):
        ran = month.type("erase", first[0].id, *WHY)
    month.sandbox.world.calls.remove(call_of(month, first[0]).id)
    month.sandbox.world.remove(first[0].id)
    with month.now(SETTLED):
        ran = month.pull("--day", DAY_ONE)
    assert ran.code == CLEAN, ran.err
    erase(month, first[1].id)
    code, told = reconcile(month)
    assert (code, told["proven"], told["complete"]) == (CLEAN, True, 1)


def test_a_call_that_is_lost_beside_what_was_erased_is_no_proof(
    month: Month, first: list[Recording]
) -> None:
    erase(month, first[0].id)
    for path in month.archive.glob(f"calls/{DAY_ONE.replace('-', '/')}/*.jsonl"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    lose_catalog(month.archive)
    code, told = reconcile(month)
    assert (code, told["proven"]) == (FINDINGS, False)


def test_an_erasure_that_is_undone_is_missing_until_it_is_fetched(
    month: Month, first: list[Recording]
) -> None:
    erase(month, first[0].id)
    with month.now(SETTLED):
        month.type("erase", "--undo", first[0].id, "--reason", "it was the wrong one")
    code, told = reconcile(month)
    assert (code, told["excluded"]) == (FINDINGS, [])
    live(month, SETTLED + 1, first=SETTLED + 1)
    code, told = reconcile(month)
    assert (code, told["complete"], told["excluded"]) == (CLEAN, 3, [])


def test_a_day_of_which_a_call_alone_was_erased_is_not_called_certified(
    month: Month, figure: Figure
) -> None:
    """Its recording is dated before midnight, and so of the day before."""
    month.live(1)
    recording = month.sandbox.world.arrive(month.day(2) - timedelta(seconds=10))
    ended = replace(call_of(month, recording), at=month.day(2) + timedelta(seconds=15))
    month.sandbox.world.calls.put(ended)
    month.night(1)
    live(month, SETTLED, first=2)
    day_two = f"{month.day(2):%Y-%m-%d}"
    (first,) = certificates(month)[day_two]
    erase(month, recording.id)
    with month.now(SETTLED):
        ran = month.type("reconcile", "--json", "--day", day_two)
    (day,) = json.loads(ran.out)["days"]
    assert (ran.code, day["excluded_calls"], day["certificate_is_current"]) == (CLEAN, 1, False)
    live(month, SETTLED + 1, first=SETTLED + 1)
    second = certificates(month)[day_two][-1]
    assert (first.calls.complete, second.calls.complete, second.calls.excluded) == (4, 3, 1)
    figure("A12", "a call over midnight erased: its day is called certified once it is anew")


def told(month: Month) -> list[frozenset[tuple[str, str]]]:
    """Return what the calls of the first two days told last, as a catalog made anew knows it."""
    lose_catalog(month.archive)
    with closing(Catalog(month.archive / PRIVATE)) as catalog:
        catalog.follow(Journal(LocalStore(month.archive)))
        return [catalog.calls.told_on(month.day(number).date()) for number in (1, 2)]


@pytest.mark.parametrize("days", [(1,), (1, 2)])
def test_a_catalog_made_anew_behind_an_erasure_knows_which_end_was_told_last(
    month: Month, figure: Figure, days: tuple[int, ...]
) -> None:
    """What an erasure leaves of a file of calls is written anew, and tells nothing new."""
    first, second = month.live(1), month.live(2)
    month.night(1)
    call = call_of(month, first[-1])
    month.sandbox.world.calls.put(replace(call, at=month.day(2) + timedelta(seconds=3)))
    month.night(2)
    before = told(month)
    erase(month, *(some[0].id for some in (first, second)[: len(days)]))
    gone = {call_of(month, some[0]).id for some in (first, second)}
    kept = [{each for each in some if each[0] not in gone} for some in before]
    assert [{each for each in some if each[0] not in gone} for some in told(month)] == kept
    assert [call.id in dict(some) for some in kept] == [False, True]
    figure("A12", f"an end corrected, {len(days)} of its days' files erased from: known anew alike")


def test_another_call_under_the_id_of_an_erased_one_is_told(month: Month, figure: Figure) -> None:
    """No row of that id is archived, so none of its days is all there."""
    first, *_ = month.live(1)
    month.night(1)
    call = call_of(month, first)
    with month.now(1):
        assert month.type("erase", first.id, *WHY).code == CLEAN
    month.night(1)
    month.live(4)
    month.sandbox.world.calls.put(replace(call, at=month.day(4) + timedelta(hours=9)))
    ran = month.night(4)
    with month.now(4):
        asked = month.type("status").code
    assert (month.codes, asked) == ([CLEAN, CLEAN, 3], 3)
    assert f"{call.id} ended on another day than the erased call of that id" in ran.err
    figure("A12", "another call under an erased one's id: told, exit 3")
