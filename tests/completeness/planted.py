"""Calls of some days with gaps of every kind planted among them, and an archive of them.

The days lie around a change of clocks, as the portal's wall clock shows it: an hour that is not
there, or one that is there twice. Recordings are dated by their end, or by their beginning.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.completeness.certificate import Certificate
from archiver.completeness.certifying import Certified, Certifier, rules_digest
from archiver.completeness.day_calls import ArchivedCalls
from archiver.completeness.open_gaps import gaps_on
from archiver.completeness.review import DayReview, Reviewer
from archiver.concurrency.stop import NEVER
from archiver.domain.expectation import Exclusion, Expectation
from archiver.domain.layout import calls_key
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import Report, Row
from archiver.domain.times.window import DAY
from archiver.json_documents import Json
from archiver.manifest.builder import Statement
from archiver.manifest.format import FORMAT
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, FindingCounts, Manifest, ManifestKind, Run
from archiver.manifest.named_files.call_files import call_file
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import ArchivedFile, CallFile, Head
from archiver.manifest.records.listings import ListedDay
from archiver.manifest.state import entry_from_state, ids_digest
from archiver.open_archive import OpenArchive
from archiver.portal.wire.rows import RowReader
from archiver.scrubbing import KnownSecrets
from archiver.store.base import Store
from tests.archives import PORTAL, store_one

LONDON = ZoneInfo("Europe/London")
CHANGES = date(2026, 3, 29), date(2026, 10, 25)
"""The clock goes forward on the one, back on the other."""
DAYS = 5
RULES = Expectation(
    min_talk_ms=5_000, not_recorded=("service:CONF", "status:BRIDGED", "+1 202 555 0199")
)
NUMBERS = (b"447700" + b"900", b"1202" + b"55501", b"5550199")
"""How the numbers of these calls begin, or end."""
TOGETHER = 1_000
ACROSS = 5
_LENGTHS = (7, 12, 31, 47, 93, 185, 1_260)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Truth:
    """What must be found of a day: ids of calls that are missing, of the excluded, of recordings.

    Of each group of ``either``, one call is missing, and nobody can tell which.
    """

    missing: set[str] = field(default_factory=set)
    either: list[frozenset[str]] = field(default_factory=list)
    excluded: dict[str, Exclusion] = field(default_factory=dict)
    without_call: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)

    @property
    def lacking(self) -> int:
        """How many calls are missing."""
        return len(self.missing) + len(self.either)

    def missed(self, review: DayReview) -> set[str]:
        """Return what was planted, and was not found as it was."""
        missing = {each.call.id for each in review.balance.missing}
        groups = {min(group) for group in self.either if not group & missing}
        alone = {each.found.id for each in review.balance.without_call}
        excluded = {(each.call.id, each.why) for each in review.balance.excluded}
        lost = {id_ for id_, why in self.excluded.items() if (id_, why) not in excluded}
        return (self.missing - missing) | groups | (self.without_call - alone) | lost

    def invented(self, review: DayReview) -> set[str]:
        """Return what was found, and was not planted."""
        missing = {each.call.id for each in review.balance.missing}
        groups = [group & missing for group in self.either]
        twice = {max(group) for group in groups if len(group) > 1}
        alone = {each.found.id for each in review.balance.without_call}
        excluded = {each.call.id for each in review.balance.excluded}
        known = self.missing.union(*groups)
        return twice | missing - known | alone - self.without_call | excluded - self.excluded.keys()

    @property
    def is_even(self) -> bool:
        return not (self.missing or self.either or self.without_call)


@dataclass
class Planted:
    """Days of calls and recordings, made from a seed; ``planted`` counts the kinds of gaps."""

    seed: int
    calls: list[dict[str, Json]] = field(default_factory=list)
    recordings: list[tuple[dict[str, Json], Outcome]] = field(default_factory=list)
    truth: defaultdict[date, Truth] = field(default_factory=lambda: defaultdict(Truth))
    planted: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self.change = CHANGES[self.seed % 2]
        self.dated_by_end = self.seed // 2 % 2 == 0
        self.days = [self.change + (n - DAYS // 2) * DAY for n in range(DAYS)]

    @property
    def even_days(self) -> set[date]:
        return {day for day in self.days if self.truth[day].is_even}

    def id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128)))

    def call(
        self,
        began: datetime,
        seconds: int,
        line: tuple[str, str],
        **more: Json,
    ) -> str:
        """Log a call that began at a moment; return its id."""
        ended, id_ = began + seconds * _SECOND, self.id()
        row: dict[str, Json] = {
            "id": id_,
            "call_from": line[0],
            "call_to": line[1],
            "service": "IN",
            "status": "RECEIVED",
            "duration": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
            "start_at": str(wall(began)),
            "end_at": str(wall(ended)),
            "audio": None,
            **more,
        }
        self.calls.append(row)
        self.truth[wall(ended).date()].calls.add(id_)
        return id_

    def record(
        self,
        began: datetime,
        seconds: int,
        line: tuple[str, str],
        outcome: Outcome = Outcome.ARCHIVED,
    ) -> str:
        """List a recording of what was said from a moment on; return its id."""
        late = self._random.randrange(3) * _SECOND
        at = began + seconds * _SECOND + late if self.dated_by_end else began
        id_ = self.id()
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        row: dict[str, Json] = {
            "id": id_,
            "call_from": line[0] if self._random.random() < 0.5 else f"+{line[0]}",
            "call_to": line[1],
            "audio": f"https://media.example/rc/{id_}.mp3",
            "duration": clock,
            "agent": None,
            "created_at": str(wall(at)),
        }
        self.recordings.append((row, outcome))
        return id_

    def talk(self, began: datetime, seconds: int, line: tuple[str, str]) -> None:
        """Log a call, and list its recording."""
        self.call(began, seconds, line)
        self.record(began, seconds, line)


def wall(moment: datetime) -> datetime:
    """Return what the portal's clock shows at a moment."""
    return moment.astimezone(LONDON).replace(tzinfo=None, microsecond=0)


def day_of(moment: datetime) -> date:
    return wall(moment).date()


def plant(seed: int, count: int) -> Planted:
    """Make about ``count`` calls, with gaps of every kind among those of all days but two."""
    made = Planted(seed)
    random = Random(seed + 1)
    lines = [
        (f"447700900{random.randrange(500):03}", f"120255501{random.randrange(50):02}")
        for _ in range(max(8, count // 40))
    ]
    begins = datetime.combine(made.days[0], time(), LONDON).astimezone(UTC)
    ends = datetime.combine(made.days[-1] + DAY, time(), LONDON).astimezone(UTC)
    span = (ends - begins).total_seconds()
    free: dict[tuple[str, str], datetime] = {}
    kinds = tuple(GAPS)
    number = 0
    while len(made.calls) < count:
        at = begins + timedelta(seconds=int(span * number / count) + random.randrange(5))
        number += 1
        line = random.choice(lines)
        at = max(at, free.get(line, at))
        if at > ends - timedelta(hours=2):
            at = begins + timedelta(seconds=random.randrange(int(span) - 10_000))
            line = (f"447700900{number % 500:03}", f"120255501{50 + number // 500 % 5:02}")
        seconds = random.choice(_LENGTHS)
        is_even = day_of(at) in made.days[1:4:2]
        last = at + seconds * _SECOND
        if number % 10 == 0 and not is_even and day_of(last + timedelta(minutes=40)) == day_of(at):
            kind = kinds[number // 10 % len(kinds)]
            own = (f"447700900{500 + number % 500:03}", f"120255501{60 + number // 500 % 39:02}")
            GAPS[kind](made, at, max(seconds, 12), own)
            made.planted[kind] += 1
        elif number % 10 == 5:
            noise = tuple(NOISE)[number // 10 % len(NOISE)]
            NOISE[noise](made, at, seconds, line)
            last += timedelta(seconds=2 * seconds + 60)
        else:
            made.talk(at, seconds, line)
        free[line] = last + timedelta(seconds=3 + random.randrange(60))
    _over_the_change(made)
    return made


def _over_the_change(made: Planted) -> None:
    """Add calls that last over the change of clocks, and such that begin an hour apart around it.

    Where the hour is there twice, the latter are at one time by the portal's clock.
    """
    change = datetime.combine(made.change, time(1), UTC)
    for number in range(ACROSS):
        line = (f"447700900{number:03}", "12025550159")
        made.talk(change - timedelta(minutes=2 * number + 1), 60 * (2 * number + 9), line)
        made.planted["call over the change of clocks"] += 1
    for number in range(ACROSS):
        line = (f"447700900{number:03}", "12025550158")
        for hours in (-1, 0):
            made.talk(change + timedelta(hours=hours, minutes=7 * number + 20), 47, line)
    first, again = (change + timedelta(hours=hours, minutes=25) for hours in (-1, 0))
    line = ("447700900007", "12025550157")
    both = [made.call(began, 93, line) for began in (first, again)]
    made.record(first, 93, line)
    truth = made.truth[made.change]
    if wall(first) == wall(again):
        truth.either.append(frozenset(both))
    else:
        truth.missing.add(both[1])


def _truth(made: Planted, at: datetime, seconds: int) -> Truth:
    return made.truth[day_of(at + seconds * _SECOND)]


def _unrecorded(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    _truth(made, at, seconds).missing.add(made.call(at, seconds, line))


def _says_recorded(made: Planted, at: datetime, _seconds: int, line: tuple[str, str]) -> None:
    audio = f"https://media.example/own/{made.id()}.mp3"
    _truth(made, at, 0).missing.add(made.call(at, 0, line, audio=audio))


def _quarantined(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    _truth(made, at, seconds).missing.add(made.call(at, seconds, line))
    made.record(at, seconds, line, Outcome.QUARANTINED)


def _gone(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    _truth(made, at, seconds).missing.add(made.call(at, seconds, line))
    made.record(at, seconds, line, Outcome.GONE)


def _alone(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    made.truth[day_of(at)].without_call.add(made.record(at, seconds, line))


def _stray_beside_missing(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    """Log a call without its recording; minutes later, record the same two without a call."""
    _unrecorded(made, at, seconds, line)
    _alone(made, at + seconds * _SECOND + timedelta(minutes=2), seconds, line)


def _other_length(made: Planted, at: datetime, _seconds: int, line: tuple[str, str]) -> None:
    """List a recording at the call's own time that is far too long to be of it."""
    _unrecorded(made, at, 12, line)
    _alone(made, at, 185, line)


def _two_at_once(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    both = frozenset(made.call(at, seconds, line) for _ in range(2))
    made.record(at, seconds, line)
    _truth(made, at, seconds).either.append(both)


def _beside_an_excluded(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    """Log two calls of which one needs no recording; it may have the one that there is."""
    truth = _truth(made, at, seconds)
    truth.missing.add(made.call(at, seconds, line))
    truth.excluded[made.call(at, seconds, line, service="CONF")] = Exclusion.NOT_RECORDED
    made.record(at, seconds, line)


GAPS = {
    "call without a recording": _unrecorded,
    "call that says it has audio": _says_recorded,
    "recording in quarantine": _quarantined,
    "recording gone": _gone,
    "recording without a call": _alone,
    "call and recording that lie near by chance": _stray_beside_missing,
    "recording of another length": _other_length,
    "two calls at one time, one recording": _two_at_once,
    "a call and an excluded one, one recording": _beside_an_excluded,
}
"""What does not add up, each on two numbers of its own."""


def _not_answered(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    """Log an attempt that nobody takes, and the call that follows it at once."""
    _truth(made, at, 0).excluded[made.call(at, 0, line)] = Exclusion.NOT_ANSWERED
    made.talk(at + 10 * _SECOND, seconds, line)


def _too_short(made: Planted, at: datetime, _seconds: int, line: tuple[str, str]) -> None:
    _truth(made, at, 3).excluded[made.call(at, 3, line)] = Exclusion.TOO_SHORT


def _short_right_behind(made: Planted, at: datetime, _seconds: int, line: tuple[str, str]) -> None:
    """Log a call that is not recorded seconds behind one that is: the latter is dated within it.

    Only who knows by which end recordings are dated can tell whose the recording is.
    """
    made.talk(at, 7, line)
    _too_short(made, at + 9 * _SECOND, 3, line)


def _of_a_service(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    id_ = made.call(at, seconds, line, service="conf ")
    _truth(made, at, seconds).excluded[id_] = Exclusion.NOT_RECORDED


def _of_a_status(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    id_ = made.call(at, seconds, line, status="Bridged")
    _truth(made, at, seconds).excluded[id_] = Exclusion.NOT_RECORDED


def _of_a_number(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    id_ = made.call(at, seconds, (line[0], "12025550199"))
    _truth(made, at, seconds).excluded[id_] = Exclusion.NOT_RECORDED


def _redial(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    """Let the same two talk again a few seconds later, as long; both are recorded."""
    made.talk(at, seconds, line)
    made.talk(at + (seconds + 4) * _SECOND, seconds, line)


def _at_once(made: Planted, at: datetime, seconds: int, line: tuple[str, str]) -> None:
    """Log two calls at one time, and list two recordings."""
    made.talk(at, seconds, line)
    made.talk(at, seconds, line)


NOISE = {
    "not answered": _not_answered,
    "too short": _too_short,
    "too short, right behind a call": _short_right_behind,
    "service": _of_a_service,
    "status": _of_a_status,
    "number": _of_a_number,
    "redial": _redial,
    "two at once": _at_once,
}
"""What adds up, and looks as if it did not."""


class Shelved(Struct, frozen=True):
    """An archive in a store, as two runs leave it that have listed the same, days later."""

    store: Store
    journal: Journal
    catalog: Catalog
    planted: Planted

    def append(self, manifest: Statement, entries: Iterable[Entry] = ()) -> None:
        """Enter what a person decides."""
        some = tuple(entries)
        self.journal.append(lambda below: manifest.on(below, some, FindingCounts(0, 0)))
        self.catalog.follow(self.journal)

    def log_late(self, calls: Sequence[dict[str, Json]]) -> None:
        """Enter calls that came later, as a run elsewhere would, and have the catalog follow."""
        rows = RowReader(Report.CALLS, KnownSecrets(), bool).read(calls, {})
        archive = self.journal.archive().archive
        began = datetime.combine(self.planted.days[-1] + 9 * DAY, time(), UTC)
        files = tuple(_call_files(self.store, rows))
        self.journal.append(_run(archive, "elsewhere", began, (), (), files))
        self.catalog.follow(self.journal)

    def reviewer(self, rules: Expectation = RULES) -> Reviewer:
        """Return what looks at the days."""
        calls = ArchivedCalls(self.journal.documents, self.catalog)
        settled = self.catalog.days.settled(Report, self.planted.days[-1] + 30 * DAY)
        return Reviewer(self.catalog, calls, rules, settled)

    def certify(self, rules: Expectation = RULES) -> Certified:
        """Certify what there is to certify, as a pull does when it ends."""
        reviewer = self.reviewer(rules)
        days = self.catalog.certified.to_review(reviewer.settled, rules_digest(rules))
        archive = OpenArchive(self.store, self.journal, self.catalog)
        return Certifier(archive, reviewer).certify(days, NEVER)

    def certificates(self) -> dict[date, list[Certificate]]:
        """Return the certificates of each day as the chain names them, the oldest first."""
        found: defaultdict[date, list[Certificate]] = defaultdict(list)
        for _, manifest in self.journal.manifests():
            for each in manifest.certificates:
                text = self.journal.documents.read(each.file.path)
                found[each.day].append(Certificate.from_json(text))
        return dict(found)

    def accept_gaps(self) -> int:
        """Accept all that is missing or left over."""
        reviewer = self.reviewer()
        gaps = tuple(gap for day in self.planted.days for gap in gaps_on(reviewer, day))
        decision = Decision("ann", "the provider has none", gaps=gaps)
        archive = self.journal.archive().archive
        self.append(Statement(ManifestKind.ACCEPT, archive, decision))
        return len(gaps)

    def accept_findings(self) -> int:
        """Accept every finding that is open."""
        open_ = self.catalog.findings.matching(None, None)
        decision = Decision("ann", "they are lost")
        archive = self.journal.archive().archive
        entries = [entry_from_state(each, each.outcome, files=True) for each in open_]
        self.append(Statement(ManifestKind.ACCEPT, archive, decision), entries)
        return len(open_)


def shelve(
    planted: Planted,
    store: Store,
    catalog: Catalog,
    told: Callable[[ListedDay], ListedDay] = lambda day: day,
) -> Shelved:
    """Archive it all, as a run would, and list it once more; ``told`` changes what both tell."""
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    reader = RowReader(Report.RECORDINGS, KnownSecrets(), bool)
    rows = reader.read([row for row, _ in planted.recordings], {})
    outcomes = [outcome for _, outcome in planted.recordings]
    entries = [_entry(store, row, outcome) for row, outcome in zip(rows, outcomes, strict=True)]
    both = zip(rows, outcomes, strict=True)
    catalog.note_rows(row for row, outcome in both if outcome is Outcome.GONE)
    calls = RowReader(Report.CALLS, KnownSecrets(), bool).read(planted.calls, {})
    files = [*_call_files(store, calls)]
    listed = (*_listed(Report.RECORDINGS, rows), *_listed(Report.CALLS, calls))
    days = tuple(map(told, listed))
    began = datetime.combine(planted.days[-1] + 7 * DAY, time(), UTC)
    for start in range(0, len(entries), TOGETHER):
        some = tuple(entries[start : start + TOGETHER])
        journal.append(_run(archive, "first", began, some))
    journal.append(_run(archive, "first", began, (), days, tuple(files)))
    journal.append(_run(archive, "second", began + DAY, (), days))
    catalog.follow(journal)
    return Shelved(store, journal, catalog, planted)


def _entry(store: Store, row: Row, outcome: Outcome) -> Entry:
    """Store a recording, unless it is gone; return its entry."""
    length = row.reported_ms or 0
    if outcome is Outcome.GONE:
        return Entry(row.id, row.at, 0, "default", outcome, None, length, None)
    verdict = Verdict.VERIFIED if outcome is Outcome.ARCHIVED else Verdict.TRUNCATED
    return store_one(store, row, row.id.encode(), verdict, length)


def _call_files(store: Store, rows: Sequence[Row]) -> Iterator[CallFile]:
    by_day = dict[date | None, list[Row]](_by_day(rows).items())
    if undated := [row for row in rows if row.at is None]:
        by_day[None] = undated
    for day, some in by_day.items():
        text = call_file(some)
        put = store.put(calls_key(day, hashlib.sha256(text).hexdigest()), text)
        yield CallFile(day, len(some), ArchivedFile(put.key, put.bytes, put.sha256))


def _listed(report: Report, rows: Sequence[Row]) -> Iterator[ListedDay]:
    for day, some in _by_day(rows).items():
        count, sha256 = ids_digest(row.id for row in some)
        yield ListedDay(report, day, count, sha256, proven=True, total=count)


def _by_day(rows: Sequence[Row]) -> dict[date, list[Row]]:
    by_day: defaultdict[date, list[Row]] = defaultdict(list)
    for row in rows:
        if row.at is not None:
            by_day[row.at.date()].append(row)
    return dict(sorted(by_day.items()))


def _run(  # noqa: PLR0913, PLR0917 - what a run enters
    archive: str,
    name: str,
    began: datetime,
    entries: tuple[Entry, ...],
    days: tuple[ListedDay, ...] = (),
    calls: tuple[CallFile, ...] = (),
) -> Callable[[Head | None], Manifest]:
    def build(below: Head | None) -> Manifest:
        return Manifest(
            format=FORMAT,
            archive=archive,
            number=below.number + 1 if below else 1,
            previous=below,
            kind=ManifestKind.RUN,
            run=Run(name, began, began, bool(days), "host", "archiver 0", False, {}),  # noqa: FBT003 - no filter
            windows=(),
            recordings=entries,
            held=(),
            unlisted=(),
            days=days,
            calls=calls,
            since=None,
            decision=None,
            outcomes={},
            findings=FindingCounts(0, 0),
            accounted=True,
            clean=True,
        )

    return build
