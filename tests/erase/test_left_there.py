"""What is there of an erased recording is named by verify, copy and pull, and never passed over."""

from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from archiver.app.download.get import GetRequest, get
from archiver.app.keeping.erase import ErasePlan, EraseRequest, UndoRequest, erase, undo_erasure
from archiver.app.keeping.hold import HoldRequest, add_hold
from archiver.app.opening.archive.archives import open_existing
from archiver.check.audit_report import FileProblem
from archiver.domain.recordings import RecordingId
from archiver.errors import DestinationError, ExitCode
from archiver.filters.request import FilterRequest
from archiver.get.get_events import NoAudioArchived
from archiver.get.output_files import Target
from archiver.removal.taking import Removal
from archiver.store.local.folder_clearing import FolderClearing
from tests.archives import MORNING, row, store_one
from tests.conftest import Figure
from tests.copy.copies import Vault, add, content, files_of, spoil, vault
from tests.erase.test_erase import WHY, erased


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path)


def began(made: Vault, *ids: str) -> None:
    """Begin to erase these; killed when the tombstones are in the chain."""
    with (
        mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        erased(made, *ids)


def fetched_again(made: Vault, recording: str) -> None:
    """Undo an erasure, and archive the recording as the portal tells of it now."""
    undo_erasure(UndoRequest((recording,), "it was the wrong one"), made.context())
    add(made, store_one(made.store, row(recording, MORNING + timedelta(days=1), "Bob Lee")))


def test_what_a_copy_has_of_an_erasure_that_was_undone_is_removed_and_the_recording_stays(
    made: Vault, figure: Figure
) -> None:
    made.copy()
    old = {*files_of(made.copied, "3")}
    erased(made, "3")
    fetched_again(made, "3")
    left = {made.copied / each.path for each in made.copy().left if isinstance(each, FileProblem)}
    assert left < old, "the same audio is the recording's again, its former sidecar nobody's"
    assert made.verify().code is ExitCode.FINDINGS
    result = erase(EraseRequest(), made.context(made.copied))
    assert (result.code, result.plan.returned, result.versions) == (ExitCode.CLEAN, ("3",), 1)
    assert content(made.copied) == content(made.archive)
    assert made.copy().code is made.verify().code is ExitCode.CLEAN
    assert erase(EraseRequest(), made.context()).versions == 0
    figure("P2", f"undone and fetched again: {len(left)} former file of a copy removed, 2 stay")


def test_what_a_copy_has_of_an_erasure_that_was_undone_stays_until_it_is_fetched_again(
    made: Vault,
) -> None:
    """It may be the last there is of it."""
    made.copy()
    before = files_of(made.copied, "3")
    erased(made, "3")
    undo_erasure(UndoRequest(("3",), "it was the wrong one"), made.context())
    made.copy()
    assert erase(EraseRequest(), made.context(made.copied)).versions == 0
    assert files_of(made.copied, "3") == before


def test_what_is_fetched_again_while_a_person_is_asked_stays(made: Vault, figure: Figure) -> None:
    erased(made, "3")
    back = store_one(made.store, row("3", MORNING + timedelta(days=1)))

    def agree(plan: ErasePlan) -> bool:
        assert plan.returned == ("3",)
        fetched_again(made, "3")
        return True

    request = EraseRequest(FilterRequest(ids=("1", "3")), WHY)
    assert erase(request, made.context(), agree).erased >= 1
    assert back.audio is not None
    assert (made.archive / back.audio.path).exists()
    assert made.verify(made.archive).report.missing == []
    figure("P2", "came back, and undone and fetched again meanwhile: held files removed 0")


@pytest.mark.parametrize("again", [True, False], ids=["fetched again", "undone"])
def test_what_another_machine_brings_back_while_leftovers_are_removed_stays(
    made: Vault, figure: Figure, *, again: bool
) -> None:
    """Where several machines write, no lock keeps one from undoing what another looks at."""
    before = {path: path.read_bytes() for path in files_of(made.archive, "3")}
    erased(made, "3")
    for path, text in before.items():
        path.write_bytes(text)
    with open_existing(made.context()) as archive:
        removal = Removal(archive)
        (back,) = removal.returned([RecordingId("3")])
        if again:
            fetched_again(made, "3")
        else:
            undo_erasure(UndoRequest(("3",), "it was the wrong one"), made.context())
        with pytest.raises(DestinationError, match="still there"):
            removal.remove(back)
    assert made.verify(made.archive).report.missing == []
    kept = {*before}.intersection(files_of(made.archive, "3"))
    assert len(kept) == (1 if again else 2), "the same audio has its former name"
    figure("P2", f"came back, and {'fetched again' if again else 'undone'} while removed: lost 0")


def test_what_is_held_of_a_begun_erasure_is_in_no_copy_and_that_is_said(
    made: Vault, figure: Figure
) -> None:
    began(made, "3")
    request = HoldRequest(FilterRequest(ids=("3",)), "Miller", "a claim", "Ann")
    add_hold(request, made.context())
    copied = made.copy()
    assert copied.code is ExitCode.FINDINGS
    told = {each.path: each.what for each in copied.left}
    there = {str(each.relative_to(made.archive)) for each in files_of(made.archive, "3")}
    assert told.keys() == there
    assert all("NO copy" in what and "hold 5" in what for what in told.values())
    found = made.verify(made.archive).report.extra
    assert {each.path for each in found} == there
    assert all("held (hold 5)" in each.what for each in found)
    figure("P2", f"held of a begun erasure: {len(found)} files in no copy, each named")


def test_what_is_held_of_a_begun_erasure_is_not_fetched_from_the_portal(
    made: Vault, figure: Figure
) -> None:
    began(made, "3")
    answer = get(GetRequest(("3",)), made.context(), Target(f"{made.home}/got/"))
    assert (answer.code, answer.saved) == (ExitCode.FINDINGS, ())
    (told,) = answer.events
    assert isinstance(told, NoAudioArchived)
    assert not told.portal_is_asked
    figure("P2", "get of a begun erasure: ends with 3, portal asked 0")


def test_a_standing_hold_keeps_what_was_begun_before_it_and_nothing_that_came_after(
    made: Vault,
) -> None:
    began(made, "3")
    standing = HoldRequest(FilterRequest(number=("0777",)), "Miller", "a claim", "Ann", future=True)
    add_hold(standing, made.context())
    assert "hold 5" in made.verify(made.archive).report.extra[0].what
    assert made.copy().left
    other = vault(made.home / "other")
    add_hold(standing, other.context())
    began(other, "3")
    assert "erase --finish" in other.verify(other.archive).report.extra[0].what


def test_erased_audio_that_was_set_aside_is_found_in_the_archive_and_in_a_copy(
    made: Vault, figure: Figure
) -> None:
    made.copy()
    spoil(files_of(made.copied, "3")[0])
    made.copy(mend=True)
    (aside,) = made.copied.glob("quarantine/**/*_3.*aside")
    erased(made, "3")
    for each in files_of(made.copied, "3"):
        each.unlink()
    there = str(aside.relative_to(made.copied))
    (left,) = made.copy().left
    (found,) = made.verify().report.extra
    assert found.path == there
    assert isinstance(left, FileProblem)
    assert (left.path, left.what) == (there, found.what)
    assert "archiver erase --finish" in found.what
    assert made.verify().code is ExitCode.FINDINGS
    assert erase(EraseRequest(), made.context(made.copied)).code is ExitCode.CLEAN
    assert not aside.exists()
    figure("P2", "erased audio that was set aside: found by verify and copy, removed by --finish")
    assert made.copy().code is made.verify().code is ExitCode.CLEAN
