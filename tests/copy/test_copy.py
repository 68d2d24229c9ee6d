"""A second copy is all that the chain names, or it is said what it lacks."""

import errno
import hashlib
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.app.check.accept import AcceptRequest, accept
from archiver.app.check.repair import RepairRequest, repair
from archiver.app.opening.listener import Nobody
from archiver.check.acceptance import Selection
from archiver.check.copying.file_copy import ONE_FILE, OTHER_BYTES
from archiver.domain.layout import ARCHIVE_KEY, PRIVATE, manifest_key
from archiver.domain.outcomes import Verdict
from archiver.errors import ChainBroken, DestinationError, ExitCode, Locked, UsageError
from archiver.manifest.journal import Journal
from archiver.manifest.records.files import Head
from archiver.store.base import TempFile
from archiver.store.local import LocalStore
from tests.archives import NOW, PORTAL, fill, manifest_of, row, store_one
from tests.conftest import Figure
from tests.copy.copies import (
    Vault,
    add,
    add_calls,
    content,
    erase,
    files_of,
    spoil,
    vault,
)
from tests.store.unreadable import unreadable

LATER = date(2026, 1, 3)
"""A day after all manifests of these archives were written."""


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path)


class Heard(Nobody):
    """Hears lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str, event: str = "said") -> None:  # noqa: ARG002 - no log reads it
        self.lines.append(text)


def left(result: object) -> dict[str, str]:
    return {each.path: each.what for each in result.left}  # type: ignore[attr-defined]


def test_a_copy_is_the_same_archive(made: Vault, figure: Figure) -> None:
    add(made, store_one(made.store, row("901"), b"cut", Verdict.TRUNCATED))
    calls = add_calls(made)
    private = made.archive / PRIVATE / "reads.jsonl"
    private.parent.mkdir(exist_ok=True)
    private.write_text("nobody's but this machine's")
    result = made.copy()
    assert (result.code, result.left, result.copy_head) == (ExitCode.CLEAN, (), made.head())
    assert (result.files.copied, result.files.there, result.manifests) == (15, 0, 5)
    assert content(made.copied) == content(made.archive)
    assert calls in content(made.copied)
    assert not (made.copied / PRIVATE / "reads.jsonl").exists()
    assert made.verify().code is ExitCode.CLEAN
    assert made.verify().report.head == made.verify(made.archive).report.head
    figure("D11", f"copied: {len(content(made.copied))} files, 0 differ, one head, verify 0")


def test_again_it_copies_what_is_new_alone(made: Vault) -> None:
    made.copy()
    add(made, store_one(made.store, row("7")))
    result = made.copy()
    assert (result.code, result.files.copied, result.files.there) == (ExitCode.CLEAN, 2, 12)
    assert (result.manifests, result.copy_head) == (1, made.head())
    again = made.copy()
    assert (again.code, again.files.copied, again.files.bytes, again.manifests) == (0, 0, 0, 0)
    assert content(made.copied) == content(made.archive)


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_what_the_archive_has_not_whole_is_named_and_never_copied(
    damage: str, made: Vault, figure: Figure
) -> None:
    audio = files_of(made.archive, "3")[0]
    spoil(audio) if damage == "damaged" else audio.unlink()
    path = str(audio.relative_to(made.archive))
    result = made.copy()
    assert (result.code, left(result)) == (ExitCode.FINDINGS, {path: f"{damage} in the source"})
    assert result.files.copied == 11, "the rest goes on"
    assert (result.held_back_from, result.manifests) == (2, 1)
    assert result.copy_head != result.head
    assert path not in content(made.copied)
    gaps = made.copy(with_gaps=True)
    assert (gaps.code, [*left(gaps)], gaps.copy_head) == (ExitCode.FINDINGS, [path], made.head())
    assert [each.path for each in made.verify().report.missing] == [path]
    assert made.copy().code is ExitCode.FINDINGS, "it is not forgotten"
    figure("D11", f"copy: {damage} in the source: copied 0 of 1, manifests that name it 0, exit 3")


def test_what_is_mended_comes_with_the_next_copy(made: Vault) -> None:
    audio = files_of(made.archive, "3")[0]
    shutil.move(audio, made.home / "kept")
    assert made.copy().code is ExitCode.FINDINGS
    shutil.move(made.home / "kept", audio)
    assert made.copy().code is ExitCode.CLEAN
    assert content(made.copied) == content(made.archive)


def test_what_lies_in_the_copy_is_compared_and_never_overwritten(
    made: Vault, figure: Figure
) -> None:
    made.copy()
    audio = files_of(made.copied, "3")[0]
    spoil(audio)
    before = content(made.copied)
    result = made.copy()
    path = str(audio.relative_to(made.copied))
    assert (result.code, left(result)) == (ExitCode.FINDINGS, {path: OTHER_BYTES})
    assert content(made.copied) == before
    audio.unlink()
    assert (made.copy().code, content(made.copied)) == (0, content(made.archive))
    figure("D11", "copy: other bytes of the same size in the copy: named 1, overwritten 0")


def test_what_is_entered_in_a_copy_is_warned_of(made: Vault) -> None:
    made.copy()
    heard = Heard()
    for archive in (made.archive, made.copied):
        context = replace(made.context(archive), listener=heard)
        request = AcceptRequest(Selection(ids=("3",)), "nothing to accept")
        assert accept(request, context).head is not None
    (warning,) = (line for line in heard.lines if "is a copy" in line)
    assert warning.startswith(f"{made.copied} is a copy")


def test_hard_links_are_no_copy(made: Vault, figure: Figure) -> None:
    made.copy()
    audio = files_of(made.copied, "3")[0]
    path = audio.relative_to(made.copied)
    audio.unlink()
    audio.hardlink_to(made.archive / path)
    result = made.copy()
    assert (result.code, left(result)) == (ExitCode.FINDINGS, {str(path): ONE_FILE})
    assert made.copy(mend=True).code is ExitCode.CLEAN
    assert not audio.samefile(made.archive / path)
    for number in (1, 3):
        name = ARCHIVE_KEY if number == 1 else manifest_key(number)
        made.copied.joinpath(name).unlink()
        made.copied.joinpath(name).hardlink_to(made.archive / name)
        with pytest.raises(UsageError, match="hard links are no copy"):
            made.copy()
        made.copied.joinpath(name).unlink()
        shutil.copy(made.archive / name, made.copied / name)
    figure("D11", "copy: hard links to the archive's own files: taken for a copy 0 of 3")


def test_a_damaged_copy_is_mended_and_stays_a_copy(made: Vault, figure: Figure) -> None:
    made.copy()
    audio = files_of(made.copied, "3")[0]
    spoil(audio)
    damaged = hashlib.sha256(audio.read_bytes()).hexdigest()
    result = made.copy(mend=True)
    assert (result.code, result.files.copied, result.files.mended) == (ExitCode.CLEAN, 1, 1)
    assert result.copy_head == result.head
    left_over = {**content(made.copied)}
    (aside,) = (path for path in left_over if path not in content(made.archive))
    assert (aside.endswith(".aside"), left_over.pop(aside)) == (True, damaged)
    assert left_over == content(made.archive)
    assert (made.copy().code, made.copy(mend=True).files.mended) == (ExitCode.CLEAN, 0)
    figure("D11", "copy --mend: other bytes in the copy: set aside 1, lost 0, one head")


def test_nothing_is_set_aside_for_what_the_archive_has_not_whole(made: Vault) -> None:
    made.copy()
    for folder in (made.archive, made.copied):
        spoil(files_of(folder, "3")[0])
    before = content(made.copied)
    assert made.copy(mend=True).code is ExitCode.FINDINGS
    assert content(made.copied) == before


def test_other_bytes_hold_back_the_manifests_that_name_them(made: Vault) -> None:
    path = files_of(made.archive, "5")[0].relative_to(made.archive)
    shutil.copytree(made.archive / "recordings", made.copied / "recordings")
    shutil.copy(made.archive / "ARCHIVE.json", made.copied)
    spoil(made.copied / path)
    result = made.copy()
    assert (result.code, left(result)) == (ExitCode.FINDINGS, {str(path): OTHER_BYTES})
    assert (result.files.there, result.files.copied, result.held_back_from) == (11, 0, 3)
    assert result.copy_head is not None
    assert result.copy_head.number == 2


def test_what_is_not_of_the_archive_is_named(made: Vault) -> None:
    made.copy()
    store_one(LocalStore(made.copied), row("999"))
    assert len(left(made.copy())) == 2
    assert made.copy().code is ExitCode.FINDINGS


def test_what_was_erased_is_not_copied_and_not_missed(made: Vault, figure: Figure) -> None:
    kept = [path.read_bytes() for path in files_of(made.archive, "3")]
    erase(made, "3")
    result = made.copy()
    assert (result.code, result.files.copied) == (ExitCode.CLEAN, 10)
    assert (files_of(made.copied, "3"), made.verify().code) == ([], ExitCode.CLEAN)
    figure("P2", f"copy: erased: {len(kept)} files copied 0, findings 0")


def test_what_an_earlier_copy_has_of_the_erased_is_named(made: Vault) -> None:
    made.copy()
    erase(made, "3")
    result = made.copy()
    there = {str(path.relative_to(made.copied)) for path in files_of(made.copied, "3")}
    assert (result.code, set(left(result))) == (ExitCode.FINDINGS, there)
    assert result.copy_head == made.head(), "the tombstone is in the copy, so pull obeys it"


def test_since_reads_what_is_new_and_looks_at_all(made: Vault, figure: Figure) -> None:
    made.copy()
    late = store_one(made.store, row("7"))
    journal = Journal(made.store)
    build = manifest_of(journal.archive().archive, [late])
    tomorrow = NOW.replace(day=4)

    def dated(below: object) -> object:
        manifest = build(below)  # type: ignore[arg-type]  # as the journal calls it
        return replace(manifest, run=replace(manifest.run, started=tomorrow, ended=tomorrow))

    journal.append(dated)  # type: ignore[arg-type]  # as above
    result = made.copy(since=LATER)
    assert (result.code, result.files.sized, result.files.copied) == (ExitCode.CLEAN, 12, 2)
    spoil(files_of(made.copied, "7")[0])
    assert made.copy(since=LATER).code is ExitCode.FINDINGS, "what is new is read"
    files_of(made.copied, "7")[0].unlink()
    files_of(made.copied, "3")[0].unlink()
    files_of(made.copied, "2")[0].write_bytes(b"shorter")
    result = made.copy(since=LATER)
    assert (result.files.copied, len(left(result))) == (2, 1), "what is old is looked at"
    figure("D11", "copy --since: 12 by name and size, lost 1 copied, of another size 1 named")


def test_since_takes_no_file_on_trust_that_the_chain_of_the_copy_does_not_name(made: Vault) -> None:
    path = files_of(made.archive, "3")[0].relative_to(made.archive)
    shutil.copytree(made.archive / "recordings", made.copied / "recordings")
    shutil.copy(made.archive / "ARCHIVE.json", made.copied)
    spoil(made.copied / path)
    result = made.copy(since=LATER)
    assert (result.files.sized, left(result)) == (0, {str(path): OTHER_BYTES})


def test_what_was_left_wrong_is_read_again_whatever_is_spared(made: Vault, figure: Figure) -> None:
    path = files_of(made.archive, "1")[0].relative_to(made.archive)
    shutil.copytree(made.archive / "recordings", made.copied / "recordings")
    shutil.copy(made.archive / "ARCHIVE.json", made.copied)
    spoil(made.copied / path)
    assert made.copy(with_gaps=True).code is ExitCode.FINDINGS
    for _ in range(2):
        result = made.copy(since=LATER)
        assert (result.code, left(result)) == (ExitCode.FINDINGS, {str(path): OTHER_BYTES})
    assert made.copy(mend=True).code is ExitCode.CLEAN
    assert made.copy(since=LATER).files.sized > 0
    figure("D11", "copy --since after a copy that left 1 file wrong: read again, green 0")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_the_same_folder_mounted_at_two_places_is_no_copy(made: Vault) -> None:
    other = made.home / "mounted"
    other.mkdir()
    script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    command = (sys.executable, "-m", "archiver", "copy", "-a", made.archive, "--to", other)
    shell = ("unshare", "-rm", "sh", "-c", script, "sh", made.archive, other)
    done = subprocess.run(
        [*map(str, (*shell, *command))], capture_output=True, text=True, check=False, timeout=100
    )
    if "unshare" in done.stderr or "mount" in done.stderr.splitlines()[0]:
        pytest.skip("an own mount namespace is not permitted here")
    assert (done.returncode, "two places" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("where", ["here", "inside", "around"])
def test_an_archive_is_not_copied_into_itself(where: str, made: Vault) -> None:
    to = {"here": made.archive, "inside": made.archive / "copy", "around": made.home}[where]
    before = content(made.home)
    with pytest.raises(UsageError, match="two places"):
        made.copy(to)
    assert content(made.home) == before


def test_another_archive_is_refused(made: Vault) -> None:
    fill(LocalStore(made.copied), 1)
    before = content(made.copied)
    with pytest.raises(UsageError, match="Another archive"):
        made.copy()
    assert content(made.copied) == before


def test_another_chain_of_the_same_archive_is_refused(made: Vault, figure: Figure) -> None:
    made.copy()
    add(made, store_one(made.store, row("7")))
    other = Vault(made.home / "other")
    shutil.copytree(made.copied, other.archive)
    add(other, store_one(other.store, row("8")))
    before = content(other.archive)
    for more in range(2):
        with pytest.raises(UsageError, match="Another chain is there: its manifest 4"):
            made.copy(other.archive)
        add(made, store_one(made.store, row(f"9{more}")))
    assert content(other.archive) == before
    figure("D11", "copy: another archive, another chain, one that is ahead: refused 3, written 0")


def test_a_copy_that_is_ahead_is_refused(made: Vault) -> None:
    made.copy()
    ahead = Vault(made.home / "ahead")
    shutil.copytree(made.copied, ahead.archive, ignore=shutil.ignore_patterns(PRIVATE))
    add(ahead, store_one(ahead.store, row("8")))
    with pytest.raises(UsageError, match="ahead: its newest manifest is 4, that of this archive 3"):
        made.copy(ahead.archive)
    add(ahead, store_one(ahead.store, row("7")))
    assert made.copy(made.archive, ahead.archive).code is ExitCode.CLEAN, "the other way"


def test_a_chain_that_is_broken_is_not_copied(made: Vault) -> None:
    spoil(made.archive / "manifests/00000002.json")
    with pytest.raises(ChainBroken):
        made.copy()
    assert not made.copied.exists()


@pytest.mark.parametrize("key", [ARCHIVE_KEY, manifest_key(1), manifest_key(2)])
@pytest.mark.parametrize("is_gone", [True, False])
def test_a_damaged_chain_of_a_copy_is_mended_and_stays_a_copy(
    made: Vault, key: str, *, is_gone: bool
) -> None:
    """A repair would enter itself, and the copy be ahead for good."""
    made.copy()
    path = made.copied / key
    text = path.read_bytes()
    spoil(path)
    if is_gone and key != ARCHIVE_KEY:
        path.unlink()
    result = made.copy(mend=True)
    assert (result.code, result.copy_head) == (ExitCode.CLEAN, made.head())
    assert path.read_bytes() == text
    assert made.copy().code is ExitCode.CLEAN


def test_a_chain_of_another_archive_is_never_mended(made: Vault) -> None:
    fill(LocalStore(made.copied))
    spoil(made.copied / manifest_key(2))
    before = content(made.copied)
    with pytest.raises((UsageError, ChainBroken)):
        made.copy(mend=True)
    assert content(made.copied) == before


def test_a_copy_whose_chain_is_broken_is_not_added_to(made: Vault) -> None:
    made.copy()
    (made.copied / "manifests/00000002.json").unlink()
    add(made, store_one(made.store, row("7")))
    before = content(made.copied)
    with pytest.raises(ChainBroken, match="In the copy: "):
        made.copy()
    assert content(made.copied) == before


def test_what_was_changed_low_in_the_chain_of_the_copy_is_named(made: Vault) -> None:
    made.copy()
    spoil(made.copied / "manifests/00000001.json")
    result = made.copy()
    assert (result.code, result.copy_head) == (ExitCode.FINDINGS, made.head())
    assert "manifests/00000001.json" in left(result)


@contextmanager
def worn_out(folder: Path, bad: str) -> Iterator[None]:
    """Let a file of an archive in a folder be one that the disk can't read."""
    real = LocalStore.open

    def opened(store: LocalStore, key: str, version: str | None = None) -> BinaryIO:
        return unreadable(key) if (store.root, key) == (folder, bad) else real(store, key, version)

    with mock.patch.object(LocalStore, "open", opened):
        yield


def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(made: Vault) -> None:
    bad = str(files_of(made.archive, "3")[0].relative_to(made.archive))
    with worn_out(made.archive, bad):
        result = made.copy()
    assert (result.code, left(result)) == (ExitCode.FINDINGS, {bad: "unreadable in the source"})
    assert result.files.copied == 11


def test_what_a_copy_cannot_read_is_left_and_the_rest_is_brought_back(
    made: Vault, figure: Figure
) -> None:
    """Neither does the portal's word take its place: the copy has the very bytes."""
    before = content(made.archive)
    made.copy()
    bad, *others = [path for id_ in "123456" for path in files_of(made.archive, id_)]
    for path in (bad, *others):
        path.unlink()
    key = str(bad.relative_to(made.archive))
    with worn_out(made.copied, key):
        result = repair(RepairRequest(source=str(made.copied)), made.context())
    assert [each.path for each in result.left] == [key]
    assert (result.code, len(result.put_back), result.stopped) == (ExitCode.FINDINGS, 11, None)
    again = repair(RepairRequest(source=str(made.copied)), made.context())
    assert (again.code, again.put_back) == (ExitCode.CLEAN, (key,))
    assert before.items() <= content(made.archive).items()
    figure("D11", f"1 of {len(others) + 1} files that the copy can't read: left 1, put back 11")


def test_a_disk_that_takes_nothing_is_not_taken_for_a_file_that_cannot_be_read(made: Vault) -> None:
    real = LocalStore.part

    def part(store: LocalStore) -> TempFile:
        made_part = real(store)
        if (made.copied / "ARCHIVE.json").exists():
            made_part.file.close()
            made_part.file = WornOut()
        return made_part

    with mock.patch.object(LocalStore, "part", part), pytest.raises(DestinationError):
        made.copy()
    assert made.copy().code is ExitCode.CLEAN


class WornOut(io.BytesIO):
    """A file on a disk that fails."""

    def write(self, _data: object) -> int:
        raise OSError(errno.EIO, "it is worn out")


def test_a_copy_that_lost_its_name_is_not_begun_anew(made: Vault) -> None:
    made.copy()
    (made.copied / "ARCHIVE.json").unlink()
    with pytest.raises(DestinationError, match="holds manifests/ and no"):
        made.copy()


def test_a_folder_of_other_files_is_not_copied_into(made: Vault) -> None:
    made.copied.mkdir()
    (made.copied / "letter.txt").write_text("of somebody")
    with pytest.raises(UsageError, match="not empty"):
        made.copy()


def test_what_is_entered_meanwhile_is_left_to_the_next(made: Vault) -> None:
    real, entered = LocalStore.claim, list[Head]()

    def claim(store: LocalStore, key: str, data: bytes) -> object:
        if key.endswith("3.json") and store.root == made.copied and not entered:
            entered.append(add(made, store_one(made.store, row("7"))))
        return real(store, key, data)

    with mock.patch.object(LocalStore, "claim", claim):
        result = made.copy()
    assert (result.code, result.newer, result.left) == (ExitCode.FINDINGS, 1, ())
    assert made.copy().code is ExitCode.CLEAN


def test_two_do_not_copy_to_one_place(made: Vault) -> None:
    made.copy()
    with LocalStore(made.copied).exclusive(), pytest.raises(Locked):
        made.copy()


def test_from_one_that_may_only_be_read(made: Vault) -> None:
    folders = [path for path in (made.archive, *made.archive.rglob("*")) if path.is_dir()]
    for path in folders:
        path.chmod(0o500)
    try:
        assert made.copy().code is ExitCode.CLEAN
        assert content(made.copied) == content(made.archive)
    finally:
        for path in folders:
            path.chmod(0o700)


def test_a_full_disk_stops_it_and_the_next_goes_on(made: Vault) -> None:
    real, puts = LocalStore.put_part, []

    def full(*given: object) -> object:
        puts.append(given)
        if len(puts) > 5:
            raise DestinationError("Stopped: the disk is full.")
        return real(*given)  # type: ignore[arg-type]  # as they came

    with mock.patch.object(LocalStore, "put_part", full), pytest.raises(DestinationError):
        made.copy()
    assert not (made.copied / "manifests").exists()
    assert made.copy().code is ExitCode.CLEAN
    assert content(made.copied) == content(made.archive)


def test_what_the_settings_lock_is_not_locked_in_a_folder(made: Vault) -> None:
    made.environ = {"ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "5y"}
    assert made.copy().code is ExitCode.CLEAN


def test_nothing_is_copied_of_an_archive_in_which_nothing_was_archived(tmp_path: Path) -> None:
    empty = Vault(tmp_path)
    Journal(empty.store).create_or_open(PORTAL)
    with pytest.raises(UsageError, match="Nothing was ever archived"):
        empty.copy()
    assert not empty.copied.exists()
