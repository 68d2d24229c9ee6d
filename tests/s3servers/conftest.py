"""One server of each kind for the whole session, started when a test first asks for it.

``endpoint`` is where another promise is plugged in: a test that takes it runs on every server, with
``endpoint.bucket(…)`` for a new bucket and ``endpoint.client()``, its keys and ``url`` to reach it.
"""

from collections.abc import Iterator

import pytest

from tests.s3servers.install import SERVERS, lack
from tests.s3servers.server import Endpoint, Server


@pytest.fixture(scope="session", params=SERVERS, ids=lambda server: server.name)
def server(request: pytest.FixtureRequest) -> Server:
    """Return a kind of server that is installed."""
    chosen: Server = request.param
    if reason := lack(chosen):
        pytest.skip(reason)
    return chosen


@pytest.fixture(scope="session")
def endpoint(server: Server) -> Iterator[Endpoint]:
    """Return the running server."""
    with server.running() as started:
        yield started
