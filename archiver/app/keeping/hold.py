"""Holding recordings: nothing that a hold binds is erased or disposed of, by anybody's command."""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.keeping.removing import as_now, meant, open_for_removal, require_known
from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.kept_copy import warn_of_copy
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import MayBeMissing, tell_window
from archiver.app.opening.reason import checked_words
from archiver.app.opening.typed_offsets import require_between
from archiver.app.opening.user import whoever
from archiver.domain.layout import hold_key
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.errors import ExitCode, UsageError
from archiver.filters.filters import Filters
from archiver.filters.hold_filter import HoldFilter, filters_in
from archiver.filters.request import FilterRequest
from archiver.filters.short_ids import id_in, is_short
from archiver.manifest.builder import Statement
from archiver.manifest.format import FORMAT
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.manifest.records.holds import HoldAction, HoldChange
from archiver.open_archive import OpenArchive
from archiver.removal.filter_strays import remove_hold_strays
from archiver.removal.holds.held_arrivals import note_held
from archiver.removal.holds.legal_holds import LegalHolds
from archiver.removal.making_way import store_document


class HoldRequest(Struct, frozen=True):
    """Which recordings are held, for which matter, why, and by whom (else by ``ARCHIVER_BY``).

    With ``future``, what is archived later and matches is held as well. A ``dry_run`` writes
    nothing.
    """

    filters: FilterRequest
    matter: str
    reason: str
    by: str | None = None
    future: bool = False
    dry_run: bool = False

    def change(self, environ: Mapping[str, str]) -> HoldChange:
        """Return the hold, of nothing so far; raises :class:`UsageError`."""
        self.filters.check(datetime.now(UTC).replace(tzinfo=None))
        if self.filters.is_empty:
            raise UsageError("Hold what?", advice="Give ids or filters. See: archiver find.")
        if self.future and (self.filters.outcome or self.filters.verdict):
            raise UsageError(
                "--future can't go by --outcome or --verdict: these change with time.",
                advice="Go by number, agent, time or id; or leave out --future.",
            )
        return HoldChange(
            1,
            HoldAction.ADDED,
            whoever(self.by, environ),
            checked_words(self.reason, "--reason"),
            checked_words(self.matter, "--matter"),
            (),
            None,
        )


class HoldPlan(Struct, frozen=True):
    """What would be held.

    ``ids`` are all that is meant, oldest first; ``new`` those of them that no hold of this matter
    names: what only matches one may match no more. Of ``untold`` ones nothing tells whether they
    match: they are held too. The erasure of ``begun`` ones was begun before: what is left of them
    is held. A ``future`` hold is new unless one of this matter has the same filter. ``missing`` is
    what else may be meant.
    """

    ids: tuple[RecordingId, ...]
    new: tuple[RecordingId, ...]
    untold: int = 0
    begun: tuple[RecordingId, ...] = ()
    future: bool = False
    missing: MayBeMissing = field(default_factory=MayBeMissing)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is to be entered."""
        return not (self.new or self.future)


class HoldResult(Struct, frozen=True):
    """What was planned, the number of the hold that was added, if one was, and the head.

    ``locked`` is how many versions have the bucket's own legal hold by it. Without ``agreed``
    nothing was written.
    """

    plan: HoldPlan
    agreed: bool
    head: Head | None
    hold: int | None = None
    locked: int = 0
    is_standing: bool = False

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where all that was asked for is held, and nothing of it is going."""
        plan, missing = self.plan, self.plan.missing
        is_less = not (plan.ids or self.is_standing) or plan.begun
        may_come = missing.not_whole and not self.is_standing
        is_undone = not self.agreed and not plan.is_nothing
        return ExitCode.FINDINGS if is_less or may_come or is_undone else ExitCode.CLEAN


Agree = Callable[[HoldPlan], bool]
"""Is shown what would be held, and tells whether it shall."""


def add_hold(
    request: HoldRequest, context: Context, agree: Agree = lambda _plan: True
) -> HoldResult:
    """Hold recordings; ``agree`` is asked before anything is written.

    Which they are is decided once more when it is entered, by the chain as it is then. Raises
    :class:`UsageError` for ids that the archive doesn't know, unless the hold is a standing one.
    """
    change = request.change(context.environ)
    if not request.dry_run:
        confirm(context)
    with open_existing(context) as archive:
        request = replace(request, filters=as_now(request.filters, archive.catalog, context))
        plan, filters = HoldAdder(request, context, archive).plan()
        tell_window(filters, context)
        head = archive.catalog.followed()
    may_act = plan.ids or plan.future
    if request.dry_run or not may_act or not agree(plan):
        done = plan.is_nothing and not request.dry_run
        return HoldResult(plan, agreed=done, head=head, is_standing=request.future)
    warn_of_copy(context)
    with open_for_removal(context) as archive:
        return HoldAdder(request, context, archive).add(change)


class HoldAdder(Struct, frozen=True):
    """Adds a hold to one archive."""

    request: HoldRequest
    context: Context
    archive: OpenArchive

    def plan(self) -> tuple[HoldPlan, Filters]:
        """Return what would be held as the catalog has it now, and by what filter."""
        filters, missing = self._meant()
        catalog = self.archive.catalog
        going = catalog.erased.begun_recordings()
        passing = {row.id: row.outcome for row in catalog.filtered.ever_told().matching(filters)}
        fitting = catalog.filtered.ever_told().fitting(filters)
        begun = tuple(id_ for id_ in passing if id_ in going)
        self._require_there(filters, fitting, begun)
        ids = tuple(id_ for id_ in passing if id_ in fitting) + tuple(sorted(fitting - {*passing}))
        self.archive.journal.extract.want(ids)
        named, is_known = self._known(filters)
        new = tuple(id_ for id_ in (*ids, *begun) if id_ not in named)
        untold = len(fitting - {*passing})
        future = self.request.future and not is_known
        return HoldPlan((*ids, *begun), new, untold, begun, future, missing), filters

    def add(self, change: HoldChange) -> HoldResult:
        """Enter the hold, unless its matter has all of it already; then set the bucket's own."""
        plan, filters = self.plan()
        head, hold = self.archive.catalog.followed(), None
        if not plan.is_nothing:
            file = self._stored(filters) if plan.future else None
            head, plan = self._entered(replace(change, future=file))
            hold = head.number
        locked = LegalHolds(self.archive).set(plan.ids)
        if locked and hold is not None:
            note_held(self.archive, hold, plan.ids)
        standing = self.request.future
        return HoldResult(
            plan, agreed=True, head=head, hold=hold, locked=locked, is_standing=standing
        )

    def _entered(self, change: HoldChange) -> tuple[Head, HoldPlan]:
        """Enter the hold of what is meant by the chain as it is then."""
        archive, legal_holds = self.archive, LegalHolds(self.archive)
        asked: dict[RecordingId, bool] = {}

        def decide(below: Head | None) -> tuple[Manifest, HoldPlan]:
            plan, _ = self.plan()
            if not (plan.ids or change.future):
                raise UsageError("Nothing of it is left.", advice="Nothing is held by this.")
            number = below.number + 1 if below else 1
            had = legal_holds.had_before(plan.ids, asked)
            each = replace(change, hold=number, recordings=plan.ids, had_legal_hold=had)
            statement = Statement(ManifestKind.HOLD, archive.id, holds=(each,))
            return statement.on(below, (), archive.catalog.findings.standing()), plan

        return archive.enter(decide)

    def _meant(self) -> tuple[Filters, MayBeMissing]:
        """Return what is meant; a standing hold has its ids whole, and may know some that come."""
        request, catalog = self.request, self.archive.catalog
        if request.future and self.context.settings.portal.utc_offset is None:
            require_between(request.filters.with_offset, catalog)
        filters, missing = meant(request.filters, catalog, self.context)
        if not request.future or any(map(is_short, missing.unknown_ids)):
            require_known(missing, "Nothing was held.")
        if request.future:
            unknown = (*missing.unknown_ids, *map(id_in, missing.unknown_ids))
            ids = dict.fromkeys((*catalog.filtered.ids(filters), *unknown))
            filters = replace(filters, ids=tuple(ids))
        return filters, missing

    def _require_there(
        self, filters: Filters, fitting: frozenset[RecordingId], begun: tuple[RecordingId, ...]
    ) -> None:
        """Raise :class:`UsageError` where a recording that is named is erased."""
        if not filters.ids or self.request.future:
            return
        catalog = self.archive.catalog
        named = catalog.filtered.ids(Filters(ids=filters.ids))
        states = catalog.recordings.many({*named} - fitting - {*begun})
        gone = [id_ for id_, each in states.items() if each.outcome is Outcome.ERASED]
        if gone:
            raise UsageError(
                f"Recording {gone[0]} is erased: nothing of it is left to hold.",
                advice="Nothing was held. See: archiver find.",
            )

    def _known(self, filters: Filters) -> tuple[frozenset[RecordingId], bool]:
        """Return what holds of this matter name, and whether one has this filter."""
        every = LegalHolds(self.archive).by_chain().values()
        same = [each for each in every if each.matter == self.request.matter.strip()]
        named = frozenset[RecordingId]().union(*(each.recordings for each in same))
        has_filter = any(
            each.future
            and filters_in(self.archive.documents, each.future) == filters
            and not each.released
            for each in same
        )
        return named, has_filter

    def _stored(self, filters: Filters) -> ArchivedFile:
        """Store what a standing hold goes by: it may hold numbers, so the chain only names it."""
        text = HoldFilter(FORMAT, filters, secrets.token_bytes(32).hex()).to_json()
        remove_hold_strays(self.archive)
        return store_document(self.archive.store, hold_key, text)
