"""A file of calls that an erasure left when it was cut off holds other people's rows as well."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.app.keeping import dispose as disposing
from archiver.domain.layout import calls_key
from archiver.domain.recordings import Report
from archiver.errors import ExitCode
from archiver.manifest.records.erasures import ErasureStep
from archiver.removal.making_way import set_aside
from archiver.removal.taking import Removal
from tests.archives import row, store_one
from tests.conftest import Figure
from tests.copy.copies import Vault, add, add_calls, vault
from tests.dispose.test_dispose import CLOCKS, by_rules, carried_out, planned
from tests.erase.test_erase import CALL, erased, steps
from tests.hold.test_hold import cut_off, hold, release

OTHER = "11111111-e61a-11f1-a97c-91b72265b1f5"


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    """Return an archive with a file of calls: of two recordings, and of a third person."""
    made = vault(tmp_path)
    for each in (CALL, OTHER):
        add(made, replace(store_one(made.store, row(each)), source=Report.CALLS))
    add_calls(made, f'{{"id":"{CALL}"}}\n{{"id":"{OTHER}"}}\n{{"id":"8"}}\n'.encode())
    return made


@pytest.fixture
def clocks() -> Iterator[None]:
    with mock.patch.object(disposing, "two_clocks", return_value=CLOCKS):
        yield


def rows_of(made: Vault, call: str) -> list[Path]:
    every = made.archive.glob("**/calls/**/*")
    return [path for path in every if path.is_file() and call in path.read_text()]


@pytest.mark.usefixtures("clocks")
def test_a_disposal_removes_the_rows_that_another_erasure_left(made: Vault, figure: Figure) -> None:
    by_rules(made)
    with cut_off():
        erased(made, CALL)
    result = carried_out(made, planned(made))
    assert (result.code, rows_of(made, OTHER), rows_of(made, CALL)) == (ExitCode.CLEAN, [], [])
    assert steps(made)[-1] is ErasureStep.DONE
    assert erased(made).erased == 1
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P2", "disposed of over an erasure that was cut off: rows left 0")


def test_a_release_removes_the_rows_that_another_erasure_left(made: Vault) -> None:
    number = hold(made, OTHER).hold
    assert number is not None
    erased(made, OTHER)
    with cut_off():
        erased(made, CALL)
    result = release(made, holds=(number,))
    assert (result.code, result.erased, rows_of(made, OTHER)) == (ExitCode.CLEAN, 1, [])


def test_what_lies_in_one_file_with_a_deferred_erasure_waits_for_it(
    made: Vault, figure: Figure
) -> None:
    with cut_off():
        erased(made, CALL)
    number = hold(made, CALL).hold
    assert number is not None
    result = erased(made, OTHER)
    assert result.refused is not None
    assert (result.code, result.refused.holds) == (ExitCode.FINDINGS, (number,))
    assert (len(rows_of(made, OTHER)), len(rows_of(made, CALL))) == (2, 1), "what is held stays"
    assert ErasureStep.DONE not in steps(made)
    freed = release(made, holds=(number,))
    assert (freed.code, freed.erased) == (ExitCode.CLEAN, 2)
    assert rows_of(made, OTHER) == rows_of(made, CALL) == []
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P4", "rows in one file with a held erasure: removed 0, after the release left 0")


def test_a_hold_on_another_that_comes_after_the_tombstones_defers_too(made: Vault) -> None:
    with cut_off():
        erased(made, CALL)
    with cut_off(), mock.patch.object(Removal, "unfinished", return_value=()):
        erased(made, OTHER)
    hold(made, CALL)
    result = erased(made)
    assert (result.code, result.deferred) == (ExitCode.FINDINGS, (CALL, OTHER))
    assert len(rows_of(made, CALL)) == 1


def test_a_stray_that_was_set_aside_goes_too(made: Vault) -> None:
    text = f'{{"id":"{CALL}","caller":"Ann"}}\n'.encode()
    stray = made.store.put(calls_key(None, hashlib.sha256(text).hexdigest()), text)
    set_aside(made.store, stray.key)
    assert len(rows_of(made, "Ann")) == 1
    assert (erased(made, CALL).code, rows_of(made, CALL)) == (ExitCode.CLEAN, [])
