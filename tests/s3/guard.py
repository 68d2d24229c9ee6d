"""A bucket on loopback that refuses what AWS refuses, and fails as buckets fail.

In front of the buckets, which believe everything, stands a guard: signature, time, hashes and owner
of a request are judged here, and troubles meet it here. Requests are served by the sandbox's own
door; they touch the buckets one at a time.
"""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Self

from msgspec.structs import replace

from archiver.sandbox import Trouble
from archiver.sandbox import Troubled as Spoiling
from archiver.sandbox.loopback import LoopbackServer
from archiver.sandbox.media.presigned import Denial
from archiver.sandbox.media.spoil import spoilt
from archiver.sandbox.wire import Request, Response
from tests.s3 import access, payload
from tests.s3.account import OWNER
from tests.s3.buckets import Buckets
from tests.s3.faults import Faults, Loss, Troubled
from tests.s3.operations import operation
from tests.s3.refusals import ACCESS_DENIED, Refused, refusal, refuse
from tests.s3.rush import Rush
from tests.s3.tally import Tally

_SUMMED = frozenset({
    "DeleteObjects", "PutObjectLegalHold", "PutObjectLockConfiguration", "PutObjectRetention",
})  # fmt: skip
_SILENCE = Response(500, ending="silence")


def _machine_clock() -> datetime:
    return datetime.now(UTC)


class Guard:
    """Serves buckets from ``with`` to its end; ``now`` is its clock (aware)."""

    def __init__(self, now: Callable[[], datetime] = _machine_clock) -> None:
        self.now = now
        self.tally = Tally()
        self._faults = Faults()
        self._spent: Counter[Troubled] = Counter()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.buckets = Buckets()
        self.rush = Rush()
        self._door = LoopbackServer(self.answer)

    @property
    def endpoint(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{self._door.host}"

    @property
    def faults(self) -> Faults:
        """The faults that are on; assign others at any time, which starts every count anew."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults = faults
            self._spent.clear()

    def reset(self) -> None:
        """Forget faults, counts and the clock; buckets stay."""
        self.faults = Faults()
        self.tally = Tally()
        self.rush = Rush()
        self.now = _machine_clock

    def __enter__(self) -> Self:
        self._door.open()
        return self

    def __exit__(self, *raised: object) -> None:
        self._door.close()

    def answer(self, request: Request) -> Response:
        """Answer one request, refusals and troubles included."""
        what = operation(request) or "Unknown"
        self.tally.hear(what, request)
        trouble = self._strike(what, request.path)
        if trouble is Loss.UNHEARD:
            return _SILENCE
        try:
            response = self._answer(what, request, trouble)
        except Refused as refused:
            self.tally.refuse(refused.denial.code)
            response = refusal(refused.denial)
        if trouble is Loss.UNANSWERED:
            return _SILENCE
        if isinstance(trouble, Trouble):
            response = spoilt(response, Spoiling(trouble))
        self.tally.answer(response)
        return replace(response, headers=(*response.headers, *self._stamps()))

    def _stamps(self) -> Iterator[tuple[str, str]]:
        """Yield the headers of every answer."""
        yield "Date", formatdate(self.now().timestamp(), usegmt=True)
        yield "Server", "AmazonS3"
        yield "x-amz-request-id", f"{next(self._numbers):016X}"

    def _strike(self, what: str, path: str) -> Denial | Loss | Trouble | None:
        """Return the trouble that a request meets, if any."""
        with self._lock:
            for each in self._faults.troubles:
                if each.part not in path or what not in (each.operations or {what}):
                    continue
                self._spent[each] += 1
                if each.times is None or self._spent[each] <= each.times:
                    return each.trouble
        return None

    def _answer(
        self, what: str, request: Request, trouble: Denial | Loss | Trouble | None
    ) -> Response:
        access.check(request, self.now())
        if isinstance(trouble, Denial):
            raise Refused(trouble)
        if what == "Unknown":
            message = "A header or query you provided implies functionality that is not implemented"
            raise refuse(501, "NotImplemented", message)
        self._check_owner(request)
        self._check_headers(what, request)
        plain = payload.unwrapped(request)
        if what in _SUMMED and not payload.is_summed(plain):
            message = "Missing required header for this request: Content-MD5"
            raise refuse(400, "InvalidRequest", message)
        if trouble is Loss.DAMAGED:
            plain = _damaged(plain)
        if self._faults.checksums != "unchecked":
            payload.check(plain)
        faults = self._faults
        if what == "PutObject" and faults.create_only == "late":
            faults = self._judged_on_arrival(plain, faults)
        with self._lock:
            return self.buckets.do(what, plain, faults, self.now())

    def _judged_on_arrival(self, request: Request, faults: Faults) -> Faults:
        """Judge a create-only PUT when it comes, not when it is done: rivals may meet between."""
        with self._lock:
            is_free = self.buckets.is_free(request)
        if not is_free or "if-none-match" not in request.headers:
            return replace(faults, create_only="kept")
        if faults.rush and faults.rush in request.path:
            self.rush.meet(request.path)
        return replace(faults, create_only="unversioned")

    def _check_headers(self, what: str, request: Request) -> None:
        for start, denial in self._faults.refused:
            if what == "PutObject" and any(name.startswith(start) for name in request.headers):
                raise Refused(denial)

    def _check_owner(self, request: Request) -> None:
        expected = request.headers.get("x-amz-expected-bucket-owner", OWNER)
        if expected != OWNER and not self._faults.owners_ignored:
            raise Refused(ACCESS_DENIED)


def _damaged(request: Request) -> Request:
    """Return the request with one bit of its body flipped, and its signed hash taken off."""
    body = bytearray(request.body)
    if body:
        body[len(body) // 2] ^= 1
    headers = {**request.headers, "x-amz-content-sha256": payload.UNSIGNED}
    return replace(request, headers=headers, body=bytes(body))
