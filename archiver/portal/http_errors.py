"""What an answer means that asking again can't change, and what a person can do about it. Pure.

>>> redirected("http://portal.example/api/v2/", "https://portal.example/api/v2/voice/calls").advice
'If it is right, set endpoint = "https://portal.example/api/v2/".'
"""

from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

from archiver.config.endpoints import normalise_endpoint
from archiver.errors import ArchiverError, StopRun, TokenRefused, TryAgain, UsageError

LONGEST = 300
"""Of an endpoint to propose: what is longer is none, and fills the screen."""


class AnswerNotUnderstood(TryAgain):
    """The portal was reached, but what it sent is no page of a report: ``why`` says."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The portal's answer was not understood: {why}.",
            advice="If this stays so, check the endpoint with `archiver doctor`.",
        )
        self.why = why


def final(status: int, said: str) -> ArchiverError:
    """Return the error for an HTTP status; ``said`` is what the portal says of it, or empty.

    The portal's own words go into the advice, for the person at the terminal: they are never part
    of a message, which may end up in a manifest.
    """
    known = {
        401: TokenRefused(
            "The portal refused the token (401).",
            advice=advice(
                "Check ARCHIVER_TOKEN or token_file; a new token is made in the portal.", said
            ),
            is_unauthorized=True,
        ),
        403: TokenRefused(
            "The portal refused this request (403).",
            advice=advice(
                "Let the portal whitelist this machine's public address, and check what the "
                "token's account may see.",
                said,
            ),
        ),
        404: StopRun(
            "The portal has no such report at this endpoint (404).",
            advice=advice("Check the endpoint: it ends in /api/v2/ at most portals.", said),
        ),
        422: StopRun(
            "The portal does not accept the request (422).",
            advice=advice("Run `archiver doctor` to see what this portal accepts.", said),
        ),
    }
    return known.get(status) or StopRun(
        f"The portal answered with status {status}.",
        advice=advice("Run `archiver doctor` to see what is wrong.", said),
    )


def busy(status: int, said: str, after: float | None) -> TryAgain:
    """Return the error of a portal that fails to answer; ``after`` is for how long it asks."""
    code = f"status {status or 'in the answer'}"
    asks = f", and asks to wait {after:.0f} s" if after else ""
    return TryAgain(
        f"The portal failed to answer ({code}){asks}.",
        advice=advice("Run it again later.", said),
        after=after,
    )


def too_busy(error: TryAgain, now: datetime) -> StopRun:
    """Return what ends a run: the portal asks for a longer wait than a run waits."""
    then = now + timedelta(seconds=error.after or 0.0)
    return StopRun(error.message, advice=f"Run it again after {then:%Y-%m-%d %H:%M:%S} UTC.")


def advice(what_to_do: str, said: str) -> str:
    """Return advice with the portal's own words after it, if it said any."""
    return f'{what_to_do} The portal says: "{said}".' if said else what_to_do


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
        return normalise_endpoint(base) if report and len(base) <= LONGEST else None
    except (ValueError, UsageError):
        return None
