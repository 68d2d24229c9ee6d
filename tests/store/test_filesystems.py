"""File systems that lack something: what is stored is whole, or it is refused in words."""

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

from archiver.domain.checks import CheckStatus
from archiver.store.local import LocalStore
from archiver.store.local.folder_check import check_folder
from tests.campaigns.injection import STORED, TOLD, attempt, files
from tests.conftest import Figure

Call = Callable[..., object]


def refusing(code: int) -> Call:
    def call(*_args: object, **_more: object) -> object:
        raise OSError(code, os.strerror(code))

    return call


def refusing_folders(code: int) -> Call:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        real(descriptor)

    return fsync


LACKING: dict[str, tuple[ModuleType, str, Call]] = {
    "FAT has no hard links": (os, "link", refusing(errno.EPERM)),
    "FAT has no modes": (os, "fchmod", refusing(errno.EPERM)),
    "SMB has no hard links": (os, "link", refusing(errno.EOPNOTSUPP)),
    "FUSE has no hard links": (os, "link", refusing(errno.ENOSYS)),
    "folders can't be synced": (os, "fsync", refusing_folders(errno.EINVAL)),
    "no locks": (fcntl, "flock", refusing(errno.ENOLCK)),
    "part files are on another one": (os, "link", refusing(errno.EXDEV)),
}


@pytest.mark.parametrize("lacks", LACKING)
def test_what_a_file_system_lacks_is_told(lacks: str, tmp_path: Path, figure: Figure) -> None:
    module, name, call = LACKING[lacks]
    root = tmp_path / "archive"
    with mock.patch.object(module, name, call):
        ended = attempt(root)
        check = check_folder(root)
    assert ended.code == TOLD, ended.said
    assert not [os.strerror(code) for code in errno.errorcode if os.strerror(code) in ended.said]
    assert check.state is CheckStatus.FAIL
    assert check.advice in ended.said
    assert files(root) == {}
    assert not [*root.glob(".archiver/parts/*")]
    assert attempt(root).code == STORED, "on a better one it goes on"
    figure("D12", f"{lacks}: told by a run and by doctor, finals 0, part files left 0")


def test_modes_that_are_not_kept_are_warned_of(tmp_path: Path, figure: Figure) -> None:
    real = os.open

    def for_all(path: str, flags: int, _mode: int = 0o777, **more: int) -> int:
        return real(path, flags, 0o755, **more)

    with mock.patch.object(os, "open", for_all), mock.patch.object(os, "fchmod"):
        check = check_folder(tmp_path)
    assert check.state is CheckStatus.WARN
    assert "keeps no modes: files get 0755" in check.found
    figure("D12", "modes that are not kept: doctor warns")


def test_part_files_lie_beside_their_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    root = tmp_path / "archive"
    with LocalStore(root).part() as part:
        assert part.path.is_relative_to(root)
        assert part.path.stat().st_dev == root.stat().st_dev
    assert attempt(root).code == STORED
    figure("D12", "part files on the archive's own file system: a link never leaves it")
