"""Settling findings, with a reason: from request to result."""

from dataclasses import dataclass

from archiver.app.opening.archives import journal_of, open_for_reading
from archiver.app.opening.compliance import confirm
from archiver.app.opening.context import Context
from archiver.app.opening.user import whoever
from archiver.check.acceptance import Selection, choose, enter, listings_of
from archiver.check.reason import checked_words
from archiver.errors import UsageError
from archiver.manifest.model import Decision, Head
from archiver.manifest.state import RecordingState


@dataclass(frozen=True, slots=True)
class AcceptRequest:
    """What is accepted, why, and by whom (else the user of this machine).

    A ``dry_run`` writes nothing.
    """

    selection: Selection
    reason: str
    by: str | None = None
    dry_run: bool = False

    def decision(self) -> Decision:
        """Return the decision, without listings as they stand; raises :class:`UsageError`."""
        return Decision(
            whoever(self.by),
            checked_words(self.reason, "--reason"),
            self.selection.listings,
        )


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What was accepted, the decision, how many findings are open, and the head."""

    chosen: tuple[RecordingState, ...]
    decision: Decision
    open_findings: int
    head: Head | None


def accept(request: AcceptRequest, context: Context) -> Acceptance:
    """Settle findings: the recordings stay as they are, and the chain says who, when and why.

    Raises :class:`UsageError` unless all that is named is open; then nothing is accepted.
    """
    decision, selection = request.decision(), request.selection
    address = context.archive()
    if not request.dry_run:
        confirm(context)
    with open_for_reading(context) as opened:
        if opened is None:
            raise UsageError(f"There is no archive at {address}.", advice="Check --archive.")
        store, catalog = opened
        chosen = choose(catalog, selection)
        listings = listings_of(catalog, selection)
        decision = Decision(decision.by, decision.reason, decision.listings, listings)
        head, left = catalog.followed(), catalog.findings.counted().count
        if not request.dry_run:
            head, left = enter(journal_of(context, store), catalog, selection, chosen, decision)
    return Acceptance(chosen, decision, left, head)
