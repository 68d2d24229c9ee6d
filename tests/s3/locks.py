"""The rules of Object Lock that moto has not, or has wrong.

"Using S3 Object Lock" and the operations' pages of the Amazon S3 API reference. Times are judged by
the guard's clock; moto also judges deletions by the machine's.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from xml.etree import ElementTree as ET

from msgspec import Struct

from archiver.sandbox.wire import Request, Response
from tests.s3.backend import Backend
from tests.s3.operations import fields
from tests.s3.payload import is_summed
from tests.s3.refusals import Refused, refuse

PREFIX = "x-amz-object-lock-"
_Rule = Callable[[Request, datetime], None]
_MODES = frozenset({"GOVERNANCE", "COMPLIANCE"})
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Lock(Struct, frozen=True):
    """How one version is locked."""

    mode: str | None
    until: datetime | None
    held: bool

    def keeps(self, now: datetime, *, bypass: bool) -> bool:
        """Whether the version may not be deleted at ``now``."""
        retained = self.until is not None and self.until > now
        return self.held or (retained and not (bypass and self.mode == "GOVERNANCE"))


class Locks:
    """Judges requests by the locks that ``backend`` has noted."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._rules: dict[str, _Rule] = {
            "PutObject": self._judge_new,
            "CreateMultipartUpload": self._judge_upload,
            "DeleteObject": self._judge_deletion,
            "DeleteObjects": self._judge_deletions,
            "PutObjectRetention": self._judge_retention,
            "PutObjectLegalHold": self._judge_hold,
            "PutBucketVersioning": self._judge_versioning,
            "PutObjectLockConfiguration": self._judge_configuration,
        }

    def judge(self, operation: str, request: Request, now: datetime) -> None:
        """Raise ``Refused`` for what a lock, or the rules of locks, forbid at ``now``."""
        if rule := self._rules.get(operation):
            rule(request, now)

    def retention(self, request: Request) -> Response:
        """Return the answer to GetObjectRetention, which moto has not."""
        lock = self._shown(request)
        if lock.mode is None or lock.until is None:
            raise _no_lock()
        until = f"{lock.until:%Y-%m-%dT%H:%M:%SZ}"
        inside = f"<Mode>{lock.mode}</Mode><RetainUntilDate>{until}</RetainUntilDate>"
        return _document("Retention", inside)

    def hold(self, request: Request) -> Response:
        """Return the answer to GetObjectLegalHold, of which moto leaves out the end."""
        if not self._shown(request).held:
            raise _no_lock()
        return _document("LegalHold", "<Status>ON</Status>")

    def _judge_new(self, request: Request, now: datetime) -> None:
        rule = self._default_rule(request)
        asked = [name for name in request.headers if name.startswith(PREFIX)]
        if (asked or rule) and not is_summed(request):
            message = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object"
            raise refuse(400, "InvalidRequest", f"{message} requests with Object Lock parameters")
        if asked and rule is None:
            raise refuse(400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
        mode = request.headers.get(f"{PREFIX}mode")
        until = request.headers.get(f"{PREFIX}retain-until-date")
        if (mode is None) != (until is None):
            both = f"{PREFIX}retain-until-date and {PREFIX}mode must both be supplied"
            raise refuse(400, "InvalidArgument", both)
        if mode is not None and mode not in _MODES:
            raise refuse(400, "InvalidArgument", "Unknown wormMode directive.")
        if until is not None:
            _future(until, now)

    def _judge_upload(self, request: Request, _: datetime) -> None:
        if self._default_rule(request) is not None:
            message = "In this stand-in an upload in parts would lose its lock."
            raise refuse(501, "NotImplemented", message)

    def _judge_deletion(self, request: Request, now: datetime) -> None:
        if "versionId" in fields(request):
            _keep(request, self._lock_of(request), now)

    def _judge_deletions(self, request: Request, _: datetime) -> None:
        if b"<VersionId>" in request.body and self._default_rule(request) is not None:
            message = "In this stand-in versions under a lock are deleted one by one."
            raise refuse(501, "NotImplemented", message)

    def _judge_retention(self, request: Request, now: datetime) -> None:
        lock = self._shown(request)
        tree = ET.fromstring(request.body)  # noqa: S314 - our own client's document
        mode = tree.findtext(f"{{{_SPACE}}}Mode")
        until = _future(tree.findtext(f"{{{_SPACE}}}RetainUntilDate") or "", now)
        if lock.until is None or (lock.until <= until and lock.mode == mode):
            return
        _keep(request, Lock(lock.mode, lock.until, held=False), now)

    def _judge_hold(self, request: Request, _: datetime) -> None:
        self._shown(request)

    def _judge_versioning(self, request: Request, _: datetime) -> None:
        if self._default_rule(request) is not None and b"Suspended" in request.body:
            message = "An Object Lock configuration is present on this bucket."
            raise refuse(409, "InvalidBucketState", message)

    def _judge_configuration(self, request: Request, _: datetime) -> None:
        answer = self._backend.look("GET", request.path, "versioning")
        if b"<Status>Enabled<" not in answer.body:
            message = "Versioning must be 'Enabled' on the bucket to apply an Object Lock"
            raise refuse(409, "InvalidBucketState", message)

    def _enabled(self, request: Request) -> None:
        if self._default_rule(request) is None:
            raise refuse(400, "InvalidRequest", "Bucket is missing Object Lock Configuration")

    def _default_rule(self, request: Request) -> str | None:
        """Return the mode that new objects get unasked, if any; ``None`` where no lock can be."""
        bucket = request.path.split("/")[1]
        answer = self._backend.look("GET", f"/{bucket}", "object-lock")
        if answer.status != HTTPStatus.OK:
            return None
        match = re.search(rb"<Mode>(\w+)</Mode>", answer.body)
        return match[1].decode() if match else ""

    def _shown(self, request: Request) -> Lock:
        """Return the lock of a version that somebody asks about."""
        self._enabled(request)
        seen = self._look(request)
        if seen.status != HTTPStatus.OK:
            raise refuse(404, "NoSuchKey", "The specified key does not exist.")
        return _lock(seen)

    def _lock_of(self, request: Request) -> Lock:
        return _lock(self._look(request))

    def _look(self, request: Request) -> Response:
        version = fields(request).get("versionId")
        return self._backend.look("HEAD", request.path, f"versionId={version}" if version else "")


def _lock(seen: Response) -> Lock:
    headers = {name.lower(): value for name, value in seen.headers}
    until = headers.get(f"{PREFIX}retain-until-date")
    return Lock(
        mode=headers.get(f"{PREFIX}mode"),
        until=None if until is None else _moment(until),
        held=headers.get(f"{PREFIX}legal-hold") == "ON",
    )


def _keep(request: Request, lock: Lock, now: datetime) -> None:
    bypass = request.headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
    if lock.keeps(now, bypass=bypass):
        message = "Access Denied because object protected by object lock."
        raise refuse(403, "AccessDenied", message)


def _future(text: str, now: datetime) -> datetime:
    try:
        until = _moment(text)
    except ValueError:
        message = "The retain until date must be provided in ISO 8601 format"
        raise refuse(400, "InvalidArgument", message) from None
    if until <= now:
        message = "The retain until date must be in the future!"
        raise refuse(400, "InvalidArgument", message)
    return until


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _no_lock() -> Refused:
    message = "The specified object does not have a ObjectLock configuration"
    return refuse(404, "NoSuchObjectLockConfiguration", message)


def _document(name: str, inside: str) -> Response:
    body = f'{_XML}<{name} xmlns="{_SPACE}">{inside}</{name}>'
    return Response(200, (("Content-Type", "application/xml"),), body.encode())
