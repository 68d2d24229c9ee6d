"""Storing what was judged: the audio, then its sidecar, and nothing twice."""

import hashlib
from contextlib import suppress
from functools import partial

from msgspec import Struct

from archiver.domain.layout import audio_key, sidecar_key
from archiver.domain.row.fingerprint import fingerprint
from archiver.errors import Missing
from archiver.manifest.named_files.sidecar import Sidecar, sidecar_document
from archiver.manifest.records.files import ArchivedFile
from archiver.pull.job.judging import Judged
from archiver.pull.job.object_metadata import labelled
from archiver.pull.job.services import Services
from archiver.pull.job.task import Task
from archiver.pull.plan import Work
from archiver.pull.stored.orphans import sidecars
from archiver.removal.making_way import as_named, in_place
from archiver.store.base import ObjectMetadata, PutResult, TempFile


class Stored(Struct, frozen=True):
    """The files that are in the archive now; ``is_fresh``, if the sidecar was written just now."""

    audio: ArchivedFile
    sidecar: ArchivedFile
    is_fresh: bool


class Storing(Struct, frozen=True):
    """Stores what came of one :class:`Task`."""

    task: Task
    services: Services

    @property
    def work(self) -> Work:
        """What was to be done."""
        return self.task.work

    def put(self, part: TempFile, judged: Judged) -> Stored:
        """Store audio, then sidecar; what is told is what really landed."""
        audio = as_named(self._put_audio(part, judged))
        at_hand = self._sidecar_at_hand(audio, judged)
        return Stored(audio, at_hand or self._put_sidecar(judged), at_hand is None)

    def is_as_known(self, judged: Judged) -> bool:
        """Whether these are the bytes that were stored last, and they come to what they did."""
        known = self.work.known
        audio = known.newest[0] if known else None
        is_same = audio is not None and audio.sha256 == judged.fetched.sha256
        return is_same and known is not None and known.outcome is judged.outcome

    def _sidecar_at_hand(self, audio: ArchivedFile, judged: Judged) -> ArchivedFile | None:
        """Return a sidecar that says all this: the one that is entered, or one that lies there."""
        known, store = self.work.known, self.services.store
        keys = [known.sidecar.path] if known and known.sidecar else []
        if self.task.has_orphans or (known and not judged.judgement.verdict.is_good):
            keys += [item.key for item in store.items(f"{audio.path.rsplit('.', 2)[0]}.")]
        with suppress(Missing):
            kept = (file for told, file in sidecars(store, keys) if self._still_tells(told, judged))
            return next(kept, None)
        return None

    def _put_audio(self, part: TempFile, judged: Judged) -> PutResult:
        store, row, sha256 = self.services.store, self.work.listed.row, judged.fetched.sha256
        key = audio_key(judged.shelf, row.id, row.at, sha256, judged.facts.extension)
        about = self._about(judged, sha256)
        return in_place(store, key, partial(store.put_part, key, part, sha256, about))

    def _put_sidecar(self, judged: Judged) -> ArchivedFile:
        row = self.work.listed.row
        offset = self.task.offset
        document = sidecar_document(
            row,
            utc_offset_minutes=offset.minutes,
            offset_from=offset.source,
            facts=judged.facts,
            judgement=judged.judgement,
            fetched=judged.fetched,
            source=self.work.listed.ask.report,
        )
        sha256 = hashlib.sha256(document).hexdigest()
        key = sidecar_key(judged.shelf, row.id, row.at, sha256)
        stored = self.services.store.put(key, document, self._about(judged, sha256))
        return as_named(stored)

    def _about(self, judged: Judged, sha256: str) -> ObjectMetadata:
        row = self.work.listed.row
        return labelled(
            row.id,
            row.at,
            self.task.offset.minutes,
            sha256=sha256,
            verdict=judged.judgement.verdict,
            duration_ms=judged.facts.duration_ms,
        )

    def _still_tells(self, told: Sidecar, judged: Judged) -> bool:
        """Whether a sidecar that lies there says what would be written now."""
        row = self.work.listed.row
        return (told.created_at, told.reported_ms, fingerprint(told.row)) == (
            row.at,
            row.reported_ms,
            fingerprint(row.fields),
        ) and (told.fetched.sha256, told.facts, told.verdict, told.concerns) == (
            judged.fetched.sha256,
            judged.facts,
            judged.judgement.verdict,
            judged.judgement.concerns,
        )
