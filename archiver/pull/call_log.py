"""The Call Logs Report of the windows that are archived, kept in files by day.

Only rows that are new, or tell something else than when they were archived last, are written; what
they told before stays in its own file. A call can have audio of its own for which no recording is
ever listed: a day after it ended, when its neighbours are known too, it is taken for a recording.
Where a recording is listed that is or may be the call's, and no audio of it is held, one more day
is left for that to come; and where it is only by numbers the call's, and may be another's: of a
call near it, or beyond what is listed. A recording of other audio than the call names stands in the
way of none. A call's audio stays a recording, even if another is listed later still.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from archiver.calls.call import LoggedCall, call_of
from archiver.calls.matching import Pair
from archiver.calls.own_audio import surely_of, without_audio
from archiver.calls.reconciliation import MARGIN, SLACK, reach, reconcile
from archiver.catalog import Found
from archiver.concurrency.prefetch import prefetch
from archiver.concurrency.stop import in_pieces
from archiver.domain.outcomes import Verdict
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.row.fingerprint import call_fingerprint
from archiver.domain.times.window import DAY, Window
from archiver.errors import NoAnswer, StopRun, TryAgain
from archiver.listing.slices import list_slices, witnesses
from archiver.portal.proving.odd_rows import odd_of, reason_of, unproven_by
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.portal.proving.witnesses import Witness
from archiver.portal.session import open_session
from archiver.pull.events import CallsListed, CallUnread
from archiver.pull.run_context import RunContext
from archiver.pull.stored.call_storage import CallStorage

RIPE, OVERDUE = DAY, 2 * DAY
"""How long after a call its audio is due: when all that lies around is known, and in any case.

The latter ends within the look-back, so a day is still listed when the audio of its calls is due.
"""
ROWS_A_FILE = 5_000
"""So many rows, or a slice more, are gathered before they are written."""


@dataclass(slots=True)
class CallLog:
    """Archives the calls of one run.

    A call log that can't be read is one without proof: it never keeps a recording from being
    archived. ``claimed`` counts the calls so far whose audio belongs to no recording that is known.
    ``copies`` are, of such calls of the window, good recordings that are surely theirs: by SHA-256,
    the length reported of each.
    """

    run: RunContext
    claimed: int = field(default=0, init=False)
    copies: dict[RecordingId, dict[str, int]] = field(default_factory=dict, init=False)
    _manners: PortalBehaviour | None = field(default=None, init=False)
    _witnesses: tuple[Witness, ...] = field(default=(), init=False)
    _calls: list[LoggedCall] = field(default_factory=list, init=False)
    _claims: dict[RecordingId, Listed] = field(default_factory=dict, init=False)
    _taken: set[RecordingId] = field(default_factory=set, init=False)
    _redated: list[Listed] = field(default_factory=list, init=False)
    _listed: list[Window] = field(default_factory=list, init=False)
    _heard: set[tuple[str, datetime | None]] = field(default_factory=set, init=False)
    _stands_at: datetime = field(init=False)
    _files: CallStorage = field(init=False)

    def __post_init__(self) -> None:
        self._stands_at = self.run.session.stands_at
        self._files = CallStorage(self.run)

    @property
    def behaviour(self) -> PortalBehaviour:
        """What is known of how this portal lists calls; its first page is asked for once."""
        if self._manners is None:
            session = open_session(self.run.client, Report.CALLS, self.run.session.offset.minutes)
            self._manners = session.behaviour(self._witnesses)
        return self._manners

    @property
    def is_contradicted(self) -> bool:
        """Whether the portal lists nothing of the calls that the archive has."""
        return self._manners is not None and self._manners.witnesses.are_contradicted

    def archive(self, window: Window) -> None:
        """Archive a window's calls; raises ``KeyboardInterrupt`` when asked to stop."""
        self._calls, self._claims, self._taken = [], {}, set()
        self._files.adopt(window)
        if self._manners is None:
            self._witnesses = witnesses(self.run.catalog, Report.CALLS)
        gathered: list[Listed] = []
        with closing(prefetch(self._listings(window), self.run.stop_requested)) as ahead:
            for listed in ahead:
                listing = self._unproven_by_erased(unproven_by(odd_of(listed), listed))
                new = self.run.ledger.new_calls(
                    listing, self.run.session.offset.minutes, self.run.stop_requested
                )
                readable = self._readable(new)
                erased = self.run.catalog.erased.calls_among(each.row.id for each in readable)
                fresh = tuple(each for each in readable if each.row.id not in erased)
                self.run.announce(CallsListed(listing.window, listing.proven, listing.note))
                for some in in_pieces(fresh, self.run.stop_requested):
                    self._hear(some)
                    gathered += self._changed(some)
                if len(gathered) >= ROWS_A_FILE:
                    self._files.write(gathered)
                    gathered = []
        self._listed.append(window)
        self._files.write([*gathered, *self._told_back()])
        self.run.ledger.calls.end(window)

    def _unproven_by_erased(self, listing: Listing) -> Listing:
        """Return a listing that is unproven if another call in it has the id of an erased one.

        No row of such an id is archived; one that ended on no day near is another call's.
        """
        days = self.run.catalog.erased.days_of_calls({each.row.id for each in listing.listed})
        ends = [(each.row.id, each.row.at) for each in listing.listed if each.row.at]
        for id_, end in ends if days else ():
            if id_ in days and abs(end.date() - days[id_]) > DAY:
                told = f"{id_} ended on another day than the erased call of that id: not archived"
                return replace(
                    listing, proven=False, note="; ".join(filter(None, (told, listing.note)))
                )
        return listing

    def _readable(self, calls: Sequence[Listed]) -> tuple[Listed, ...]:
        """Return the calls that can be read; the others are told, and counted."""
        for each in calls:
            if reason := reason_of(each):
                self.run.ledger.counts.unread_calls += 1
                self.run.announce(CallUnread(each.row.id, reason))
        return tuple(each for each in calls if each.row.odd is None)

    @property
    def has_claims(self) -> bool:
        """Whether calls of the window say that they have audio, or were taken for recordings."""
        return bool(self._claims)

    def unlisted(self, window: Window) -> tuple[Listed, ...]:
        """Return the calls of the window whose audio is due and is that of no held recording.

        Ask when all that is listed of the window is entered. Those that were taken for recordings
        before are among them: each has its outcome on every run, as any recording has.
        """
        around = reach(window, self._calls, SLACK)
        recordings = [*self.run.catalog.search.listed_in(around)]
        shared = self.run.catalog.search.shared_objects(call.object for call in self._calls)
        found = reconcile(self._calls, recordings, SLACK, shared=shared)
        doubtful = {call.id for call, _ in found.near}
        lacking = without_audio(found.matched, self._calls, recordings, shared, window)
        ripe = (c for c in found.gaps if c.id not in doubtful and self._is_ripe(c, window))
        overdue = (c for c in (*found.gaps, *lacking) if self._is_past(c, window, OVERDUE))
        wanted = self._taken.union(call.id for call in (*ripe, *overdue))
        unlisted = tuple(each for id_, each in self._claims.items() if id_ in wanted)
        self.claimed += len(unlisted)
        ids = {each.row.id for each in unlisted}
        theirs = surely_of(self._calls, recordings, shared, window)
        self.copies = self._copies([pair for pair in theirs if pair[0] in ids], recordings)
        return unlisted

    def _copies(
        self, theirs: Collection[Pair], recordings: Sequence[Found]
    ) -> dict[RecordingId, dict[str, int]]:
        """Return what good recordings there are of calls, whatever their objects are called.

        A call's row may tell how long all of it took, and its audio be the part that was recorded.
        """
        known = self.run.catalog.recordings.many(id_ for _, id_ in theirs)
        reported = {each.id: each.reported_ms for each in recordings}
        copies: defaultdict[RecordingId, dict[str, int]] = defaultdict(dict)
        for call_id, id_ in theirs:
            its, length_ms = known.get(id_), reported.get(id_)
            if its and its.audio and length_ms and its.is_good and its.verdict is Verdict.VERIFIED:
                copies[call_id][its.audio.sha256] = length_ms
        return copies

    def _hear(self, calls: Sequence[Listed]) -> None:
        known = self.run.catalog.recordings.many(each.row.id for each in calls)
        for each in calls:
            call = call_of(each.row)
            self._calls.append(call)
            before = known.get(call.id)
            if before and before.source is Report.CALLS:
                self._taken.add(call.id)
            if call.id in self._taken or (call.says_recorded and not before):
                self._claims[call.id] = each

    def _is_ripe(self, call: LoggedCall, window: Window) -> bool:
        """Whether a recording of the call would be known by now, also one that came late."""
        later = _end(call, window) + MARGIN
        days = self.run.catalog.days
        is_known = later in window or days.was_listed(Report.RECORDINGS, later.date())
        return is_known and self._is_past(call, window, RIPE)

    def _is_past(self, call: LoggedCall, window: Window, since: timedelta) -> bool:
        return _end(call, window) + since <= self._stands_at

    def _listings(self, window: Window) -> Iterator[Listing]:
        """Yield the listings; a window that can't be read is one without proof."""
        try:
            yield from list_slices(self.run.client, Report.CALLS, window, self.behaviour)
        except (TryAgain, StopRun) as error:
            if self.run.stop_requested() or getattr(error, "is_unauthorized", False):
                raise
            note = error.message
            if not isinstance(error, NoAnswer):
                note += " If there is no call log for you, set calls = no."
            yield Listing(Report.CALLS, window, (), None, 0, proven=False, note=note)

    def _changed(self, calls: Sequence[Listed]) -> Iterator[Listed]:
        told = self.run.catalog.rows.calls(each.row.served for each in calls)
        for each in calls:
            before = told.get(each.row.served, {})
            if before:
                self._heard.add((each.row.served, each.row.at))
            if call_fingerprint(each.row.fields) != before.get(each.row.at):
                self.run.ledger.counts.count_call(
                    is_new=not before or each.row.alias_of is not None
                )
                yield each
            elif len(before) > 1:
                self._redated.append(each)

    def _told_back(self) -> Iterator[Listed]:
        """Yield the calls that tell a former end again, where no later one is listed any more.

        What one run lists with both ends is two calls of one id. Each is yielded once.
        """
        for each in tuple(self._redated):
            after = self.run.catalog.rows.ends_after(each.row.served)
            later = after.get(each.row.at, ()) if each.row.at else ()
            if later and not any(self._may_be_listed(each.row.served, at) for at in later):
                self._redated.remove(each)
                self.run.ledger.counts.count_call(is_new=False)
                yield each

    def _may_be_listed(self, served: str, at: datetime) -> bool:
        """Whether a call is listed with that end, or was not asked for yet."""
        return (served, at) in self._heard or not any(at in window for window in self._listed)


def _end(call: LoggedCall, window: Window) -> datetime:
    """Return when a call of the window was over; at the latest, where that is not told."""
    return call.when.last if call.when else window.last
