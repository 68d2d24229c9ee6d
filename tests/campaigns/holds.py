"""Races of holds and erasures: two machines, one recording, at once; nothing held may be removed.

    python -m tests.campaigns.holds --races 1000

Each machine has a catalog of its own, and no lock keeps one out while the other works, as on a
bucket: the number of the next manifest alone decides. Whoever adds a hold, and is not told that an
erasure was begun before, must find all of the recording afterwards. Every other hold is a standing
one, by a filter.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Self

from msgspec import Struct, field

from archiver.app.keeping.hold import HoldAdder, HoldPlan, HoldRequest
from archiver.app.keeping.release import ReleaseRequest, release_hold
from archiver.catalog import Catalog
from archiver.domain.recordings import RecordingId
from archiver.errors import ExitCode, UsageError
from archiver.filters.filters import Filters
from archiver.filters.request import FilterRequest
from archiver.manifest.journal import Journal
from archiver.manifest.records.erasures import Cause, ErasureStep
from archiver.open_archive import OpenArchive
from archiver.removal.forbidding import StillHeld
from archiver.removal.taking import Removal, Taking
from tests.campaigns.report import Report, finish, parser
from tests.copy.copies import Vault, files_of, vault

EACH = 20
"""So many recordings are raced for in one archive: its chain is read from end to end each time."""
SPIN = 20_000
"""So many empty turns a machine waits at most."""
LATE = 0.25
"""So often an erasure stops between tombstones and bytes until the hold is there."""


class Races(Struct):
    """How the races ended, by what both machines said; ``bad`` has what is wrong of it."""

    ended: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    def run(self, folder: Path, rng: random.Random, count: int) -> None:
        """Race for so many recordings of an archive in ``folder``; then let all of it go."""
        made = vault(folder, manifests=count, each=1)
        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
            one, other = (stack.enter_context(_machine(made, name)) for name in ("one", "other"))
            for number in range(1, count + 1):
                recording, reached = RecordingId(str(number)), (Event(), Event(), Event())
                start = Start(reached, rng.randrange(3), rng.randrange(SPIN), rng.random() < LATE)
                held = pool.submit(_held, made, one.archive, recording, reached)
                gone = pool.submit(_erased, Removal(other.archive), recording, start)
                self._judge(recording, held.result(), gone.result(), made)
        self._let_go(made)

    def _judge(self, recording: str, held: str, gone: str, made: Vault) -> None:
        self.ended[f"{held}; {gone}"] += 1
        is_there = len(files_of(made.archive, recording)) == 2
        if held == "held" and not (is_there and gone == "refused"):
            self.bad.append(f"{recording} is held, and was {gone}: there {is_there}")
        if is_there is (gone == "erased"):
            self.bad.append(f"{recording} was {gone}, and is there: {is_there}")

    def _let_go(self, made: Vault) -> None:
        """Release every hold, by which all erasures come to their end."""
        with _machine(made, "last") as last:
            numbers = tuple(each.number for each in last.archive.catalog.holds.every())
        request = ReleaseRequest("the case is closed", numbers)
        released = release_hold(request, made.context())
        code = made.verify(made.archive).code
        if (released.code, code) != (ExitCode.CLEAN, ExitCode.CLEAN):
            self.bad.append(f"released with {released.code}, verified with {code}")
        if left := [path.name for path in made.archive.glob("recordings/**/*.*")]:
            self.bad.append(f"{len(left)} files are left of what was to be erased")


class Telling(HoldAdder, frozen=True):
    """A hold that is being added, and lets the other machine know how far it is."""

    reached: Sequence[Event] = ()

    def plan(self) -> tuple[HoldPlan, Filters]:
        """Return the plan, once it is told that it is made."""
        try:
            return HoldAdder.plan(self)
        finally:
            first, second, _end = self.reached
            (second if first.is_set() else first).set()


class Machine(Struct, frozen=True):
    """A machine with a catalog of its own."""

    archive: OpenArchive

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.archive.catalog.close()


def _machine(made: Vault, name: str) -> Machine:
    store = made.store
    catalog, journal = Catalog(made.home / name), Journal(store)
    catalog.follow(journal)
    return Machine(OpenArchive(store, journal, catalog))


class Start(Struct, frozen=True):
    """When an erasure begins: at once, or when the hold is planned, or is about to be entered.

    One that ``is_late`` waits with the bytes until the hold is at its end.
    """

    reached: Sequence[Event]
    stage: int
    turns: int
    is_late: bool

    def wait(self) -> None:
        """Wait for that moment, and a little longer."""
        if self.stage:
            self.reached[self.stage - 1].wait()
        for _ in range(self.turns):
            pass


def _held(
    made: Vault, archive: OpenArchive, recording: RecordingId, reached: Sequence[Event]
) -> str:
    """Hold a recording; return what was said of it."""
    is_standing = int(recording) % 2 == 0
    asked = FilterRequest(ids=(recording,))
    request = HoldRequest(asked, f"case {recording}", "a claim", "Ann", is_standing)
    change, context = request.change({}), made.context()
    try:
        result = Telling(request, context, archive, reached).add(change)
    except UsageError:
        return "nothing left to hold"
    finally:
        for each in reached:
            each.set()
    return "held" if result.code is ExitCode.CLEAN and result.plan.ids else "told that it is late"


def _erased(removal: Removal, recording: RecordingId, start: Start) -> str:
    """Erase a recording; return what became of that."""
    state = removal.archive.catalog.recordings.many([recording])[recording]
    taking = Taking((state,), Cause.ERASURE, "Cem", "asked for", None, {})
    start.wait()
    _head, begun = removal.begin(taking)
    if begun.step is ErasureStep.REFUSED:
        return "refused"
    try:
        if start.is_late:
            start.reached[-1].wait()
        removal.finish(begun)
    except StillHeld as held:
        removal.refuse(begun, held.holds)
        return "deferred"
    return "erased"


def races(count: int, seed: int = 16) -> Races:
    """Run so many races, in as many archives as they need."""
    result, rng, interval = Races(), random.Random(seed), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for start in range(0, count, EACH):
            with tempfile.TemporaryDirectory(prefix="archiver-holds-") as folder:
                result.run(Path(folder), rng, min(EACH, count - start))
    finally:
        sys.setswitchinterval(interval)
    return result


def main() -> int:
    """Run the campaign; return its exit code."""
    made = parser(__doc__)
    made.add_argument("--races", type=int, default=1_000)
    asked = made.parse_args()
    result = races(asked.races)
    report = Report("holds", {"races": asked.races}, result.bad)
    report.figures |= {
        f"hold: {ended}".replace("; ", ", erasure: "): count
        for ended, count in sorted(result.ended.items())
    }
    report.figures["held and removed"] = sum("is held" in each for each in result.bad)
    return finish(report, record=asked.record)


if __name__ == "__main__":
    sys.exit(main())
