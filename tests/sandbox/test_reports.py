"""The two reports: filter, order, pages, shapes, and the faults of walking them."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from archiver.sandbox import Faults, FilterFaults, ListingFaults, PageFaults, Sandbox, World
from tests.clients import get
from tests.sandbox.clocks import Clock

FILTER = "datetime[r.created_at]"
ALL = {FILTER: "Apr 01, 2021 - Apr 12, 2021"}


def data(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()["data"]
    return page


def ids(response: httpx.Response) -> list[str]:
    return [row["id"] for row in data(response)["data"]]


def walked(portal: httpx.Client) -> list[str]:
    return [
        each
        for page in (1, 2, 3)
        for each in ids(portal.get("voice/recordings", params={**ALL, "page": page}))
    ]


def test_pages_of_fifteen_hold_everything_newest_first(world: World, portal: httpx.Client) -> None:
    pages = [portal.get("voice/recordings", params={**ALL, "page": n}) for n in (1, 2, 3, 4)]
    assert [len(ids(page)) for page in pages] == [15, 15, 10, 0]
    assert [each for page in pages for each in ids(page)] == [r.id for r in world.recordings][::-1]
    assert {data(page)["total"] for page in pages} == {40}


def test_rows_have_the_fields_of_the_sample(portal: httpx.Client) -> None:
    recording = data(portal.get("voice/recordings"))["data"][0]
    assert [*recording] == [
        "id",
        "call_from",
        "call_to",
        "audio",
        "duration",
        "agent",
        "created_at",
    ]
    call = data(portal.get("voice/calls"))["data"][0]
    assert {"id", "call_from", "call_to", "status", "duration", "end_at", "audio"} <= {*call}
    assert call["audio"] is None


def test_times_of_day_are_honoured_to_the_second(world: World, portal: httpx.Client) -> None:
    recording = [*world.recordings][17]
    second = f"{world.wall(recording.at):%b %d, %Y %H:%M:%S}"
    assert ids(portal.get("voice/recordings", params={FILTER: f"{second} - {second}"})) == [
        recording.id
    ]


def test_calls_are_filtered_by_their_end(world: World, portal: httpx.Client) -> None:
    call = [*world.calls][5]
    second = f"{world.wall(call.at):%b %d, %Y %H:%M:%S}"
    params = {"datetime[end_at]": f"{second} - {second}"}
    assert ids(portal.get("voice/calls", params=params)) == [call.id]
    assert data(portal.get("voice/calls", params={FILTER: f"{second} - {second}"}))["total"] == 40


def test_a_date_not_understood_means_now_and_none_means_all(portal: httpx.Client) -> None:
    lost = portal.get("voice/recordings", params={FILTER: "Abr 01, 2021 - Abr 12, 2021"})
    assert data(lost)["total"] == 0
    assert data(portal.get("voice/recordings"))["total"] == 40


def test_created_at_is_on_the_portals_clock(clock: Clock) -> None:
    world = World(utc_offset_minutes=330)
    world.arrive(datetime(2021, 4, 1, 20, tzinfo=UTC))
    with Sandbox(world, now=clock) as sandbox:
        params = {FILTER: "Apr 02, 2021 - Apr 02, 2021", "access_token": sandbox.token}
        page = data(get(f"{sandbox.endpoint}voice/recordings", params=params))
    assert page["data"][0]["created_at"] == "2021-04-02 01:30:00"


def test_nothing_is_listed_from_the_future(clock: Clock, portal: httpx.Client) -> None:
    clock.moment = datetime(2021, 4, 6, tzinfo=UTC)
    half = data(portal.get("voice/recordings", params=ALL))["total"]
    clock.moment = datetime(2021, 4, 20, tzinfo=UTC)
    assert 0 < half < data(portal.get("voice/recordings", params=ALL))["total"]


def test_the_next_page_drops_the_filter(sandbox: Sandbox, portal: httpx.Client) -> None:
    page = data(portal.get("voice/recordings", params=ALL))
    assert page["next_page_url"] == f"{sandbox.endpoint}voice/recordings?page=2"
    sandbox.faults = Faults(listing=ListingFaults(next_page_host="192.0.2.1"))
    page = data(portal.get("voice/recordings", params=ALL))
    assert page["next_page_url"] == "http://192.0.2.1/voice/recordings?page=2"


def test_three_shapes_say_the_same(world: World, clock: Clock) -> None:
    said = {}
    for shape in ("nested", "resource", "flat"):
        with Sandbox(world, shape=shape, now=clock, per_page=40) as sandbox:
            params = {**ALL, "access_token": sandbox.token}
            said[shape] = get(f"{sandbox.endpoint}voice/recordings", params=params).json()
    rows = [said["nested"]["data"]["data"], said["resource"]["data"], said["flat"]["data"]]
    assert [[row["id"] for row in each] for each in rows] == [[r["id"] for r in rows[0]]] * 3
    assert said["nested"]["data"]["total"] == said["resource"]["meta"]["total"] == 40
    assert said["resource"]["status"] == 200
    assert [*said["flat"]] == ["status", "data"]


def test_arrivals_push_rows_and_departures_pull_them(
    sandbox: Sandbox, portal: httpx.Client
) -> None:
    sandbox.faults = Faults(listing=ListingFaults(arrivals=1))
    seen = walked(portal)
    assert len(seen) - len(set(seen)) == 1
    assert len(walked(portal)) == 41
    sandbox.faults = Faults(listing=ListingFaults(departures=1))
    before = {recording.id for recording in sandbox.world.recordings}
    seen = walked(portal)
    assert len(before - set(seen)) == 1
    assert len(sandbox.world.recordings) == 40


@pytest.mark.parametrize(
    ("faults", "total", "rows"),
    [
        (Faults(listing=ListingFaults(total_off=1)), 41, 15),
        (Faults(listing=ListingFaults(empty_total=500)), 500, 0),
        (Faults(filter=FilterFaults(dates_unreadable=True)), 0, 0),
        (Faults(listing=ListingFaults(shuffled_ties=True)), 40, 15),
    ],
)
def test_a_page_that_contradicts(
    sandbox: Sandbox, portal: httpx.Client, faults: Faults, total: int, rows: int
) -> None:
    sandbox.faults = faults
    page = data(portal.get("voice/recordings", params=ALL))
    assert (page["total"], len(page["data"])) == (total, rows)


def test_the_first_page_for_ever(sandbox: Sandbox, portal: httpx.Client) -> None:
    sandbox.faults = Faults(listing=ListingFaults(first_page_again=True))
    first, second = (portal.get("voice/recordings", params={"page": n}) for n in (1, 2))
    assert ids(first) == ids(second)
    assert data(second)["current_page"] == 2


def test_an_ignored_filter_gives_everything(sandbox: Sandbox, portal: httpx.Client) -> None:
    sandbox.faults = Faults(filter=FilterFaults(ignored=True))
    page = data(portal.get("voice/recordings", params={FILTER: "Jan 01, 2020 - Jan 02, 2020"}))
    assert page["total"] == 40


def test_ties_change_places_and_nothing_else(clock: Clock) -> None:
    world = World()
    made = {world.arrive(datetime(2021, 4, 1, tzinfo=UTC)).id for _ in range(20)}
    with Sandbox(
        world,
        Faults(listing=ListingFaults(shuffled_ties=True)),
        now=clock,
        shape="nested",
        per_page=20,
    ) as box:
        url, params = f"{box.endpoint}voice/recordings", {"access_token": box.token}
        orders = [ids(get(url, params=params)) for _ in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert all(set(order) == made for order in orders)


def test_pages_cut_or_replaced_are_no_json(sandbox: Sandbox, portal: httpx.Client) -> None:
    sandbox.faults = Faults(pages=PageFaults(cut=1))
    with pytest.raises(json.JSONDecodeError):
        portal.get("voice/recordings").json()
    assert len(ids(portal.get("voice/recordings"))) == 15
    sandbox.faults = Faults(pages=PageFaults(body=b"[" * 1000))
    assert portal.get("voice/recordings").content == b"[" * 1000


def test_overridden_fields_are_served_as_they_are(world: World, portal: httpx.Client) -> None:
    recording = [*world.recordings][-1]
    world.edit(recording.id, id="../../etc/cron.d/x", duration=None, agent="\ud800\x1b[2J")
    row = data(portal.get("voice/recordings"))["data"][0]
    assert (row["id"], row["duration"]) == ("../../etc/cron.d/x", None)
    assert row["agent"] == "\ud800\x1b[2J"


def test_a_limit_cuts_rows_and_total(sandbox: Sandbox, portal: httpx.Client) -> None:
    sandbox.faults = Faults(listing=ListingFaults(limit=20))
    pages = [portal.get("voice/recordings", params={**ALL, "page": n}) for n in (1, 2, 3)]
    assert [len(ids(page)) for page in pages] == [15, 5, 0]
    assert {data(page)["total"] for page in pages} == {20}


def test_pages_without_a_total(sandbox: Sandbox, portal: httpx.Client) -> None:
    sandbox.faults = Faults(listing=ListingFaults(no_total=True))
    page = data(portal.get("voice/recordings", params=ALL))
    assert len(page["data"]) == page["per_page"]
    assert not {"total", "last_page", "last_page_url"} & {*page}


def test_an_end_may_be_a_moment(world: World, sandbox: Sandbox, portal: httpx.Client) -> None:
    recording = [*world.recordings][17]
    assert recording.at.microsecond
    second = f"{world.wall(recording.at):%b %d, %Y %H:%M:%S}"
    params = {FILTER: f"{second} - {second}"}
    assert ids(portal.get("voice/recordings", params=params)) == [recording.id]
    sandbox.faults = Faults(filter=FilterFaults(exact_ends=True))
    assert ids(portal.get("voice/recordings", params=params)) == []
