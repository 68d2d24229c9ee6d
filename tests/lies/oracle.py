"""The oracle: what a green run, a settled day and a held recording must mean, held to the truth.

It believes nothing but the truth and the chain's manifests. What a lie makes invisible is excused
by name, and nothing else is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from archiver.outcomes import Outcome
from tests.lies.archive import Archive, Ran
from tests.lies.truth import Call, Recording, Truth, sha256

CLOCKS_DIFFER = timedelta(minutes=10)
"""Rows of so long ago need not be listed yet: clocks that agree may differ a little."""
LOOK_BACK = timedelta(days=3)
"""So long every night lists a day again, whatever was accepted of it."""
CALLS_AFTER = timedelta(days=4)
"""A call's own audio is taken for a recording so long after the call, at the latest."""


@dataclass
class Oracle:
    """Judges one archive, night after night. ``broken`` holds a line for each broken promise.

    ``excused`` are recordings that nobody could see, or that a person has settled; ``alone`` those
    that are, while no other has the audio that is served for them. ``accepted`` are the days whose
    listing a person accepted, and what was shown of each: unless other rows are shown in the
    look-back, such a day is never listed again. ``told_of`` is listed no more on days of which a
    held row was seen to vanish: they must not settle.
    """

    truth: Truth
    archive: Archive
    excused: set[str] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)
    accepted: dict[date, frozenset[str]] = field(default_factory=dict)
    told_of: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    green: int = 0
    held: dict[str, str] = field(default_factory=dict)
    backlog: int | None = None

    def judge(self, night: int, ran: Ran) -> None:
        """Hold a night's run, and the archive after it, to the truth."""
        self.archive.follow()
        self._reopen()
        if ran.code == 1:
            self._break(night, f"a bug: {ran.err[-300:]}")
        if ran.code == 0:
            self.green += 1
            self._judge_green(night, ran)
        self._judge_settled(night)
        self._judge_held(night)

    def _reopen(self) -> None:
        """Forget what was accepted of days that are still listed, and listed otherwise by now."""
        portal = self.archive.portal
        listed_from = self.truth.wall(portal.now).date() - LOOK_BACK
        for day, shown in [*self.accepted.items()]:
            if day >= listed_from and portal.shown(day) != shown:
                del self.accepted[day]

    def judge_end(self) -> None:
        """Judge what is left when the portal has been honest for some nights."""
        begins, now = self.truth.begins, self.archive.portal.now
        due = (one for one in self.truth.recordings if begins <= one.at and one.audio_from <= now)
        for one in self._missing(due):
            if not self._is_named(one.id):
                self._break(-1, f"{one.id} is lost for ever ({self._stands(one.id)})")

    def _judge_green(self, night: int, ran: Ran) -> None:
        left = ran.told["left"]
        now = self.archive.portal.now
        begins, ends = self.truth.begins, now - CLOCKS_DIFFER
        due = [one for one in self.truth.listed(now) if begins <= one.at < ends]
        missing = [one for one in self._missing(due) if one.audio_from <= now]
        if left["recordings"] or left["windows"]:
            if self.backlog is not None and len(missing) > self.backlog > 0:
                self._break(night, f"green, and {len(missing)} are left, after {self.backlog}")
            self.backlog = len(missing)
            return
        self.backlog = None
        for one in missing:
            self._break(night, f"green without {one.id} of {one.at} ({self._stands(one.id)})")
        for call in self._unheard(now):
            self._break(night, f"green without the audio of call {call.id} of {call.at}")

    def _judge_settled(self, night: int) -> None:
        settled = self.archive.settled()
        for one in self._missing(self.truth.listed(self.archive.portal.now), self.told_of):
            day = self.truth.wall(one.at).date().isoformat()
            if day in settled and not self._is_named(one.id):
                self._break(night, f"{day} is settled without {one.id} ({self._stands(one.id)})")

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
        self, recordings: Iterable[Recording], strictly: Iterable[str] = ()
    ) -> Iterator[Recording]:
        """Yield what is not held with its own whole audio, and not excused."""
        sure = self.excused - set(strictly)
        held = [each for each in self.archive.known.values() if each.held and each.audio]
        hashes = Counter(each.audio.sha256 for each in held if each.audio)
        sure |= {
            each.id for each in held if each.audio and hashes[each.audio.sha256] == 1
        } & self.alone
        for one in recordings:
            is_accepted = self.truth.wall(one.at).date() in self.accepted
            if not is_accepted and one.id not in sure and one.sha256 not in hashes:
                yield one

    def _unheard(self, now: datetime) -> Iterator[Call]:
        """Yield calls with audio of their own that should be held by now and are not."""
        hashes = {known.audio.sha256 for known in self.archive.known.values() if known.audio}
        for call in self.truth.calls:
            is_due = self.truth.begins <= call.at < now - CALLS_AFTER
            is_held = call.body is None or sha256(call.body) in hashes
            if is_due and not is_held and call.id not in self.excused:
                yield call

    def _is_named(self, id_: str) -> bool:
        """Whether an open finding names a recording: then a person knows."""
        every = self.archive.known.values()
        return any(known.is_open and id_ in " ".join((known.id, *known.reasons)) for known in every)

    def _stands(self, id_: str) -> str:
        known = self.archive.known.get(id_)
        if known is None:
            return "never seen"
        if known.outcome is Outcome.ARCHIVED:
            return f"held with other audio, {known.verdict}"
        return known.outcome

    def _break(self, night: int, what: str) -> None:
        self.broken.append(f"night {night}: {what}")
