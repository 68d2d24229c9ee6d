"""Whether all that a plan was made of is still so, when it is to be carried out."""

from msgspec import Struct

from archiver.app.disposing.disposal_plan import DisposalPlan, PlannedDisposal
from archiver.app.disposing.due import DueRecording, Standings, has_files
from archiver.app.disposing.rules import read_rules, require_rules
from archiver.app.disposing.selection import borne_out
from archiver.app.opening.context import Context
from archiver.domain.disposal import DisposalStanding
from archiver.errors import UsageError
from archiver.manifest.records.erasures import TwoClocks
from archiver.manifest.state import RecordingState
from archiver.open_archive import OpenArchive
from archiver.removal.belongings import Belongings, named_by_chain
from archiver.removal.holds.in_force import HoldsInForce
from archiver.removal.taking import RemovalScope, Taking


class PlanCheck(Struct, frozen=True):
    """Holds a plan against an archive, whose lock is held, by the clocks that show now."""

    plan: DisposalPlan
    clocks: TwoClocks
    archive: OpenArchive
    context: Context

    def require_unchanged(self) -> tuple[RecordingState, ...]:
        """Return the recordings as they stand. Raises :class:`UsageError` where anything changed.

        What else was archived since changes nothing. Where a hold binds one of them by now, the
        door refuses it, and the chain says so.
        """
        self._require_same_place()
        ids = {each.id for each in self.plan.recordings}
        named, catalog = named_by_chain(self.archive.journal, ids), self.archive.catalog
        bound = HoldsInForce.by(named.holds, self.archive).binding(ids)
        if len(named.holds) != self.plan.hold_changes and not bound:
            raise _changed("holds were added or released")
        rules = read_rules(self.context, catalog)
        standings = Standings.by(catalog, rules, self.clocks.now)
        known = catalog.recordings.many(ids)
        for each in self.plan.recordings:
            if not self._stands(each, known.get(each.id), standings, named):
                raise _changed(f"recording {each.id} is not as it was, or not due")
        return tuple(known[each.id] for each in self.plan.recordings)

    def require_same(self, taking: Taking, found: RemovalScope) -> None:
        """Raise :class:`UsageError` where not exactly what was planned would be taken away."""
        self.require_unchanged()
        planned = (*self.plan.calls,), self.plan.call_rows
        if (tuple(sorted(taking.call_ids)), found.calls.rows) != planned:
            raise _changed("the calls of its recordings are others, or have more rows or fewer")

    def _require_same_place(self) -> None:
        settings = self.context.settings
        require_rules(settings)
        if self.archive.id != self.plan.archive:
            raise _changed("it is a plan of another archive")
        if self.archive.journal.head_at(self.plan.head.number) != self.plan.head:
            raise _changed("the chain lacks the head that it was made above")
        if not self.plan.rules.fits(settings):
            raise _changed("the rules are others")
        if len(self.plan.recordings) > settings.disposal.most:
            raise _changed("max_dispose is less than it has")

    def _stands(
        self,
        planned: PlannedDisposal,
        known: RecordingState | None,
        standings: Standings,
        named: Belongings,
    ) -> bool:
        if known is None or not has_files(known):
            return False
        decided = standings.of(known)
        if decided.standing is not DisposalStanding.DUE or decided.until is None:
            return False
        is_same = PlannedDisposal.of(DueRecording(known, decided.until)) == planned
        return is_same and borne_out(self.archive.documents, named, known)


def _changed(why: str) -> UsageError:
    return UsageError(
        f"This plan can't be carried out: {why}.",
        advice="Nothing was removed. Plan again: archiver dispose.",
    )
