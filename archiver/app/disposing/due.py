"""Where every recording of an archive stands by the retention rules, and which are due."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.disposing.rules import ReadRule
from archiver.app.disposing.spared import is_spared
from archiver.catalog import Catalog
from archiver.domain.disposal import (
    DisposalDecision,
    DisposalStanding,
    RetentionAction,
    Term,
    decide,
)
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.filters.filters import Filters
from archiver.manifest.state import RecordingState

SAMPLE = 20
_DOUBTFUL = frozenset({DisposalStanding.NO_TIME, DisposalStanding.UNTOLD})


class DueRecording(Struct, frozen=True):
    """A recording whose retention is over since a moment (UTC)."""

    recording: RecordingState
    since: datetime


class RuleFit(Struct, frozen=True):
    """What a rule fits, and of which recordings nothing tells whether it does.

    ``fits`` is ``None`` for a rule that fits all. Those ``spared`` it fits, and only keeps.
    """

    term: Term
    fits: frozenset[RecordingId] | None
    untold: frozenset[RecordingId]
    spared: frozenset[RecordingId] = frozenset()

    def may_fit(self, id_: RecordingId) -> bool:
        """Whether the rule fits a recording, for all that is known."""
        return self.fits is None or id_ in self.fits or id_ in self.untold

    def term_for(self, id_: RecordingId) -> Term:
        """Return how long the rule keeps a recording that it fits, and what it wants then."""
        return replace(self.term, action=RetentionAction.KEEP) if id_ in self.spared else self.term

    @classmethod
    def of(cls, catalog: Catalog, rule: ReadRule) -> "RuleFit":
        """Ask the catalog what a rule fits.

        One to keep goes by each number that any row of a recording told, as a hold does.
        """
        if rule.filters.is_empty:
            return cls(rule.term, None, frozenset())
        keeps = rule.term.action is RetentionAction.KEEP
        asked = catalog.filtered.ever_told() if keeps else catalog.filtered
        fits, spared = set[RecordingId](), set[RecordingId]()
        for row in asked.matching(rule.filters):
            fits.add(row.id)
            if is_spared(row, rule.filters):
                spared.add(row.id)
        untold = frozenset(row.id for row in asked.untold(rule.filters))
        return cls(rule.term, frozenset(fits), untold, frozenset(spared))


class Standings(Struct, frozen=True):
    """Tells where recordings stand at a moment (UTC)."""

    fits: tuple[RuleFit, ...]
    now: datetime

    @classmethod
    def by(cls, catalog: Catalog, rules: Iterable[ReadRule], now: datetime) -> "Standings":
        """Ask the catalog what each of the rules fits."""
        return cls(tuple(RuleFit.of(catalog, rule) for rule in rules), now)

    def of(self, recording: RecordingState) -> DisposalDecision:
        """Return where a recording stands."""
        id_ = recording.id
        fitting = [
            each.term_for(id_) for each in self.fits if each.fits is None or id_ in each.fits
        ]
        untold = [each.term for each in self.fits if id_ in each.untold]
        return decide(recording.at, fitting, untold, self.now)


class LookedThrough(Struct, frozen=True):
    """What there is of an archive: what is ``due``, the oldest first, and how many stand otherwise.

    ``next_due`` is when (UTC) the first of those is due that are not yet. ``sample`` has some of
    which nothing tells whether they are.
    """

    due: tuple[DueRecording, ...] = ()
    others: Mapping[DisposalStanding, int] = field(default_factory=dict)
    next_due: datetime | None = None
    sample: tuple[RecordingId, ...] = ()

    @property
    def doubtful(self) -> int:
        """Of how many it is not known whether they are due."""
        return sum(self.others.get(each, 0) for each in _DOUBTFUL)


def look_through(catalog: Catalog, standings: Standings) -> LookedThrough:
    """Return where everything stands that the archive has files of."""
    due: list[DueRecording] = []
    others = Counter[DisposalStanding]()
    next_due: datetime | None = None
    sample: list[RecordingId] = []
    for row in catalog.filtered.matching(Filters()):
        if not has_files(row.state):
            continue
        decided = standings.of(row.state)
        if decided.standing is DisposalStanding.DUE and decided.until:
            due.append(DueRecording(row.state, decided.until))
            continue
        others[decided.standing] += 1
        if decided.standing in _DOUBTFUL:
            sample.append(row.id)
        elif decided.until:
            next_due = min(decided.until, next_due or decided.until)
    return LookedThrough(tuple(due), others, next_due, tuple(sample[:SAMPLE]))


def has_files(recording: RecordingState) -> bool:
    """Whether the chain names a file of a recording that is not erased."""
    is_any = recording.audio or recording.sidecar or recording.refused_audio
    return bool(is_any) and recording.outcome is not Outcome.ERASED
