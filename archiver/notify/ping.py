"""Pings in the manner of Healthchecks.io: one at the start, one at the end with the exit code.

A POST to the check's address says that all is well, ``/start`` that a run has begun, ``/3`` that it
ended with 3 and ``/log`` nothing but its text (Healthchecks.io, "Pinging API"). Other services take
the same addresses. The address is a secret: whoever knows it can say that all is well.
"""

import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpcore

from archiver.errors import UsageError
from archiver.http.connections import Backend, TimeLimit, pool, tls_fault
from archiver.secret import Secret

TRIES = 2
TRY_S = 10.0
"""No try takes longer than this, however the answer dribbles in."""
_SECONDS = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


class Pings:
    """The pings of one run to the check at ``url``; ``warn`` is told of one that failed.

    Nothing here raises: a run never fails because nobody could be told of it.
    """

    def __init__(
        self,
        url: Secret,
        warn: Callable[[str], object],
        *,
        proxy: Secret | None = None,
        ca_bundle: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._warn = warn
        self._proxy = proxy
        self._ca_bundle = ca_bundle
        self._clock = clock
        self._run = uuid.uuid4()

    def start(self) -> None:
        """Say that the run begins."""
        self._send("/start", "")

    def end(self, code: int, body: str) -> None:
        """Say how it ended; ``body`` is kept by the service and shown to people."""
        self._send("" if code == 0 else f"/{code}", body)

    def trial(self) -> str:
        """Return why no ping would get through, or nothing; it says nothing of any run.

        What is sent to ``/log`` is kept by the service, and changes nothing of the check.
        """
        return self._reason("/log", "archiver doctor")

    @property
    def host(self) -> str:
        """Whom the pings go to: all of the address that may be shown."""
        return urlsplit(self._url.reveal()).hostname or ""

    def _send(self, what: str, body: str) -> None:
        reason = self._reason(what, body)
        if reason:
            self._warn(f"The ping to {self.host} failed: {reason}. The run goes on without it.")

    def _reason(self, what: str, body: str) -> str:
        """Send a ping, twice if need be; return why it failed, or nothing."""
        address = urlsplit(self._url.reveal())
        path = f"{address.path.rstrip('/')}{what}?rid={self._run}"
        url = address._replace(path="", query="", fragment="").geturl() + path
        reason = ""
        for _ in range(TRIES):
            reason = self._try(url, body)
            if not reason:
                break
        return reason

    def _try(self, url: str, body: str) -> str:
        """Send a ping once; return why it failed, or nothing. Only the status is read."""
        deadline = TimeLimit(bool, clock=self._clock)
        try:
            with (
                deadline.within(TRY_S),
                pool(
                    Backend(deadline.check),
                    scheme=urlsplit(url).scheme,
                    connections=1,
                    proxy=self._proxy,
                    ca_bundle=self._ca_bundle,
                ) as connections,
                connections.stream(
                    "POST",
                    url,
                    headers={"Content-Type": "text/plain; charset=utf-8"},
                    content=body.encode(),
                    extensions={"timeout": _SECONDS},
                ) as answer,
            ):
                status = answer.status
        except UsageError as error:
            return error.message.removesuffix(".")
        except httpcore.TimeoutException:
            return "no answer in time"
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            fault = tls_fault(error)
            return fault.value if fault else "no connection"
        is_success = status < HTTPStatus.MULTIPLE_CHOICES
        return "" if is_success else f"the answer was {status}"
