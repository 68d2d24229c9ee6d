"""Token, rate and the portal's own failures."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Literal

import httpx
import pytest

from archiver.sandbox import ClockFaults, Faults, PageFaults, Sandbox, World
from tests.clients import get
from tests.sandbox.clocks import Clock

HEADER = {"Authorization": "Bearer sandbox-token"}
QUERY = {"access_token": "sandbox-token"}
Ask = Callable[..., httpx.Response]


def ask(sandbox: Sandbox) -> Ask:
    return lambda **how: get(f"{sandbox.endpoint}voice/recordings", **how)


@pytest.mark.parametrize(
    ("auth", "header", "query"), [("both", 200, 200), ("header", 200, 401), ("query", 401, 200)]
)
def test_how_the_token_may_come(
    world: World, auth: Literal["both", "header", "query"], header: int, query: int
) -> None:
    with Sandbox(world, auth=auth) as sandbox:
        get = ask(sandbox)
        assert get(headers=HEADER).status_code == header
        assert get(params=QUERY).status_code == query
        assert get().status_code == 401
        wrong = get(headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.json()["status"]) == (401, 401)
        assert sandbox.counts["unauthorized"] == 2 + (header == 401) + (query == 401)


def test_the_rate_is_counted_by_the_minute(world: World, clock: Clock) -> None:
    clock.moment = clock.moment.replace(second=50)
    with Sandbox(world, rate_limit=2, now=clock) as sandbox:
        answers = [ask(sandbox)(headers=HEADER) for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        remaining = [each.headers["X-RateLimit-Remaining"] for each in answers]
        assert remaining == ["1", "0", "0"]
        assert answers[2].headers["Retry-After"] == "10"
        sandbox.faults = Faults(retry_after="999999")
        assert ask(sandbox)(headers=HEADER).headers["Retry-After"] == "999999"
        clock.advance(10)
        assert ask(sandbox)(headers=HEADER).status_code == 200
        assert sandbox.counts["limited"] == 2


@pytest.mark.parametrize("status", [403, 409, 422, 429, 500, 503])
def test_failures_are_counted_from_when_they_are_switched_on(world: World, status: int) -> None:
    with Sandbox(world) as sandbox:
        for _ in range(2):
            sandbox.faults = Faults(
                pages=PageFaults(errors=2, error_status=status), retry_after="7"
            )
            answers = [ask(sandbox)(headers=HEADER) for _ in range(3)]
            assert [each.status_code for each in answers] == [status, status, 200]
            assert answers[0].headers["Retry-After"] == "7"
            assert answers[0].json()["status"] == status


def test_a_failure_under_200(world: World) -> None:
    with Sandbox(world, Faults(pages=PageFaults(failed_under_200=True))) as sandbox:
        answer = ask(sandbox)(headers=HEADER)
    assert (answer.status_code, answer.json()["status"]) == (200, 500)


def test_a_token_can_die(world: World) -> None:
    with Sandbox(world, Faults(pages=PageFaults(token_dies_after=2))) as sandbox:
        codes = [ask(sandbox)(headers=HEADER).status_code for _ in range(4)]
    assert codes == [200, 200, 401, 401]


def test_the_portals_date_can_be_ahead(world: World, clock: Clock) -> None:
    with Sandbox(world, Faults(clock=ClockFaults(skew_seconds=7200)), now=clock) as sandbox:
        date = parsedate_to_datetime(ask(sandbox)(headers=HEADER).headers["Date"])
    assert (date - clock()).total_seconds() == 7200


def test_other_paths_and_methods(sandbox: Sandbox, portal: httpx.Client) -> None:
    assert portal.get("voice/nothing").status_code == 404
    assert portal.post("voice/recordings").status_code == 405
    assert get(sandbox.endpoint.replace("/api/v2/", "/voice/recordings")).status_code == 404
