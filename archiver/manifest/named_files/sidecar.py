"""A recording's sidecar: the portal's row with every field, and what was found about its audio.

Personal data lives here and not in the manifests. The salt, 32 random bytes, makes the sidecar's
hash in the chain say nothing about a person once the sidecar is erased.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from archiver.domain.audio_facts import Facts
from archiver.domain.layout import EXTENSION
from archiver.domain.outcomes import Concern, Judgement, Verdict
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.json_documents import Json, Later, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.format import FORMAT, checked_format, refuse_newer
from archiver.scrubbing import cleaned

MAX_BYTES = 4 << 20


class FetchRecord(Struct, frozen=True):
    """When (UTC) and from where the audio came, and the SHA-256 that its bytes had then.

    ``portal`` is the endpoint, ``host`` the media's; ``etag`` and ``content_type`` are as served,
    if they have the form of one. ``length_proven`` says whether the media server told where they
    end (a length, chunks, an MD5), and they did; ``None`` in what was written before that was kept.
    """

    at: datetime
    portal: str
    sha256: str
    host: str | None = None
    etag: str | None = None
    content_type: str | None = None
    length_proven: Later[bool | None] = None


class Sidecar(Struct, frozen=True):
    """One recording, told in full. ``row`` is the portal's, of the report ``source``.

    ``salt`` is 64 hex digits.
    """

    format: int
    id: RecordingId
    created_at: datetime | None
    utc_offset_minutes: int | None = field(name="utc_offset")
    offset_from: str | None
    reported_ms: int | None
    facts: Facts | None
    verdict: Verdict | None
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    source: Report
    row: Mapping[str, Json]
    fetched: FetchRecord
    salt: str
    concerns: Later[tuple[Concern, ...]] = ()

    def __post_init__(self) -> None:
        checked_format(self.format)
        if self.created_at is not None and self.created_at.tzinfo is not None:
            raise ValueError("created_at is the portal's own clock")
        if self.facts is not None and not EXTENSION.fullmatch(self.facts.extension):
            raise ValueError("its audio has an extension that no name has")


def sidecar_document(  # noqa: PLR0913 - one argument for each source of what a sidecar tells
    row: Row,
    *,
    utc_offset_minutes: int | None,
    offset_from: str | None,
    facts: Facts | None,
    judgement: Judgement | None,
    fetched: FetchRecord,
    source: Report = Report.RECORDINGS,
    salt: bytes | None = None,
) -> bytes:
    """Return the sidecar's file. ``salt`` is drawn here unless given (32 bytes)."""
    return dumps(
        plain(
            Sidecar(
                format=FORMAT,
                id=row.id,
                created_at=row.at,
                utc_offset_minutes=utc_offset_minutes,
                offset_from=offset_from,
                reported_ms=row.reported_ms,
                facts=facts,
                verdict=judgement.verdict if judgement else None,
                reasons=judgement.reasons if judgement else (),
                remarks=judgement.remarks if judgement else (),
                source=source,
                row=cleaned(row.fields),
                fetched=fetched,
                salt=(salt or secrets.token_bytes(32)).hex(),
                concerns=judgement.concerns if judgement else (),
            )
        ),
        indent=2,
    )


def read_sidecar(text: bytes) -> Sidecar:
    """Read a sidecar's file; raises :class:`archiver.json_documents.BadDocument`."""
    document = loads(text, max_bytes=MAX_BYTES)
    refuse_newer(document, "sidecar")
    return read(Sidecar, document)
