"""Faults that come and go: a share of the requests meets them, and the others do not."""

import hashlib
import json
from collections import Counter

import httpx
import pytest

from archiver.sandbox import (
    Faults,
    ListingFaults,
    PageFaults,
    Passing,
    Sandbox,
    Trouble,
    Troubled,
    World,
)
from archiver.sandbox.faults import ALWAYS
from archiver.sandbox.storm import storm
from tests.clients import get, plain_client
from tests.sandbox.clocks import FIRST, LAST

REQUESTS = 200


def world() -> World:
    made = World(seed=3)
    made.add(count=20, first=FIRST, last=LAST, seconds=(7,))
    return made


def met(sandbox: Sandbox, client: httpx.Client) -> str:
    """Ask for the first page; return what came in a word."""
    address = f"{sandbox.endpoint}voice/recordings"
    try:
        answer = client.get(address, params={"access_token": sandbox.token})
        return f"total {answer.json()['data']['total']}" if answer.is_success else "refused"
    except httpx.HTTPError:
        return "broken"
    except json.JSONDecodeError:
        return "no page"


def test_a_share_of_the_reports_meets_each_fault_and_the_rest_none() -> None:
    passing = (
        Passing(Faults(pages=PageFaults(errors=ALWAYS)), 0.2),
        Passing(Faults(pages=PageFaults(reset=ALWAYS)), 0.2),
        Passing(Faults(pages=PageFaults(cut=ALWAYS)), 0.2),
        Passing(Faults(listing=ListingFaults(total_off=1)), 0.2),
    )
    with Sandbox(world(), Faults(passing=passing)) as sandbox, plain_client() as client:
        came = Counter(met(sandbox, client) for _ in range(REQUESTS))
    assert set(came) == {"refused", "broken", "no page", "total 21", "total 20"}
    assert min(came.values()) > REQUESTS / 20
    assert came["refused"] < REQUESTS * 0.4


def test_a_lying_etag_is_of_other_bytes() -> None:
    lying = Troubled(Trouble.LYING_ETAG)
    with Sandbox(world(), Faults(media=(lying,))) as sandbox:
        page = get(f"{sandbox.endpoint}voice/recordings", params={"access_token": sandbox.token})
        answer = get(page.json()["data"]["data"][0]["audio"])
    digest = hashlib.md5(answer.content, usedforsecurity=False).hexdigest()
    assert answer.headers["ETag"] != f'"{digest}"'
    assert len(answer.headers["ETag"]) == len(digest) + 2


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_a_storm_strikes_so_many_of_each_side(share: float) -> None:
    faults = storm(share)
    assert {each.trouble for each in faults.media} == {*Trouble}
    assert sum(each.share for each in faults.media) == pytest.approx(share)
    assert sum(each.share for each in faults.passing) == pytest.approx(share)


def test_what_is_on_beside_a_storm_stays_on() -> None:
    beside = Faults(
        media=(Troubled(Trouble.CUT, times=1),), listing=ListingFaults(arrivals=1), latency=0.5
    )
    faults = storm(1.0, beside)
    assert faults.media[0] == beside.media[0]
    assert faults.latency == beside.latency
    assert faults.listing.arrivals > beside.listing.arrivals
