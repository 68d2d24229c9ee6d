"""A portal client that counts the seconds it was told to wait instead of waiting them."""

from collections.abc import Callable

from archiver.portal.client import Client, Route
from archiver.portal.limiter import Limiter
from archiver.retry import Backoff
from archiver.secret import Secret
from archiver.settings import Auth

TOKEN = "canary-4711-token"  # noqa: S105  # guards a world of tones
ATTEMPTS = 3


def quick(
    endpoint: str,
    token: str = TOKEN,
    *,
    auth: Auth = Auth.AUTO,
    wait: Callable[[float], object] = bool,
) -> Client:
    """Return a client of ``endpoint`` that tries three times; ``wait`` is told every pause."""
    limiter = Limiter(60_000, clock=lambda: 0.0, wait=wait)
    return Client(
        Route(endpoint), Secret(token), auth=auth, limiter=limiter, wait=wait,
        backoff=Backoff(attempts=ATTEMPTS),
    )  # fmt: skip
