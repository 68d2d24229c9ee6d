"""Room is looked at before a run and during it; a disk that is full all the same loses nothing."""

from pathlib import Path

import pytest

from archiver.errors import DestinationError
from archiver.store import free_space
from archiver.store.base import FreeSpace
from archiver.store.free_space import RESERVE_BYTES, RESERVE_FILES, require_free_space
from tests.campaigns.mounts import NotHereError
from tests.campaigns.space import SHARE, campaign
from tests.cli.desk import Desk
from tests.conftest import Figure
from tests.pulls import DAY, portal
from tests.store.memory import MemoryStore


class Disk(MemoryStore):
    """A store that tells what it was told to tell."""

    def __init__(self, free_bytes: int | None, free_files: int | None) -> None:
        super().__init__()
        self._free = FreeSpace(free_bytes, free_files)

    def free(self) -> FreeSpace:
        return self._free


def test_what_is_free_and_what_must_be_is_told() -> None:
    for free in ((RESERVE_BYTES, RESERVE_FILES), (None, None)):
        require_free_space(Disk(*free))
    with pytest.raises(DestinationError, match=r"31\.5 MB are free .* and 32\.0 must be") as told:
        require_free_space(Disk(31_500_000, None))
    assert "Free some space" in told.value.advice
    with pytest.raises(DestinationError, match=r"can take 499 more files, .* take 500"):
        require_free_space(Disk(None, RESERVE_FILES - 1))


def test_a_run_without_room_downloads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_space, "RESERVE_BYTES", 1 << 60)
    with portal(5) as sandbox:
        desk = Desk(sandbox, tmp_path)
        ran = desk.run("pull", "-a", str(tmp_path / "archive"), "--day", f"{DAY:%Y-%m-%d}")
        assert sandbox.counts["media"] == 0
    assert ran.code == 4
    assert "MB are free" in ran.err
    assert not (tmp_path / "archive" / "manifests").exists()


def test_a_disk_without_inodes(tmp_path: Path, figure: Figure) -> None:
    try:
        figures = campaign(tmp_path, rooms=(), files=(20,), keeps=(SHARE,))
    except NotHereError as error:
        pytest.skip(str(error))
    assert figures.bad == []
    assert figures.stopped == 1
    assert 0 < figures.stored == figures.entered
    figure("D4", f"inodes: {figures}")
