"""What an answer means that asking again can't change, and what a person can do about it. Pure.

>>> redirected("http://portal.example/api/v2/", "https://portal.example/api/v2/voice/calls").advice
'If it is right, set endpoint = "https://portal.example/api/v2/".'
"""

from urllib.parse import urljoin, urlsplit

from archiver.errors import ArchiverError, StopRun, TokenRefused, UsageError
from archiver.settings import normalise_endpoint


def final(status: int, said: str) -> ArchiverError:
    """Return the error for an HTTP status; ``said`` is what the portal says of it, or empty."""
    known = {
        401: TokenRefused(
            f"The portal refused the token (401).{said}",
            advice="Check ARCHIVER_TOKEN or token_file; a new token is made in the portal.",
        ),
        403: TokenRefused(
            f"The portal refused this request (403).{said}",
            advice="Let the portal whitelist this machine's public address, and check what the "
            "token's account may see.",
        ),
        404: StopRun(
            f"The portal has no such report at this endpoint (404).{said}",
            advice="Check the endpoint: it ends in /api/v2/ at most portals.",
        ),
        422: StopRun(
            f"The portal does not accept the request (422).{said}",
            advice="Run `archiver doctor` to see what this portal accepts.",
        ),
    }
    return known.get(status) or StopRun(
        f"The portal answered with status {status}.{said}",
        advice="Run `archiver doctor` to see what is wrong.",
    )


def redirected(endpoint: str, location: str) -> StopRun:
    """Return the error for a redirect from ``endpoint``: where it leads, if that can be another."""
    target = _endpoint_in(endpoint, location)
    return StopRun(
        "The portal redirects to another address, which is never followed.",
        advice=f'If it is right, set endpoint = "{target}".'
        if target
        else "Check the endpoint: what it leads to is none.",
    )


def _endpoint_in(endpoint: str, location: str) -> str | None:
    """Return the endpoint of a report's address; ``None`` for a sign-in page or nonsense."""
    try:
        target = urlsplit(urljoin(endpoint, location))
        host = target.netloc.rpartition("@")[2]
        base, report, _ = (
            target._replace(netloc=host, query="", fragment="").geturl().partition("voice/")
        )
        return normalise_endpoint(base) if report else None
    except (ValueError, UsageError):
        return None
