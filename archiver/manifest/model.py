"""What a manifest says, field by field, and how it stands in its file.

Durations are milliseconds, sizes bytes, offsets minutes east of UTC; there is no number that is not
whole. ``created_at`` and windows are the portal's own clock, naive; all else is UTC. Nothing here
tells a person: no phone number, no name, no filter, no address of the provider's storage.

The file is one JSON object with a field a line and, in the lists, a record a line, so that ``grep``
and ``diff`` show whole recordings. One document has exactly one such text: anything else is damage.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from itertools import zip_longest

from msgspec import MsgspecError, Struct, field
from msgspec.json import Decoder, Encoder

from archiver.domain.layout import checked, parse
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.clocks import Clocks, Trust
from archiver.json_documents import MAX_DIGITS, BadDocument, Later, dumps, loads
from archiver.manifest.codec import plain, present, read
from archiver.manifest.format import checked_format, refuse_newer
from archiver.manifest.records.decisions import Decision, Export
from archiver.manifest.records.erasures import Erasure
from archiver.manifest.records.files import (
    ArchivedFile,
    CallFile,
    CertificateFile,
    DayFile,
    Head,
    checked_sha256,
)
from archiver.manifest.records.holds import HoldChange
from archiver.manifest.records.listings import (
    AskedWindow,
    Backlog,
    HeldDay,
    ListedDay,
    WindowProof,
)
from archiver.manifest.records.reads import ReadDay

MAX_BYTES = 64 << 20
_LONG_NUMBER = re.compile(rb"[:,\[-][0-9]{%d}" % (MAX_DIGITS + 1))
_NO_CONCERNS = b',"concerns":[]}'
"""How an entry ends whose last field, which came later, has its default."""
_LISTS = frozenset(
    {"windows", "recordings", "held", "unlisted", "days", "calls", "certificates", "holds", "reads"}
)


class ManifestKind(StrEnum):
    """Why a manifest was written."""

    RUN = "run"
    ACCEPT = "accept"
    HOLD = "hold"
    ERASE = "erase"
    REPAIR = "repair"
    EXPORT = "export"
    CERTIFY = "certify"


class Entry(Struct, frozen=True):
    """What became of one recording.

    ``source`` is the report whose row it is: a call can have audio of its own. The zone is
    ``utc_offset_minutes`` east of UTC, ``None`` where it is not known. ``offset_from`` says how it
    was known (``setting``, ``ids`` …). ``attempts`` counts the transfers begun for this entry.
    ``supersedes`` are the keys that this entry's files replace. ``concerns`` say why good audio
    needs a person all the same; ``reasons`` tell it in words.
    """

    id: RecordingId
    created_at: datetime | None
    utc_offset_minutes: int | None = field(name="utc_offset")
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
    concerns: Later[tuple[Concern, ...]] = ()

    def __post_init__(self) -> None:
        if self.created_at is not None and self.created_at.tzinfo is not None:
            raise ValueError("created_at is the portal's own clock")
        if self.outcome is Outcome.ARCHIVED and not (self.audio and self.sidecar):
            raise ValueError("archived means that there are audio and sidecar")
        if not all(parse(file.path) for file in (self.audio, self.sidecar) if file):
            raise ValueError("not a recording's file")
        for key in self.supersedes:
            checked(key)


class Run(Struct, frozen=True):
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
    portal_clock: Later[datetime | None] = None

    def __post_init__(self) -> None:
        times = (self.started, self.ended, self.portal_clock)
        if any(each is not None and each.tzinfo is None for each in times):
            raise ValueError("a run's times are UTC")
        if any(each is not None and each.microsecond for each in times):
            raise ValueError("a run's times are whole seconds, as they are written")

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


class FindingCounts(Struct, frozen=True):
    """How many findings this run added, and how many of the archive are open after it."""

    new: int
    open: int


class Manifest(Struct, frozen=True):
    """One immutable document of the chain. ``outcomes`` counts the run so far, by outcome.

    ``held`` was listed and needed nothing; ``unlisted`` is held and in a proven listing no more.
    ``since`` is the first portal day that the archive answers for, from this manifest on if it was
    not so before. ``decision`` is there when a person made one. ``identity`` is the SHA-256 of
    ``ARCHIVE.json``. ``doubts`` say why the run as a whole is not to be believed, and is not
    ``clean``. ``backlog`` is in the last manifest of a run over all that is due. A run is
    ``behind`` if it has left what may be lost: more than the last one, for too long, or of days
    that none looks at again. ``asked`` is the window that somebody named for the run, whether it
    came to its end or not. ``export`` is there when recordings were handed over.
    ``certificates`` are of days that are settled, and add up. ``holds`` are those that were added
    or released. ``erasure`` is there when something was taken away, or refused to be. ``reads`` are
    days of a read log that had grown. ``portal`` is the endpoint that the archive is of, named
    before anything came from the one it was begun for.
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
    identity: Later[str | None] = None
    doubts: Later[tuple[str, ...]] = ()
    backlog: Later[Backlog | None] = None
    behind: Later[bool] = False
    asked: Later[AskedWindow | None] = None
    export: Later[Export | None] = None
    certificates: Later[tuple[CertificateFile, ...]] = ()
    holds: Later[tuple[HoldChange, ...]] = ()
    erasure: Later[Erasure | None] = None
    reads: Later[tuple[ReadDay, ...]] = ()
    portal: Later[str | None] = None

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
        yield from self.filters

    @property
    def filters(self) -> tuple[ArchivedFile, ...]:
        """The private files of what was asked for, in an export or by standing holds."""
        asked = (self.export.file,) if self.export else ()
        return *asked, *(each.future for each in self.holds if each.future)

    @property
    def day_files(self) -> tuple[DayFile, ...]:
        """The files of days that it names, which are no recordings'."""
        return *self.calls, *self.certificates

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Read a manifest's file; raises :class:`BadDocument` unless it is one to the last byte.

        One of a higher format raises :class:`UsageError`.
        """
        if as_written := _as_written(text):
            return as_written
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
                yield b"[\n%s\n]" % b",\n".join(map(_text_of, value))
            else:
                yield _text_of(value)
            opening = b",\n"
        yield b"}\n"


def _text_of(value: object) -> bytes:
    """Return what stands in a manifest for a value: canonical JSON, on one line."""
    quick = entry_text(value) if isinstance(value, Entry) else None
    return quick or dumps(plain(value)).rstrip(b"\n")


def entry_text(entry: Entry) -> bytes | None:
    """Return what stands for an entry, by msgspec's own writer, in a twentieth of the time.

    A manifest is hundreds of them. ``None`` where that writer would write it otherwise, or not at
    all: fractions of a second, text that UTF-8 can't carry, numbers beyond 64 bits.
    """
    if entry.created_at is not None and entry.created_at.microsecond:
        return None
    try:
        text = _encoder().encode(entry)
    except (UnicodeEncodeError, OverflowError):
        return None
    return text if entry.concerns else text.removesuffix(_NO_CONCERNS) + b"}"


@cache
def _encoder() -> Encoder:
    return Encoder()


@cache
def _decoder() -> Decoder[Manifest]:
    return Decoder(Manifest)


def _as_written(text: bytes) -> Manifest | None:
    """Return the manifest that has this very text, in half the time; ``None`` is no verdict.

    A text that is written again to the byte holds nothing else: no field twice, none that is
    unknown, no moment in another form. Numbers that 64 bits can't hold are looked at closely.
    """
    if len(text) > MAX_BYTES or _LONG_NUMBER.search(text):
        return None
    try:
        manifest = _decoder().decode(text)
        return manifest if manifest.to_json() == text else None
    except (MsgspecError, ValueError, OverflowError, RecursionError):
        return None
