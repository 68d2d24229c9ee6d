"""Writing the parts of an export by its plan: files are copied, checked, and put in their place.

Only the plan and the archive decide what is written, so a try that was cut off and taken up again
ends with the same bytes as one that was not. What an earlier try wrote is read back and used.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct, field

from archiver.app.exporting.export_workplace import ExportWorkplace
from archiver.app.exporting.parts.containers import file_in
from archiver.app.exporting.parts.copying import Earlier, copy_whole
from archiver.app.exporting.parts.part import DraftedRecording, PartWriter
from archiver.app.exporting.parts.planned_rows import recording_row
from archiver.app.exporting.parts.proofs import Proofs
from archiver.app.exporting.parts.wrapper import DraftedFile
from archiver.app.exporting.plan.plan_file import PlanFile
from archiver.app.exporting.plan.planned import (
    PlanFacts,
    Planned,
    PlannedRecording,
    WrittenPart,
    WrittenParts,
)
from archiver.concurrency.threads import some_at_once
from archiver.domain.quantities import human_bytes
from archiver.handover.handed_over import NO_SIDECAR, LeftOut
from archiver.handover.wrapping import wrapping_of
from archiver.manifest.records.files import ArchivedFile
from archiver.pull.stored.copies import CopyFlaw
from archiver.store.base import Store

_ROUNDS = 16
"""So many rounds of threads work off a batch of the plan."""


class CopyJob(Struct, frozen=True):
    """A file of a recording to copy into a draft, and where an earlier try may have put it."""

    file: ArchivedFile
    draft: Path
    earlier: Earlier | None


CopyWork = tuple[Planned, tuple[CopyJob, ...]]
Flaws = tuple[CopyFlaw | None, ...]
"""What is wrong with each file that was copied."""


class PartsWriter(Struct, frozen=True):
    """Writes all parts of the plan, with so many ``threads`` that read the archive.

    ``tell`` is told in a line of what is not as the chain says; ``done`` counts what is written.
    """

    store: Store
    plan: PlanFile
    facts: PlanFacts
    proofs: Proofs
    place: ExportWorkplace
    threads: int
    tell: Callable[[str], object]
    done: Counter[str] = field(default_factory=Counter)

    def progress(self) -> str:
        """Say how far the writing is."""
        return f"{self.done['recordings']} so far, {human_bytes(self.done['bytes'])}"

    def write(self) -> WrittenParts:
        """Write the parts. Raises :class:`DestinationError` for what stops it: run it again."""
        written: list[WrittenPart] = []
        part = self._begin(1)
        try:
            for item in self._items():
                if not part.has_room(item):
                    written.append(self._end(part, is_last=False))
                    part = self._begin(part.number + 1)
                self.plan.note_written(part.number, part.add(item))
                self._count(item)
            written.append(self._end(part, is_last=True))
        finally:
            part.close()
        return WrittenParts(tuple(written))

    def _count(self, item: DraftedRecording | LeftOut) -> None:
        if isinstance(item, DraftedRecording):
            self.done["recordings"] += 1
            self.done["bytes"] += item.row.bytes

    def _begin(self, number: int) -> PartWriter:
        return PartWriter(number, self.place.part(number), self.place.drafts, self.facts)

    def _end(self, part: PartWriter, *, is_last: bool) -> WrittenPart:
        return part.end(self.proofs.drafted(self.place.drafts), is_last=is_last)

    def _items(self) -> Iterator[DraftedRecording | LeftOut]:
        """Yield what goes into the parts, in its order."""
        planned = self.plan.items()
        while some := [*islice(planned, self.threads * _ROUNDS)]:
            work = [(each, self._jobs(each, number)) for number, each in enumerate(some)]
            for (each, jobs), flaws in self._copied_each(work):
                if isinstance(each, PlannedRecording):
                    yield from self._drafted(each, jobs, flaws)
                else:
                    yield each

    def _copied_each(self, work: Sequence[CopyWork]) -> Iterator[tuple[CopyWork, Flaws]]:
        """Yield what there is to copy with what came of it: a disk needs no threads for that."""
        if self.threads > 1:
            return some_at_once(work, self._copied, self.threads)
        return ((each, self._copied(each)) for each in work)

    def _jobs(self, planned: Planned, number: int) -> tuple[CopyJob, ...]:
        """Return what is to be copied of something planned: its audio, then its sidecar."""
        if not isinstance(planned, PlannedRecording):
            return ()
        files = (planned.entry.audio, planned.entry.sidecar)
        return tuple(
            CopyJob(file, self.place.drafts / f"{number}.{index}", self._earlier(file))
            for index, file in enumerate(files)
            if file
        )

    def _earlier(self, file: ArchivedFile) -> Earlier | None:
        written = self.plan.written(file.path)
        if written is None:
            return None
        part, begins = written
        form, name = self.facts.form, wrapping_of(self.facts.form).payload + file.path
        return Earlier(file_in(form, self.place.part(part), name), begins)

    def _copied(self, work: CopyWork) -> Flaws:
        _, jobs = work
        return tuple(copy_whole(self.store, each.file, each.draft, each.earlier) for each in jobs)

    def _drafted(
        self,
        planned: PlannedRecording,
        jobs: tuple[CopyJob, ...],
        flaws: tuple[CopyFlaw | None, ...],
    ) -> Iterator[DraftedRecording | LeftOut]:
        """Yield a recording whose audio is whole, and once what of it can't be handed over."""
        whole = [job for job, flaw in zip(jobs, flaws, strict=True) if flaw is None]
        found = [*filter(None, flaws)]
        for flaw in found:
            self.tell(f"Recording {planned.entry.id} is not as it was archived: {flaw.why}.")
        audio, sidecar = jobs
        if found:
            entry, what = planned.entry, NO_SIDECAR if audio in whole else found[0].what
            reasons = tuple(flaw.why for flaw in found)
            yield LeftOut(what, entry.id, entry.created_at, reasons=reasons)
        if audio in whole:
            text = sidecar.draft.read_bytes() if sidecar in whole else None
            yield DraftedRecording(recording_row(planned, text), tuple(map(_file, whole)))


def _file(job: CopyJob) -> DraftedFile:
    return DraftedFile(job.file.path, job.draft, job.file.bytes, job.file.sha256)
