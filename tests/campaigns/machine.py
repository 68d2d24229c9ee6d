"""Anything in any order: pulls, kills, edits, deletions, damage, and a model that must agree.

The archive is a real folder and the portal a sandbox in this process, whose clock the machine sets.
After every step the archive is read as a whole: each recording stands where the model says, nothing
that was ever entered is gone, and verify names what was damaged here and nothing else.
"""

import contextlib
import hashlib
import json
import signal
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from archiver.check.audit import audit
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.manifest.state import RecordingState, apply_entry
from archiver.pull.ledger import gathered
from archiver.sandbox import Encoding, Recording, Sandbox, Tone, World
from archiver.sandbox.world.tones import render
from archiver.store.local import LocalStore
from tests.campaigns.damage import Damages, How, flipped
from tests.campaigns.model import Audio, Entered, Offer, Standing, Told, Version, come_to, explained
from tests.canaries import TOKEN, Search
from tests.cli.desk import Desk, Ran
from tests.crash import die_at, in_child

if TYPE_CHECKING:
    from archiver.manifest.records.files import Head

BEGIN = datetime(2021, 4, 6, 12, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
"""Recordings lie between the hours, and the clock stands on them: none is about to be listed."""
SHORTEST_S, LENGTHS = 5, 50
WRONG_BY_S = 60
MOST_STEPS = 150
Item = TypeVar("Item")
which = st.integers(0, 999)
"""One of what there is, whatever that is."""


class Change(StrEnum):
    """What a portal may do with a recording."""

    NOTE = "note"
    """The row is edited, the audio is not."""
    LENGTH = "length"
    """The length that is told is the audio's."""
    WRONG_LENGTH = "wrong length"
    NO_LENGTH = "no length"
    AUDIO = "audio"
    """Other audio comes under the same name, and the row tells of it."""
    LINK = "link"
    """The row has no link for a while, or has one again."""
    LOST = "lost"
    """The link leads to nothing."""
    DELETED = "deleted"


class Nights(RuleBasedStateMachine):
    """One archive of one portal. ``counts`` sums up what all machines of this process did."""

    counts: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._ends = contextlib.ExitStack()
        home = Path(self._ends.enter_context(tempfile.TemporaryDirectory()))
        self.now = BEGIN
        self.world = World(seed=1)
        sandbox = Sandbox(self.world, token=TOKEN, now=lambda: self.now)
        # The portal's clock is the machine's own, years behind that of this computer.
        self.desk = Desk(self._ends.enter_context(sandbox), home, {"ARCHIVER_CLOCK": "portal"})
        self.store = LocalStore(home / "archive")
        self.damages = Damages(self.store.root)
        self.head: Head | None = None
        self.known: dict[str, RecordingState] = {}
        self.entered: list[str] = []
        self.standing: defaultdict[str, Standing] = defaultdict(Standing)
        self.left: defaultdict[str, list[Version]] = defaultdict(list)
        self.cut: set[date] = set()
        self.lengths: dict[str, int] = {}
        self.changes = 0
        self.deletions = 0

    def teardown(self) -> None:
        """Search all that there is for secrets, and end."""
        search = Search()
        search.text("what was printed", self.desk.printed.encode())
        search.folder(self.desk.home)
        self._ends.close()
        self.counts.update({"archives": 1, "secrets found": len(search.hits)})
        assert search.hits == []

    # What happens at the portal

    @initialize(hours=st.lists(st.integers(1, 30), min_size=1, max_size=3))
    def begin(self, hours: list[int]) -> None:
        """Begin with a few recordings."""
        for each in hours:
            self.add(-each)

    @rule(hours=st.integers(-30, 12))
    def add(self, hours: int) -> None:
        """Add a recording that is late, or that will come."""
        at = self.now + timedelta(hours=hours) + HALF_AN_HOUR
        (made,) = self.world.add(count=1, first=at, last=at, kinds=(Encoding.BARE,), seconds=(1,))
        self._sound(made)
        self._tell(made.id, duration=_clock(self._audio_of(made).seconds))
        self.counts["recordings"] += 1

    @rule(one=which, change=st.sampled_from(Change))
    def change(self, one: int, change: Change) -> None:
        """Let the portal change one of its recordings."""
        for recording in _one([*self.world.recordings], one):
            self._change(recording, change)
            self.counts["changes at the portal"] += 1

    @rule(hours=st.integers(1, 14))
    def tick(self, hours: int) -> None:
        """Let time pass."""
        self.now += timedelta(hours=hours)

    # What happens to the archive

    @rule(one=which)
    def pull(self, one: int) -> None:
        """Let a night run to its end; it says how all of the archive stands."""
        day = self._day(one)
        ran = self._pull(day)
        self._settle(day, is_whole=True)
        told = json.loads(ran.out)
        is_open = any(each.is_open for each in self.standing.values())
        is_believed = told["accounted"] and not told["doubts"]
        assert is_believed or self.deletions, "only what is listed no more makes it doubtful"
        assert ran.code == (0 if is_believed and not is_open else 3), ran.err
        self.counts.update({"nights": 1, "clean nights": ran.code == 0})

    @rule(one=which, point=st.integers(1, MOST_STEPS), after=st.booleans())
    def kill(self, one: int, point: int, after: bool) -> None:  # noqa: FBT001 - drawn
        """Kill a night before or after a step on the disk, if it takes so many."""
        day = self._day(one)
        ended = in_child(partial(self._pull_and_die, day, point, after=after))
        assert ended in {0, -signal.SIGKILL}
        if ended:
            self._may_have_stored(day)
        self._settle(day, is_whole=not ended)
        self.counts["kills" if ended else "nights"] += 1

    @rule(one=which, how=st.sampled_from(("flip", "cut", "delete")), at=st.floats(0, 0.99))
    def damage(self, one: int, how: How, at: float) -> None:
        """Damage a file that is entered."""
        for name in _one(self.entered, one):
            self.counts["files damaged"] += self.damages.do(name, how, at)

    @rule(one=which)
    def take_back(self, one: int) -> None:
        """Put a damaged file back as it was."""
        for name in _one(sorted(self.damages.before), one):
            self.damages.take_back(name)

    @rule(one=which, at=st.floats(0, 0.99))
    def tamper(self, one: int, at: float) -> None:
        """Change a manifest; that is found, and it is put back."""
        for path in _one(sorted(self.store.root.glob("manifests/*.json")), one):
            before = path.read_bytes()
            path.write_bytes(flipped(before, int(len(before) * at)))
            assert audit(self.store, head=self.head).chain
            path.write_bytes(before)
            self.counts["manifests tampered with"] += 1

    # What is always so

    @invariant()
    def verify_names_what_was_damaged(self) -> None:
        """Read the whole archive, and nothing may be wrong with it that was not done here."""
        if self.head is None:
            return
        report = audit(self.store, head=self.head)
        complaints = self.damages.complaints(report)
        assert self.cut or not complaints, complaints
        assert all(each.endswith("is nobody's") for each in complaints), complaints
        assert (report.chain, report.unreadable) == ([], [])
        self.counts["times read as a whole"] += 1

    @invariant()
    def every_recording_stands_where_the_model_says(self) -> None:
        """Hold what the chain says against the model."""
        stands = {id_: (_held(known), known.is_open) for id_, known in self.known.items()}
        must = {
            id_: (each.held and each.held.audio.sha256, each.is_open)
            for id_, each in self.standing.items()
            if id_ in self.known
        }
        assert stands == must

    # What the rules are made of

    def _change(self, recording: Recording, change: Change) -> None:
        match change:
            case Change.NOTE:
                self._tell(recording.id)
            case Change.LENGTH:
                self._tell(recording.id, duration=_clock(self._audio_of(recording).seconds))
            case Change.WRONG_LENGTH:
                wrong = self._audio_of(recording).seconds + WRONG_BY_S
                self._tell(recording.id, duration=_clock(wrong))
            case Change.NO_LENGTH:
                self._tell(recording.id, duration=None)
            case Change.AUDIO:
                self._sound(recording)
                self._tell(recording.id, duration=_clock(self._audio_of(recording).seconds))
            case Change.LINK:
                fields = dict(recording.fields)
                if fields.pop("audio", ...) is ...:
                    fields["audio"] = None
                self.world.recordings.put(replace(recording, fields=fields))
            case Change.LOST:
                self.world.objects.pop(recording.key or "", None)
            case Change.DELETED:
                self.world.remove(recording.id)
                self.deletions += 1

    def _day(self, one: int) -> date:
        """Return one of the days that have begun, from the day before the beginning on."""
        first = (BEGIN - timedelta(days=1)).date()
        last = (self.now - HALF_AN_HOUR).date()
        return first + timedelta(days=one % ((last - first).days + 1))

    def _tell(self, id_: str, **fields: object) -> None:
        """Change a row, with a note that no row had before."""
        self.changes += 1
        self.world.edit(id_, notes=f"note {self.changes}", **fields)

    def _sound(self, recording: Recording) -> None:
        """Give a recording audio of another length than any of the last few."""
        self.changes += 1
        seconds = SHORTEST_S + self.changes % LENGTHS
        body = render(Tone(Encoding.BARE, seconds)).body
        self.world.store(recording.key or "", body)
        self.lengths[hashlib.sha256(body).hexdigest()] = seconds

    def _audio_of(self, recording: Recording) -> Audio:
        """Return a recording's audio, after making some if it has none."""
        if (recording.key or "") not in self.world.objects:
            self._sound(recording)
        audio = self._offer(recording).audio
        assert audio is not None
        return audio

    def _pull(self, day: date) -> Ran:
        return self.desk.run("pull", "--json", "-a", str(self.store.root), "--day", f"{day}")

    def _pull_and_die(self, day: date, point: int, *, after: bool) -> None:
        gathered.ENTRIES_A_MANIFEST = 1
        die_at(point, after=after)
        self._pull(day)

    def _offers(self, day: date) -> dict[str, Offer]:
        """Return what the portal lists of a day now, by id."""
        begins = datetime.combine(day, time(), UTC)
        before = min(self.now, begins + timedelta(days=1))
        listed = self.world.recordings.between(begins, before, 0, None)[1]
        return {each.id: self._offer(each) for each in listed}

    def _offer(self, recording: Recording) -> Offer:
        stored = self.world.stored(recording.key or "")
        audio = self._audio(hashlib.sha256(stored.body).hexdigest()) if stored else None
        return Offer(_told(recording.fields), "audio" not in recording.fields, audio)

    def _audio(self, sha256: str) -> Audio:
        return Audio(sha256, self.lengths[sha256])

    def _may_have_stored(self, day: date) -> None:
        """Note what a pull that was killed may have stored without entering it."""
        self.cut.add(day)
        for id_, offer in self._offers(day).items():
            entered = come_to(self.standing[id_], offer)
            if entered and entered.version:
                self.left[id_].append(entered.version)

    def _settle(self, day: date, *, is_whole: bool) -> None:
        """Hold what a pull entered against what it may enter, and stand where that leads."""
        offers, came = self._offers(day), self._came()
        for id_ in offers.keys() | came.keys():
            is_damaged = self._is_damaged(id_)
            owes_all = is_whole and not is_damaged
            entries, before, offer = came.get(id_, []), self.standing[id_], offers.get(id_)
            end = explained(
                entries, self.left[id_], before, offer, is_whole=owes_all, is_damaged=is_damaged
            )
            assert end is not None, (id_, entries, before, offer, self.left[id_])
            self.standing[id_] = end
        if is_whole:
            self.cut.discard(day)

    def _came(self) -> dict[str, list[Entered]]:
        """Return what the chain has since this was last asked, by id."""
        came: defaultdict[str, list[Entered]] = defaultdict(list)
        if not (self.store.root / "ARCHIVE.json").exists():
            return came
        journal = Journal(self.store)
        for head, manifest in journal.manifests(self.head.number if self.head else 0):
            self.head = head
            for entry in manifest.recordings:
                known, at = self.known.get(entry.id), manifest.run.written
                self.known[entry.id] = apply_entry(known, entry, manifest.kind, at)
                self.entered += [file.path for file in (entry.audio, entry.sidecar) if file]
                came[entry.id].append(self._read(journal, entry))
        return came

    def _read(self, journal: Journal, entry: Entry) -> Entered:
        """Return an entry as the model has it; what was told stands in the sidecar."""
        told = journal.documents.sidecar(entry.sidecar) if entry.sidecar else None
        if told is None or entry.audio is None:
            return Entered(entry.outcome)
        return Entered(entry.outcome, Version(_told(told.row), self._audio(entry.audio.sha256)))

    def _is_damaged(self, id_: str) -> bool:
        return any(id_ in name for name in self.damages.before)


def _one(there: Sequence[Item], one: int) -> Sequence[Item]:
    """Return one of what is there, if anything is.

    What is there depends on how far a killed pull came, so it must not decide what is drawn.
    """
    return [there[one % len(there)]] if there else []


def _held(known: RecordingState) -> str | None:
    return known.audio.sha256 if known.held and known.audio else None


def _told(fields: Mapping[str, object]) -> Told:
    note, duration = fields.get("notes"), fields.get("duration")
    seconds = int(str(duration)[3:5]) * 60 + int(str(duration)[6:]) if duration else None
    return Told(str(note) if note else None, seconds)


def _clock(seconds: int) -> str:
    return f"00:{seconds // 60:02}:{seconds % 60:02}"
