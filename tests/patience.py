"""The pauses between tries, left out: a test waits for nobody who is only played."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

from archiver.http.retry import Backoff
from archiver.media import media_client
from archiver.portal import client as portal_client

WAITERS = (portal_client, media_client)


@contextmanager
def impatient(tries: int = 5) -> Iterator[None]:
    """Let everything be tried so often, and no oftener than it is to be, at once."""

    def delay(backoff: Backoff, attempt: int, *_: object) -> float | None:
        return 0.0 if attempt < min(tries, backoff.attempts) else None

    with ExitStack() as patched:
        for waiter in WAITERS:
            patched.enter_context(mock.patch.object(waiter, "delay", delay))
        yield
