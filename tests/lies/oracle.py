"""The oracle: what a green run, a settled day and a held recording must mean, held to the truth.

It believes nothing but the truth and the chain's manifests. What a lie makes invisible is excused
by name, and nothing else is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome
from archiver.domain.row.identity import goes_by
from archiver.manifest.state import RecordingState
from archiver.sandbox.portal.page_layouts import SandboxShape
from tests.lies.archive import Archive, Ran
from tests.lies.portal import Show
from tests.lies.truth import FIRST, LATEST, Call, Recording, Truth, sha256

CLOCKS_DIFFER = timedelta(minutes=10)
"""Rows of so long ago need not be listed yet: clocks that agree may differ a little."""
LOOK_BACK = timedelta(days=3)
"""So long after its end rows of a day may still come, whatever was accepted of it."""
MONTH = timedelta(days=31)
"""So far back an answer is held against others."""
STALLED = 3
"""So many nights may leave what the one before left."""
WITHOUT_ID = ("null", "two ids")
"""The ways to spoil a row that leave it no id: one without a time, and one with its own."""
CALLS_AFTER = timedelta(days=4)
"""A call's own audio is taken for a recording so long after the call, at the latest."""


class Oracle(Struct):
    """Judges one archive, night after night. ``broken`` holds a line for each broken promise.

    ``excused`` are recordings that nobody could see, or that a person has settled; ``alone`` those
    that are, while no other has the audio that is served for them. ``accepted`` are the days whose
    listing a person accepted, and all that was shown of each then: unless others are shown while
    they may still come, such a day is never listed again. ``hidden``
    are rows that are left out of all listings; of days in ``told_of`` a held row was seen to
    vanish, so they must not settle.
    """

    truth: Truth
    archive: Archive
    excused: set[str] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)
    accepted: dict[date, set[frozenset[str]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    told_of: set[date] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    green: int = 0
    held: dict[str, str] = field(default_factory=dict)
    backlog: int = 0
    has_counted: bool = True
    left: tuple[str, ...] = ()
    stalled: int = 0
    is_behind: bool = False
    _as_accepted: set[date] = field(default_factory=set)
    _closed: set[date] = field(default_factory=set)

    def judge(self, night: int, ran: Ran) -> None:
        """Hold a night's run, and the archive after it, to the truth."""
        self.archive.follow()
        self._compare_with_accepted()
        self._excuse_what_nothing_contradicts()
        self.is_behind = bool((ran.told.get("backlog") or {}).get("behind"))
        if ran.code == 1:
            self._break(night, f"a bug: {ran.err[-300:]}")
        if ran.code == 0:
            self.green += 1
            self._judge_green(night, ran)
        if ran.code == 3 and self.archive.run("status").code == 0:
            self._break(night, f"status is green behind it: {ran.err[-300:]}")
        self._judge_backlog(night, ran)
        self._judge_settled(night)
        self._judge_held(night)

    def _excuse_what_nothing_contradicts(self) -> None:
        """Excuse audio of any length where the portal reports none: its object was there whole.

        One that is cut, and of which nobody tells how many bytes it has, is seen.
        """
        show, own = self.archive.portal.show, {one.body for one in self.truth.recordings}
        for one in self.truth.recordings if show.served else ():
            served = show.served.get(one.key) if one.id in show.unreported else None
            if served is None:
                continue
            is_told = served.tells_length or served.tells_md5
            if is_told or not any(served.body in each for each in own):
                self.alone.add(one.id)

    def accept(self, day: date) -> None:
        """Note that a person accepts a day as it is shown tonight."""
        self.accepted.setdefault(day, set()).add(self.archive.portal.shown(day))
        self._compare_with_accepted()

    def _compare_with_accepted(self) -> None:
        """Note which days are shown as they were accepted: tonight, or when all had come."""
        portal = self.archive.portal
        same = {day for day, accepted in self.accepted.items() if portal.shown(day) in accepted}
        today = self.truth.wall(portal.now).date()
        self._closed |= {day for day in same if today > day + LOOK_BACK}
        self._as_accepted = same | self._closed

    def has_all(self) -> bool:
        """Whether all that ever comes is held, or excused: no later night can break a promise."""
        held = [each.audio for each in self.archive.known.values() if each.held]
        hashes = {audio.sha256 for audio in held if audio}
        begins = self.truth.begins
        due = {one.id: one.sha256 for one in self.truth.recordings if begins <= one.at}
        due |= {call.id: sha256(call.body) for call in self.truth.calls if call.body is not None}
        return all(id_ in self.excused or digest in hashes for id_, digest in due.items())

    def judge_end(self) -> None:
        """Judge what is left when the portal has been honest for some nights."""
        begins, now = self.truth.begins, self.archive.portal.now
        if self.is_behind:  # it is said that runs like this one never bring all
            return
        due = (one for one in self.truth.recordings if begins <= one.at and one.audio_from <= now)
        for one in self._missing(due):
            if not self._is_named(one):
                self._break(-1, f"{one.id} is lost for ever ({self._stands(one.id)})")

    def _judge_green(self, night: int, ran: Ran) -> None:
        """Hold a green run to what was there when it began: what came meanwhile may be missed."""
        if _leaves(ran):
            return
        now = self.truth.night(night)
        for one in self._missing(self._due(now)):
            if one.audio_from <= now and not self._is_told_by_nothing(one):
                self._break(night, f"green without {one.id} of {one.at} ({self._stands(one.id)})")
        for call in self._unheard(now):
            self._break(night, f"green without the audio of call {call.id} of {call.at}")

    def judge_list(self, night: int, last: date, ran: Ran) -> None:
        """Hold a listing that is proven, of all days up to ``last``, to how many rows there are.

        Where some are shown to nobody, that can't be told.
        """
        if ran.code or self.excused or self.hidden or self.archive.portal.show.drafts:
            return
        days = [self.day_of(one) for one in self.truth.listed(self.archive.portal.now)]
        count = sum(FIRST.date() <= day <= last for day in days)
        if f"{count} recordings; the listing is proven." not in ran.err:
            self._break(night, f"a proven listing of {count} recordings: {ran.err[-200:]}")

    def _judge_backlog(self, night: int, ran: Ran) -> None:
        """Hold what a budget left, be it known, against what it was after the last such run.

        Of a portal that shows its newest rows only, nobody can count what is not known. Where a run
        could count days alone, fewer of them are less.
        """
        unseen, self.backlog = self.backlog, 0
        had_counted, self.has_counted = self.has_counted, self.archive.has_counted
        before, self.left = self.left, ()
        if not _leaves(ran):
            return
        now = self.truth.night(night)
        missing = [one for one in self._missing(self._due(now)) if not self._is_named(one)]
        missing.sort(key=lambda one: one.at)
        self.left = tuple(one.id for one in missing if one.audio_from <= now)
        is_same = self.left[:1] == before[:1] and len(self.left) >= len(before) > 0
        self.stalled = self.stalled + 1 if is_same and ran.code == 0 else 0
        left = sum(one.id not in self.archive.known for one in missing)
        if self.archive.portal.show.newest is None:
            # what came just now may have been counted, and so may calls' own audio
            just_come = sum(self._has_just_come(one, now) for one in self.truth.recordings)
            owed = [*self._unheard(self.archive.portal.now + CALLS_AFTER)]
            self.backlog = left + just_come + len(owed)
            is_told = had_counted and self.has_counted
            if ran.code == 0 and is_told and left > unseen > 0:
                self._break(night, f"green, and {left} are left, after {unseen}")
        if self.stalled >= STALLED:
            self._break(night, f"green, and {self.left} are left, as they were before")

    def _has_just_come(self, one: Recording, now: datetime) -> bool:
        is_listed = one.listed_from <= self.archive.portal.now and one.at >= now - CLOCKS_DIFFER
        return is_listed and one.id not in self.archive.known

    def _due(self, now: datetime) -> list[Recording]:
        """Return what is listed by now and should have been seen."""
        begins, ends = self.truth.begins, now - CLOCKS_DIFFER
        return [one for one in self.truth.listed(now) if begins <= one.at < ends]

    def _judge_settled(self, night: int) -> None:
        missing = self._missing(self.truth.listed(self.archive.portal.now), hidden=True)
        told = [one for one in missing if self._is_told(one) and not self._is_named(one)]
        settled = self.archive.settled() if told else set()
        for one in told:
            day = self.day_of(one)
            if day.isoformat() in settled:
                self._break(night, f"{day} is settled without {one.id} ({self._stands(one.id)})")

    def _is_told(self, one: Recording) -> bool:
        """Whether the listing of its day tells of a recording."""
        is_shown = one.id not in self.hidden or self.day_of(one) in self.told_of
        return is_shown and not self._is_beside(one)

    def _is_beside(self, one: Recording) -> bool:
        """Whether a recording is no part of a day that is listed: it has no date, or came late.

        A green run must have it all the same, be its day settled.
        """
        is_late = one.listed_from > one.at + LATEST
        return is_late or one.id in self.archive.portal.show.undated

    def _is_told_by_nothing(self, one: Recording) -> bool:
        """Whether no total, or no first page, tells of what no day's listing has."""
        show = self.archive.portal.show
        is_cut = show.newest is not None or not show.tells_total
        has_gone = bool(show.hidden or show.hidden_by_day or show.renamed)
        is_one_answer = show.lapse is not Show().lapse
        is_behind = one.id in show.undated and {show.most, show.flat_most} != {None}
        most = show.flat_most if show.shape is SandboxShape.FLAT else show.most
        if most is not None and not show.honours_times and self._is_of_the_only_day(one):
            return True
        return self._is_beside(one) and (is_cut or has_gone or is_one_answer or is_behind)

    def _is_of_the_only_day(self, one: Recording) -> bool:
        """Whether no other day of a month is shown with a row, so that nothing tells of a limit.

        Days alone can't be cut further (docs/threat-model.md: limits that no question can show).
        """
        portal = self.archive.portal
        shown = (
            each for each in self.truth.listed(portal.now) if each.id not in portal.show.hidden
        )
        return {self.day_of(each) for each in shown if abs(each.at - one.at) <= MONTH} == {
            self.day_of(one)
        }

    def _judge_held(self, night: int) -> None:
        """Whatever was held is still there, with the bytes that it had."""
        for known in self.archive.known.values():
            if known.held and known.audio:
                self.held[known.audio.path] = known.audio.sha256
        for path, digest in [*self.held.items()]:
            there = self.archive.folder / path
            if not there.is_file() or sha256(there.read_bytes()) != digest:
                self._break(night, f"{path} was held, and is gone or changed")
                del self.held[path]

    def _missing(
        self, recordings: Iterable[Recording], *, hidden: bool = False
    ) -> Iterator[Recording]:
        """Yield what is not held with its own whole audio, and not excused.

        With ``hidden``, also what was left out of all listings.
        """
        sure = (
            self.excused if hidden else self.excused | self.hidden
        ) | self.archive.portal.show.drafts
        held = [each for each in self.archive.known.values() if each.held and each.audio]
        hashes = Counter(each.audio.sha256 for each in held if each.audio)
        sure = (
            sure
            | {each.id for each in held if each.audio and hashes[each.audio.sha256] == 1}
            & self.alone
        )
        for one in recordings:
            is_accepted = self.day_of(one) in self._as_accepted
            if not is_accepted and one.id not in sure and one.sha256 not in hashes:
                yield one

    def day_of(self, one: Recording) -> date:
        """Return the portal day of a recording."""
        return self.truth.wall(one.at).date()

    def _unheard(self, now: datetime) -> Iterator[Call]:
        """Yield calls with audio of their own that should be held by now and are not."""
        hashes = {known.audio.sha256 for known in self.archive.known.values() if known.audio}
        for call in self.truth.calls:
            is_due = self.truth.begins <= call.at < now - CALLS_AFTER
            is_held = call.body is None or sha256(call.body) in hashes
            if is_due and not is_held and call.id not in self.excused:
                yield call

    def excuse(self, known: RecordingState) -> None:
        """Excuse what a person has settled: of a row without an id, what it stood for tonight."""
        self.excused |= {one.id for one in self.truth.recordings if self._tells_of(known, one)}
        if known.id.startswith("no-id-"):
            shown, way = self.archive.portal.show.odd, WITHOUT_ID[known.at is not None]
            rows = [one for one in self.truth.listed(self.archive.portal.now) if one.id in shown]
            times = {one.id: self.truth.wall(one.at).replace(microsecond=0) for one in rows}
            self.excused |= {
                id_ for id_, at in times.items() if known.at in {None, at} and shown[id_] == way
            }

    def _is_named(self, one: Recording) -> bool:
        """Whether an open finding names a recording: then a person knows."""
        every = self.archive.known.values()
        return any(known.is_open and self._tells_of(known, one) for known in every)

    def _tells_of(self, known: RecordingState, one: Recording) -> bool:
        """Whether what is known names a recording, by its id or by the one that it is shown with.

        Of those that are shown with one id, the time tells which it is.
        """
        shown_as = self.archive.portal.show.renamed.get(one.id, one.id)
        is_shown = goes_by(known.id, shown_as) and known.at is not None
        is_it = is_shown and known.at == self.truth.wall(one.at).replace(microsecond=0)
        return is_it or one.id in " ".join((known.id, *known.reasons))

    def _stands(self, id_: str) -> str:
        known = self.archive.known.get(id_)
        if known is None:
            return "never seen"
        if known.outcome is Outcome.ARCHIVED:
            return f"held with other audio, {known.verdict}"
        return known.outcome

    def _break(self, night: int, what: str) -> None:
        self.broken.append(f"night {night}: {what}")


def _leaves(ran: Ran) -> bool:
    """Whether a run left something to the next one."""
    left = ran.told.get("left", {})
    return bool(left.get("recordings") or left.get("windows"))
