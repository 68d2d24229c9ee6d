"""Settling findings, with a reason: from request to result."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.kept_copy import warn_of_copy
from archiver.app.opening.archive.reviewing import reviewer_of
from archiver.app.opening.context import Context
from archiver.app.opening.reason import checked_words
from archiver.app.opening.user import whoever
from archiver.catalog import Catalog
from archiver.check.acceptance import Selection, choose, enter, listings_of
from archiver.completeness.open_gaps import gaps_named, gaps_of, gaps_on
from archiver.completeness.review import Reviewer
from archiver.errors import UsageError
from archiver.filters.short_ids import see_one
from archiver.get.archive_reader import portal_now
from archiver.manifest.records.decisions import AcceptedGap, Decision
from archiver.manifest.records.files import Head
from archiver.manifest.state import RecordingState
from archiver.open_archive import OpenArchive


class AcceptRequest(Struct, frozen=True):
    """What is accepted, why, and by whom (else as :func:`archiver.app.opening.user.whoever` says).

    A ``dry_run`` writes nothing.
    """

    selection: Selection
    reason: str
    by: str | None = None
    dry_run: bool = False

    def decision(self, environ: Mapping[str, str]) -> Decision:
        """Return the decision, without listings as they stand; raises :class:`UsageError`."""
        return Decision(
            whoever(self.by, environ),
            checked_words(self.reason, "--reason"),
            self.selection.listings,
        )


class Acceptance(Struct, frozen=True):
    """What was accepted, the decision, how many findings are open, and the head."""

    chosen: tuple[RecordingState, ...]
    decision: Decision
    open_findings: int
    head: Head | None


def accept(request: AcceptRequest, context: Context) -> Acceptance:
    """Settle findings: the recordings stay as they are, and the chain says who, when and why.

    Raises :class:`UsageError` unless all that is named is open, and for the beginning of several
    ids; then nothing is accepted.
    """
    decision = request.decision(context.environ)
    if not request.dry_run:
        confirm(context)
        warn_of_copy(context)
    with open_existing(context) as archive:
        catalog = archive.catalog
        gaps = _OpenGaps(context, archive, _made_whole(request.selection, catalog))
        selection = gaps.left_of(gaps())
        chosen = choose(catalog, selection)
        listings = listings_of(catalog, selection)
        every = partial(gaps.with_calls_of, chosen)
        decision = replace(decision, listed=listings, gaps=every())
        head, left = catalog.followed(), catalog.findings.counted().count
        if not request.dry_run:
            head, left = enter(archive, selection, chosen, decision, every)
    return Acceptance(chosen, decision, left, head)


def _made_whole(selection: Selection, catalog: Catalog) -> Selection:
    """Return a selection with the whole ids of what it names, be it a recording or a call."""
    ids = [id_ for text in selection.ids for id_ in _meant(text, catalog) or [text]]
    return replace(selection, ids=tuple(ids))


def _meant(text: str, catalog: Catalog) -> Sequence[str]:
    """Return the ids that a text means; where it is one itself, no other.

    Raises :class:`UsageError` for the beginning of several.
    """
    if catalog.recordings.get(text) or [*catalog.calls.days_of(text)]:
        return [text]
    found = {*catalog.filtered.meant(text), *catalog.calls.begun_by(text)}
    see_one(text, found)
    return sorted(found)


class _OpenGaps(Struct, frozen=True):
    """Finds the gaps that are chosen: of what an archive holds, or lacks, that is no finding."""

    context: Context
    archive: OpenArchive
    selection: Selection

    def __call__(self) -> tuple[AcceptedGap, ...]:
        """Return the open gaps that are chosen, as they stand now."""
        chosen = self.selection
        ids = [id_ for id_ in chosen.ids if not self._is_finding(id_)]
        if not ids and chosen.gap is None:
            return ()
        reviewer = self._reviewer()
        if chosen.gap is None or chosen.day is None:
            return tuple(gaps_named(reviewer, ids).values())
        found = tuple(gap for gap in gaps_on(reviewer, chosen.day) if gap.gap is chosen.gap)
        if not found:
            raise UsageError("No open finding is like that.", advice="Nothing was accepted.")
        return found

    def with_calls_of(self, chosen: Sequence[RecordingState]) -> tuple[AcceptedGap, ...]:
        """Return the same, and those of the calls of what is ``chosen`` and was never stored."""
        if all(each.sidecar for each in chosen):
            return self()
        return tuple(dict.fromkeys([*self(), *gaps_of(self._reviewer(), chosen)]))

    def left_of(self, gaps: Iterable[AcceptedGap]) -> Selection:
        """Return what is chosen beside these gaps."""
        chosen, named = self.selection, {gap.id for gap in gaps}
        ids = tuple(id_ for id_ in chosen.ids if id_ not in named)
        day = None if chosen.gap else chosen.day
        return replace(chosen, ids=ids, day=day)

    def _reviewer(self) -> Reviewer:
        utc_offset = self.context.settings.portal.utc_offset
        today = portal_now(self.archive.catalog, utc_offset)[0].date()
        return reviewer_of(self.context, self.archive, today)

    def _is_finding(self, id_: str) -> bool:
        known = self.archive.catalog.recordings.get(id_)
        return known is not None and known.is_open
