"""``docs/verify-by-hand.md`` works as printed, and agrees with ``archiver verify``."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.app.keeping.erase import EraseRequest, erase
from archiver.app.keeping.hold import HoldRequest, add_hold
from archiver.check.audit import audit
from archiver.domain.layout import Shelf, aside_key, audio_key
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import Report
from archiver.filters.request import FilterRequest
from archiver.manifest.journal import Journal
from archiver.manifest.model import ManifestKind
from archiver.manifest.records.files import Head
from archiver.store.local import LocalStore
from tests.archives import MORNING, entry, fill, manifest_of, of_another_portal, row, store_one
from tests.conftest import Figure
from tests.copy.copies import add, add_calls, vault
from tests.export.exports import office

CALL = "68ac2671-e61a-11f1-a97c-91b72265b1f5"
_MISSING = not (shutil.which("jq") and shutil.which("sha256sum"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_MISSING, reason="jq or sha256sum is missing"),
]


@pytest.fixture
def archive(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "archive")
    fill(store)
    return store


def by_hand(
    root: Path, archive: LocalStore, head: Head | str | None = None, then: str = ""
) -> tuple[int, str]:
    """Run every command of the page, as one script, and whatever is typed ``then``."""
    page = (root / "docs/verify-by-hand.md").read_text("utf-8")
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)) + then
    environment = {
        "PATH": os.environ["PATH"],
        "ARCHIVE": str(archive.root),
        "HEAD": str(head) if head else "",
    }
    done = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_what_was_asked_for_in_an_export_is_checked_like_any_file(
    root: Path, tmp_path: Path
) -> None:
    desk = office(tmp_path / "office")
    entered = desk.export().entered
    archive = LocalStore(tmp_path / "office" / "archive")
    code, told = by_hand(root, archive, entered)
    assert (code, f"head {entered}" in told) == (0, True), told
    (asked,) = archive.root.glob("exports/*.json")
    asked.chmod(0o600)
    asked.write_bytes(asked.read_bytes() + b" ")
    code, told = by_hand(root, archive, entered)
    assert code == 3
    assert f"{asked.relative_to(archive.root)}: FAILED" in told


def test_an_untouched_archive_passes_and_prints_its_head(root: Path, archive: LocalStore) -> None:
    head = Journal(archive).head()
    code, told = by_hand(root, archive, head)
    assert code == 0, told
    assert f"head {head}" in told


def test_a_shell_that_it_is_pasted_into_lives_on(root: Path, archive: LocalStore) -> None:
    _first(archive, "recordings/**/*.mp3").unlink()
    code, told = by_hand(root, archive, then='echo "ended with $?"')
    assert (code, "ended with 3\n" in told) == (0, True)


def test_a_folder_that_is_not_there_is_not_as_it_was_written(root: Path, tmp_path: Path) -> None:
    code, told = by_hand(root, LocalStore(tmp_path / "nowhere"))
    assert (code, "NOT as it was written" in told) == (3, True)


def test_what_a_run_set_aside_passes_and_is_told(root: Path, archive: LocalStore) -> None:
    sha256 = hashlib.sha256(b"damaged").hexdigest()
    aside = aside_key(audio_key(Shelf.RECORDINGS, "1", MORNING, "f" * 64, "mp3"), sha256)
    archive.put(aside, b"damaged")
    code, told = by_hand(root, archive)
    assert (code, f"ASIDE {aside}\n" in told) == (0, True)


@pytest.mark.parametrize("was", ["planted.", "planted.d", "planted.{:.11}"])
def test_what_is_only_called_aside_and_has_no_hash_in_its_name_is_extra(
    was: str, root: Path, archive: LocalStore
) -> None:
    sha256 = hashlib.sha256(b"damaged").hexdigest()
    (archive.root / "quarantine").mkdir(exist_ok=True)
    (archive.root / "quarantine" / f"{was.format(sha256)}.aside").write_bytes(b"damaged")
    assert not audit(archive).is_clean
    code, told = by_hand(root, archive)
    assert (code, "EXTRA quarantine/planted." in told) == (3, True), told


@pytest.mark.parametrize("written", [" {}", "0{}", "0:{}", "9{}"])
def test_a_head_that_no_manifest_was_compared_with_is_told(
    written: str, root: Path, archive: LocalStore
) -> None:
    code, told = by_hand(root, archive, written.format(Journal(archive).head()))
    assert (code, "CHAIN no manifest up to" in told) == (3, True), told


def test_the_filter_of_a_standing_hold_is_checked_like_any_file(root: Path, tmp_path: Path) -> None:
    made = vault(tmp_path)
    add(made, store_one(made.store, row(CALL)))
    asked = FilterRequest(number=("0123",))
    add_hold(HoldRequest(asked, "Miller", "a claim", "Ann", future=True), made.context())
    assert by_hand(root, made.store)[0] == 0
    _flip(_first(made.store, "holds/*.json"))
    assert by_hand(root, made.store)[0] == 3


def test_an_erased_recording_passes(root: Path, archive: LocalStore) -> None:
    journal = Journal(archive)
    tombstone = manifest_of(
        journal.archive().archive, [entry("1", Outcome.ERASED)], ManifestKind.ERASE
    )
    journal.append(tombstone)
    assert by_hand(root, archive)[0] == 3
    for path in archive.root.glob("recordings/2019/06/11/*_1.*"):
        path.unlink()
    assert by_hand(root, archive)[0] == 0


def test_what_an_erasure_wrote_anew_passes(root: Path, tmp_path: Path) -> None:
    made = vault(tmp_path)
    add(made, replace(store_one(made.store, row(CALL)), source=Report.CALLS))
    add_calls(made, f'{{"id":"{CALL}"}}\n{{"id":"8"}}\n'.encode())
    erase(EraseRequest(FilterRequest(ids=(CALL,)), "asked for"), made.context())
    assert by_hand(root, made.store)[0] == 0
    next(made.archive.glob("calls/**/*.jsonl")).unlink()
    assert by_hand(root, made.store)[0] == 3


def test_what_a_repair_gave_up_is_not_looked_for(root: Path, archive: LocalStore) -> None:
    (_head, before), *_ = Journal(archive).manifests()
    lost = before.recordings[0]
    assert lost.audio is not None
    anew = store_one(archive, row(lost.id, MORNING), b"another version")
    (archive.root / lost.audio.path).unlink()
    named = replace(anew, supersedes=(lost.audio.path,))
    for kind, code in ((ManifestKind.RUN, 3), (ManifestKind.REPAIR, 0)):
        Journal(archive).append(manifest_of(before.archive, [named], kind))
        assert by_hand(root, archive)[0] == code
        assert audit(archive).is_clean is (code == 0)


def _flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:9] + bytes([data[9] ^ 1]) + data[10:])


def _first(archive: LocalStore, pattern: str) -> Path:
    return min(archive.root.glob(pattern))


def _lead_elsewhere(path: Path, root: Path) -> None:
    """Leave a link in a file's place, to the same bytes where they can be changed unseen."""
    path.symlink_to(path.rename(root.parent / "elsewhere"))


TAMPERING: dict[str, Callable[[LocalStore], object]] = {
    "flipped audio": lambda a: _flip(_first(a, "recordings/**/*.mp3")),
    "flipped sidecar": lambda a: _flip(_first(a, "recordings/**/*.json")),
    "flipped manifest": lambda a: _flip(_first(a, "manifests/*")),
    "deleted audio": lambda a: _first(a, "recordings/**/*.mp3").unlink(),
    "linked audio": lambda a: _lead_elsewhere(_first(a, "recordings/**/*.mp3"), a.root),
    "deleted manifest": lambda a: _first(a, "manifests/*2.json").unlink(),
    "set back": lambda a: _first(a, "manifests/*3.json").unlink(),
    "planted": lambda a: (a.root / "recordings/x.mp3").write_bytes(b""),
    "edited": lambda a: _first(a, "manifests/*").write_bytes(
        _first(a, "manifests/*").read_bytes().replace(b"5010", b"5011")
    ),
    "another portal": lambda a: (a.root / "ARCHIVE.json").write_bytes(
        of_another_portal((a.root / "ARCHIVE.json").read_bytes())
    ),
    "another archive": lambda a: (a.root / "ARCHIVE.json").write_bytes(b'{"archive":"x"}'),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_it_finds_what_verify_finds(
    name: str, root: Path, archive: LocalStore, figure: Figure
) -> None:
    head = Journal(archive).head()
    TAMPERING[name](archive)
    assert not audit(archive, head=head).is_clean
    code, told = by_hand(root, archive, head)
    assert code == 3, told
    figure("T1", f"by hand, {name}: caught")
