"""The certificate of a portal day: its calls, its recordings and the archive add up.

It is written once for a day that is settled, in which both listings are proven, every call that
must have a recording has one that is held, and a person has accepted what is left. A later change
is another certificate, which names the one before. It has no time of its own and names no head, so
the same day makes the same bytes: the manifest that names it says when, and on which chain. It
holds no phone number.
"""

import hashlib
from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from archiver.calls.reconciliation import Match
from archiver.completeness.review import DayReview
from archiver.domain.expectation import Exclusion, Expect, Expectation, Lack
from archiver.domain.recordings import RecordingId
from archiver.json_documents import BadDocument, Later, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.format import FORMAT, checked_format, refuse_newer
from archiver.manifest.model import MAX_BYTES
from archiver.manifest.records.files import ArchivedFile, checked_sha256
from archiver.manifest.records.listings import ListedDay


class CertificateRules(Struct, frozen=True):
    """Which calls must have a recording.

    ``min_talk_ms`` and ``slack_ms`` are milliseconds. ``services`` and ``statuses`` are not
    recorded at all, nor are so many ``numbers``, which are not told.
    """

    expect: Expect
    min_talk_ms: int
    slack_ms: int
    services: tuple[str, ...]
    statuses: tuple[str, ...]
    numbers: int


class CallCounts(Struct, frozen=True):
    """How many calls ended on the day: each is ``complete``, ``missing`` or ``excluded``."""

    listed: int
    complete: int
    missing: int
    excluded: int

    def __post_init__(self) -> None:
        if self.listed != self.complete + self.missing + self.excluded:
            raise ValueError("its calls do not add up")


class AcceptedLack(Struct, frozen=True):
    """A call without its recording, which a person accepted.

    ``recording`` is one that is its and not held, or that may be its. ``others`` are calls that the
    same recording fits as well.
    """

    id: RecordingId
    why: Lack
    recording: RecordingId | None
    others: tuple[RecordingId, ...]


class ExcludedCall(Struct, frozen=True):
    """A call that needs no recording, and why; ``recording`` is one that it has all the same."""

    id: RecordingId
    why: Exclusion
    recording: RecordingId | None


class NamedCertificate(Struct, frozen=True):
    """Another certificate, by its path and its SHA-256."""

    path: str
    sha256: str

    def __post_init__(self) -> None:
        checked_sha256(self.sha256)


class Certificate(Struct, frozen=True):
    """What a certificate says, and of which portal day.

    ``day`` is that day. ``archive`` is the id of its archive. ``listings`` are those that two runs
    agreed on, of both reports. ``sha256`` is over the complete: a line for each, sorted, with the
    ids of the call and of its recording, a blank between. ``without_call`` are recordings of no
    call, which a person accepted. ``supersedes`` is the certificate before.
    """

    format: int
    archive: str
    day: date
    rules: CertificateRules
    listings: tuple[ListedDay, ...]
    calls: CallCounts
    sha256: str
    missing: tuple[AcceptedLack, ...]
    excluded: tuple[ExcludedCall, ...]
    without_call: tuple[RecordingId, ...]
    supersedes: Later[NamedCertificate | None] = None

    def __post_init__(self) -> None:
        checked_format(self.format)
        checked_sha256(self.sha256)
        if (len(self.missing), len(self.excluded)) != (self.calls.missing, self.calls.excluded):
            raise ValueError("what it names is not what it counts")

    @classmethod
    def from_json(cls, text: bytes) -> "Certificate":
        """Read a certificate; raises :class:`BadDocument` unless it is one to the last byte."""
        document = loads(text, max_bytes=MAX_BYTES)
        refuse_newer(document, "certificate")
        certificate = read(cls, document)
        if certificate.to_json() != text:
            raise BadDocument("it has bytes that no certificate has")
        return certificate

    def to_json(self) -> bytes:
        """Return the file."""
        return dumps(plain(self), indent=2)


def certificate_of(
    archive: str, review: DayReview, rules: Expectation, before: ArchivedFile | None
) -> Certificate:
    """Return the certificate of a day that closes, in place of the one ``before``."""
    even = review.balance
    return Certificate(
        format=FORMAT,
        archive=archive,
        day=review.day,
        rules=_rules_of(rules),
        listings=review.listings,
        calls=CallCounts(even.calls, len(even.complete), len(even.missing), len(even.excluded)),
        sha256=_digest(even.complete),
        missing=tuple(
            sorted(
                (AcceptedLack(e.call.id, e.why, e.recording, e.others) for e in even.missing),
                key=_id,
            )
        ),
        excluded=tuple(
            sorted((ExcludedCall(e.call.id, e.why, e.recording) for e in even.excluded), key=_id)
        ),
        without_call=tuple(sorted(each.found.id for each in even.without_call)),
        supersedes=NamedCertificate(before.path, before.sha256) if before else None,
    )


def _rules_of(rules: Expectation) -> CertificateRules:
    return CertificateRules(
        rules.expect,
        rules.min_talk_ms,
        rules.slack_ms,
        tuple(sorted(rules.named("service"))),
        tuple(sorted(rules.named("status"))),
        len(rules.numbers),
    )


def _digest(complete: Iterable[Match]) -> str:
    lines = sorted(f"{call.id} {found.id}\n" for call, found in complete)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _id(named: AcceptedLack | ExcludedCall) -> RecordingId:
    return named.id
