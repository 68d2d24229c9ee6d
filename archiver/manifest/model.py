"""What a manifest says, field by field, and how it stands in its file.

Durations are milliseconds, sizes bytes, offsets minutes east of UTC; there is no number that is not
whole. ``created_at`` and windows are the portal's own clock, naive; all else is UTC. Nothing here
tells a person: no phone number, no name, no filter, no address of the provider's storage.

The file is one JSON object with a field a line and, in the lists, a record a line, so that ``grep``
and ``diff`` show whole recordings. One document has exactly one such text: anything else is damage.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import zip_longest

from archiver.domain.expectation import GapKind
from archiver.domain.export_form import ExportForm
from archiver.domain.layout import (
    calls_key,
    certificate_key,
    checked,
    export_key,
    parse,
    sha12_of,
)
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.clocks import Clocks, Trust
from archiver.errors import UsageError
from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.codec import plain, present, read

FORMAT = 1
MAX_BYTES = 64 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")
VERSION_NAME = re.compile(r"[!-~]{1,1024}")
_LISTS = frozenset({"windows", "recordings", "held", "unlisted", "days", "calls", "certificates"})


def checked_sha256(text: str) -> str:
    """Return ``text`` if it is 64 lower-case hex digits; raises ``ValueError``."""
    if not SHA256.fullmatch(text):
        raise ValueError("a SHA-256 is 64 lower-case hex digits")
    return text


def checked_format(number: int) -> int:
    """Return ``number`` if it is a format that was released; raises ``ValueError``."""
    if not 1 <= number <= FORMAT:
        raise ValueError(f"there is no format {number}")
    return number


class ManifestKind(StrEnum):
    """Why a manifest was written."""

    RUN = "run"
    ACCEPT = "accept"
    HOLD = "hold"
    ERASE = "erase"
    REPAIR = "repair"
    EXPORT = "export"
    CERTIFY = "certify"


@dataclass(frozen=True, slots=True)
class Head:
    """A manifest's number and the SHA-256 of its file: all that lies below it is fixed by it."""

    number: int
    sha256: str

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError("manifests are numbered from 1")
        checked_sha256(self.sha256)

    def __str__(self) -> str:
        return f"{self.number}:{self.sha256}"


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of the archive: its key, its size, its hash.

    ``version`` is what a bucket that keeps versions calls the one that was stored.
    """

    path: str
    bytes: int
    sha256: str
    version: str | None = None

    def __post_init__(self) -> None:
        sha12 = sha12_of(self.path)
        if sha12 is None:
            checked(self.path)
        if self.bytes < 0 or sha12 is None:
            raise ValueError("not a recording's file, none of calls, and no certificate")
        if not checked_sha256(self.sha256).startswith(sha12):
            raise ValueError("the name and the hash disagree")
        if self.version is not None and not VERSION_NAME.fullmatch(self.version):
            raise ValueError("not a version's name")


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one recording.

    ``source`` is the report whose row it is: a call can have audio of its own. The zone is
    ``utc_offset_minutes`` east of UTC, ``None`` where it is not known. ``offset_from`` says how it
    was known (``setting``, ``ids`` …). ``attempts`` counts the transfers begun for this entry.
    ``supersedes`` are the keys that this entry's files replace. ``concerns`` say why good audio
    needs a person all the same; ``reasons`` tell it in words.
    """

    id: RecordingId
    created_at: datetime | None
    utc_offset_minutes: int | None = field(metadata={"json": "utc_offset"})
    offset_from: str | None
    outcome: Outcome
    verdict: Verdict | None
    reported_ms: int | None
    duration_ms: int | None
    reasons: tuple[str, ...] = ()
    attempts: int = 0
    audio: ArchivedFile | None = None
    sidecar: ArchivedFile | None = None
    supersedes: tuple[str, ...] = ()
    source: Report = Report.RECORDINGS
    concerns: tuple[Concern, ...] = field(default=(), metadata={"optional": True})

    def __post_init__(self) -> None:
        if self.created_at is not None and self.created_at.tzinfo is not None:
            raise ValueError("created_at is the portal's own clock")
        if self.outcome is Outcome.ARCHIVED and not (self.audio and self.sidecar):
            raise ValueError("archived means that there are audio and sidecar")
        if not all(parse(file.path) for file in (self.audio, self.sidecar) if file):
            raise ValueError("not a recording's file")
        for key in self.supersedes:
            checked(key)


@dataclass(frozen=True, slots=True)
class WindowProof:
    """A listing and how far it proves itself. ``total`` is the portal's count of its rows."""

    report: Report
    first: datetime = field(metadata={"json": "from"})
    last: datetime = field(metadata={"json": "to"})
    utc_offset_minutes: int | None = field(metadata={"json": "utc_offset"})
    total: int | None
    seen: int
    walks: int
    proven: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class HeldDay:
    """So many recordings of one portal day, all of them held.

    ``sha256`` is over their sorted ids, each with a newline after it.
    """

    day: date | None
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ListedDay:
    """All that a run saw listed of one portal day that had ended, once each row had its outcome.

    ``sha256`` is over their sorted ids, each with a newline after it. ``total`` is the portal's own
    count, where it gave one for this very day. ``missing`` counts what the archive has of the day
    and a proven listing of it has no more.
    """

    report: Report
    day: date
    count: int
    sha256: str
    proven: bool
    total: int | None = field(default=None, metadata={"optional": True})
    missing: int = field(default=0, metadata={"optional": True})

    @property
    def counts(self) -> bool:
        """Whether it says that this is all there is of the day."""
        return self.proven and not self.missing


@dataclass(frozen=True, slots=True)
class CallFile:
    """A file of call rows of one portal day (of their end) that were new or had changed."""

    day: date | None
    rows: int
    file: ArchivedFile

    def __post_init__(self) -> None:
        if self.rows < 1 or calls_key(self.day, self.file.sha256) != self.file.path:
            raise ValueError("not a file of calls")


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A certificate. ``day`` is the portal day; ``supersedes`` is the one that gives way to it."""

    day: date
    file: ArchivedFile
    supersedes: str | None = None

    def __post_init__(self) -> None:
        if certificate_key(self.day, self.file.sha256) != self.file.path:
            raise ValueError("not a certificate")
        if self.supersedes is not None:
            checked(self.supersedes)


DayFile = CallFile | CertificateFile
"""A file of a day, which is no recording's."""


@dataclass(frozen=True, slots=True)
class AcceptedGap:
    """What did not add up, and a person accepted.

    ``id`` is that of a call, or of a recording; which of them, ``gap`` says. ``day`` is the portal
    day, ``None`` for a call without a time.
    """

    gap: GapKind
    id: RecordingId
    day: date | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a run was to archive and its budget left to the next one; all 0 where that is nothing.

    ``first`` is the first portal day that it was to look at. ``recordings`` is ``None`` where
    neither a listing nor the portal's totals tell how many are left. ``days`` were not listed to
    their end, and never before. ``oldest`` is the first day of which something is left. For so
    many runs in a row, ``stalled`` says, it has not become less.
    """

    first: date = field(metadata={"json": "from"})
    recordings: int | None
    days: int
    oldest: date | None
    stalled: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided, and why.

    ``listings`` are days whose listing is accepted; ``listed`` are those listings as they stood:
    one that says something else is not accepted by it. ``gaps`` are calls without their recording,
    and recordings without a call.
    """

    by: str
    reason: str
    listings: tuple[date, ...] = ()
    listed: tuple[ListedDay, ...] = field(default=(), metadata={"optional": True})
    gaps: tuple[AcceptedGap, ...] = field(default=(), metadata={"optional": True})


@dataclass(frozen=True, slots=True)
class Export:
    """Recordings that were handed over to somebody.

    ``by`` names who did. It was ``started`` at that moment. ``recordings`` are in it; those that
    were ``left_out`` are named in it. ``bytes`` are those of all its files. ``parts`` are the
    SHA-256 of the list of hashes of each part, which fix every file of it. ``head`` is the one up
    to which the chain was handed over. ``file`` is private: it says what was asked for, and may
    hold numbers.
    """

    by: str
    started: datetime
    form: ExportForm
    recordings: int
    left_out: int
    bytes: int
    parts: tuple[str, ...]
    head: Head
    file: ArchivedFile

    def __post_init__(self) -> None:
        if self.started.tzinfo is None or export_key(self.file.sha256) != self.file.path:
            raise ValueError("not an export")
        for sha256 in self.parts:
            checked_sha256(sha256)


@dataclass(frozen=True, slots=True)
class Run:
    """Who wrote the manifest, when, and with which settings. ``closed`` ends the run.

    ``filtered`` says whether a filter narrowed it; never which. ``started`` and ``ended`` are by
    this machine's clock; ``portal_clock`` is what the portal's showed when the run began.
    """

    id: str
    started: datetime
    ended: datetime | None
    closed: bool
    host: str
    tool: str
    filtered: bool
    settings: Mapping[str, str | int | bool | None]
    portal_clock: datetime | None = field(default=None, metadata={"optional": True})

    def __post_init__(self) -> None:
        times = (self.started, self.ended, self.portal_clock)
        if any(each is not None and each.tzinfo is None for each in times):
            raise ValueError("a run's times are UTC")

    @property
    def began(self) -> datetime:
        """When the run began, by the clock that it believed."""
        told = self.settings.get("clock")
        trust = Trust(told) if told in set(Trust) else Trust.AUTO
        return Clocks(self.started, self.portal_clock, trust).now

    @property
    def written(self) -> datetime:
        """When this was written, by the same clock."""
        return self.began + ((self.ended or self.started) - self.started)


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """How many findings this run added, and how many of the archive are open after it."""

    new: int
    open: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One immutable document of the chain. ``outcomes`` counts the run so far, by outcome.

    ``held`` was listed and needed nothing; ``unlisted`` is held and in a proven listing no more.
    ``since`` is the first portal day that the archive answers for, from this manifest on if it was
    not so before. ``decision`` is there when a person made one. ``identity`` is the SHA-256 of
    ``ARCHIVE.json``. ``doubts`` say why the run as a whole is not to be believed, and is not
    ``clean``. ``backlog`` is in the last manifest of a run over all that is due. ``export`` is
    there when recordings were handed over. ``certificates`` are of days that are settled, and add
    up.
    """

    format: int
    archive: str
    number: int
    previous: Head | None
    kind: ManifestKind
    run: Run
    windows: tuple[WindowProof, ...]
    recordings: tuple[Entry, ...]
    held: tuple[HeldDay, ...]
    unlisted: tuple[HeldDay, ...]
    days: tuple[ListedDay, ...]
    calls: tuple[CallFile, ...]
    since: date | None
    decision: Decision | None
    outcomes: Mapping[Outcome, int]
    findings: FindingCounts
    accounted: bool
    clean: bool
    identity: str | None = field(default=None, metadata={"optional": True})
    doubts: tuple[str, ...] = field(default=(), metadata={"optional": True})
    backlog: Backlog | None = field(default=None, metadata={"optional": True})
    export: Export | None = field(default=None, metadata={"optional": True})
    certificates: tuple[CertificateFile, ...] = field(default=(), metadata={"optional": True})

    def __post_init__(self) -> None:
        checked_format(self.format)
        if self.identity is not None:
            checked_sha256(self.identity)
        before = self.previous.number if self.previous else 0
        if self.number != before + 1:
            raise ValueError("its number does not follow the previous one")

    def files(self) -> Iterator[ArchivedFile]:
        """Yield every file that it names."""
        for entry in self.recordings:
            yield from (file for file in (entry.audio, entry.sidecar) if file)
        yield from (each.file for each in self.day_files)
        if self.export:
            yield self.export.file

    @property
    def day_files(self) -> tuple[DayFile, ...]:
        """The files of days that it names, which are no recordings'."""
        return *self.calls, *self.certificates

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Read a manifest's file; raises :class:`BadDocument` unless it is one to the last byte.

        One of a higher format raises :class:`UsageError`.
        """
        document = loads(text, max_bytes=MAX_BYTES)
        refuse_newer(document, "manifest")
        manifest = read(cls, document)
        written = manifest.to_json()
        if written != text:
            pairs = zip_longest(written.splitlines(), text.splitlines())
            line = next((n for n, (one, other) in enumerate(pairs, 1) if one != other), 1)
            raise BadDocument(f"line {line} has bytes that no manifest has")
        return manifest

    def to_json(self) -> bytes:
        """Return the file: deterministic, UTF-8, a recording a line."""
        return b"".join(self._lines())

    def _lines(self) -> Iterator[bytes]:
        opening = b"{"
        for name, value in present(self):
            yield opening + b'"%s":' % name.encode()
            if name in _LISTS and isinstance(value, tuple) and value:
                records = b",\n".join(dumps(plain(one)).rstrip(b"\n") for one in value)
                yield b"[\n%s\n]" % records
            else:
                yield dumps(plain(value)).rstrip(b"\n")
            opening = b",\n"
        yield b"}\n"


def refuse_newer(document: object, what: str) -> None:
    """Raise :class:`UsageError` when a document says that its format is higher than ours."""
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is int and version > FORMAT:
        raise UsageError(
            f"This archive has a {what} of format {version}; this archiver reads up to {FORMAT}.",
            advice="Use the newer archiver that wrote it.",
        )
