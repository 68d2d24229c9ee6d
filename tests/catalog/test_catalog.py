"""The catalog follows the chain, begins anew when in doubt, and finds calls by any usual form."""

import os
import resource
import stat
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.catalog.numbers import digits, ends, is_same
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import Report
from archiver.domain.row.fingerprint import fingerprint
from archiver.domain.times.window import Window
from archiver.errors import DestinationError
from archiver.filters.filters import NumberPattern
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.manifest.records.listings import Backlog
from tests.archives import MORNING, PORTAL, entry, fill, manifest_of, row, store_one
from tests.catalogs import opened
from tests.conftest import Figure
from tests.store.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def followed(path: Path, store: MemoryStore) -> Catalog:
    catalog = opened(path)
    catalog.follow(Journal(store))
    return catalog


def test_it_follows_and_catches_up(tmp_path: Path, store: MemoryStore) -> None:
    fill(store, manifests=2)
    catalog = followed(tmp_path, store)
    assert catalog.recordings.get("3") is not None
    assert catalog.recordings.get("5") is None
    journal = Journal(store)
    one = store_one(store, row("\ud800 odd \0 id", None))
    journal.append(manifest_of(journal.archive().archive, [one]))
    catalog.follow(journal)
    known = catalog.recordings.get(one.id)
    assert known is not None
    assert known.held
    assert (known.audio, known.sidecar, known.at) == (one.audio, one.sidecar, None)
    assert set(catalog.recordings.many(["1", "2", "nobody"])) == {"1", "2"}
    assert one.audio is not None
    paths = [one.audio.path, "recordings/undated/9.000000000000.mp3"]
    assert catalog.recordings.entered(paths) == {one.audio.path}


def test_sidecars_are_read_several_at_a_time(tmp_path: Path, store: MemoryStore) -> None:
    fill(store, manifests=2, each=4)
    journal = Journal(store)
    at_once = Barrier(4)

    def read(file: ArchivedFile) -> Sidecar | None:
        at_once.wait(timeout=60)
        return journal.documents.sidecar(file)

    catalog = opened(tmp_path, readers=4)
    catalog.follow(journal, read)
    found = {each.id: each.agent for each in catalog.search.find(agents=["Ann Lee"])}
    assert found == {str(number): "Ann Lee" for number in range(1, 9)}


def test_it_is_private(tmp_path: Path, store: MemoryStore) -> None:
    fill(store)
    old = os.umask(0)
    try:
        followed(tmp_path / "new", store).close()
    finally:
        os.umask(old)
    files = [*(tmp_path / "new").iterdir()]
    assert len(files) == 3, "the database, its seal and the lock"
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_findings_are_open_until_accepted(tmp_path: Path, store: MemoryStore) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    bad = store_one(store, row("1"), b"cut", Verdict.TRUNCATED)
    journal.append(manifest_of(archive, [bad, entry("2", Outcome.GONE)]))
    catalog = followed(tmp_path, store)
    findings = catalog.findings.counted()
    assert findings.by_kind == {"gone": 1, "truncated": 1}
    assert {known.id for known in findings.sample} == {"1", "2"}
    journal.append(manifest_of(archive, [entry("1", Outcome.QUARANTINED)], ManifestKind.ACCEPT))
    catalog.follow(journal)
    assert catalog.findings.counted().by_kind == {"gone": 1}


def test_what_the_portal_said_last_stands_in_the_newest_sidecar(
    tmp_path: Path, store: MemoryStore
) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    good = store_one(store, row("1"))
    refused = store_one(store, row("1", agent="Ben"), b"cut", Verdict.TRUNCATED)
    journal.append(manifest_of(archive, [good]))
    journal.append(manifest_of(archive, [refused]))
    catalog = followed(tmp_path, store)
    known = catalog.recordings.get("1")
    assert known is not None
    assert known.newest == (refused.audio, refused.sidecar)
    assert (
        catalog.recordings.fingerprints(["1"])[good.id].row
        == fingerprint(row("1", agent="Ben").fields).row
    )
    assert [found.agent for found in catalog.search.find()] == ["Ann Lee"], "what is held is found"
    journal.append(manifest_of(archive, [good]))
    catalog.follow(journal)
    assert catalog.recordings.fingerprints(["1"])[good.id].row == fingerprint(row("1").fields).row


def test_the_same_bytes_under_another_id(tmp_path: Path, store: MemoryStore) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    rows = [row(str(n), MORNING + timedelta(minutes=n)) for n in range(12)]
    twins = [store_one(store, each, b"same") for each in rows]
    bad = store_one(store, row("bad"), b"same", Verdict.DURATION_MISMATCH)
    journal.append(manifest_of(archive, [*twins, bad]))
    catalog = followed(tmp_path, store)
    assert bad.audio is not None
    sha256 = bad.audio.sha256
    count, near = catalog.search.same_audio(sha256, "3", rows[3].at, held=True)
    assert (count, [each.id for each in near][:3]) == (11, ["2", "4", "1"])
    assert catalog.search.same_audio(sha256, "3", None, held=False)[0] == 12
    assert catalog.search.same_audio("0" * 64, "1", None, held=False) == (0, ())


def test_audio_that_a_person_lets_be_shared(tmp_path: Path, store: MemoryStore) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    other, twin = (store_one(store, row(one), b"same") for one in ("1", "2"))
    twin = replace(twin, concerns=(Concern.SAME_AUDIO,))
    assert twin.audio is not None
    sha256 = twin.audio.sha256
    journal.append(manifest_of(archive, [other, twin]))
    assert not followed(tmp_path, store).recordings.may_be_shared(sha256)
    journal.append(manifest_of(archive, [twin], ManifestKind.ACCEPT))
    journal.append(manifest_of(archive, [replace(twin, concerns=())]))
    for catalog in (followed(tmp_path, store), followed(tmp_path / "anew", store)):
        assert catalog.recordings.may_be_shared(sha256)
        assert not catalog.recordings.may_be_shared("0" * 64)


@pytest.mark.parametrize(
    "number",
    ["+44 7700 900123", "447700900123", "0044 7700 900123", "07700 900123", "7700-900-123"],
)
def test_a_number_is_found_in_any_usual_form(
    number: str, tmp_path: Path, store: MemoryStore
) -> None:
    fill(store, manifests=1)
    catalog = followed(tmp_path, store)
    assert [found.id for found in catalog.search.find([NumberPattern(number)])] == ["1", "2"]


@pytest.mark.parametrize("number", ["900124", "900", "447700900124", "5550143"])
def test_other_numbers_are_not_found_by_chance(
    number: str, tmp_path: Path, store: MemoryStore
) -> None:
    fill(store, manifests=1)
    expected = 2 if number == "5550143" else 0
    assert len(list(followed(tmp_path, store).search.find([NumberPattern(number)]))) == expected


@given(st.lists(st.sampled_from("01 7+-"), max_size=12).map("".join), st.integers(0, 6))
def test_two_forms_are_one_number_to_a_search_and_beside_each_other(text: str, cut: int) -> None:
    whole = digits(text)
    assert is_same(whole, whole)
    for other in (digits(whole[cut:]), digits(f"44{whole}"), digits(f"{whole}7")):
        one_is_an_end = whole in ends(other) or other in ends(whole)
        assert is_same(whole, other) == is_same(other, whole) == (whole == other or one_is_an_end)


def test_what_is_known_in_a_window_comes_with_what_has_no_time(
    tmp_path: Path, store: MemoryStore
) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    stored = [
        store_one(store, row("good")),
        store_one(store, row("bad", MORNING + timedelta(hours=1)), verdict=Verdict.TRUNCATED),
        store_one(store, row("late", MORNING + timedelta(hours=2))),
        store_one(store, row("undated", None)),
    ]
    gone = entry("none", Outcome.NO_AUDIO)
    journal.append(manifest_of(archive, [*stored, gone]))
    window = Window(MORNING, MORNING + timedelta(hours=1))
    found = followed(tmp_path, store).search.known_in(window)
    assert [(each.id, each.held) for each in found] == [
        ("none", False),
        ("undated", True),
        ("good", True),
        ("bad", False),
    ]


def test_the_row_of_what_has_no_sidecar_tells_its_numbers_until_one_does(
    tmp_path: Path, store: MemoryStore
) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    listed = row("1")
    waiting = entry("1", Outcome.NO_AUDIO, created_at=MORNING)
    journal.append(manifest_of(archive, [waiting]))
    catalog = followed(tmp_path, store)
    around = Window.around(MORNING)
    catalog.note_rows([listed, row("2")])
    (found,) = catalog.search.listed_in(around)
    assert found.numbers == (listed.fields["call_from"], listed.fields["call_to"])
    assert found.object == fingerprint(listed.fields).object
    edited = replace(listed, fields={**listed.fields, "call_from": "+44 7700 900999"})
    journal.append(manifest_of(archive, [store_one(store, edited)]))
    catalog.follow(journal)
    (found,) = catalog.search.listed_in(around)
    assert (found.held, found.numbers[0]) == (True, "+44 7700 900999")


def test_what_the_last_run_over_all_that_is_due_left_is_known(
    tmp_path: Path, store: MemoryStore
) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    catalog = followed(tmp_path, store)
    assert catalog.runs.backlog() is None
    left = Backlog(MORNING.date(), 7, 2, MORNING.date(), stalled=1)
    for backlog in (left, None):

        def build(below: Head | None, told: Backlog | None = backlog) -> Manifest:
            return replace(manifest_of(archive, ())(below), backlog=told)

        journal.append(build)
        catalog.follow(journal)
        assert catalog.runs.backlog() == left, "a run over one day says nothing of it"


def test_what_goes_by_the_ids_of_a_page_is_found_by_an_index(
    tmp_path: Path, store: MemoryStore
) -> None:
    catalog = opened(tmp_path)
    fill(store)
    catalog.follow(Journal(store))
    database = catalog._db  # noqa: SLF001 - how it is asked is what is tested
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    known = catalog.rows.namesakes(Report.RECORDINGS, ["1", "3", "8", "3"])
    database.set_trace_callback(None)
    assert [*known] == ["1", "3"]
    lines = [line[3] for line in database.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    found = [line for line in lines if line.startswith("SEARCH")]
    primary = "SEARCH recordings USING INDEX sqlite_autoindex_recordings_1"
    assert (len(asked), found) == (1, [f"{primary} (id=?)", f"{primary} (id>? AND id<?)"])


@pytest.mark.parametrize("count", [1, 15, 500])
def test_nothing_reads_all_recordings_to_find_a_few(tmp_path: Path, count: int) -> None:
    """Pages and slices are asked about in turn: each would read the whole archive."""
    catalog = opened(tmp_path)
    database = catalog._db  # noqa: SLF001 - how it is asked is what is tested
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    ids = [f"{n:08x}" for n in range(count)]
    states = catalog.recordings
    states.many(ids)
    states.fingerprints(ids)
    states.told_of_verified(ids)
    states.noted_objects(ids)
    states.proofs(ids)
    catalog.rows.calls(ids)
    catalog.erased.calls_among(ids)
    catalog.rows.namesakes(Report.RECORDINGS, ids)
    catalog.findings.matching(None, None)
    catalog.findings.matching("gone", MORNING.date())
    database.set_trace_callback(None)
    plans = {
        question: [line[3] for line in database.execute(f"EXPLAIN QUERY PLAN {question}")]
        for question in asked
    }
    few = (
        " (id=?)",
        "(id>? AND id<?)",
        "INDEX by_finding",
        "asked",
        "CONSTANT ROW",
        "CONSTANT ROWS",
    )
    for question, plan in plans.items():
        reads = [line for line in plan if line.startswith(("SCAN ", "SEARCH "))]
        assert all(line.endswith(few) for line in reads), (question[:200], plan)
    assert len(plans) >= 10


def test_search_by_agent_and_time(tmp_path: Path, store: MemoryStore) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    rows = [row(str(n), MORNING + timedelta(hours=n), agent) for n, agent in enumerate("Äbc")]
    journal.append(manifest_of(archive, [store_one(store, one) for one in rows]))
    catalog = followed(tmp_path, store)
    assert [found.id for found in catalog.search.find(agents=["ä"])] == ["0"]
    last = MORNING + timedelta(hours=1)
    assert [found.id for found in catalog.search.find(first=MORNING, last=last)] == ["0", "1"]
    found = next(catalog.search.find(agents=["C"]))
    assert (found.agent, found.reported_ms, found.at) == ("c", 5_000, rows[2].at)


def test_a_place_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DestinationError, match="catalog"):
        Catalog(tmp_path / "file")


def test_memory_stays_flat(tmp_path: Path, store: MemoryStore, figure: Figure) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    for start in range(0, 6_000, 1_200):
        entries = [entry(str(n), Outcome.GONE) for n in range(start, start + 1_200)]
        journal.append(manifest_of(archive, entries))
        if start == 1_200:
            catalog = followed(tmp_path, store)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    catalog.follow(journal)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert catalog.findings.counted().count == 6_000
    assert grown < 20
    figure("D15", f"catalog: 2400 to 6000 rows grew the peak by {grown} MiB")
