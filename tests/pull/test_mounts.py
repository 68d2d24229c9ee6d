"""An archive on a disk that is not mounted is missed, and no other one is begun in its place."""

import os
from pathlib import Path

import pytest

from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import DestinationError
from archiver.store.local.mounts import mount_of, remember, require_mounted
from tests.conftest import Figure
from tests.nights import Month, month, shape

__all__ = ["month", "shape"]


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is mounted as long as its file ``mounted`` is there."""
    disk, ismount = tmp_path / "disk", os.path.ismount
    disk.mkdir()
    (disk / "mounted").touch()
    monkeypatch.setattr(
        os.path,
        "ismount",
        lambda path: (disk / "mounted").exists() if Path(path) == disk else ismount(path),
    )
    return disk


@pytest.mark.parametrize("name", ["", "calls"])
def test_a_disk_that_is_not_mounted_is_named(disk: Path, tmp_path: Path, name: str) -> None:
    archive, memory = disk / name, tmp_path / "state" / "mount"
    require_mounted(archive, memory)
    archive.mkdir(exist_ok=True)
    (archive / ARCHIVE_KEY).touch()
    assert mount_of(archive) == disk
    remember(archive, memory)
    require_mounted(archive, memory)
    (archive / ARCHIVE_KEY).unlink()
    require_mounted(archive, memory)
    (disk / "mounted").unlink()
    with pytest.raises(DestinationError, match=f"at {disk}, which is not mounted"):
        require_mounted(archive, memory)


def test_an_archive_that_was_deleted_may_be_begun_anew(tmp_path: Path) -> None:
    memory = tmp_path / "mount"
    remember(tmp_path, memory)
    require_mounted(tmp_path / "archive", memory)
    assert Path(os.fsdecode(memory.read_bytes())) == mount_of(tmp_path / "archive")


def test_a_path_that_cannot_be_looked_at_is_left_to_others(tmp_path: Path) -> None:
    too_long = tmp_path.joinpath(*["a" * 10] * 500)
    require_mounted(too_long, tmp_path / "mount")
    with pytest.raises(OSError, match="too long"):
        too_long.exists()


def test_no_archive_is_begun_where_a_disk_is_not_mounted(
    month: Month, disk: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setattr(Month, "archive", property(lambda _self: disk / "calls"))
    month.live(1)
    with month.now(1):
        assert month.pull("--day", "yesterday", "--among-others").code == 0
    (disk / "calls").rename(month.home / "unmounted")
    (disk / "mounted").unlink()
    with month.now(2):
        ran = month.pull("--day", "yesterday")
    assert ran.code == 4, ran.err
    assert not (disk / "calls").exists()
    figure("G32", "a run over a disk that is not mounted: exit code 4, archives begun 0")
