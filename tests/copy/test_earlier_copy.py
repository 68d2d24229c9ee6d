"""What an earlier copy has, and the archive has no more, is told as what it is."""

import errno
import os
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.app.opening.archive.kept_copy import COPIED
from archiver.domain.outcomes import Concern
from archiver.errors import DestinationError, ExitCode, exit_code_of
from archiver.manifest.model import ManifestKind
from tests.archives import MORNING, row, store_one
from tests.conftest import Figure
from tests.copy.copies import Vault, add, files_of, spoil, vault


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path)


@pytest.mark.parametrize(
    ("name", "code"), [("write_text", ExitCode.CLEAN), ("unlink", ExitCode.STOPPED)]
)
def test_a_disk_that_takes_no_note_of_a_copy_is_no_bug(
    name: str, code: ExitCode, made: Vault, figure: Figure
) -> None:
    """What was noted before must go first: else the next copy would believe it."""
    made.copy()
    real = getattr(Path, name)

    def full(path: Path, *args: object, **kwargs: object) -> object:
        if path.name == COPIED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, *args, **kwargs)

    with mock.patch.object(Path, name, full):
        try:
            ended = made.copy().code
        except DestinationError as error:
            ended = exit_code_of(error)
    assert ended is code
    assert made.copy().code is ExitCode.CLEAN
    figure("D4", f"copy whose note fails to {name}: ends with {code:d}, tracebacks 0")


def test_a_note_of_a_copy_that_is_no_text_is_not_believed(made: Vault) -> None:
    made.copy()
    (note,) = made.home.rglob(COPIED)
    note.write_bytes(b"\xff\xfe")
    result = made.copy()
    assert (result.code, result.files.sized) == (ExitCode.CLEAN, 0), "each file was read"


def test_what_a_repair_called_lost_is_whole_in_an_earlier_copy_and_no_fault_of_it(
    made: Vault, figure: Figure
) -> None:
    made.copy()
    (_, old) = files_of(made.archive, "3")
    lost = str(old.relative_to(made.archive))
    old.unlink()
    anew = store_one(made.store, row("3", MORNING + timedelta(days=1), "Bob Lee"))
    concerns = (Concern.ORIGINAL_LOST,)
    add(made, replace(anew, supersedes=(lost,), concerns=concerns), kind=ManifestKind.REPAIR)
    copied = made.copy()
    assert (copied.code, copied.left) == (ExitCode.CLEAN, ()), copied.left
    found = made.verify()
    assert (found.code, [each.path for each in found.report.aside]) == (ExitCode.CLEAN, [lost])
    spoil(made.copied / lost)
    assert [each.path for each in made.verify().report.extra] == [lost]
    assert made.copy().code is ExitCode.FINDINGS
    figure("D11", "an original that a repair called lost, in an earlier copy: told, no fault")
