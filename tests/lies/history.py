"""A history: some nights of one archive under some lies, then honest ones, judged each night."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from unittest import mock

from msgspec import Struct, field

from archiver.domain.outcomes import Concern
from archiver.errors import DestinationError
from archiver.pull.doubts.run_doubts import RunDoubts
from archiver.sandbox.portal.page_layouts import SandboxShape
from tests.hurry import time_for
from tests.lies.archive import MEMORY, Archive, Ran, at_the_wire
from tests.lies.oracle import Oracle
from tests.lies.portal import Portal, Show
from tests.lies.tricks import TRICKS, Trick
from tests.lies.truth import DAY, FIRST, truth

HONEST_NIGHTS = 5
FEW_HONEST_NIGHTS = 3
"""So many end a short history: what was hidden has to be found in them all the same."""
AFTER_ALL = 2
"""So many honest nights come after the last lie at least, but for those that never end."""
ACCEPTS = 0.15
SINCE = "--since"


class History(Struct):
    """One seed's nights. ``only`` names the tricks to choose from; ``told`` says what happened.

    A ``short`` one has few nights and no busy days. Any is over when nothing is left to be lost.
    """

    seed: int
    only: Sequence[str] = ()
    short: bool = False
    tricks: list[Trick] = field(default_factory=list)
    nights: int = 0
    green: int = 0
    told: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def run(self) -> "History":
        """Live through it."""
        random = Random(self.seed)
        made = truth(random, short=self.short)
        names = random.sample(
            [*(self.only or TRICKS)], min(len(self.only or TRICKS), random.choice((1, 1, 2, 3)))
        )
        self.tricks = [TRICKS[name](random, made) for name in names]
        for each in self.tricks:
            made = each.change(made)
        base = _plainly(random)
        portal = Portal(made)
        with home() as folder, at_the_wire(portal):
            archive = Archive(portal, folder)
            oracle = Oracle(made, archive)
            for night in range(self._ends(made.nights)):
                self._night(night, base, archive, oracle, random)
                if night + 1 >= made.nights and oracle.has_all():
                    break
            oracle.judge_end()
            archive.close()
        self.green, self.broken = oracle.green, oracle.broken
        return self

    def _ends(self, nights: int) -> int:
        """Return how many nights there are in all, of which the portal may lie in the first."""
        over = [max(each.nights.stop, each.rests.stop) + AFTER_ALL for each in self.tricks]
        longest = nights + HONEST_NIGHTS
        shortest = nights + FEW_HONEST_NIGHTS if self.short else longest
        return max([shortest, *(each for each in over if each <= longest)])

    def _night(
        self, night: int, base: Show, archive: Archive, oracle: Oracle, random: Random
    ) -> None:
        portal = archive.portal
        portal.begin(portal.truth.night(night), base)
        words, archive.clock_off = list[str](), timedelta()
        active = [each for each in self.tricks if night in each.nights]
        for each in (each for each in active if night == each.nights.start):
            _excuse(each, oracle, alone=len(self.tricks) == 1)
        for each in active:
            portal.show = each.bend(portal.show, portal.now)
            words += each.words
            archive.clock_off += each.clock_off
            if each.meddle and archive.folder.exists():
                each.meddle(archive)
        if any(night in each.rests for each in self.tricks):
            self.told.append(f"night {night}: nobody ran it")
            return
        if not archive.folder.exists() or not archive.heads():
            words = _from_the_first_day(words)
        with _held_up(active):
            ran = self._pull(archive, words, random, kill=any(each.kills for each in active))
        if (whole := archive.home / "whole").exists():
            if ran.code == 0:
                oracle.broken.append(f"night {night}: green over a chain that was set back")
            archive.put_back(whole)
            shutil.rmtree(whole)
        self.nights += 1
        self.told.append(
            f"night {night}: exit {ran.code}: {', '.join(map(str, active)) or 'honest'}"
        )
        _list(night, active, archive, oracle)
        if archive.folder.exists():
            oracle.judge(night, ran)
            is_asked = any(each.accepts and night == each.nights.start for each in active)
            if ran.code == 3 and (is_asked or random.random() < ACCEPTS):
                self._accept(night, archive, oracle, ran)

    def _pull(self, archive: Archive, words: list[str], random: Random, *, kill: bool) -> Ran:
        """Run the job; one that is killed leaves what lay there at one of its requests."""
        moment, count = random.randint(1, 25), 0
        portal = archive.portal

        def heard() -> None:
            nonlocal count
            count += 1
            if count == moment and archive.folder.exists():
                archive.copy("crashed")

        if not kill:
            return archive.pull(*words)
        portal.heard = heard
        ran = archive.pull(*words)
        portal.heard = lambda: None
        if (crashed := archive.home / "crashed").exists():
            archive.put_back(crashed)
            shutil.rmtree(crashed)
            return Ran(-9, {}, "killed")
        return ran

    def _accept(self, night: int, archive: Archive, oracle: Oracle, ran: Ran) -> None:
        """Let a person accept all that is open, and what is not proven, as it stands."""
        made = oracle.truth
        for known in [*archive.known.values()]:
            if known.is_open and archive.run("accept", known.id, "--reason", "heard it").code == 0:
                if Concern.SAME_AUDIO in known.concerns:
                    oracle.excused |= oracle.alone
                oracle.excuse(known)
        days = {
            window["from"][:10] for window in ran.told.get("windows", ()) if not window["proven"]
        }
        for day in sorted(days):
            if archive.run("accept", "--listing", day, "--reason", "asked them").code == 0:
                oracle.accept(date.fromisoformat(day))
                oracle.excused |= {
                    call.id for call in made.calls if made.wall(call.at).date().isoformat() == day
                }
        self.told.append(f"night {night}: a person accepted what was open")

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}", *self.told, *self.broken])


def _list(night: int, active: Sequence[Trick], archive: Archive, oracle: Oracle) -> None:
    """List so many days as one window as a trick wants it."""
    for days in {each.lists for each in active} - {0}:
        listed = archive.run("list", SINCE, _day(0), "--until", _day(days))
        oracle.judge_list(night, FIRST.date() + days * DAY, listed)


def _from_the_first_day(words: list[str]) -> list[str]:
    """Return the words of a run that begins an archive, whatever day a trick would begin with."""
    if SINCE in words:
        at = words.index(SINCE)
        words = [*words[:at], *words[at + 2 :]]
    return [*words, SINCE, _day(0)]


def _day(number: int) -> str:
    return f"{FIRST + number * DAY:%Y-%m-%d}"


def _plainly(random: Random) -> Show:
    """Return how this portal shows the truth when it does not lie."""
    shape = random.choice(
        (SandboxShape.NESTED, SandboxShape.NESTED, SandboxShape.RESOURCE, SandboxShape.FLAT)
    )
    return Show(shape=shape, honours_times=random.random() < 0.85, by_query=random.random() < 0.15)


def _excuse(each: Trick, oracle: Oracle, *, alone: bool) -> None:
    """Excuse what a lie makes invisible; a day of which a held row vanishes is seen.

    What only waited for its audio is told as gone, and its day settles once that is accepted.

    If that day is due, each run is doubtful by it: where no other lie is told, that keeps the days
    of all that is hidden from settling.
    """
    oracle.alone |= each.alone
    if (
        not each.name.startswith("rows left out of runs")
        and each.name != "rows left out everywhere"
    ):
        oracle.excused |= each.unseen
        return
    oracle.hidden |= each.unseen
    hidden = [one for one in oracle.truth.recordings if one.id in each.unseen]
    known = oracle.archive.known
    seen = [one for one in hidden if one.id in known and known[one.id].held]
    settled = oracle.archive.settled() if seen else set()
    is_due = any(oracle.day_of(one).isoformat() not in settled for one in seen)
    told = hidden if alone and each.stops and is_due else seen
    oracle.told_of |= {oracle.day_of(one) for one in told}


@contextmanager
def _held_up(active: Sequence[Trick]) -> Iterator[None]:
    """Stop a run when all is listed, or when its time is over."""
    with ExitStack() as stack:
        if any(each.stops for each in active):
            full = DestinationError("The disk is full.", advice="Make room.")
            stack.enter_context(mock.patch.object(RunDoubts, "at_the_end", side_effect=full))
        for windows in (each.windows for each in active if each.windows):
            stack.enter_context(time_for(windows))
        yield


@contextmanager
def home() -> Iterator[Path]:
    """Make a folder for one history, in memory where that can be had."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        yield Path(folder)
