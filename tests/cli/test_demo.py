"""``archiver demo``: finds what was planted, replaces only its own, leaves nothing running."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.cli import main
from archiver.sandbox import Encoding, World
from archiver.sandbox.world import planted
from archiver.sandbox.world.blemish import Blemish
from archiver.sandbox.world.planted import WHOLE, PlantedOutcome
from archiver.store.local import LocalStore
from tests.archives import fill
from tests.conftest import Figure

pytestmark = pytest.mark.slow


def demo(folder: Path) -> int:
    return main.run(["demo", "--archive", str(folder)])


def manifests(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in (folder / "manifests").iterdir()}


def test_all_that_was_planted_is_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    figure: Figure,
) -> None:
    """Twice: the second one replaces the first. Nothing of the user's own settings is read."""
    monkeypatch.setenv("ARCHIVER_ENDPOINT", "https://portal.example/api/v2/")
    monkeypatch.setenv("ARCHIVER_TOKEN_FILE", str(tmp_path / "missing"))
    monkeypatch.chdir(tmp_path)
    threads = threading.active_count()
    assert main.run(["demo"]) == 0
    folder = tmp_path / "demo-archive"
    first = manifests(folder)
    assert main.run(["demo"]) == 0
    out = capsys.readouterr().out
    assert out.count("Everything that was planted was found, and nothing else.") == 2
    for what in Blemish:
        assert str(what).replace("_", " ") in out
    assert (len(manifests(folder)), manifests(folder) & first) == (2, set())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ".archiver" / "demo").stat().st_mode & 0o777 == 0o600
    left = threading.active_count() - threads
    assert left <= 0, "others that ended meanwhile were no demo's"
    assert main.run(["verify", "-a", str(folder)]) == 0
    figure("demo", f"planted 60, found as planted 60, threads left {left}")


def test_what_is_no_demos_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of one's own, a real archive, one through a tunnel on loopback, a file, a link."""
    own, real, link, file = (tmp_path / name for name in ("own", "real", "link", "file"))
    own.mkdir()
    (own / "precious").write_text("mine")
    fill(LocalStore(real))
    identity = real / "ARCHIVE.json"
    identity.write_text(identity.read_text().replace("https://portal.example", "//127.0.0.1:8443"))
    link.symlink_to(real)
    file.write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert [demo(folder) for folder in (own, real, link, file)] == [2] * 4
    assert main.run(["demo", "-a", "s3://bucket/prefix"]) == 2
    told = capsys.readouterr().err
    assert (told.count("left alone"), "is archived" in told) == (4, False)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def few(seed: int) -> tuple[World, dict[str, PlantedOutcome]]:
    """Plant six in place of sixty, all of them whole."""
    world, now = World(seed), datetime.now(UTC)
    first, last = now - timedelta(days=2), now - timedelta(days=1)
    made = world.add(count=6, first=first, last=last, kinds=(Encoding.BARE,))
    return world, {each.id: WHOLE for each in made}


def test_a_demo_of_a_few_finds_what_was_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(planted, "plant", few)
    assert demo(tmp_path / "one") == 0
    assert capsys.readouterr().err.startswith("A built-in portal is archived")


def test_a_demo_that_finds_something_else_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def sabotaged(seed: int) -> object:
        world, expected = few(seed)
        whole = next(id_ for id_, due in expected.items() if due.planted is None)
        return world, {**expected, whole: replace(expected[whole], verdict="damaged")}

    monkeypatch.setattr(planted, "plant", sabotaged)
    assert demo(tmp_path / "one") == 1
    assert "What was found is NOT what was planted" in capsys.readouterr().out


def test_a_recording_that_nobody_planted_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def sabotaged(seed: int) -> object:
        world, expected = few(seed)
        return world, dict(list(expected.items())[1:])

    monkeypatch.setattr(planted, "plant", sabotaged)
    assert demo(tmp_path / "one") == 1
    assert "What was found is NOT what was planted" in capsys.readouterr().out
