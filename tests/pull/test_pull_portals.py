"""Whole pulls from portals that list badly: all that existed is archived, no more is claimed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.manifest.journal import Journal
from archiver.sandbox import (
    Encoding,
    Faults,
    FilterFaults,
    ListingFaults,
    PageFaults,
    Sandbox,
    World,
)
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.patience import impatient

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
FIRST = TODAY - timedelta(days=2)
COUNT = 20
RANGE = ("--since", f"{FIRST:%Y-%m-%d}", "--until", f"{TODAY:%Y-%m-%d}")
"""One window, and not a day at a time."""


def world(count: int = COUNT, days: int = 2) -> World:
    """Return recordings of some days, and one of the day before."""
    made = World(seed=11)
    made.arrive(FIRST - timedelta(hours=12))
    last = FIRST + timedelta(days=days) - timedelta(seconds=1)
    made.add(count=count, first=FIRST, last=last, kinds=(Encoding.BARE,), seconds=(1, 2))
    return made


def pull(sandbox: Sandbox, home: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    ran = Desk(sandbox, home).run("pull", "-a", str(home / "archive"), "--json", *words)
    return ran.code, json.loads(ran.out) if ran.out else {}, ran.err


def archived(home: Path) -> set[str]:
    """Return what the chain says is archived."""
    journal = Journal(LocalStore(home / "archive"))
    return {
        entry.id
        for _head, manifest in journal.manifests()
        for entry in manifest.recordings
        if entry.outcome == "archived"
    }


REACHABLE = {
    "arrivals": Faults(listing=ListingFaults(arrivals=100_000)),
    "repeating": Faults(listing=ListingFaults(first_page_again=True)),
    "blind": Faults(filter=FilterFaults(whole_days=True)),
    "blind and arrivals": Faults(
        filter=FilterFaults(whole_days=True), listing=ListingFaults(arrivals=100_000)
    ),
    "times as now": Faults(filter=FilterFaults(times_unreadable=True)),
    "dates as now": Faults(filter=FilterFaults(dates_unreadable=True)),
    "ignored": Faults(filter=FilterFaults(ignored=True)),
    "ignored and arrivals": Faults(
        filter=FilterFaults(ignored=True), listing=ListingFaults(arrivals=100_000)
    ),
    "ties": Faults(listing=ListingFaults(shuffled_ties=True)),
    "total off": Faults(listing=ListingFaults(total_off=1)),
    "no total": Faults(listing=ListingFaults(no_total=True)),
}


UNSETTLED = {"arrivals", "total off"}
"""Rows that keep coming into the window itself, and a total that is wrong, can't be proven."""


@pytest.mark.parametrize("name", REACHABLE)
def test_everything_that_existed_is_archived(name: str, tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(), REACHABLE[name], token=TOKEN) as sandbox:
        existed = {each.id for each in sandbox.world.recordings if each.at >= FIRST}
        code, told, _err = pull(sandbox, tmp_path, *RANGE)
        asked = sandbox.counts["recordings"]
    listings = len(told["windows"])
    proven = all(window["proven"] for window in told["windows"])
    assert existed <= archived(tmp_path)
    assert (code == 0) is proven
    assert proven is (name not in UNSETTLED)
    assert asked <= (64 + 4 * COUNT) * listings
    figure(f"3 {name}", f"{asked} requests, proven {proven}, archived {len(existed)} of {COUNT}")


@pytest.mark.parametrize("shape", ["nested", "flat"])
@pytest.mark.parametrize(
    "faults",
    [
        Faults(listing=ListingFaults(limit=10)),
        Faults(listing=ListingFaults(limit=10), filter=FilterFaults(ignored=True)),
    ],
)
def test_answers_cut_at_a_limit_end_with_3(
    shape: str, faults: Faults, tmp_path: Path, figure: Figure
) -> None:
    with Sandbox(world(), faults, token=TOKEN, shape=shape) as sandbox:
        code, told, err = pull(sandbox, tmp_path, *RANGE)
        asked = sandbox.counts["recordings"]
    assert code == 3
    assert not told["accounted"]
    assert "NOT PROVEN" in err
    row = "G3" if faults.filter.ignored else "G2" if shape == "flat" else "G1"
    found = f"exit {code}, {len(archived(tmp_path))} archived of {COUNT}, {asked} requests"
    figure(row, f"{shape}, the newest 10 only: {found}, false green 0")


@pytest.mark.parametrize(
    "faults",
    [
        Faults(filter=FilterFaults(exact_ends=True)),
        Faults(filter=FilterFaults(exact_ends=True, whole_days=True)),
    ],
)
def test_a_recording_of_the_last_half_second_is_archived(
    faults: Faults, tmp_path: Path, figure: Figure
) -> None:
    made = world()
    late = made.arrive(FIRST + timedelta(days=1, milliseconds=-400))
    with Sandbox(made, faults, token=TOKEN) as sandbox:
        code, _told, _err = pull(sandbox, tmp_path, "--since", f"{FIRST:%Y-%m-%d}")
    missing = {each.id for each in made.recordings if each.at >= FIRST} - archived(tmp_path)
    assert code == 0
    assert late.id in archived(tmp_path)
    assert not missing
    figure("G7", f"whole days {faults.filter.whole_days}: exit {code}, missing {len(missing)}")


def test_pages_that_are_empty_are_not_green(tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(), Faults(listing=ListingFaults(empty_total=500)), token=TOKEN) as sandbox:
        code, told, err = pull(sandbox, tmp_path, *RANGE)
        asked = sandbox.counts["recordings"]
    assert code == 3
    assert not told["accounted"]
    assert "NOT PROVEN" in err
    figure("A6", f"empty pages with total 500: exit {code}, {asked} requests, false green 0")


@pytest.mark.parametrize(
    "fault", [Faults(pages=PageFaults(cut=1_000)), Faults(pages=PageFaults(failed_under_200=True))]
)
def test_answers_that_make_no_sense_stop_the_run(
    fault: Faults, tmp_path: Path, figure: Figure
) -> None:
    with Sandbox(world(3), fault, token=TOKEN) as sandbox, impatient():
        code, _told, err = pull(sandbox, tmp_path, *RANGE)
        asked = sandbox.counts["recordings"]
    assert code == 4
    assert asked > 1
    assert "portal" in err
    figure("A5", f"asked {asked} times, then exit {code}")


def test_next_links_are_never_read(tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(3), token=TOKEN) as other:
        faults = Faults(listing=ListingFaults(next_page_host=other.endpoint.split("/")[2]))
        with Sandbox(world(), faults, token=TOKEN) as sandbox:
            code, told, _err = pull(sandbox, tmp_path, *RANGE)
        heard = other.counts["recordings"]
    assert (code, told["outcomes"]["archived"], heard) == (0, COUNT, 0)
    figure("A4", f"requests to the other host {heard}, archived {COUNT} of {COUNT}")


def test_held_recordings_are_not_entered_twice(tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(20), Faults(listing=ListingFaults(arrivals=3)), token=TOKEN) as sandbox:
        pull(sandbox, tmp_path, *RANGE)
        sandbox.faults = Faults()
        _code, told, _err = pull(sandbox, tmp_path, *RANGE)
    journal = Journal(LocalStore(tmp_path / "archive"))
    entries = [entry.id for _head, each in journal.manifests() for entry in each.recordings]
    assert told["outcomes"]["held"] >= 20
    assert len(entries) == len(set(entries))
    figure("A2", f"doubled {len(entries) - len(set(entries))} in {len(entries)} entries, two runs")


def test_a_token_that_dies_leaves_nothing_half_done(tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(50), Faults(pages=PageFaults(token_dies_after=8)), token=TOKEN) as sandbox:
        code, _told, err = pull(sandbox, tmp_path, *RANGE)
        manifests = [*Journal(LocalStore(tmp_path / "archive")).manifests()]
        before = archived(tmp_path)
        halves = [*(tmp_path / "archive" / ".archiver").rglob("*.part*")]
        sandbox.faults = Faults()
        again, _told, _err = pull(sandbox, tmp_path, *RANGE)
    assert code == 4
    assert "token" in err
    assert manifests
    assert not halves
    assert again == 0
    assert len(archived(tmp_path)) == 50
    figure("N21", f"exit {code}, chain valid, {len(before)} archived before, half items 0")
