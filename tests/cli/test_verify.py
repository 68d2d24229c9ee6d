"""``archiver verify`` at the door: its words, its JSON, its exit codes."""

import json
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from archiver.app.check import verify
from archiver.check import meanwhile
from archiver.cli.main import run
from archiver.manifest.journal import Journal
from archiver.store.base import Item
from archiver.store.local import LocalStore
from tests.archives import fill, manifest_of, row, store_one


@pytest.fixture
def archive(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "archive")
    fill(store)
    return store


def test_a_whole_archive(archive: LocalStore, capsys: pytest.CaptureFixture[str]) -> None:
    head = Journal(archive).head()
    assert run(["verify", "-a", str(archive.root), "--head", str(head)]) == 0
    told = capsys.readouterr().out
    assert "16 files are as archived" in told
    assert "(100 %)" in told
    assert f"Head: {head}" in told


@pytest.mark.parametrize(
    ("options", "is_said"), [([], False), (["--quick"], True), (["--sample", "1/30"], True)]
)
def test_what_was_not_read_is_said(
    options: list[str],
    is_said: bool,  # noqa: FBT001  # as pytest gives it
    archive: LocalStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["verify", "-a", str(archive.root), *options]) == 0
    out = capsys.readouterr().out
    assert ("NOT read" in out) is is_said
    counted = re.search("^" + " ".join(options) + ": ([0-9]+) of 16 files were NOT read", out)
    assert not is_said or (counted and 0 < int(counted[1]) <= 12)
    sized = f" ({counted[1]} by name and size alone)" if counted else ""
    assert f"\n16 files are as archived{sized}; read " in f"\n{out}"


def test_a_damaged_archive(archive: LocalStore, capsys: pytest.CaptureFixture[str]) -> None:
    victim = next(archive.root.glob("recordings/**/*.mp3"))
    victim.write_bytes(b"other")
    (archive.root / "odd\x1b[2J").write_bytes(b"")
    assert run(["verify", "-a", str(archive.root)]) == 3
    told = capsys.readouterr().out
    assert str(victim.relative_to(archive.root)) in told
    assert "NOT" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("spoil", "last"),
    [
        (lambda root: (root / "x").touch(), "Files are here that no manifest names."),
        (lambda root: next(root.glob("recordings/**/*.mp3")).unlink(), "This archive is NOT"),
        (lambda root: next(root.glob("manifests/*1.json")).unlink(), "The chain of manifests"),
    ],
)
def test_the_last_line_says_what_to_do(
    spoil: Callable[[Path], object],
    last: str,
    archive: LocalStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(archive.root)
    assert run(["verify", "-a", str(archive.root)]) == 3
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)


def test_what_the_file_system_keeps_for_itself_is_told_and_no_fault(
    archive: LocalStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Item("lost+found/", 0, unreadable="permission was denied", is_systems=True)
    walk = LocalStore.scan
    monkeypatch.setattr(LocalStore, "scan", lambda store: chain([own], walk(store)))
    assert run(["verify", "-a", str(archive.root)]) == 0
    assert "passed over lost+found/: permission was denied\n" in capsys.readouterr().out


def test_what_a_run_has_not_entered_yet_is_no_alarm(
    archive: LocalStore, capsys: pytest.CaptureFixture[str]
) -> None:
    (archive.root / "recordings" / "new").touch()
    with archive.exclusive():
        assert run(["verify", "--wait", "0", "-a", str(archive.root)]) == 3
    told = capsys.readouterr().out
    assert told.endswith("what it has not entered yet shows as extra.\n")
    assert "no manifest names." not in told


def test_what_a_run_stored_is_waited_for(
    archive: LocalStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(archive)
    stored = store_one(archive, row("7"))

    glances = iter((True, True))

    def is_locked(_workroom: Path) -> bool:
        if next(glances, None):
            return True
        if journal.head_at(4) is None:
            journal.append(manifest_of(journal.archive().archive, [stored]))
        return True

    monkeypatch.setattr(meanwhile, "GLANCE_S", 0.0)
    monkeypatch.setattr(verify, "is_locked", is_locked)
    assert run(["verify", "--json", "-a", str(archive.root)]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["head"]["number"] == 4
    assert "waiting up to 5m for it to enter 2 files" in told.err


def test_looking_for_a_run_writes_nothing(archive: LocalStore) -> None:
    (archive.root / ".archiver" / "lock").unlink(missing_ok=True)
    (archive.root / "extra").touch()
    before = sorted(archive.root.rglob("*"))
    assert run(["verify", "-a", str(archive.root)]) == 3
    assert sorted(archive.root.rglob("*")) == before


def test_json(archive: LocalStore, capsys: pytest.CaptureFixture[str]) -> None:
    (archive.root / "planted").write_bytes(b"")
    assert run(["verify", "--json", "--quick", "-a", str(archive.root)]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["extra"] == [{"path": "planted", "what": "no manifest names it"}]
    assert told["ok"] == 16
    assert 0 < told["bytes_read"] < told["bytes_total"]
    assert (told["depth"], told["files"]["sized"]) == ("quick", 12)


@pytest.mark.parametrize(
    "options",
    [
        ["--sample", "2/3"],
        ["--sample", "1/3", "--quick"],
        ["--head", "1"],
        ["--wait", "x"],
        ["--quick", "--read"],
    ],
)
def test_what_makes_no_sense_is_said(options: list[str], archive: LocalStore) -> None:
    assert run(["verify", "-a", str(archive.root), *options]) == 2


def test_no_archive_is_no_success(tmp_path: Path) -> None:
    assert run(["verify", "-a", str(tmp_path / "nothing")]) == 2
    assert list(tmp_path.iterdir()) == []
