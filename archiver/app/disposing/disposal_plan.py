"""A plan of what is to be disposed of, in a private file of this machine, named by its SHA-256.

It holds ids, times and hashes; no phone number, and nothing that tells one.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from archiver.app.disposing.due import DueRecording
from archiver.app.disposing.rules import RulesSeal
from archiver.config import template
from archiver.domain.recordings import RecordingId
from archiver.errors import UsageError
from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.format import checked_format
from archiver.manifest.records.erasures import TwoClocks
from archiver.manifest.records.files import SHA256, Head
from archiver.manifest.state import RecordingState

FOLDER = "disposals"
_AGAIN = "Nothing was removed. Plan again: archiver dispose."
_MAX_BYTES = 64 << 20


class PlannedDisposal(Struct, frozen=True):
    """A recording that is to go: ``created_at`` is portal time; it is due since a moment (UTC).

    ``files`` are the SHA-256 of its audio and its sidecars, as they stood.
    """

    id: RecordingId
    created_at: datetime
    due: datetime
    files: tuple[str, ...]

    @classmethod
    def of(cls, due: DueRecording) -> "PlannedDisposal":
        """Return what is planned of a recording that is due."""
        known = due.recording
        if known.at is None:
            raise AssertionError("what has no time is never due")
        return cls(known.id, known.at, due.since, files_of(known))


def files_of(recording: RecordingState) -> tuple[str, ...]:
    """Return the SHA-256 of a recording's files, as they stand."""
    pair = (recording.audio, recording.sidecar)
    newest = (recording.refused_audio, recording.refused_sidecar)
    return tuple(each.sha256 for each in (*pair, *newest) if each)


class DisposalPlan(Struct, frozen=True):
    """What is to go from one archive: by whom it was planned, by which clocks, above which head.

    ``rules`` and ``hold_changes`` (how many the chain had) tell whether either is another by now;
    so do ``calls`` whose rows go with the recordings, and how many ``call_rows`` there were.
    """

    format: int
    archive: str
    by: str
    clocks: TwoClocks
    head: Head
    rules: RulesSeal
    hold_changes: int
    calls: tuple[RecordingId, ...]
    call_rows: int
    recordings: tuple[PlannedDisposal, ...]

    def __post_init__(self) -> None:
        checked_format(self.format)
        if not self.recordings or len({each.id for each in self.recordings}) < len(self.recordings):
            raise ValueError("a plan names each recording once, and one at least")

    def days(self) -> Mapping[date, int]:
        """Return how many recordings go of each portal day, by day."""
        return dict(sorted(Counter(each.created_at.date() for each in self.recordings).items()))

    def to_json(self) -> bytes:
        """Return the file."""
        return dumps(plain(self))


def write_plan(folder: Path, plan: DisposalPlan) -> tuple[Path, str]:
    """Write a plan below a private folder; return where, and its SHA-256."""
    text = plan.to_json()
    sha256 = hashlib.sha256(text).hexdigest()
    path = _path(folder, sha256)
    template.write(path, text.decode(), replace=True)
    return path, sha256


def read_plan(folder: Path, sha256: str) -> DisposalPlan:
    """Return the plan of that SHA-256. Raises :class:`UsageError` where there is none such."""
    if not SHA256.fullmatch(sha256):
        raise UsageError("--confirm is no plan's hash: that is 64 hex digits.", advice=_AGAIN)
    try:
        text = _path(folder, sha256).read_bytes()
    except OSError as error:
        raise UsageError(
            f"There is no plan {sha256[:12]}… on this machine.", advice=_AGAIN
        ) from error
    if hashlib.sha256(text).hexdigest() != sha256:
        raise UsageError(f"The plan {sha256[:12]}… was changed.", advice=_AGAIN)
    try:
        return read(DisposalPlan, loads(text, max_bytes=_MAX_BYTES))
    except BadDocument as error:
        raise UsageError(f"The plan {sha256[:12]}… can't be read.", advice=_AGAIN) from error


def _path(folder: Path, sha256: str) -> Path:
    return folder / FOLDER / f"{sha256}.json"
