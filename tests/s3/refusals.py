"""What S3 refuses, and how it says so (Amazon S3 API reference: error responses)."""

from archiver.sandbox.media.media_server import xml
from archiver.sandbox.media.presigned import Denial
from archiver.sandbox.wire import Response

ACCESS_DENIED = Denial(403, "AccessDenied", "Access Denied")
SLOW_DOWN = Denial(503, "SlowDown", "Please reduce your request rate.")
INTERNAL_ERROR = Denial(500, "InternalError", "We encountered an internal error.")
CONFLICT = Denial(409, "ConditionalRequestConflict", "A conflicting operation is going on.")
KMS_DISABLED = Denial(400, "KMS.DisabledException", "The KMS key is disabled.")
COLD = Denial(403, "InvalidObjectState", "The object's storage class does not permit it.")
NOT_IMPLEMENTED = Denial(501, "NotImplemented", "A header or query is not implemented.")
ERROR_UNDER_200 = Denial(200, "InternalError", "We encountered an internal error.")
"""As CompleteMultipartUpload and CopyObject fail once their answer has begun."""


class Refused(Exception):
    """A request that S3 would refuse."""

    def __init__(self, denial: Denial) -> None:
        super().__init__(denial.code)
        self.denial = denial


def refuse(status: int, code: str, message: str) -> Refused:
    """Return the refusal, to be raised."""
    return Refused(Denial(status, code, message))


def refusal(denial: Denial) -> Response:
    """Return S3's error document as an answer."""
    return Response(denial.status, (("Content-Type", "application/xml"),), xml(denial))
