"""What is to be done for each listed row, given what the archive already knows. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import Essential, RecordingId, Row
from archiver.domain.row.fingerprint import Fingerprint, differs, fingerprint
from archiver.manifest.state import RecordingState
from archiver.portal.proving.walk import Listed

_DOUBTS = {
    Essential.LENGTH: Concern.DURATION_UNREAD,
    Essential.TIME: Concern.TIME_UNREAD,
}
_GIVEN_UP = frozenset({Outcome.FAILED, Outcome.GONE})
RENEW_TOGETHER_S = 120
TWINS_NAMED = 3


class SameObject(Struct, frozen=True):
    """How many rows of a listing have links to one object, and the first of them.

    Thousands may; of all but :data:`TWINS_NAMED` the number will do.
    """

    count: int = 1
    first: tuple[RecordingId, ...] = ()

    def beside(self, id_: RecordingId) -> tuple[tuple[RecordingId, ...], int]:
        """Return some of the others than ``id_``, to be named, and how many more there are."""
        named = tuple(each for each in self.first if each != id_)[:TWINS_NAMED]
        return named, self.count - 1 - len(named)


ALONE = SameObject()
Sharing = Mapping[RecordingId, SameObject]
"""Of each row that has a link: the rows of its listing whose link leads to the same object."""


class Work(Struct, frozen=True):
    """One recording to fetch.

    ``same_object`` are the rows of its listing, itself included, whose link leads to the same
    object: at most one of their durations can be right. Of one that ``stands``, nothing but other
    audio is news: its row says what it said and is understood as it was, and what came of it is a
    person's business, or was. One that ``is_offered_anew`` was accepted as failed or gone, and its
    row names other audio now. ``copies`` are the SHA-256 of recordings of the same call, each with
    the length that is reported of it (milliseconds): audio with those bytes is just as long.
    """

    listed: Listed
    known: RecordingState | None
    same_object: SameObject = ALONE
    stands: bool = False
    is_offered_anew: bool = False
    copies: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_owed(self) -> bool:
        """Whether something of it is still to be had: audio, a version, a sidecar."""
        return self.known is None or self.known.held or not self.known.accepted


class Plan(Struct, frozen=True):
    """A slice, divided: what is held needs nothing, what waits not yet, the rest is work.

    What was erased is never fetched again.
    """

    held: tuple[Listed, ...]
    waiting: tuple[tuple[Listed, RecordingState], ...]
    work: tuple[Work, ...]
    erased: tuple[Listed, ...] = ()

    def beside(self, sharing: Sharing, copies: Mapping[RecordingId, Mapping[str, int]]) -> "Plan":
        """Return the plan with what lies beside each work, as in :class:`Work`.

        ``sharing`` is made by :func:`sharing_objects`.
        """

        def beside(work: Work) -> Work:
            id_ = work.listed.row.id
            return replace(work, same_object=sharing.get(id_, ALONE), copies=copies.get(id_, {}))

        return replace(self, work=tuple(map(beside, self.work)))


def sharing_objects(object_of: Mapping[RecordingId, str]) -> Sharing:
    """Return for each row which rows have the same object."""
    by_object: defaultdict[str, list[RecordingId]] = defaultdict(list)
    for id_, name in object_of.items():
        by_object[name].append(id_)
    same = {
        name: SameObject(len(ids), tuple(ids[: TWINS_NAMED + 1])) for name, ids in by_object.items()
    }
    return {id_: same[name] for id_, name in object_of.items()}


def is_unchanged(told: Fingerprint | None, row: Row) -> bool:
    """Whether a row has no news of a recording that is verified, dated, and without a concern.

    ``told`` is what the portal said of it last, ``None`` when it is not such a recording. Most rows
    of most nights are such, and :func:`divide` would find them held by much more that is known.
    """
    return not row.unread and row.odd is None and _says_the_same(told, row)


def divide(
    rows: Iterable[Listed],
    known: Mapping[RecordingId, RecordingState],
    told: Mapping[RecordingId, Fingerprint],
    now: datetime | None = None,
    erased_at: Collection[datetime | None] = (),
) -> Plan:
    """Divide listed rows into held, waiting, erased and work.

    ``told`` is what the portal said of each last. A row that says something else now is work: it
    may have another version. One that can't be read changes nothing of audio that is at hand.
    ``now`` (UTC) is there when what waits for a later time shall go on waiting. At the times of
    ``erased_at`` recordings were erased that are listed no more: what goes for one of them is work
    once that is undone, or listed beside it.
    """
    held, waiting, work, erased = [], [], [], []
    for listed in rows:
        id_ = listed.row.id
        before = known.get(id_)
        if before is not None and _is_erased(before, erased_at):
            erased.append(listed)
            continue
        is_odd = changes_nothing(before, listed.row)
        is_same = is_odd or (
            before is not None
            and _says_the_same(told.get(id_), listed.row)
            and not reads_anew(before, listed.row)
        )
        if before is not None and is_same and before.is_good:
            held.append(listed)
            continue
        if before is not None and now is not None and _waits(before, listed.row, now):
            waiting.append((listed, before))
            continue
        stands = before is not None and is_same and (is_odd or before.stands)
        work.append(Work(listed, before, stands=stands))
    return Plan(tuple(held), tuple(waiting), tuple(work), tuple(erased))


def _is_erased(known: RecordingState, erased_at: Collection[datetime | None]) -> bool:
    """Whether it was erased, or goes for one that was and still is."""
    is_taken_for_it = known.outcome is Outcome.ERASED and known.at in erased_at
    return known.was_erased or is_taken_for_it


def noticing_offers(plan: Plan, noted: Mapping[RecordingId, str | None]) -> Plan:
    """Return a plan that knows what was accepted as failed or gone and names other audio by now.

    ``noted`` are the objects that rows without a sidecar named when they were accepted, or last.
    Where a catalog that was made anew knows none, it may be another.
    """

    def is_offered_anew(work: Work) -> bool:
        known, row = work.known, work.listed.row
        if known is None or not known.accepted or known.outcome not in _GIVEN_UP:
            return False
        now = fingerprint(row.fields).object
        return now is not None and noted.get(row.id) != now

    work = (replace(each, is_offered_anew=is_offered_anew(each)) for each in plan.work)
    return replace(plan, work=tuple(work))


def changes_nothing(known: RecordingState | None, row: Row) -> bool:
    """Whether a row can't be read, and is of audio that is at hand: that stays as it is."""
    return row.odd is not None and known is not None and known.audio is not None


def _says_the_same(told: Fingerprint | None, row: Row) -> bool:
    """Whether a row says what it said when it was stored; a lost sidecar can't tell."""
    return told is not None and not differs(told, fingerprint(row.fields))


def reads_anew(known: RecordingState, row: Row) -> bool:
    """Whether what a row says is understood otherwise now than when its recording was entered.

    An older archiver read fewer forms of lengths and times, and took what it couldn't read for
    nothing.
    """
    if not known.held or known.outcome is not Outcome.ARCHIVED:
        return False
    is_unknown = known.verdict is Verdict.DURATION_UNKNOWN
    has_length = is_unknown and row.reported_ms is not None
    has_time = known.at is None and row.at is not None
    doubts = {doubt for what, doubt in _DOUBTS.items() if what in row.unread}
    return has_length or has_time or not doubts <= {*known.concerns}


def _waits(known: RecordingState, row: Row, now: datetime) -> bool:
    """Whether it is too early to try a row again.

    Audio that has come, or that a row tells of which couldn't be read, is fetched at once.
    """
    had_none = known.outcome is Outcome.NO_AUDIO or Concern.ROW_UNREAD in known.concerns
    has_come = had_none and row.link is not None
    return known.waits_at(now) and not has_come


def renew_together(link_life_s: float | None, waiting: int) -> bool:
    """Whether stale links are renewed for the whole rest of a slice, rather than one alone.

    Links that live for seconds would be stale again before their turn.
    """
    return waiting > 1 and link_life_s is not None and link_life_s >= RENEW_TOGETHER_S
