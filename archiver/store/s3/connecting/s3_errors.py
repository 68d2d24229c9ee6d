"""Errors of a bucket in words, by the code of their answer or by what the layers beneath tell."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as Unreachable
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from archiver.errors import DestinationError, Missing, NotPermitted
from archiver.scrubbing import HIDDEN, clean
from archiver.store.s3.connecting import unreachable
from archiver.store.s3.connecting.expected_owner import EXPECTED
from archiver.store.s3.connecting.redirects import REDIRECTS, tells_region

Foreign = ClientError | BotoCoreError | HTTPError | ResponseParserError
FOREIGN = (ClientError, BotoCoreError, HTTPError, ResponseParserError)
"""What boto3 raises, and the layers beneath it."""
NOT_THERE = frozenset({"NoSuchKey", "404", "NotFound", "NoSuchVersion"})
NO_VERSION = frozenset({"InvalidArgument", "InvalidVersionId", "400", "405", "MethodNotAllowed"})
"""How servers answer, asked for a version whose name they would never have given."""
TAKEN = frozenset({"PreconditionFailed", "412"})
CONFLICT = frozenset({"ConditionalRequestConflict", "OperationAborted"})
UNKNOWN = frozenset({"NotImplemented", "MethodNotAllowed", "NotSupported", "XNotImplemented"})
NOT_ALLOWED = frozenset(
    {"AccessDenied", "403", "MethodNotAllowed", "InvalidRequest", "ObjectLocked"}
)
"""How deleting is refused: by rights, by a lock, or by a server that has no such operation."""
NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"})
"""How servers say that a bucket, or a version, has no lock."""
DAMAGED = frozenset({"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_WORD = re.compile(r"[A-Z][A-Za-z.]{1,63}|[0-9]{3}")
"""A code that can be shown: what else a server puts there may be anything, and any length."""
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_]{40,}")
"""What may be a secret key, a session token or a signature: no other word is so long."""
_MOST_SAID = 200
_MOST_READ = 2_000
_RIGHTS = "Compare the rights of these credentials with what `archiver doctor --policy` prints."
_LATER = "Run it again later."
_SETTINGS = "Check the s3_ settings, then run archiver doctor."
_PASSING = frozenset({
    "OperationAborted", "RequestTimeout", "RequestLimitExceeded", "Throttling",
    "ThrottlingException", "TooManyRequests", "TooManyRequestsException",
})  # fmt: skip
"""Refusals of a request that is right, and came at a bad moment."""
_PASSING_STATUS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_CLASS = (
    "what has this storage class must be restored before it can be read",
    "Restore it, or set s3_storage_class to one that can be read at once.",
)
_NO_S3 = (
    "what answered is no S3 server",
    "Check s3_endpoint: host, port, and http:// or https://. A proxy or a sign-in page may answer.",
)
_OTHER_REGION = ("the bucket is in another region", "Set s3_region.")
_DENIED = frozenset({"AccessDenied", "403"})
_OF_ONE_OBJECT = _DENIED | {"InvalidObjectState"}
_SENTENCES = {
    "NoSuchBucket": ("there is no such bucket", "Check the archive's address and s3_endpoint."),
    "InvalidAccessKeyId": ("the access key is unknown there", "Check the credentials."),
    "SignatureDoesNotMatch": ("the secret key is not the right one", "Check the credentials."),
    "InvalidToken": ("the session token is not the right one", "Check the credentials."),
    "InvalidClientTokenId": ("the access key is unknown there", "Check the credentials."),
    "ExpiredTokenException": ("the credentials have expired", "Renew them, then run again."),
    "ExpiredToken": ("the credentials have expired", "Renew them, then run again."),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "Set the clock, then run again."),
    "SlowDown": ("the server asked for fewer requests, again and again", _LATER),
    "ConditionalRequestConflict": ("others write to that very name, again and again", _LATER),
    "InvalidStorageClass": ("the server has no such storage class", "Check s3_storage_class."),
    "InvalidObjectState": _CLASS,
    "KeyTooLongError": (
        "the server takes no name that long",
        "Shorten the path in the archive's address.",
    ),
    "InvalidTag": ("the server does not take the tags", "Check s3_tags."),
    "InvalidEncryptionAlgorithmError": (
        "the server can't encrypt like that",
        "Check s3_encryption.",
    ),
    "InvalidBucketState": (
        "the bucket is not set up for what is asked of it",
        "Object Lock must be enabled on the bucket: run archiver doctor.",
    ),
    "QuotaExceeded": ("the quota is used up", "Raise the quota, then run again."),
    "PermanentRedirect": _OTHER_REGION,
    "AuthorizationHeaderMalformed": _OTHER_REGION,
    "IllegalLocationConstraintException": _OTHER_REGION,
}
_KMS = (
    "the key that encrypts is disabled, gone or not permitted",
    "Check s3_encryption and the key's policy.",
)


def code_of(error: ClientError) -> str:
    """Return the code of an error answer: S3's word, or the status where there is no body."""
    return str(error.response.get("Error", {}).get("Code") or "")


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an error answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def refusal(error: Foreign, what: str) -> DestinationError:
    """Return the error to raise for ``error``, met while doing ``what`` (``writing x.mp3``)."""
    reason, advice = _told(error)
    code = code_of(error) if isinstance(error, ClientError) else ""
    kind = NotPermitted if code in _DENIED else DestinationError
    one = code in _OF_ONE_OBJECT
    return kind(f"Stopped while {what}: {reason}.", advice=advice, of_one_file=one)


@contextmanager
def map_s3_errors(what: str) -> Iterator[None]:
    """Turn what boto3 raises in the block into :class:`DestinationError`.

    What breaks in the body of an error comes as the layer beneath raised it.
    """
    try:
        yield
    except FOREIGN as error:
        raise refusal(error, what) from error


@contextmanager
def missing(key: str, version: str | None = None) -> Iterator[None]:
    """Turn "not there" into :class:`Missing`, and what else boto3 raises as :func:`map_s3_errors`.

    ``version`` is the one that was asked for: it may be another bucket's.
    """
    not_there = NOT_THERE | NO_VERSION if version else NOT_THERE
    with map_s3_errors(f"reading {key}"):
        try:
            yield
        except ClientError as error:
            if code_of(error) in not_there:
                raise Missing(f"The archive has no {key}.") from error
            raise


def _told(error: Foreign) -> tuple[str, str]:
    if isinstance(error, ClientError):
        return _answered(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError | ProfileNotFound):
        return "there are no AWS credentials", "Set s3_profile, or the AWS_ variables."
    if isinstance(error, Unreachable | HTTPClientError | HTTPError):
        return unreachable.told(error)
    if isinstance(error, ResponseParserError):
        return _NO_S3
    return f"it failed ({type(error).__name__})", _SETTINGS


def _answered(error: ClientError) -> tuple[str, str]:
    code = code_of(error)
    if code.startswith("KMS"):
        return _KMS
    if status_of(error) in REDIRECTS and tells_region(error.response):
        return _OTHER_REGION
    return _denied(error) if code in _DENIED else _SENTENCES.get(code) or _unknown(error)


def _denied(error: ClientError) -> tuple[str, str]:
    """Return what may be behind a refusal: a right, or an owner that was set and is another."""
    denied = "it may not be done with these credentials, or the bucket"
    owner = error.response.get("Error", {}).get(EXPECTED)
    if owner is None:
        return f"{denied} is not theirs", _RIGHTS
    return f"{denied} does not belong to {owner}", f"Check s3_owner. {_RIGHTS}"


def _unknown(error: ClientError) -> tuple[str, str]:
    """Return what the server answered, in its own words: they name what it does not take."""
    code, status = code_of(error), status_of(error)
    is_asked_wrongly = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    # What is no XML has the status 500 in botocore's words, be it a page with 200.
    is_page = is_asked_wrongly or status == HTTPStatus.INTERNAL_SERVER_ERROR
    if is_page and (code.isdecimal() or not code) and not _is_from_s3(error):
        told = "" if status == HTTPStatus.INTERNAL_SERVER_ERROR else f" ({status})"
        return f"{_NO_S3[0]}, as it seems{told}", _NO_S3[1]
    said = f"the server answered {code if _WORD.fullmatch(code) else status}"
    words = _words(str(error.response.get("Error", {}).get("Message") or ""))
    passes = code in _PASSING or status in _PASSING_STATUS
    is_unknown = status == HTTPStatus.NOT_IMPLEMENTED or code in UNKNOWN
    advice = _SETTINGS if (is_asked_wrongly or is_unknown) and not passes else _LATER
    return f"{said} ({words})" if words else said, advice


def _is_from_s3(error: ClientError) -> bool:
    """Whether an answer has the mark that S3 servers put on each, also where it has no body."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return any(name.lower().startswith("x-amz-") for name in headers)


def _words(message: str) -> str:
    """Return a server's sentence in one line, short, and without what may be a secret."""
    line = " ".join("".join(c if c.isprintable() else " " for c in message[:_MOST_READ]).split())
    clean_line = _OPAQUE.sub(HIDDEN, clean(line)).rstrip(".")
    return clean_line if len(clean_line) <= _MOST_SAID else f"{clean_line[:_MOST_SAID]}…"
