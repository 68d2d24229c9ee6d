"""A small world on a clock that stands still until a test moves it."""

from collections.abc import Iterator

import httpx
import pytest

from archiver.sandbox import Sandbox, World
from tests.clients import plain_client
from tests.sandbox.clocks import FIRST, LAST, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world() -> World:
    world = World(seed=7)
    world.add(count=40, first=FIRST, last=LAST, seconds=(7, 12))
    return world


@pytest.fixture
def sandbox(world: World, clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(world, now=clock) as sandbox:
        yield sandbox


@pytest.fixture
def portal(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Yield a client that knows the token."""
    headers = {"Authorization": "Bearer sandbox-token"}
    with plain_client(base_url=sandbox.endpoint, headers=headers) as client:
        yield client


@pytest.fixture
def media() -> Iterator[httpx.Client]:
    """Yield a client that knows nothing but links."""
    with plain_client(timeout=5) as client:
        yield client


@pytest.fixture
def link(portal: httpx.Client) -> str:
    """Return the link of the newest recording."""
    rows = portal.get("voice/recordings").json()["data"]["data"]
    return str(rows[0]["audio"])
