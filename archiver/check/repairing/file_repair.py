"""Repair: bring back what an audit found missing or damaged, and enter what was brought back.

The bytes that the chain names come from what was set aside here, since a whole file may have been
moved once; from another copy of the archive; or from the portal if it still serves them. Other
bytes of the portal are another version, judged as in a run; where they take the place of what is
lost, the entry supersedes it, and it is looked for no more. The original is lost all the same: that
is a finding, which only a person can end. What lies damaged under a name makes
way to quarantine first, and nothing is moved that has no substitute.
"""

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from archiver.check.audit_report import FileProblem
from archiver.check.repairing.refetch import Portal
from archiver.domain.layout import sha12_of
from archiver.domain.outcomes import Concern, Outcome
from archiver.domain.recordings import Report
from archiver.errors import ArchiverError, Missing
from archiver.manifest.builder import Statement
from archiver.manifest.model import Entry, FindingCounts, Manifest, ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import ArchivedFile, CallFile, CertificateFile, DayFile, Head
from archiver.manifest.state import RecordingState, apply_entry
from archiver.open_archive import OpenArchive
from archiver.pull.job.object_metadata import labelled
from archiver.pull.ledger.same_audio import Twins
from archiver.pull.stored.copies import UNREADABLE, CopyFlaw, copied_or_flaw, found
from archiver.removal.making_way import in_place, set_aside, uncover
from archiver.store.base import NO_METADATA, ObjectMetadata, Store


class AskedFor(Struct, frozen=True):
    """A private file of what was asked for, by an export or by a hold."""

    file: ArchivedFile


Document = DayFile | AskedFor
"""What names a file that is no recording's; the portal has none like it."""
HERE, COPY, PORTAL = "what was set aside", "another copy", "the portal"
REASON = "to bring back what was missing or damaged"
"""Why a repair enters what it does; its entries say what came from where."""
ONLY_A_COPY = "only another copy may have it"
LOST_AUDIO = "the audio that was archived is lost, and the portal's other bytes took its place"
LOST_SIDECAR = "the sidecar that was archived is lost, and was written anew from the portal's row"


class Lost(Struct, frozen=True):
    """A recording's file that is missing or damaged, and the entry that named it first."""

    file: ArchivedFile
    entry: Entry

    @property
    def about(self) -> ObjectMetadata:
        """What a bucket may show of it."""
        return labelled(
            self.entry.id,
            self.entry.created_at,
            self.entry.utc_offset_minutes,
            sha256=self.file.sha256,
            verdict=self.entry.verdict,
            duration_ms=self.entry.duration_ms,
        )

    def put_back(self, file: ArchivedFile, source: str) -> Entry:
        """Return the entry that says that the very same bytes are there again, as ``file``."""
        is_audio = self.file == self.entry.audio
        return replace(
            self.entry,
            outcome=Outcome.HELD,
            reasons=(f"put back from {source}",),
            attempts=0,
            audio=file if is_audio else None,
            sidecar=None if is_audio else file,
            supersedes=(),
        )


@dataclass(slots=True)
class Repair:
    """One repair of one archive; ``left`` is what could not be brought back yet, and why.

    ``same_audio_ms`` is as in :class:`archiver.pull.ledger.same_audio.Twins`.
    ``originals`` are those of the ``replaced`` whose loss is a finding: all, but for what was
    refused and has come good.
    """

    archive: OpenArchive
    same_audio_ms: int
    lost: list[Lost] = field(default_factory=list)
    lost_documents: list[Document] = field(default_factory=list)
    left: list[FileProblem] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    originals: list[str] = field(default_factory=list)
    _entries: list[Entry] = field(default_factory=list)
    _documents: list[Document] = field(default_factory=list)
    _twins: Twins = field(init=False)

    def __post_init__(self) -> None:
        self._twins = Twins(self.archive.catalog, self.same_audio_ms)

    def look_up(self, flawed: Iterable[FileProblem]) -> None:
        """Find out what the chain says of files that an audit named."""
        wanted = {each.path: each for each in flawed}
        named = self._named(wanted)
        for path, each in wanted.items():
            match named.get(path):
                case None:
                    self.left.append(each)
                case lost if self._is_whole(lost.file):
                    self.left.append(replace(each, what=f"{each.what}; its bytes are as archived"))
                case Lost() as lost:
                    self.lost.append(lost)
                case CallFile() | CertificateFile() | AskedFor() as lost:
                    self.lost_documents.append(lost)

    def from_aside(self, aside: Iterable[str]) -> None:
        """Put back what lies here whole under a name of what was set aside."""
        by_start = {sha12_of(key): key for key in aside}

        def is_back(lost: Lost | Document) -> bool:
            key = by_start.get(lost.file.sha256[:12])
            return key is not None and self._put_back(lost, self.archive.store, HERE, key) is None

        self.lost = [each for each in self.lost if not is_back(each)]
        self.lost_documents = [each for each in self.lost_documents if not is_back(each)]

    def from_under(self, covered: Mapping[str, str | None]) -> None:
        """Let plain readers get again what lies under something else: paths and their versions."""
        named = self._named(covered) if covered else {}
        for path, version in covered.items():
            uncover(self.archive.store, path, version, named[path].file.sha256)
            self.uncovered.append(path)

    def from_copy(self, copy: Store) -> None:
        """Put back what another copy of the archive has whole.

        What is there and can't be read is left: whoever can read it brings it back, so nothing else
        takes its place.
        """
        self.lost = [each for each in self.lost if not self._decided_by(copy, each)]
        self.lost_documents = [
            each for each in self.lost_documents if not self._decided_by(copy, each)
        ]

    def from_portal(self, portal: Portal) -> None:
        """Fetch again what is still lost, each recording once; an error leaves the rest lost."""
        self.lost.sort(key=_id)
        for id_, group in groupby(tuple(self.lost), key=_id):
            some = [*group]
            self._fetch_again(portal, self.archive.catalog.recordings.get(id_), some)
            del self.lost[: len(some)]

    def give_up(self, error: ArchiverError) -> None:
        """Leave what is still lost, as the portal can't be asked."""
        lost, self.lost = self.lost, []
        self._leave(lost, error.message)

    def leave_documents(self) -> None:
        """Leave the files that are no recording's and that no copy has: nor has the portal."""
        self.left += [FileProblem(each.file.path, ONLY_A_COPY) for each in self.lost_documents]

    def enter(self, by: str, manifests: Iterable[str] = ()) -> Head | None:
        """Enter what was brought back, and ``by`` whom; return the new head, ``None`` if nothing.

        ``manifests`` were put back before: their own hashes are in the chain. What was asked for by
        an export or a hold is named with them, and not entered once more.
        """
        asked = (each.file.path for each in self._documents if isinstance(each, AskedFor))
        also = ", ".join([*manifests, *asked])
        if not (self._entries or self._documents or also):
            return None
        settings = {"put_back": also} if also else {}
        statement = Statement(ManifestKind.REPAIR, self.archive.id, Decision(by, REASON), settings)

        def build(below: Head | None) -> Manifest:
            self.archive.follow()
            calls = [each for each in self._documents if isinstance(each, CallFile)]
            certificates = [each for each in self._documents if isinstance(each, CertificateFile)]
            return statement.on(below, self._entries, self._findings(), calls, certificates)

        return self.archive.journal.append(build)

    def check(self) -> None:
        """Read once more what was brought back; what is not whole is left."""
        files = [file for each in self._entries for file in (each.audio, each.sidecar) if file]
        for file in dict.fromkeys([*files, *(each.file for each in self._documents)]):
            if not self._is_whole(file):
                self.left.append(
                    FileProblem(file.path, "it was brought back, and is damaged again")
                )

    def _named(self, paths: Container[str]) -> dict[str, Lost | Document]:
        """Return what the chain first said of these paths; what it says nothing of is left out."""
        named: dict[str, Lost | Document] = {}
        for _head, manifest in self.archive.journal.manifests():
            entries = manifest.recordings
            files = [(entry, file) for entry in entries for file in (entry.audio, entry.sidecar)]
            every: list[Lost | Document] = [Lost(file, entry) for entry, file in files if file]
            asked = [AskedFor(file) for file in manifest.filters]
            for each in [*every, *manifest.day_files, *asked]:
                if each.file.path in paths:
                    named.setdefault(each.file.path, each)
        return named

    def _fetch_again(self, portal: Portal, known: RecordingState | None, some: list[Lost]) -> None:
        if known is None or not any(each.file.path in _paths(known) for each in some):
            self._leave(some, f"it is of an older version: {ONLY_A_COPY}")
            return
        if known.source is Report.CALLS:
            self._leave(some, f"it is audio of a call: {ONLY_A_COPY}")
            return
        told = self.archive.catalog.recordings.fingerprints([known.id]).get(known.id)
        done = portal.archive_again(known, told)
        if done is None:
            self._leave(some, "the portal does not list the recording any more")
            return
        entry = self._twins.named(done.entry, known, done.row)
        if entry.audio is None:
            self._leave(some, f"at the portal: {entry.outcome}: {'; '.join(entry.reasons)}")
        else:
            self._take(known, entry, entry.audio, some)

    def _take(
        self, known: RecordingState, entry: Entry, audio: ArchivedFile, some: list[Lost]
    ) -> None:
        """Take what the portal served for what is lost: the same bytes, or another version."""
        gone: list[Lost] = []
        for each in some:
            is_same = each.file.sha256 == audio.sha256
            if is_same and self._put_back(each, self.archive.store, PORTAL, audio.path) is None:
                continue
            if each.file.path in _replaced(known, entry):
                with suppress(Missing):
                    set_aside(self.archive.store, each.file.path)
                gone.append(each)
            else:
                self._leave([each], f"the portal serves other bytes now ({entry.verdict})")
        paths = tuple(each.file.path for each in gone)
        originals = [each for each in gone if _is_original(known, entry, each)]
        self.replaced += paths
        self.originals += [each.file.path for each in originals]
        if (entry.audio, entry.sidecar) != known.newest:
            self._entries.append(_telling(replace(entry, supersedes=paths), originals))

    def _decided_by(self, copy: Store, lost: Lost | Document) -> bool:
        """Put a file back from a copy that has it; return whether nobody else need be asked."""
        flaw = self._put_back(lost, copy, COPY)
        if flaw is None or flaw.what != UNREADABLE:
            return flaw is None
        self.left.append(FileProblem(lost.file.path, "the copy has it, and it can't be read there"))
        return True

    def _put_back(
        self, lost: Lost | Document, source: Store, name: str, key: str | None = None
    ) -> CopyFlaw | None:
        """Put a file back from a store that has its bytes, under its name or another ``key``.

        Returns why that can't be done, if it can't.
        """
        about = NO_METADATA if isinstance(lost, Document) else lost.about
        file = self._stored(lost.file, source, key or lost.file.path, about)
        if isinstance(file, CopyFlaw):
            return file
        if isinstance(lost, Document):
            self._documents.append(replace(lost, file=file))
        else:
            self._entries.append(lost.put_back(file, name))
        return None

    def _stored(
        self, file: ArchivedFile, source: Store, key: str, about: ObjectMetadata
    ) -> ArchivedFile | CopyFlaw:
        """Store a file again from what lies under ``key`` elsewhere, if those are its bytes."""
        with self.archive.store.part() as part:
            if flaw := copied_or_flaw(source, replace(file, path=key), part.file):
                return flaw
            put = partial(self.archive.store.put_part, file.path, part, file.sha256, about)
            stored = in_place(self.archive.store, file.path, put)
        self.put_back.append(file.path)
        return replace(file, version=stored.version)

    def _leave(self, lost: Iterable[Lost], why: str) -> None:
        self.left += [FileProblem(each.file.path, why) for each in lost]

    def _is_whole(self, file: ArchivedFile) -> bool:
        return found(self.archive.store, file) is not None

    def _findings(self) -> FindingCounts:
        """Return how many findings the entries add, and how many are open after them."""
        known = self.archive.catalog.recordings.many(entry.id for entry in self._entries)
        before = {id_: each.is_open for id_, each in known.items()}
        for entry in self._entries:
            known[entry.id] = apply_entry(known.get(entry.id), entry, ManifestKind.REPAIR)
        new = sum(each.is_open > before.get(id_, False) for id_, each in known.items())
        mended = sum(is_open > known[id_].is_open for id_, is_open in before.items())
        return FindingCounts(new, self.archive.catalog.findings.counted().count + new - mended)


def _is_original(known: RecordingState, entry: Entry, lost: Lost) -> bool:
    """Whether a file that an entry takes the place of is missed: not what was bad and is good now.

    What was held is missed whatever came, and what was bad if what came is bad as well.
    """
    was_held = known.held and lost.file.path in {f.path for f in (known.audio, known.sidecar) if f}
    return was_held or entry.outcome is not Outcome.ARCHIVED


def _telling(entry: Entry, originals: Iterable[Lost]) -> Entry:
    """Return an entry that tells which originals are lost."""
    lost = [LOST_AUDIO if each.file == each.entry.audio else LOST_SIDECAR for each in originals]
    is_concern = lost and entry.outcome is Outcome.ARCHIVED
    return replace(
        entry,
        reasons=(*entry.reasons, *lost),
        concerns=(*entry.concerns, Concern.ORIGINAL_LOST) if is_concern else entry.concerns,
    )


def _id(lost: Lost) -> str:
    return lost.entry.id


def _paths(known: RecordingState) -> set[str]:
    pairs = (known.audio, known.sidecar, *known.newest)
    return {file.path for file in pairs if file}


def _replaced(known: RecordingState, entry: Entry) -> set[str]:
    """Return the paths whose place an entry takes: bad audio takes none of what is held."""
    if not known.held or entry.outcome is Outcome.ARCHIVED:
        return _paths(known)
    refused = known.refused_audio, known.refused_sidecar
    return {file.path for file in refused if file}
