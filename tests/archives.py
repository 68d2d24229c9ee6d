"""Archives to test with: a few made-up recordings, stored as a run stores them."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from archiver.domain.audio_facts import Facts
from archiver.domain.layout import PRIVATE, Shelf, audio_key, sidecar_key
from archiver.domain.outcomes import Judgement, Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.format import FORMAT
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, FindingCounts, Manifest, ManifestKind, Run
from archiver.manifest.named_files.sidecar import FetchRecord, sidecar_document
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.manifest.records.listings import WindowProof
from archiver.store.base import Store
from tests.canaries import SIGNATURE

PORTAL = "https://portal.example/api/v2/"
MORNING = datetime(2019, 6, 11, 6, 4, 21)  # noqa: DTZ001 - the portal's own clock has no zone
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CALLER, CALLED = "+44 7700 900123", "12025550143"


def row(recording: str, at: datetime | None = MORNING, agent: str = "Ann Lee") -> Row:
    """Return a row of five seconds, with a link still in its field."""
    link = f"https://media.example/c-{CALLED}-{recording[:8]}.mp3?X-Amz-Signature={SIGNATURE}"
    fields = {"id": recording, "call_from": CALLER, "call_to": CALLED, "agent": agent}
    return Row(RecordingId(recording), at, 5_000, None, {**fields, "audio": link})


def audio_of(recording: str, size: int = 600) -> bytes:
    """Return bytes that no other recording has."""
    seed = hashlib.sha256(recording.encode("utf-8", "surrogatepass")).digest()
    return (seed * (size // 32 + 1))[:size]


def store_one(
    store: Store,
    listed: Row,
    audio: bytes | None = None,
    verdict: Verdict = Verdict.VERIFIED,
    length_ms: int = 5_010,
) -> Entry:
    """Store audio and sidecar of one row and return the entry that names them."""
    audio = audio_of(listed.id) if audio is None else audio
    good = verdict.is_good
    shelf = Shelf.RECORDINGS if good else Shelf.QUARANTINE
    sha256 = hashlib.sha256(audio).hexdigest()
    stored = store.put(audio_key(shelf, listed.id, listed.at, sha256, "mp3"), audio)
    document = sidecar_document(
        listed,
        utc_offset_minutes=0,
        offset_from="default",
        facts=Facts("mp3", "mp3", len(audio), length_ms, 1, None, 8_000, 1, "frames"),
        judgement=Judgement(verdict),
        fetched=FetchRecord(NOW, PORTAL, sha256),
        salt=bytes(32),
    )
    digest = hashlib.sha256(document).hexdigest()
    told = store.put(sidecar_key(shelf, listed.id, listed.at, digest), document)
    return Entry(
        id=listed.id,
        created_at=listed.at,
        utc_offset_minutes=0,
        offset_from="default",
        outcome=Outcome.ARCHIVED if good else Outcome.QUARANTINED,
        verdict=verdict,
        reported_ms=listed.reported_ms,
        duration_ms=length_ms,
        attempts=1,
        audio=ArchivedFile(stored.key, stored.bytes, stored.sha256, stored.version),
        sidecar=ArchivedFile(told.key, told.bytes, told.sha256, told.version),
    )


def entry(recording: str, outcome: Outcome, **more: object) -> Entry:
    """Return an entry without files."""
    fixed = dict.fromkeys(
        ("created_at", "utc_offset_minutes", "offset_from", "verdict", "reported_ms", "duration_ms")
    )
    return Entry(**{**fixed, "id": recording, "outcome": outcome, **more})  # type: ignore[arg-type]  # a test names any fields


def manifest_of(
    archive: str,
    entries: Iterable[Entry],
    kind: ManifestKind = ManifestKind.RUN,
    run: str = "run-1",
) -> Callable[[Head | None], Manifest]:
    """Return what builds a manifest of these entries on any head."""
    recordings = tuple(entries)
    outcomes = {o: n for o in Outcome if (n := sum(e.outcome is o for e in recordings))}
    total = len(recordings)
    window = WindowProof(
        Report.RECORDINGS, MORNING, MORNING + timedelta(hours=1), 0, total, total, 1, proven=True
    )

    def build(below: Head | None) -> Manifest:
        return Manifest(
            format=FORMAT,
            archive=archive,
            number=below.number + 1 if below else 1,
            previous=below,
            kind=kind,
            run=Run(run, NOW, NOW, True, "host", "archiver 0.1.0", False, {"tolerance_ms": 3_000}),  # noqa: FBT003 - closed, not filtered
            windows=(window,),
            recordings=recordings,
            held=(),
            unlisted=(),
            days=(),
            calls=(),
            since=None,
            decision=None,
            outcomes=outcomes,
            findings=FindingCounts(0, 0),
            accounted=True,
            clean=True,
        )

    return build


def fill(store: Store, manifests: int = 3, each: int = 2) -> list[Head]:
    """Make an archive of numbered recordings in ``store``; return its heads, oldest first."""
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    heads = []
    for number in range(manifests):
        entries = [
            store_one(store, row(str(number * each + index + 1), MORNING + timedelta(days=number)))
            for index in range(each)
        ]
        heads.append(journal.append(manifest_of(archive, entries)))
    return heads


def of_another_portal(text: bytes, endpoint: str = "https://elsewhere.example/api/v2/") -> bytes:
    """Return ``ARCHIVE.json`` of the same archive for another portal, its own check put right."""
    own = ArchiveFile.from_json(text)
    check = hashlib.sha256(f"{own.archive}\n{endpoint}\n".encode()).hexdigest()
    return replace(own, endpoint=endpoint, sha256=check).to_json()


def lose_catalog(archive: Path) -> None:
    """Delete the catalog of an archive in a folder, as anyone may."""
    for path in (archive / PRIVATE).glob("catalog*"):
        path.unlink()


def store_once(store: Store) -> None:
    """Do what a run does for one recording; what is there already is adopted."""
    with store.exclusive():
        if not any(store.items("manifests/")):
            fill(store, manifests=1, each=1)
