"""The very same audio for many calls is never passed over (G12), and never a false alarm either."""

import gc
import json
import weakref
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report
from archiver.json_documents import Json
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, ManifestKind
from archiver.manifest.state import RecordingState, apply_entry
from archiver.open_archive import OpenArchive
from archiver.pull.job.done import Done
from archiver.pull.ledger.ledger import Ledger
from archiver.pull.ledger.run_header import RunHeader
from archiver.pull.ledger.same_audio import Twins
from archiver.pull.stored.orphans import Orphans
from archiver.sandbox import Encoding as Sound
from archiver.sandbox import Recording, Sandbox, Tone, World
from archiver.store.base import Store
from archiver.store.local import LocalStore
from tests.archives import MORNING, PORTAL, manifest_of, row, store_one
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure
from tests.store.memory import MemoryStore

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT, SECONDS = 20, 31
LIMIT_MS = 1_000
"""Below the five seconds of :mod:`tests.archives`."""


class Archive(Struct):
    """One archive of one portal's day."""

    sandbox: Sandbox
    home: Path

    @property
    def world(self) -> World:
        return self.sandbox.world

    def run(self, *words: str, **environ: str) -> Ran:
        folder = str(self.home / "archive")
        return Desk(self.sandbox, self.home, environ).run(*words, "-a", folder)

    def pull(self, **environ: str) -> tuple[int, dict[str, Any], str]:
        ran = self.run("pull", "--json", "--day", f"{DAY:%Y-%m-%d}", "--no-calls", **environ)
        return ran.code, json.loads(ran.out), ran.err

    def known(self) -> dict[str, RecordingState]:
        known: dict[str, RecordingState] = {}
        for _head, manifest in Journal(LocalStore(self.home / "archive")).manifests():
            for entry in manifest.recordings:
                known[entry.id] = apply_entry(known.get(entry.id), entry, manifest.kind)
        return known

    def share(self, seconds: int = SECONDS) -> None:
        """Let every recording have the audio of one."""
        for recording in self.world.recordings:
            self.sound(recording, Tone(Sound.CBR, seconds))

    def sound(self, recording: Recording, tone: Tone) -> None:
        self.world.objects[recording.key or ""] = tone
        self.world.edit(recording.id, duration=tone.seconds)

    def add(self, tone: Tone) -> Recording:
        (recording,) = self.world.add(
            count=1, first=DAY + timedelta(hours=23), last=DAY + timedelta(hours=23, minutes=30)
        )
        self.sound(recording, tone)
        return recording


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    world = World(seed=12)
    last = DAY + timedelta(hours=22)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Sound.CBR,), seconds=(SECONDS,))
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Archive(sandbox, tmp_path)


def flagged(known: dict[str, RecordingState]) -> list[RecordingState]:
    return [each for each in known.values() if Concern.SAME_AUDIO in each.concerns]


def test_one_audio_for_many_calls_is_a_finding_that_names_them(
    archive: Archive, figure: Figure
) -> None:
    archive.share()
    code, told, err = archive.pull()
    known = archive.known()
    twins = flagged(known)
    assert (code, told["outcomes"]["archived"], len(twins)) == (3, COUNT, COUNT - 1)
    assert {each.verdict for each in known.values()} == {Verdict.VERIFIED}
    assert {each.kind for each in twins} == {"same_audio"}
    counted = set()
    for twin in twins:
        (reason,) = twin.reasons
        named = [id_ for id_ in known if id_ in reason]
        assert twin.id not in named
        assert reason.endswith(" the very same bytes")
        more = int(reason.partition(" and ")[2].partition(" ")[0] or 0)
        assert len(named) <= 3
        counted.add(len(named) + more)
    assert counted == {*range(1, COUNT)}, "each names all that came before it"
    assert err.count("archived (same_audio) ") == COUNT - 1
    unremarked = COUNT - 1 - len(twins)
    figure("G12", f"{COUNT} calls with one audio: archived {COUNT}, unremarked {unremarked}")


def test_every_recording_with_its_own_audio_is_clean(archive: Archive, figure: Figure) -> None:
    code, told, _ = archive.pull(ARCHIVER_SAME_AUDIO="0")
    assert (code, told["findings"]["open"]) == (0, 0)
    figure(
        "G12", f"{COUNT} calls with their own audio: false alarms {len(flagged(archive.known()))}"
    )


@pytest.mark.parametrize(
    ("seconds", "limit", "open_"), [(9, "10s", 0), (9, "8s", 19), (31, "1m", 0)]
)
def test_short_audio_may_be_shared(archive: Archive, seconds: int, limit: str, open_: int) -> None:
    archive.share(seconds)
    _, told, _ = archive.pull(ARCHIVER_SAME_AUDIO=limit)
    assert told["findings"]["open"] == open_


def test_a_long_announcement_is_accepted_once(archive: Archive, figure: Figure) -> None:
    archive.share()
    archive.pull()
    accepted = archive.run("accept", "--verdict", "same_audio", "--reason", "an announcement")
    assert accepted.code == 0
    archive.add(Tone(Sound.CBR, SECONDS))
    code, told, _ = archive.pull()
    assert (code, told["outcomes"]["archived"]) == (0, 1)
    unsure = archive.add(Tone(Sound.CBR, SECONDS))
    archive.world.edit(unsure.id, duration=None)
    code, told, _ = archive.pull()
    assert (code, told["findings"]["open"]) == (3, 1), "nothing says that it is as long as that"
    archive.world.edit(unsure.id, duration=SECONDS)
    other = archive.add(Tone(Sound.CBR, SECONDS, take=77))
    archive.sound(archive.add(Tone(Sound.CBR, SECONDS)), Tone(Sound.CBR, SECONDS, take=77))
    code, told, err = archive.pull()
    assert (code, told["findings"]["open"]) == (3, 1), "other bytes were not accepted"
    assert other.id in err
    figure("G12", "an announcement that was accepted: open 0 on later nights; other audio: open 1")


def test_one_night_names_those_of_another(archive: Archive) -> None:
    archive.pull()
    first = next(iter(archive.world.recordings))
    late = archive.add(Tone(Sound.CBR, SECONDS, take=1))
    code, told, err = archive.pull()
    assert (code, told["findings"]["open"]) == (3, 1)
    assert f"archived (same_audio) {late.id}: recording {first.id} has the very same bytes" in err


def test_a_changed_row_makes_nobody_its_own_twin_nor_the_first_a_second(archive: Archive) -> None:
    archive.share()
    archive.pull()
    twins = {each.id for each in flagged(archive.known())}
    for recording in archive.world.recordings:
        archive.world.edit(recording.id, notes="called back")
    code, told, _ = archive.pull()
    assert (code, told["outcomes"]["archived"], told["findings"]["open"]) == (3, COUNT, COUNT - 1)
    assert {each.id for each in flagged(archive.known())} == twins


def test_new_audio_of_its_own_ends_it(archive: Archive) -> None:
    archive.share()
    archive.pull()
    for n, recording in enumerate(archive.world.recordings):
        archive.sound(recording, Tone(Sound.CBR, SECONDS, take=n + 100))
        archive.world.edit(recording.id, notes="mended")
    code, told, _ = archive.pull()
    assert (code, told["findings"]["open"]) == (0, 0)


def test_repair_does_not_forget_it(archive: Archive) -> None:
    archive.share()
    archive.pull()
    twin = flagged(archive.known())[0]
    assert twin.sidecar is not None
    (archive.home / "archive" / twin.sidecar.path).unlink()
    assert archive.run("repair").code == 3, "what the portal said then is lost"
    concerns = archive.known()[twin.id].concerns
    assert set(concerns) == {Concern.SAME_AUDIO, Concern.ORIGINAL_LOST}
    assert archive.pull()[1]["findings"]["open"] == COUNT - 1


# The rule itself, with values


NOTHING: Mapping[str, Json] = {}


class Book(Struct):
    """An archive in memory, and a catalog that follows it."""

    store: Store
    catalog: Catalog

    @property
    def journal(self) -> Journal:
        return Journal(self.store)

    def entry(
        self,
        id_: str,
        minute: int = 0,
        *,
        audio: bytes = b"same",
        verdict: Verdict = Verdict.VERIFIED,
        source: Report = Report.RECORDINGS,
    ) -> Entry:
        listed = row(id_, MORNING + timedelta(minutes=minute))
        return replace(store_one(self.store, listed, audio, verdict), source=source)

    def enter(self, *entries: Entry, kind: ManifestKind = ManifestKind.RUN) -> None:
        archive = self.journal.create_or_open(PORTAL).archive
        self.journal.append(manifest_of(archive, entries, kind))
        self.catalog.follow(self.journal)

    def twins(self, allowed_ms: int = LIMIT_MS) -> Twins:
        return Twins(self.catalog, allowed_ms)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    store = MemoryStore()
    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        yield Book(store, catalog)


def named(twins: Twins, entry: Entry, fields: Mapping[str, Json] = NOTHING) -> Entry:
    return twins.named(entry, None, {**row(entry.id).fields, **fields})


def test_the_nearest_in_time_are_named(book: Book) -> None:
    book.enter(*(book.entry(str(n), n) for n in range(1, 9)))
    twins = book.twins()
    named(twins, book.entry("9", 9))
    entry = named(twins, book.entry("new", 6))
    assert entry.concerns == (Concern.SAME_AUDIO,)
    assert entry.reasons == ("recordings 6, 5, 7 and 6 more have the very same bytes",)


def test_what_is_in_quarantine_is_no_twin_of_what_is_good(book: Book) -> None:
    book.enter(book.entry("1", verdict=Verdict.DURATION_MISMATCH))
    good = book.entry("2")
    assert named(book.twins(), good) == good


def test_what_is_in_quarantine_names_whose_audio_it_is(book: Book) -> None:
    book.enter(book.entry("1"))
    bad = named(book.twins(), book.entry("2", verdict=Verdict.DURATION_MISMATCH))
    assert (bad.concerns, bad.reasons) == ((), ("recording 1 has the very same bytes",))


def test_a_twin_that_has_other_audio_by_now_is_none(book: Book) -> None:
    book.enter(book.entry("1"))
    book.enter(book.entry("1", audio=b"other"))
    twins, entry = book.twins(), book.entry("2")
    assert named(twins, entry) == entry
    book.enter(entry)
    later = book.entry("2", audio=b"other too")
    assert named(twins, later) == later
    third = book.entry("3")
    assert named(twins, third) == third, "what was gathered counts, not what the catalog knows"


def test_it_is_the_gravest_of_several_concerns(book: Book) -> None:
    book.enter(book.entry("1"))
    unknown = book.entry("2", verdict=Verdict.DURATION_UNKNOWN)
    doubt = (Concern.DURATION_UNREAD,)
    entry = named(book.twins(), replace(unknown, concerns=doubt, reasons=("not understood",)))
    assert entry.concerns == (Concern.SAME_AUDIO, Concern.DURATION_UNREAD)
    assert apply_entry(None, entry).kind == "same_audio"


@pytest.mark.parametrize(
    ("fields", "minute", "is_its"),
    [
        ({}, 0, True),
        ({"audio": "https://media.example/one"}, 600, False),
        ({"call_id": "call"}, 600, True),
        ({}, 600, False),
        ({"call_from": "447700900555"}, 0, False),
    ],
)
@pytest.mark.parametrize("first", ["call", "recording"])
def test_a_call_and_its_recording_are_one(
    book: Book, first: str, fields: Mapping[str, Json], minute: int, *, is_its: bool
) -> None:
    """By their numbers and times or by the name of the call (ADR 14), and not by the object."""
    call = book.entry("call", source=Report.CALLS)
    recording = book.entry("recording", minute)
    told: Mapping[str, Json] = {"audio": "https://media.example/other", **fields}
    of_call: Mapping[str, Json] = {"audio": "https://media.example/one"}
    twins = book.twins()
    if first == "call":
        named(twins, call, of_call)
        second = named(twins, recording, told)
    else:
        named(twins, recording, told)
        second = named(twins, call, of_call)
    assert (second.concerns == ()) is is_its


@pytest.fixture
def books(book: Book) -> Iterator[Ledger]:
    book.journal.create_or_open(PORTAL)
    archive = OpenArchive(book.store, book.journal, book.catalog)
    made = Ledger(archive, RunHeader(archive.id, {}), same_audio_ms=0)
    with closing(made.recordings), closing(made.calls):
        yield made


def test_two_runs_that_store_twins_at_once_name_them(
    book: Book, books: Ledger, figure: Figure
) -> None:
    """Whoever loses the race for the number looks again at what it gathered."""
    archive = book.journal.archive().archive
    ours = [book.entry(id_, n) for n, id_ in enumerate(("a", "b", "c"))]
    settled = [
        books.settle(Done(each, row=row(each.id).fields), None)[0].concerns
        for each in (*ours[:2], book.entry("d", audio=b"of its own"))
    ]
    assert settled == [(), (Concern.SAME_AUDIO,), ()]
    theirs = Journal(book.store)
    theirs.append(manifest_of(archive, [ours[2]]))
    books.write()
    (*_, (_, manifest)) = book.journal.manifests()
    concerns = {str(entry.id): entry.concerns for entry in manifest.recordings}
    twin = (Concern.SAME_AUDIO,)
    assert concerns == {"a": twin, "b": twin, "d": ()}
    assert manifest.recordings[0].reasons == ("recording c has the very same bytes",)
    assert (books.totals().new_findings, books.totals().open_findings) == (2, 2)
    assert book.catalog.findings.counted().by_kind == {"same_audio": 2}
    figure("G12", "two runs at once with one audio: unremarked 0 of 2")


def test_what_another_run_archived_meanwhile_is_held_and_no_twin(book: Book, books: Ledger) -> None:
    archive = book.journal.archive().archive
    entry = book.entry("a")
    books.settle(Done(entry, row=row("a").fields), None)
    Journal(book.store).append(manifest_of(archive, [entry]))
    books.write()
    (*_, (_, manifest)) = book.journal.manifests()
    (left,) = manifest.recordings
    assert (left.outcome, left.concerns) == (Outcome.HELD, ())


def test_what_is_entered_is_remembered_by_the_catalog_alone(book: Book, books: Ledger) -> None:
    """Nothing of a recording is kept in memory once it is in a manifest, however long a run is."""
    for id_ in ("a", "b"):
        fields = _Fields(row(id_).fields)
        kept = weakref.ref(fields)
        entry, _ = books.settle(Done(book.entry(id_), row=fields), None)
        books.write()
        del fields
        gc.collect()
        assert kept() is None
    assert entry.concerns == (Concern.SAME_AUDIO,), "and its audio is known all the same"


class _Fields(dict[str, Json]):
    """The fields of a row, that can be seen to go."""


def test_what_a_killed_run_left_is_named_as_it_is_entered(book: Book, books: Ledger) -> None:
    book.enter(book.entry("1"))
    book.entry("2", 1)
    (pair,) = Orphans(book.store, book.catalog.recordings.entered, PORTAL).pairs([MORNING.date()])
    entry, is_new = books.adopt(pair, book.catalog.recordings.get(RecordingId("2")))
    assert (entry.id, entry.concerns, is_new) == ("2", (Concern.SAME_AUDIO,), True)
