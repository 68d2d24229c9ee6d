"""The mark beside the player: what was checked of a recording's file, when, and by what. Pure.

``verified`` is said only of bytes that were read, or whose SHA-256 the store worked out itself, and
that are those of the chain; never for what the catalog says, for a name, or for a size.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from archiver.check.audit_report import AuditReport, CheckedBy, FileCheck
from archiver.json_documents import Json
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.manifest.state import RecordingState


class FileMark(StrEnum):
    """What can be said of a recording's file."""

    VERIFIED = "verified"
    TOLD = "told"
    UNREAD = "unread"
    QUARANTINED = "quarantined"
    ALTERED = "altered"
    UNKNOWN = "unknown"
    NO_AUDIO = "no_audio"


Checks = Mapping[str, tuple[ArchivedFile, FileCheck]]
"""How each file of the chain fared, by its name."""


class Marker(Struct, frozen=True):
    """Gives marks by a check of the archive that ended ``at`` (UTC) and used ``tool``."""

    audit: AuditReport
    checks: Checks
    at: datetime
    tool: str

    def mark(self, known: RecordingState) -> tuple[FileMark, str]:
        """Return the mark of a recording, and what is to be said of it alone."""
        if known.audio is None:
            return FileMark.NO_AUDIO, ""
        mark, note = self._of_file(known.audio)
        if known.held or mark is FileMark.ALTERED:
            return mark, note
        why = "; ".join(known.reasons) or str(known.kind).replace("_", " ")
        return FileMark.QUARANTINED, f"{_sentence(why)} {_FILE_NOTES[mark]}"

    def _of_file(self, file: ArchivedFile) -> tuple[FileMark, str]:
        """Return the mark of a file by its check alone."""
        named, check = self.checks.get(file.path, (None, None))
        if check is None or named is None or self.audit.chain or self.audit.head is None:
            return FileMark.UNKNOWN, ""
        if (named.sha256, named.bytes) != (file.sha256, file.bytes):
            return FileMark.UNKNOWN, ""
        if not check.is_as_archived:
            return FileMark.ALTERED, _sentence(check.what)
        return _GOOD[check.by], ""

    def words(self) -> dict[str, Json]:
        """Return how a page words each mark: in the table, as a title, and in full."""
        head = _short(self.audit.head)
        when = f"{self.at:%Y-%m-%d %H:%M} UTC"
        by = f"on {when}, by {self.tool}"
        return {
            FileMark.VERIFIED: _words(
                "good",
                "verified",
                f"Verified against head {head}",
                f"Every byte was read {by}: its SHA-256 is that of the chain.",
            ),
            FileMark.TOLD: _words(
                "good",
                "SHA-256 told",
                f"SHA-256 as in head {head}",
                f"The bucket's server told the SHA-256 that it worked out itself, {by}. The bytes "
                "were not read.",
            ),
            FileMark.UNREAD: _words(
                "plain",
                "not checked",
                "Not checked",
                f"A file of this name and size was there {by}. Its bytes were not read.",
            ),
            FileMark.QUARANTINED: _words(
                "warn",
                "in quarantine",
                "In quarantine",
                "The audio is not what the portal said, or can't be told to be.",
            ),
            FileMark.ALTERED: _words(
                "bad",
                "not as archived",
                "Not as archived",
                f"The file is not what the chain says, {by}.",
            ),
            FileMark.UNKNOWN: _words(
                "plain", "not checked", "Not checked", self._why_unknown(when)
            ),
            FileMark.NO_AUDIO: _words(
                "plain", "no audio", "No audio", "There is nothing to check: the archive has none."
            ),
        }

    def _why_unknown(self, when: str) -> str:
        if self.audit.chain or self.audit.head is None:
            return "The chain of manifests is not as it was written, so it vouches for nothing."
        return f"The check of {when} did not meet this file in the chain: it may be newer."


_GOOD = {
    CheckedBy.READ: FileMark.VERIFIED,
    CheckedBy.SERVER: FileMark.TOLD,
    CheckedBy.SIZE: FileMark.UNREAD,
}
_FILE_NOTES = {
    FileMark.VERIFIED: "The file itself was read, and is as it was archived.",
    FileMark.TOLD: "The file's SHA-256, as the server tells it, is as archived.",
    FileMark.UNREAD: "The file itself was not read.",
    FileMark.UNKNOWN: "The file itself was not checked.",
}


def _words(level: str, short: str, title: str, text: str) -> dict[str, Json]:
    return {"level": level, "short": short, "title": title, "text": text}


def _sentence(words: str) -> str:
    """Return words as a sentence of their own."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _short(head: Head | None) -> str:
    return f"{head.number}:{head.sha256[:12]}…" if head else "none"
