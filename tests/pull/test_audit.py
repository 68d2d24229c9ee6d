"""Tampering with an archive: every change is found and named, or stated as the limit it is."""

import errno
import hashlib
import random
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest
from msgspec.structs import replace

from archiver.check.audit import audit
from archiver.check.audit_report import AuditReport, FileProblem, FullRead, OneIn, SizeOnly
from archiver.check.file_check import on_threads
from archiver.domain.layout import ASIDE, Shelf, aside_key, audio_key, calls_key
from archiver.domain.outcomes import Outcome
from archiver.errors import ArchiverError, DestinationError, Missing
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest, ManifestKind
from archiver.manifest.records.files import ArchivedFile, CallFile, Head
from archiver.store.local import LocalStore
from tests.archives import MORNING, entry, fill, manifest_of
from tests.conftest import Figure
from tests.crash import failing
from tests.store.unreadable import unreadable

if TYPE_CHECKING:
    from archiver.manifest.chain import ChainProblem

Files = dict[str, bytes]


def files_of(root: Path) -> Files:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".archiver" not in path.parts
    }


@pytest.fixture
def archive(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "archive")
    fill(store)
    return store


def named(report: AuditReport) -> set[str]:
    found: list[FileProblem | ChainProblem] = [
        *report.missing,
        *report.differ,
        *report.extra,
        *report.unreadable,
        *report.chain,
    ]
    return {one.path for one in found}


def overwrite(store: LocalStore, key: str, data: bytes) -> None:
    path = store.root / key
    assert not path.exists() or path.read_bytes() != data
    path.write_bytes(data)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def rewrite_chain(store: LocalStore, change: Callable[[Manifest], Manifest]) -> None:
    """Forge: change manifests and recompute every hash up to the end."""
    below = None
    for path in sorted((store.root / "manifests").iterdir()):
        manifest = change(Manifest.from_json(path.read_bytes()))
        text = replace(manifest, previous=below).to_json()
        path.write_bytes(text)
        below = Head(manifest.number, hashlib.sha256(text).hexdigest())


def test_an_untouched_archive_is_fine(archive: LocalStore) -> None:
    before = files_of(archive.root)
    report = audit(archive)
    assert report.is_clean
    assert report.ok == len(before) == 16
    assert report.reading.bytes == report.reading.total == sum(map(len, before.values()))
    assert files_of(archive.root) == before


def test_any_flipped_bit_is_found(archive: LocalStore, figure: Figure) -> None:
    chance, files = random.Random(7), files_of(archive.root)
    places = [(name, bit) for name, data in files.items() for bit in range(len(data) * 8)]
    head = Journal(archive).head()
    caught = 0
    for name, bit in chance.sample(places, 80):
        overwrite(archive, name, flipped(files[name], bit))
        caught += name in named(
            audit(archive, checks=on_threads(archive, FullRead(), 1), head=head)
        )
        overwrite(archive, name, files[name])
    assert caught == 80
    hashes = {name: hashlib.sha256(data).digest() for name, data in files.items()}
    seen = sum(
        hashlib.sha256(flipped(files[name], bit)).digest() != hashes[name]
        for name, bit in chance.sample(places, 2_000)
    )
    assert seen == 2_000
    figure("T1", f"bit flips: {caught} of 80 caught and named by verify, {seen} of 2000 by hash")


def test_every_file_of_the_identity_counts(archive: LocalStore, figure: Figure) -> None:
    data = (archive.root / "ARCHIVE.json").read_bytes()
    caught = 0
    for bit in range(0, len(data) * 8, 23):
        overwrite(archive, "ARCHIVE.json", flipped(data, bit))
        try:
            caught += "ARCHIVE.json" in named(audit(archive))
        except ArchiverError:
            caught += 1
        overwrite(archive, "ARCHIVE.json", data)
    tried = len(range(0, len(data) * 8, 23))
    assert caught == tried
    figure("T1", f"ARCHIVE.json: {caught} of {tried} flips caught")


def test_a_deleted_file_is_found(archive: LocalStore, figure: Figure) -> None:
    files = files_of(archive.root)
    last = max(name for name in files if name.startswith("manifests/"))
    caught = 0
    for name, data in files.items():
        (archive.root / name).unlink()
        report = audit(archive)
        assert not report.is_clean
        # Without its manifest, a recording is somebody's: the last one shows by its files alone.
        caught += name in named(report) or (name == last and len(report.extra) == 4)
        overwrite(archive, name, data)
    assert caught == len(files)
    figure("T2", f"deleted {caught} files, one at a time: {caught} caught")


def test_a_deleted_entry_is_found(archive: LocalStore, figure: Figure) -> None:
    for number, path in enumerate(sorted((archive.root / "manifests").iterdir()), start=1):
        text = path.read_bytes()
        lines = text.splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.startswith(b'{"id"'))
        path.write_bytes(b"".join(lines[:at] + lines[at + 1 :]))
        report = audit(archive)
        assert len(report.extra) == 2
        assert report.chain or number == 3
        path.write_bytes(text)
    figure("T2", "deleted entry lines: 3 of 3 caught")


def test_forging_everything_is_found_with_a_head(archive: LocalStore, figure: Figure) -> None:
    heads = [head for head, _ in Journal(archive).manifests()]
    victim = "1"

    def drop(manifest: Manifest) -> Manifest:
        kept = tuple(one for one in manifest.recordings if one.id != victim)
        return replace(manifest, recordings=kept)

    for path in archive.root.glob("recordings/2019/06/11/*_1.*"):
        path.unlink()
    rewrite_chain(archive, drop)
    without = audit(archive).is_clean
    with_head = [not audit(archive, head=head).is_clean for head in heads]
    assert without
    assert all(with_head)
    figure("T3", f"forged to the end: caught by {sum(with_head)} of 3 heads; without one: missed")


def test_what_a_run_set_aside_is_told_and_no_fault(archive: LocalStore) -> None:
    sha256 = hashlib.sha256(b"damaged").hexdigest()
    aside = aside_key(audio_key(Shelf.RECORDINGS, "1", MORNING, "f" * 64, "mp3"), sha256)
    earlier = audio_key(Shelf.QUARANTINE, "1", MORNING, sha256, ASIDE)
    for key in (aside, earlier):
        archive.put(key, b"damaged")
    report = audit(archive)
    assert report.is_clean
    assert [one.path for one in report.aside] == sorted([aside, earlier])
    elsewhere = aside.replace("quarantine", "recordings")
    (archive.root / elsewhere).write_bytes(b"damaged")
    planted = aside.replace(sha256[:12], "0" * 12)
    archive.put(planted, b"hidden here")
    assert [one.path for one in audit(archive).extra] == [planted, elsewhere]


def test_a_planted_file_is_extra(archive: LocalStore, figure: Figure) -> None:
    planted = [
        "recordings/2019/06/11/20190611-060421_9.000000000000.mp3",
        "quarantine/x",
        "calls/2019/06/11/000000000000.jsonl",
        "manifests/readme.txt",
        "recordings/2019/.hidden",
        "note.txt",
        "other/deep/file",
    ]
    for name in planted:
        path = archive.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"planted")
    (archive.root / ".archiver" / "ours").write_bytes(b"")
    (archive.root / "link").symlink_to("/etc/passwd")
    report = audit(archive)
    assert {one.path for one in report.extra} == {*planted, "link"}
    figure("T4", f"planted {len(planted) + 1}, extra {len(report.extra)}")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b'{"id":"1"}\n{"id":"2"}\n', None),
        (b'{"id":"1"}\n', "its number of rows is not what the manifest says"),
        (b'{"id":"1"}\n["2"]\n', "it is no file of calls: line 2 is no row"),
    ],
)
def test_a_file_of_calls_holds_the_rows_that_were_said(
    text: bytes, what: str | None, archive: LocalStore
) -> None:
    key = calls_key(MORNING.date(), hashlib.sha256(text).hexdigest())
    stored = archive.put(key, text)
    calls = CallFile(MORNING.date(), 2, ArchivedFile(key, stored.bytes, stored.sha256))
    journal = Journal(archive)
    build = manifest_of(journal.archive().archive, [])
    journal.append(lambda below: replace(build(below), calls=(calls,)))
    assert audit(archive).differ == ([FileProblem(key, what)] if what else [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"created_at":"2019-06-11T06:04:21"', b'"created_at":"2019-06-11T07:04:21"'),
        (b'"reported_ms":5000', b'"reported_ms":6000'),
        (b'"duration_ms":5010', b'"duration_ms":5011'),
        (b'"outcomes":{"archived":2}', b'"outcomes":{"archived":3}'),
        (b'"total":2', b'"total":1'),
    ],
)
def test_an_edited_value_is_found(
    old: bytes, new: bytes, archive: LocalStore, figure: Figure
) -> None:
    path = archive.root / "manifests/00000001.json"
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    report = audit(archive)
    assert [one.path for one in report.chain] == ["manifests/00000001.json"]
    field = old.decode().split('"')[1]
    figure("T5", f"edited {field}: caught")


@pytest.mark.parametrize("name", ["reported_ms", "duration_ms", "created_at"])
def test_a_value_edited_in_the_whole_chain_contradicts_its_sidecar(
    name: str, archive: LocalStore
) -> None:
    def change(manifest: Manifest) -> Manifest:
        edited = {"reported_ms": 9, "duration_ms": 9, "created_at": None}[name]
        one = replace(manifest.recordings[0], **{name: edited})
        return replace(manifest, recordings=(one, *manifest.recordings[1:]))

    rewrite_chain(archive, change)
    report = audit(archive)
    assert len(report.differ) == 3
    assert all(name in one.what for one in report.differ)


def test_reordered_and_renumbered_manifests_are_found(archive: LocalStore, figure: Figure) -> None:
    folder = archive.root / "manifests"
    texts = {number: (folder / f"0000000{number}.json").read_bytes() for number in (1, 2, 3)}
    caught = 0
    for order in ((2, 1, 3), (1, 3, 2), (3, 2, 1), (2, 3, 1), (3, 1, 2), (1, 1, 3), (1, 2, 2)):
        for place, number in enumerate(order, start=1):
            (folder / f"0000000{place}.json").write_bytes(texts[number])
        caught += bool(audit(archive).chain)
    assert caught == 7
    figure("T6", f"orders other than the true one: {caught} of 7 caught")


def test_setting_the_archive_back_needs_a_head(
    archive: LocalStore, tmp_path: Path, figure: Figure
) -> None:
    old = tmp_path / "yesterday"
    shutil.copytree(archive.root, old)
    journal = Journal(archive)
    today = journal.append(manifest_of(journal.archive().archive, []))
    assert audit(archive, head=today).is_clean
    store = LocalStore(old)
    without, with_head = audit(store).is_clean, audit(store, head=today)
    assert without
    assert "set back" in with_head.chain[0].what
    figure(
        "T7", "set back to yesterday: with today's head caught 1 of 1, without one caught 0 of 1"
    )


class BadDisk(LocalStore):
    """A folder in which one file cannot be read, or not listed."""

    victim = ""

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        return unreadable(key) if key == self.victim else super().open(key, version)


def test_what_cannot_be_read_is_never_fine(archive: LocalStore, figure: Figure) -> None:
    bad, green = BadDisk(archive.root), 0
    names = list(files_of(archive.root))
    for name in names:
        bad.victim = name
        report = audit(bad)
        green += report.is_clean or name not in named(report)
        assert {each.what for each in report.unreadable} == {"the disk reported an error"}
    assert green == 0
    figure("T10", f"unreadable {len(names)} files, one at a time: false green {green}")


def test_a_folder_that_cannot_be_walked_is_told(archive: LocalStore) -> None:
    day = next((archive.root / "recordings/2019/06").iterdir())
    day.rename(day.with_name("gone"))
    day.symlink_to(day.with_name("gone"))
    report = audit(archive)
    assert not report.is_clean
    assert len(report.unreadable) == 4


def test_a_manifest_that_cannot_be_read_is_named_and_no_other(archive: LocalStore) -> None:
    bad = BadDisk(archive.root)
    bad.victim = "manifests/00000002.json"
    report = audit(bad)
    assert [one.path for one in report.unreadable] == [bad.victim]
    assert report.chain == []
    assert len(report.extra) == 4
    assert {one.what for one in report.extra} == {"no manifest that could be read names it"}
    assert report.head == Journal(archive).head()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("call", ["open", "scandir", "stat"])
def test_one_place_that_cannot_be_looked_at_hides_nothing_else(
    call: str, code: int, archive: LocalStore, figure: Figure
) -> None:
    planted = {"aaa/x", "calls/x", "zzz"}
    for name in planted:
        (archive.root / name).parent.mkdir(exist_ok=True)
        (archive.root / name).write_bytes(b"planted")
    green = hidden = named_so = refused = unknown = 0
    for when in range(1, 200):
        with failing(call, when, code) as uses:
            try:
                report = audit(archive, depth=SizeOnly())
            except DestinationError:
                refused += 1
                continue
        if uses[0] < when:
            break
        green += report.is_clean
        unreadable = {one.path for one in report.unreadable}
        if report.head is None or "the archive's folders" in unreadable:
            unknown += 1
            continue
        shown = {one.path for one in report.extra} | unreadable
        hidden += len(planted - shown - {f"{path}x" for path in unreadable})
        named_so += bool(unreadable)
    assert (green, hidden) == (0, 0)
    assert named_so > unknown + refused
    told = f"{named_so} named, {unknown + refused} times the chain or all of it: hidden {hidden}"
    figure("T11", f"{call} {errno.errorcode[code]}: {told}")


def test_quick_reads_manifests_only_and_sees_sizes(archive: LocalStore) -> None:
    report = audit(archive, depth=SizeOnly())
    assert report.is_clean
    assert 0 < report.reading.share < 1
    victim = next(name for name in files_of(archive.root) if name.endswith(".mp3"))
    overwrite(archive, victim, b"short")
    assert [one.path for one in audit(archive, depth=SizeOnly()).differ] == [victim]


def test_samples_of_a_few_days_read_everything(archive: LocalStore) -> None:
    victim = next(name for name in files_of(archive.root) if name.endswith(".mp3"))
    data = (archive.root / victim).read_bytes()
    overwrite(archive, victim, flipped(data, 5))
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(5 * 2)]
    reports = [audit(archive, depth=OneIn(5, day)) for day in days]
    assert 1 <= sum(not report.is_clean for report in reports) <= 3


@pytest.mark.parametrize(
    ("rhythm", "one_in", "most"),
    [
        *((1, one_in, 2 * one_in) for one_in in (2, 5, 7, 14, 28, 30, 100)),
        *((7, one_in, 3 * one_in) for one_in in (7, 14, 28, 30)),
        *((14, one_in, 3 * one_in) for one_in in (7, 14, 28, 30)),
        *((28, one_in, 3 * one_in) for one_in in (7, 14, 28, 30)),
        *((days, 7, 500) for days in range(1, 61)),
    ],
)
def test_samples_reach_every_file_in_any_rhythm(rhythm: int, one_in: int, most: int) -> None:
    for first in (0, 20, 40):
        days = (date(2026, 1, 1) + timedelta(days=first + rhythm * n) for n in range(most))
        assert {OneIn(one_in, day).part for day in days} == {*range(one_in)}


def test_how_many_runs_read_everything(figure: Figure) -> None:
    def runs(rhythm: int, one_in: int) -> int:
        parts: set[int] = set()
        for count in range(1, 1_000):
            parts.add(OneIn(one_in, date(2026, 1, 1) + timedelta(days=rhythm * count)).part)
            if len(parts) == one_in:
                return count
        raise AssertionError("never")

    counts = {days: runs(days, 7) for days in (1, 7, 14, 28)}
    assert counts == {1: 7, 7: 16, 14: 8, 28: 13}
    told = ", ".join(f"{days} days apart {count} runs" for days, count in counts.items())
    figure("G24", f"--sample 1/7 has read everything after: {told}")


def test_an_erased_recording_is_not_missing(archive: LocalStore, figure: Figure) -> None:
    journal = Journal(archive)
    tombstone: Entry = entry("1", Outcome.ERASED, reasons=("asked for by the customer",))
    journal.append(manifest_of(journal.archive().archive, [tombstone], ManifestKind.ERASE))
    assert len(audit(archive).extra) == 2
    for path in archive.root.glob("recordings/2019/06/11/*_1.*"):
        path.unlink()
    assert audit(archive).is_clean
    figure("P2", "erased with a tombstone: verify clean; not yet deleted: 2 extra")


def test_damaged_manifests_are_named_with_their_line(archive: LocalStore, figure: Figure) -> None:
    path = archive.root / "manifests/00000003.json"
    text = path.read_bytes()
    told = {}
    for what, damaged in {
        "torn": text[:-100],
        "empty": b"",
        "extra": text + b"more\n",
        "added": text.replace(b'"identity"', b'"identity" '),
    }.items():
        path.write_bytes(damaged)
        (problem,) = audit(archive).chain
        assert problem.path == "manifests/00000003.json"
        assert files_of(archive.root)[problem.path] == damaged
        told[what] = str(problem)
    lines = text.count(b"\n")
    assert "empty" in told["empty"]
    assert "torn" in told["torn"]
    assert f"line {lines + 1}" in told["extra"]
    assert f"line {lines}" in told["added"]
    figure("D13", f"4 of 4 named with file and line: {told['extra']}")


def test_no_archive_is_said(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        audit(LocalStore(tmp_path))
    assert list(tmp_path.iterdir()) == []
