"""Releasing holds: what no other hold binds may go again, and what they deferred is finished."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.disposing.kept import kept_until
from archiver.app.keeping.removing import as_now, meant, open_for_removal, require_known
from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.kept_copy import warn_of_copy
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import MayBeMissing, filters_of, tell_window
from archiver.app.opening.reason import checked_words
from archiver.app.opening.user import whoever
from archiver.calls.linking import calls_of
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.errors import ExitCode, UsageError
from archiver.filters.request import FilterRequest
from archiver.manifest.builder import Statement
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.erasures import Erasure
from archiver.manifest.records.files import Head
from archiver.manifest.records.holds import HoldAction, HoldChange, OpenHold
from archiver.open_archive import OpenArchive
from archiver.removal.forbidding import Forbidden, StillHeld, binding
from archiver.removal.holds.deferring import RefusedErasure, refused_by
from archiver.removal.holds.in_force import HoldsInForce
from archiver.removal.holds.legal_holds import LegalHolds
from archiver.removal.taking import Removal, Taking


class ReleaseRequest(Struct, frozen=True):
    """Which holds are released, by their numbers, or which recordings of them by filters; and why.

    Without numbers, all that is meant must be bound by one hold. Of a standing hold, a recording
    that is released is an exception from then on. With ``finishes``, erasures that it deferred are
    finished. A ``dry_run`` writes nothing.
    """

    reason: str
    holds: tuple[int, ...] = ()
    filters: FilterRequest = field(default_factory=FilterRequest)
    by: str | None = None
    finishes: bool = True
    dry_run: bool = False

    def decided(self, environ: Mapping[str, str]) -> tuple[str, str]:
        """Return who decides and why; raises :class:`UsageError`."""
        self.filters.check(datetime.now(UTC).replace(tzinfo=None))
        if self.filters.is_empty and not self.holds:
            raise UsageError("Release what?", advice="Give --hold NUMBER, or ids or filters.")
        return whoever(self.by, environ), checked_words(self.reason, "--reason")


class ReleasePlan(Struct, frozen=True):
    """What would be released: of each hold by its number, all of it, or the recordings named.

    ``freed`` are the recordings that no hold binds then. ``once`` are all that the holds ever
    bound of what is meant, so that a release that was cut off is gone on with. Of erasures that the
    holds deferred, ``begun`` ones and ``refused`` ones can be finished; a lock may forbid it still.
    """

    changes: Mapping[int, tuple[RecordingId, ...]]
    freed: tuple[RecordingId, ...] = ()
    once: frozenset[RecordingId] = frozenset()
    begun: tuple[Erasure, ...] = ()
    refused: tuple[RefusedErasure, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is left to be released, or finished."""
        return not (self.changes or self.finishable)

    def only(self, shown: "ReleasePlan") -> "ReleasePlan":
        """Return what of this is in what was shown to who agreed."""
        erased = shown.to_erase
        changes = {
            number: tuple(id_ for id_ in ids if id_ in shown.changes[number])
            for number, ids in self.changes.items()
            if number in shown.changes
        }
        return replace(
            self,
            changes={n: ids for n, ids in changes.items() if bool(ids) == bool(self.changes[n])},
            freed=tuple(id_ for id_ in self.freed if id_ in shown.freed),
            begun=tuple(each for each in self.begun if erased.issuperset(each.ids)),
            refused=tuple(each for each in self.refused if erased.issuperset(each.ids)),
        )

    @property
    def to_erase(self) -> frozenset[RecordingId]:
        """The recordings that would be erased then."""
        begun = (id_ for each in self.begun for id_ in each.ids)
        return frozenset(begun).union(id_ for each in self.refused for id_ in each.ids)

    @property
    def finishable(self) -> int:
        """How many recordings would be erased then."""
        return len(self.to_erase)


class ReleaseResult(Struct, frozen=True):
    """What was planned, the head, and what followed.

    ``erased`` counts the recordings whose erasure was finished, ``versions`` what was removed by
    that. ``still`` says what forbade the others. ``unlocked`` is how many versions lost the
    bucket's own legal hold, and ``left_locked`` how many keep one that may be another's. What came
    meanwhile and was not shown ``has_more``: that is left. Without ``agreed`` nothing was written.
    """

    plan: ReleasePlan
    agreed: bool
    head: Head | None
    erased: int = 0
    versions: int = 0
    still: tuple[Forbidden, ...] = ()
    unlocked: int = 0
    left_locked: int = 0
    has_more: bool = False

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where all that was asked for is released, and nothing is refused anew."""
        is_undone = not self.agreed and not self.plan.is_nothing
        return ExitCode.FINDINGS if is_undone or self.still or self.has_more else ExitCode.CLEAN


Agree = Callable[[ReleasePlan], bool]
"""Is shown what would be released, and erased then; tells whether it shall."""


def release_hold(
    request: ReleaseRequest, context: Context, agree: Agree = lambda _plan: True
) -> ReleaseResult:
    """Release holds, or recordings from them, and finish the erasures that these deferred.

    What ``agree`` was not shown is left, and the result says so. Raises :class:`UsageError` for a
    hold or a recording that the archive doesn't know, and where several holds bind what is meant
    and none is named.
    """
    by, reason = request.decided(context.environ)
    if not request.dry_run:
        confirm(context)
    with open_existing(context) as archive:
        request = replace(request, filters=as_now(request.filters, archive.catalog, context))
        plan = Releasing(request, context, archive).plan()
        tell_window(filters_of(request.filters, archive.catalog, context), context)
        head = archive.catalog.followed()
    if request.dry_run or not (plan.is_nothing or agree(plan)):
        return ReleaseResult(plan, agreed=False, head=head)
    warn_of_copy(context)
    with open_for_removal(context) as archive:
        return Releasing(request, context, archive).release(plan, by, reason)


Ever = Mapping[int, frozenset[RecordingId]]
"""What holds bound before any was released, by their numbers; of it, what is meant."""


class Releasing(Struct, frozen=True):
    """Releases holds of one archive."""

    request: ReleaseRequest
    context: Context
    archive: OpenArchive

    @property
    def removal(self) -> Removal:
        """What finishes the erasures that holds deferred."""
        return Removal(self.archive)

    def plan(self) -> ReleasePlan:
        """Return what would be released by the chain as it is now."""
        holds, ids = LegalHolds(self.archive).by_chain(), self._meant()
        bound = {each.number: self._bound(each, ids) for each in self._asked(holds, ids)}
        changes = {
            number: () if ids is None else tuple(sorted(some))
            for number, some in bound.items()
            if some or ids is None
        }
        after = HoldsInForce([*_after(holds, changes)], self.archive)
        released = _joined(bound)
        freed = released - frozenset(after.binding(released))
        ever = {each.number: self._bound(each, ids) for each in self.archive.catalog.holds.once()}
        plan = ReleasePlan(changes, tuple(sorted(freed)), _joined(self._named(ever)))
        return self._with_deferred(plan, ever, after) if self.request.finishes else plan

    def _named(self, ever: Ever) -> Ever:
        """Return the holds that are named, be they released by now; all where none is."""
        named = self.request.holds
        return {number: ids for number, ids in ever.items() if not named or number in named}

    def _with_deferred(self, plan: ReleasePlan, ever: Ever, after: HoldsInForce) -> ReleasePlan:
        """Return a plan with the erasures that its holds deferred, and not those of other holds.

        Where none is named, and none binds what is meant any more, a release of it was cut off:
        then its holds are those that ever bound it.
        """
        asked = {*self.request.holds, *plan.changes} or ever.keys()
        own = {number: ids for number, ids in ever.items() if number in asked and ids}
        bound, removal = _joined(own), self.removal
        begun = [(each, removal.deferring(each)) for each in removal.unfinished()]
        refused = [
            each
            for each in refused_by(self.archive.journal, own)
            if self._is_meant(each.ids, each.erasure.holds, bound) and self._may_go(each, after)
        ]
        ends = [
            each
            for each, holds in begun
            if self._is_meant(each.ids, holds, bound) and {*holds} <= {*plan.changes}
        ]
        return replace(plan, begun=tuple(ends), refused=tuple(refused))

    def _is_meant(
        self, ids: Iterable[RecordingId], holds: tuple[int, ...], bound: frozenset[RecordingId]
    ) -> bool:
        """Whether an erasure that holds deferred is of what is meant.

        A hold that is released as a whole may have bound but another's rows in one file with it.
        """
        return not bound.isdisjoint(ids) or (self.request.filters.is_empty and bool(holds))

    def release(self, shown: ReleasePlan, by: str, reason: str) -> ReleaseResult:
        """Enter the release; then end the bucket's own holds, and finish what was deferred.

        Of each, only what was ``shown``.
        """
        every, head = self.plan(), self.archive.catalog.followed()
        if every.only(shown).changes:
            head, every = self._entered(shown, by, reason)
        plan = every.only(shown)
        ended = LegalHolds(self.archive).end(plan.once)
        result = ReleaseResult(
            plan,
            agreed=True,
            head=head,
            unlocked=ended.versions,
            left_locked=ended.left,
            has_more=plan != every,
            still=(*self._held_meanwhile(shown.to_erase - plan.to_erase),),
        )
        for erasure in plan.begun:
            result = self._finished(erasure, result)
        for each in plan.refused:
            result = self._begun(each, result)
        return result

    def _held_meanwhile(self, left: frozenset[RecordingId]) -> Iterator[Forbidden]:
        """Yield the holds that came while it was asked and keep what was to be erased."""
        if not left:
            return
        catalog = self.archive.catalog
        begun, known = catalog.erased.begun_recordings(), catalog.recordings.many(left)
        there = {id_ for id_, each in known.items() if each.outcome is not Outcome.ERASED}
        in_force = HoldsInForce([*LegalHolds(self.archive).by_chain().values()], self.archive)
        if holds := binding(in_force, there | (left & begun)):
            yield Forbidden(holds)

    def _entered(self, shown: ReleasePlan, by: str, reason: str) -> tuple[Head, ReleasePlan]:
        """Enter what was shown of what would be released by the chain as it is then; return all."""
        archive = self.archive

        def decide(below: Head | None) -> tuple[Manifest, ReleasePlan]:
            every = self.plan()
            changes = tuple(
                HoldChange(number, HoldAction.RELEASED, by, reason, None, ids, None)
                for number, ids in every.only(shown).changes.items()
            )
            statement = Statement(ManifestKind.HOLD, archive.id, holds=changes)
            return statement.on(below, (), archive.catalog.findings.standing()), every

        return archive.enter(decide)

    def _meant(self) -> frozenset[RecordingId] | None:
        """Return the recordings that are meant; ``None`` for whole holds."""
        if self.request.filters.is_empty:
            return None
        catalog = self.archive.catalog
        filters, missing = meant(self.request.filters, catalog, self.context)
        require_known(missing, " ".join(("Nothing was released.", *self._by_number(missing))))
        return frozenset(row.id for row in catalog.filtered.matching(filters))

    def _by_number(self, missing: MayBeMissing) -> Iterator[str]:
        """Yield how a hold is released whose number was given as the id of a recording."""
        for hold in self.archive.catalog.holds.every():
            if f"{hold.number}" in missing.unknown_ids:
                yield f"A hold: archiver hold release --hold {hold.number} --reason TEXT."

    def _asked(
        self, holds: Mapping[int, OpenHold], ids: frozenset[RecordingId] | None
    ) -> list[OpenHold]:
        """Return the holds that something is to be released from."""
        known = {each.number for each in self.archive.catalog.holds.every()}
        for number in self.request.holds:
            if number not in known:
                raise UsageError(
                    f"There is no hold {number}.",
                    advice="Nothing was released. See: archiver hold list.",
                )
        if self.request.holds:
            return [holds[number] for number in self.request.holds if number in holds]
        found = [each for each in holds.values() if self._bound(each, ids)]
        if len(found) > 1:
            named = "; ".join(f"{each.number}, {each.matter}" for each in found)
            raise UsageError(
                f"{len(found)} holds bind what is meant ({named}).",
                advice="Nothing was released. Say which: --hold NUMBER.",
            )
        return found

    def _bound(self, hold: OpenHold, ids: frozenset[RecordingId] | None) -> frozenset[RecordingId]:
        found = HoldsInForce((), self.archive)
        return found.everything_bound_by(hold) if ids is None else found.bound_by(hold, ids)

    def _may_go(self, refused: RefusedErasure, after: HoldsInForce) -> bool:
        """Whether what was refused may be erased then, as far as holds and people go."""
        is_agreed = refused.erasure.second or not self.context.settings.four_eyes
        return bool(is_agreed) and not after.binding(refused.ids)

    def _begun(self, refused: RefusedErasure, result: ReleaseResult) -> ReleaseResult:
        """Begin and finish what somebody asked to be erased, unless something else forbids it."""
        catalog, asked = self.archive.catalog, refused.erasure
        states = tuple(catalog.recordings.many(refused.ids).values())
        taking = Taking(
            states,
            asked.cause,
            asked.by,
            asked.reason,
            asked.second,
            calls_of(catalog, states),
            kept=lambda: kept_until(self.context, self.archive, states),
        )
        head, begun = self.removal.begin(taking)
        if why := Forbidden.of(begun):
            return replace(result, head=head, still=(*result.still, why))
        return self._finished(begun, result)

    def _finished(self, begun: Erasure, result: ReleaseResult) -> ReleaseResult:
        try:
            head, versions = self.removal.finish(begun)
        except StillHeld as held:
            return replace(result, still=(*result.still, Forbidden(held.holds)))
        erased = result.erased + len(begun.ids)
        return replace(result, head=head, erased=erased, versions=result.versions + versions)


def _joined(ever: Ever) -> frozenset[RecordingId]:
    return frozenset[RecordingId]().union(*ever.values())


def _after(
    holds: Mapping[int, OpenHold], changes: Mapping[int, tuple[RecordingId, ...]]
) -> Iterator[OpenHold]:
    """Yield the holds that are left after these changes."""
    for number, hold in holds.items():
        ids = changes.get(number)
        left = hold if ids is None else hold.without(ids) if ids else None
        if left is not None:
            yield left
