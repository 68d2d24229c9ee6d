"""Handing out rows to the workers, and entering what came of them.

Rows are divided into what is held, what waits and what is work, by the catalog and the chain; work
is begun as far as the budget reaches.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial

from msgspec.structs import replace

from archiver.concurrency.stop import in_pieces
from archiver.concurrency.turns import turn
from archiver.concurrency.worker_pool import WorkerPool
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId, Report
from archiver.manifest.state import RecordingState
from archiver.media.link import parse as parse_link
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed
from archiver.pull import events
from archiver.pull.budget.run_budget import RunBudget
from archiver.pull.job.done import Done
from archiver.pull.job.entries import as_it_was
from archiver.pull.job.links import Links
from archiver.pull.job.runner import JobRunner
from archiver.pull.job.task import ErasedAudio, Task
from archiver.pull.plan import (
    Plan,
    Sharing,
    Work,
    divide,
    is_unchanged,
    noticing_offers,
    sharing_objects,
)
from archiver.pull.run_context import RunContext
from archiver.pull.stored.held_check import HeldCheck
from archiver.pull.stored.orphans import Orphans

Settled = tuple[Done, RecordingState | None]
"""An outcome, and what was known of the recording before."""
Ended = Settled | Work
"""How work ended that was handed out: with an outcome, or as it was, since the budget was spent."""
Pool = WorkerPool[Ended]
Copies = Mapping[RecordingId, Mapping[str, int]]
"""Of calls: good recordings that are surely theirs, by SHA-256, and the length reported of each."""


@dataclass(slots=True)
class Dispatch:
    """Hands out the rows of one run; used from one thread.

    What fails once the run winds up was cut off. One that ``respects_backoff`` leaves what waits to
    its time. ``rows_left`` counts, by day, what the budget leaves to the next run.
    """

    run: RunContext
    runner: JobRunner
    orphans: Orphans
    held_check: HeldCheck
    budget: RunBudget
    respects_backoff: bool = False
    rows_left: Counter[date | None] = field(default_factory=Counter, init=False)

    def hand_out(
        self,
        rows: tuple[Listed, ...],
        behaviour: PortalBehaviour,
        report: Report,
        pool: Pool,
        copies: Copies,
    ) -> None:
        """Hand out rows, however many, in pieces: the next one when little is left of the last."""
        sharing = cache(partial(self._sharing, rows))
        for number, piece in enumerate(in_pieces(rows, self.run.stop_requested)):
            if number:
                self.settle(pool.results(until_left=pool.workers))
            plan = self._planned(piece)
            if plan.work:
                plan = plan.beside(sharing(), copies)
            self._hand_out_piece(plan, behaviour, report, pool)

    def _sharing(self, rows: tuple[Listed, ...]) -> Sharing:
        """Return which of all rows have the same object."""
        objects: dict[RecordingId, str] = {}
        for piece in in_pieces(rows, self.run.stop_requested):
            objects |= _objects(piece)
        return sharing_objects(objects)

    def _planned(self, rows: Sequence[Listed]) -> Plan:
        """Divide rows, by a catalog that is made anew where the chain denies what it calls held."""
        plan = self._divided(rows)
        if self.held_check.denies(each.row.id for each in plan.held):
            self.held_check.correct()
            plan = self._divided(rows)
        return plan

    def _hand_out_piece(
        self, plan: Plan, behaviour: PortalBehaviour, report: Report, pool: Pool
    ) -> None:
        """Count what is held or waits, and hand out the rest."""
        self.run.ledger.hold(plan.held)
        self.run.ledger.defer(plan.waiting)
        self.run.ledger.pass_over(plan.erased)
        self.run.ledger.write_if_due()
        self.run.announce(events.Held(len(plan.held) + len(plan.waiting) + len(plan.erased)))
        links = Links(
            tuple(work.listed for work in plan.work),
            report=report,
            fetch=self.run.client.fetch,
            behaviour=behaviour,
            now=self.run.client.now,
        )
        self.runner.expect(len(plan.work))
        erased = self._erased_audio()
        for work in plan.work:
            pool.submit(partial(self._settled, self._task(work, erased), links))

    def _erased_audio(self) -> ErasedAudio:
        """Return the audio that was erased.

        What is listed by its own id has no other: no time of it counts.
        """
        by_sha256 = {
            sha256: {id_: None if self._is_listed(id_) else at for id_, at in had.items()}
            for sha256, had in self.run.catalog.erased.audio().items()
        }
        return ErasedAudio(by_sha256, self.run.ledger.shared_ms)

    def _is_listed(self, id_: RecordingId) -> bool:
        ledger = self.run.ledger
        return id_ in ledger.recordings.seen or id_ in ledger.calls.seen

    def _task(self, work: Work, erased: ErasedAudio) -> Task:
        row = work.listed.row
        has_orphans = self.orphans.has_stray(row.id, row.at)
        return Task(work, self.run.session.offset_of(row.at, row.id), has_orphans, erased)

    def _divided(self, rows: Sequence[Listed]) -> Plan:
        """Divide rows by what the catalog says of them."""
        told = self.run.catalog.recordings.told_of_verified(each.row.id for each in rows)
        held, others = list[Listed](), list[Listed]()
        for each in rows:
            unchanged = is_unchanged(told.get(each.row.id), each.row)
            (held if unchanged else others).append(each)
        plan = self._divided_by_state(others)
        return replace(plan, held=(*held, *plan.held))

    def _divided_by_state(self, rows: Sequence[Listed]) -> Plan:
        """Divide rows by all that the catalog says of them."""
        ids = [row.row.id for row in rows]
        recordings = self.run.catalog.recordings
        known, told = recordings.many(ids), recordings.fingerprints(ids)
        noted = recordings.noted_objects(ids)
        accepted = {id_ for id_ in noted if id_ in known and known[id_].accepted}
        erased = {id_ for id_, each in known.items() if each.outcome is Outcome.ERASED}
        told_of = told.keys() | accepted | erased
        self.run.catalog.note_rows(each.row for each in rows if each.row.id not in told_of)
        now = self.run.client.now() if self.respects_backoff else None
        times = self.run.catalog.erased.times() if erased else {}
        erased_at = {at for id_, at in times.items() if not self._is_listed(id_)}
        return noticing_offers(divide(rows, known, told, now, erased_at), noted)

    def _settled(self, task: Task, links: Links) -> Ended:
        """Bring a recording to its outcome, unless the budget is spent by now."""
        work = task.work
        with self.budget.begun(work.listed.row.reported_ms) as has_begun:
            if has_begun:
                done = self.runner.run(task, links)
                self.budget.spend(done.bytes, work.listed.row.reported_ms)
                return done, work.known
        return (as_it_was(task), work.known) if work.stands else work

    def settle(self, results: Iterator[Ended]) -> None:
        """Enter what came of work that was handed out."""
        for result in results:
            if isinstance(result, Work):
                self._leave(result)
                continue
            done, known = result
            if self.run.stopping.is_set() and done.entry.outcome is Outcome.FAILED:
                continue
            with turn():
                entry, is_new = self.run.ledger.settle(done, known)
            self.run.announce(events.Settled(entry, is_new))
            self.run.ledger.write_if_due()

    def _leave(self, work: Work) -> None:
        """Count what the budget leaves to the next run."""
        self.run.ledger.counts.left += 1
        if work.is_owed:
            at = work.listed.row.at
            self.rows_left[at.date() if at else None] += 1


def _objects(rows: Sequence[Listed]) -> dict[RecordingId, str]:
    return {listed.row.id: parse_link(listed.row.link).object for listed in rows if listed.row.link}
