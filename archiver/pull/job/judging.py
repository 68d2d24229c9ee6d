"""Judging what lies in a part file, by its bytes and by all that is told of it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from archiver.audio.measure import measure
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Facts
from archiver.domain.layout import Shelf
from archiver.domain.outcomes import Concern, Judgement, Outcome
from archiver.domain.recordings import Essential, Row
from archiver.manifest.named_files.sidecar import FetchRecord
from archiver.pull.job.fetch import Download
from archiver.pull.job.services import Services
from archiver.store.base import TempFile
from archiver.store.os_errors import map_os_errors


class Judged(Struct, frozen=True):
    """What lies in a part file: where it came from, what it is, what that means."""

    fetched: FetchRecord
    facts: Facts
    judgement: Judgement
    proven_bytes: bool

    @property
    def outcome(self) -> Outcome:
        """What it becomes."""
        return Outcome.ARCHIVED if self.judgement.verdict.is_good else Outcome.QUARANTINED

    @property
    def shelf(self) -> Shelf:
        """Where it is stored."""
        return Shelf.RECORDINGS if self.judgement.verdict.is_good else Shelf.QUARANTINE


class Judging(Struct, frozen=True):
    """Judges audio of one row; ``copies`` are as in :class:`archiver.pull.plan.Work`."""

    row: Row
    services: Services
    copies: Mapping[str, int]

    def downloaded(self, part: TempFile, got: Download) -> Judged:
        """Judge what was just fetched into a part."""
        fetched = FetchRecord(
            at=datetime.now(UTC).replace(microsecond=0),
            portal=self.services.portal,
            sha256=got.fetched.sha256,
            host=got.host,
            etag=got.fetched.etag,
            content_type=got.fetched.content_type,
            length_proven=got.fetched.length_proven,
        )
        return self.again(part, fetched, proven_bytes=got.fetched.md5_proven)

    def again(self, part: TempFile, fetched: FetchRecord, *, proven_bytes: bool = False) -> Judged:
        """Judge a part that holds what was fetched then."""
        with map_os_errors("judging a temporary file"):
            part.file.flush()
            facts = measure(part.path)
        return Judged(fetched, facts, self.judgement(facts, fetched), proven_bytes)

    def judgement(self, facts: Facts, fetched: FetchRecord) -> Judgement:
        """Judge audio by all that is told of it now; a time that nobody can read is a concern."""
        row = self.row
        judgement = judge(
            facts,
            self.copies.get(fetched.sha256, row.reported_ms),
            self.services.tolerance,
            unread=row.unread.get(Essential.LENGTH),
            length_proven=fetched.length_proven,
        )
        if judgement.verdict.is_good and (reason := row.unread.get(Essential.TIME)):
            judgement = judgement.with_concern(Concern.TIME_UNREAD, reason)
        return _with_its_id(judgement, row)


def _with_its_id(judgement: Judgement, row: Row) -> Judgement:
    """Return the judgement of a row, which needs a person where its id is another's as well."""
    if row.alias_of is None:
        return judgement
    reason = f"the portal lists another recording under its id, {row.alias_of}"
    return judgement.with_concern(Concern.SAME_ID, reason)
