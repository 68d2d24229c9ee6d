"""What is erased is gone in every version; what may not be stays, and the chain says so."""

import hashlib
import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.app.check.repair import RepairRequest, repair
from archiver.app.keeping.erase import (
    ErasePlan,
    EraseRequest,
    EraseResult,
    UndoRequest,
    erase,
    undo_erasure,
)
from archiver.app.opening.archive.archives import open_existing
from archiver.catalog.questions.erased import ErasedRecordings
from archiver.check.audit import audit
from archiver.check.audit_report import AuditReport, FullRead
from archiver.check.expected_files import ExpectedFile
from archiver.check.file_check import Checked, on_threads
from archiver.domain.layout import calls_key, hold_key
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId, Report
from archiver.errors import DestinationError, ExitCode, UsageError
from archiver.filters.request import FilterRequest
from archiver.manifest.builder import Statement
from archiver.manifest.journal import Journal
from archiver.manifest.model import FindingCounts, ManifestKind
from archiver.manifest.records.erasures import Cause, ErasureStep, Tombstone
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.records.holds import HoldAction, HoldChange
from archiver.removal.making_way import set_aside
from archiver.removal.taking import Removal, RemovalScope, Taking, undone
from archiver.store.base import Item
from archiver.store.local import LocalStore
from archiver.store.local.folder_clearing import FolderClearing
from tests.archives import MORNING, lose_catalog, row, store_one
from tests.campaigns.erase import campaign
from tests.campaigns.removals import COMMANDS
from tests.conftest import Figure
from tests.copy.copies import Vault, add, add_calls, files_of, spoil, vault
from tests.erase.newer import newer_than_held

WHY = "the customer asked for it"
CALL = "68ac2671-e61a-11f1-a97c-91b72265b1f5"
"""A call that has audio of its own."""


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path)


def erased(made: Vault, *ids: str, **wanted: object) -> EraseResult:
    filters = FilterRequest(ids=ids)
    request = EraseRequest(filters, WHY if ids else "", **wanted)  # type: ignore[arg-type]  # a test names any
    return erase(request, made.context())


def steps(made: Vault) -> list[ErasureStep]:
    """Return the steps of all erasures of the chain, in their order."""
    every = (manifest.erasure for _, manifest in Journal(made.store).manifests())
    return [each.step for each in every if each]


def hold(made: Vault, *changes: HoldChange) -> None:
    journal = Journal(made.store)
    statement = Statement(ManifestKind.HOLD, journal.archive().archive)
    journal.append(
        lambda below: replace(statement.on(below, (), FindingCounts(0, 0)), holds=changes)
    )


def held(number: int, *ids: str, action: HoldAction = HoldAction.ADDED) -> HoldChange:
    matter = "a case" if action is HoldAction.ADDED else None
    return HoldChange(number, action, "Ann", "a case", matter, tuple(map(RecordingId, ids)), None)


def lying(made: Vault, recording: str) -> list[Path]:
    return sorted(made.archive.glob(f"*/2019/**/*_{recording}.*"))


def test_what_comes_while_a_person_is_asked_is_left_and_told(made: Vault, figure: Figure) -> None:
    def agree(plan: ErasePlan) -> bool:
        add(made, store_one(made.store, row("9")))
        return plan.ids == tuple("123456")

    request = EraseRequest(FilterRequest(agent=("Ann",)), WHY)
    result = erase(request, made.context(), agree)
    assert (result.code, result.erased, result.has_more) == (ExitCode.FINDINGS, 6, True)
    assert len(lying(made, "9")) == 2
    again = erase(request, made.context())
    assert (again.code, again.erased, again.has_more) == (ExitCode.CLEAN, 1, False)
    assert lying(made, "9") == []
    figure("P2", "another of the agent's comes before who erases agrees: left, told, exit 3")


def test_what_is_gone_is_told_though_the_words_mean_several_by_now(made: Vault) -> None:
    one, other = (f"3f10cb7c-e61a-11f1-a97c-91b72265b1f{end}" for end in "59")
    add(made, store_one(made.store, row(one)))

    def agree(_plan: ErasePlan) -> bool:
        add(made, store_one(made.store, row(other)))
        return True

    result = erase(EraseRequest(FilterRequest(ids=(one[:6],)), WHY), made.context(), agree)
    assert (result.code, result.erased, result.has_more) == (ExitCode.FINDINGS, 1, True)
    assert [len(lying(made, each)) for each in (one, other)] == [0, 2]


@pytest.mark.parametrize("word", ["quarantined", "gone"])
def test_what_is_held_is_not_erased_by_what_became_of_a_newer_version(
    word: str, made: Vault, figure: Figure
) -> None:
    newer_than_held(made, "2", word)
    newer_than_held(made, "9", word, is_held=False)
    result = erase(EraseRequest(FilterRequest(outcome=(word,)), WHY), made.context())
    assert (result.plan.ids, result.plan.spared) == (("9",), ("2",))
    assert (result.code, result.has_more) == (ExitCode.CLEAN, False)
    assert len(files_of(made.archive, "2")) == 2
    both = FilterRequest(outcome=(word, "archived"))
    assert "2" in erase(EraseRequest(both, WHY, dry_run=True), made.context()).plan.ids
    figure("P2", f"held, a newer version {word}, erased by that word: 0, and it is named")


def test_what_is_erased_while_an_audit_reads_is_not_missed(made: Vault, figure: Figure) -> None:
    read = on_threads(made.store, FullRead(), threads=1)

    def audited(meanwhile: Callable[[], object]) -> AuditReport:
        def checks(files: Iterable[ExpectedFile]) -> Iterator[Checked]:
            meanwhile()
            yield from read(files)

        return audit(made.store, checks=checks)

    report = audited(lambda: erased(made, "6"))
    assert (report.is_clean, lying(made, "6")) == (True, [])
    lost = lying(made, "5")
    gone = [str(path.relative_to(made.archive)) for path in lost]
    report = audited(lambda: [*map(Path.unlink, lost)])
    assert [each.path for each in report.missing] == gone
    figure("P2", "erased while an audit reads: missed 0 of 2; removed by hand: named 2 of 2")


def test_what_no_listing_has_and_its_name_gives_is_not_gone(made: Vault, figure: Figure) -> None:
    """Listings of some servers lag behind; the chain knows every name."""
    hidden = str(lying(made, "3")[0].relative_to(made.archive))
    items = LocalStore.items

    def lagging(store: LocalStore, prefix: str) -> Iterator[Item]:
        return (each for each in items(store, prefix) if each.key != hidden)

    with mock.patch.object(LocalStore, "items", lagging), pytest.raises(DestinationError) as told:
        erased(made, "3")
    assert hidden in told.value.message
    assert steps(made) == [ErasureStep.BEGUN], "nothing says that it is gone"
    assert (erased(made).code, lying(made, "3")) == (ExitCode.CLEAN, [])
    figure("P2", "a listing that lacks 1 of 2 files, before and after: called gone 0")


def of_a_call(made: Vault) -> None:
    """Archive audio that a call has, beside its row and that of another call."""
    add(made, replace(store_one(made.store, row(CALL)), source=Report.CALLS))
    add_calls(made, f'{{"id":"{CALL}"}}\n{{"id":"8"}}\n'.encode())


def test_what_is_erased_is_gone_and_nothing_misses_it(made: Vault, figure: Figure) -> None:
    damaged = files_of(made.archive, "3")[0]
    spoil(damaged)
    aside = set_aside(made.store, str(damaged.relative_to(made.archive)))
    result = erased(made, "3")
    assert (result.code, result.erased, result.versions) == (ExitCode.CLEAN, 1, 2)
    assert lying(made, "3") == []
    assert not (made.archive / aside).exists()
    assert made.verify(made.archive).code is ExitCode.CLEAN
    assert repair(RepairRequest(), made.context()).put_back == ()
    assert steps(made) == [ErasureStep.BEGUN, ErasureStep.DONE]
    (begun, done) = [m for _, m in Journal(made.store).manifests() if m.erasure]
    assert begun.recordings == ()
    assert [each.outcome for each in done.recordings] == [Outcome.ERASED]
    assert done.erasure is not None
    assert (done.erasure.left, done.erasure.reason) == (0, WHY)
    assert [len(each.files) for each in done.erasure.tombstones] == [2]
    again = erased(made, "3")
    assert (again.code, again.erased, len(steps(made))) == (ExitCode.CLEAN, 0, 2)
    figure("P2", f"erase: {result.versions} files gone, 0 left, verify 0, put back 0")


def test_the_rows_of_its_call_go_and_other_peoples_stay(made: Vault, figure: Figure) -> None:
    of_a_call(made)
    (old,) = made.archive.glob("calls/**/*.jsonl")
    aside = made.archive / f"quarantine/{old.relative_to(made.archive)}.{'0' * 12}.aside"
    aside.parent.mkdir(parents=True)
    shutil.copy(old, aside)
    result = erased(made, CALL)
    (new,) = made.archive.glob("calls/**/*.jsonl")
    assert (result.code, result.plan.call_rows) == (ExitCode.CLEAN, 1)
    assert (new.read_bytes(), old.exists(), aside.exists()) == (b'{"id":"8"}\n', False, False)
    (named,) = [m.calls[0] for _, m in Journal(made.store).manifests() if m.erasure and m.calls]
    assert named.supersedes == str(old.relative_to(made.archive))
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P2", "rows of calls erased 1, of others left 1, verify 0")


@pytest.mark.parametrize("at", [MORNING, MORNING + timedelta(days=400)])
def test_the_row_of_a_call_whose_own_audio_is_held_stays(
    at: datetime, made: Vault, figure: Figure
) -> None:
    """Another recording names the call, and is erased; so it is where two name one call."""
    of_a_call(made)
    rows = [path.read_bytes() for path in made.archive.glob("calls/**/*.jsonl")]
    for id_, when in (("31", MORNING), ("32", at)):
        told = row(id_, when)
        named = "8" if id_ == "32" else CALL
        add(made, store_one(made.store, replace(told, fields={**told.fields, "call_id": named})))
    told = row("33")
    add(made, store_one(made.store, replace(told, fields={**told.fields, "call_id": "8"})))
    hold(made, held(9, CALL, "32"))
    result = erased(made, "31", "33")
    assert (result.code, result.erased, result.plan.call_rows) == (ExitCode.CLEAN, 2, 0)
    assert [path.read_bytes() for path in made.archive.glob("calls/**/*.jsonl")] == rows
    figure("P3", "rows of calls that what is held has, too: erased 0")


def test_a_file_of_one_call_goes_altogether(made: Vault) -> None:
    add(made, replace(store_one(made.store, row(CALL)), source=Report.CALLS))
    add_calls(made, f'{{"id":"{CALL}"}}\n'.encode())
    assert erased(made, CALL).code is ExitCode.CLEAN
    assert [*made.archive.glob("calls/**/*.jsonl")] == []
    assert made.verify(made.archive).code is ExitCode.CLEAN


def test_a_damaged_file_of_calls_is_mended_first(made: Vault) -> None:
    of_a_call(made)
    spoil(next(made.archive.glob("calls/**/*.jsonl")))
    with pytest.raises(UsageError, match="may have rows"):
        erased(made, CALL)
    assert (len(lying(made, CALL)), steps(made)) == (2, [])


@pytest.mark.parametrize("standing", [False, True])
def test_what_is_held_stays_and_the_chain_says_who_tried(
    made: Vault, figure: Figure, *, standing: bool
) -> None:
    change = held(4, "3")
    if standing:
        key = hold_key("0" * 64)
        change = replace(change, recordings=(), future=ArchivedFile(key, 1, "0" * 64))
    hold(made, change)
    result = erased(made, "1", "3")
    assert result.refused is not None
    assert (result.code, result.refused.holds, result.erased) == (ExitCode.FINDINGS, (4,), 0)
    assert [len(lying(made, each)) for each in ("1", "3")] == [2, 2]
    assert steps(made) == [ErasureStep.REFUSED]
    hold(made, held(4, action=HoldAction.RELEASED))
    assert erased(made, "1", "3").code is ExitCode.CLEAN
    figure("P3", f"held, standing {standing}: removed 0, then released: 2 erased")


def test_a_hold_that_is_entered_first_wins(made: Vault, figure: Figure) -> None:
    real, looks = Removal.look, itertools.count()

    def look(removal: Removal, taking: Taking) -> RemovalScope:
        found = real(removal, taking)
        if next(looks) == 1:  # the second: the tombstones are made, and not yet written
            hold(made, held(4, "3"))
        return found

    with mock.patch.object(Removal, "look", look):
        result = erased(made, "3")
    assert (result.refused and result.refused.holds, next(looks)) == ((4,), 3)
    assert (len(lying(made, "3")), steps(made)) == (2, [ErasureStep.REFUSED])
    figure("P4", "a hold between the look and the tombstones: built anew, removed 0")


def test_what_is_not_gone_is_never_said_to_be(made: Vault) -> None:
    nothing = mock.patch.object(FolderClearing, "remove_versions")
    with nothing, pytest.raises(DestinationError, match="2 versions"):
        erased(made, "3")
    assert (steps(made), len(lying(made, "3"))) == ([ErasureStep.BEGUN], 2)
    assert erased(made).erased == 1


def test_a_hold_of_another_binds_nothing(made: Vault) -> None:
    hold(made, held(4, "1", "3"), held(5, "2"))
    hold(made, held(4, "3", action=HoldAction.RELEASED))
    assert erased(made, "3").code is ExitCode.CLEAN
    assert erased(made, "1").refused is not None


def test_what_is_not_known_is_named(made: Vault) -> None:
    with pytest.raises(UsageError, match="no recording called 999"):
        erased(made, "1", "999")
    with pytest.raises(UsageError, match="number"):
        erase(EraseRequest(FilterRequest(ids=("1",)), "call 02079460018"), made.context())
    with pytest.raises(UsageError, match="who decides"):
        erased(made, "1", by="Ann", second="Ann")
    assert steps(made) == []


@pytest.mark.parametrize("second", ["ann", " ANN ", "\uff21nn", "Ann  LEE"])
def test_the_second_person_is_another(made: Vault, second: str) -> None:
    by = "Ann Lee" if "LEE" in second else "Ann"
    with pytest.raises(UsageError, match="who decides"):
        erased(made, "1", by=by, second=second)
    assert steps(made) == []


def test_four_eyes_must_see_it(made: Vault) -> None:
    made.environ = {"ARCHIVER_FOUR_EYES": "yes"}
    with pytest.raises(UsageError, match="second person"):
        erased(made, "1", by="Ann")
    assert (steps(made), len(lying(made, "1"))) == ([], 2)
    assert erased(made, "1", by="Ann", second="Ben").code is ExitCode.CLEAN
    (begun, _done) = [m.erasure for _, m in Journal(made.store).manifests() if m.erasure]
    assert begun is not None
    assert (begun.by, begun.second) == ("Ann", "Ben")


def test_nobody_agreed_or_a_dry_run_writes_nothing(made: Vault) -> None:
    request = EraseRequest(FilterRequest(ids=("1",)), WHY)
    result = erase(request, made.context(), lambda _plan: False)
    assert (result.code, result.plan.versions) == (ExitCode.FINDINGS, 2)
    assert erased(made, "2", dry_run=True).plan.ids == ("2",)
    assert (steps(made), len(lying(made, "1"))) == ([], 2)


def test_killed_anywhere_it_is_finished_by_the_next(tmp_path: Path, figure: Figure) -> None:
    figures = campaign(tmp_path, 25, COMMANDS["erase"])
    assert figures.violations == []
    assert figures.kills >= figures.steps // 25
    figure("P6", f"erase: {figures}: finished by the next, verify 0")


def test_a_copy_is_erased_by_the_tombstones_that_it_has(made: Vault, figure: Figure) -> None:
    of_a_call(made)
    made.copy()
    erased(made, "3", CALL)
    assert made.copy().code is ExitCode.FINDINGS
    copied = made.context(made.copied)
    request = EraseRequest(FilterRequest(ids=("3", CALL)), WHY)
    result = erase(request, copied)
    assert (result.code, result.plan.ids, result.versions) == (ExitCode.CLEAN, (), 5)
    assert (made.copy().code, made.verify().code) == (ExitCode.CLEAN, ExitCode.CLEAN)
    assert made.copy().copy_head == made.head(), "nothing was entered"
    assert erase(request, copied).versions == 0
    figure(
        "P2", f"a copy: {result.versions} files of the erased removed, one head, copy ends with 0"
    )


def test_a_killed_one_is_seen_by_verify_and_obeyed(made: Vault) -> None:
    cut_off = mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt)
    with cut_off, pytest.raises(KeyboardInterrupt):
        erased(made, "3")
    report = made.verify(made.archive)
    assert (report.code, len(report.report.extra), report.report.missing) == (3, 2, [])
    assert repair(RepairRequest(), made.context()).put_back == ()
    assert erased(made).erased == 1
    assert made.verify(made.archive).code is ExitCode.CLEAN


def test_what_was_undone_and_fetched_again_stays_when_another_of_its_erasure_is_erased(
    made: Vault, figure: Figure
) -> None:
    erased(made, "1", "3")
    undo_erasure(UndoRequest(("3",), "it was the wrong one"), made.context())
    add(made, store_one(made.store, row("3")))
    again = erased(made, "1")
    assert (again.code, again.erased, again.versions) == (ExitCode.CLEAN, 0, 0)
    assert len(lying(made, "3")) == 2
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P2", "of one erasure, one undone and fetched again: removed with the other 0")


def test_what_a_chain_names_twice_can_be_finished(made: Vault) -> None:
    """An earlier version took a forged plan; nothing enters such an erasure any more."""
    stone = Tombstone(RecordingId("3"), Report.RECORDINGS, None, ())
    begun = replace(undone((stone, stone), "Ann", WHY), step=ErasureStep.BEGUN)
    journal = Journal(made.store)
    statement = Statement(ManifestKind.ERASE, journal.archive().archive, erasure=begun)
    journal.append(lambda below: statement.on(below, (), FindingCounts(0, 0)))
    assert erased(made).code is ExitCode.CLEAN
    assert lying(made, "3") == []
    assert made.verify(made.archive).code is ExitCode.CLEAN


def test_where_there_is_no_archive_nothing_is_undone_and_none_is_begun(tmp_path: Path) -> None:
    made = Vault(tmp_path)
    with pytest.raises(UsageError, match="There is no archive at"):
        undo_erasure(UndoRequest(("3",), "it was the wrong one"), made.context())
    assert not made.archive.exists()


def test_nothing_is_taken_away_twice_at_once(made: Vault) -> None:
    with open_existing(made.context()) as archive:
        (known,) = archive.catalog.recordings.many([RecordingId("3")]).values()
    for recordings in ((), (known, known)):
        with pytest.raises(ValueError, match="once"):
            Taking(recordings, Cause.ERASURE, "Ann", WHY, None, {})


def test_two_recordings_of_one_call_go_at_once(made: Vault) -> None:
    of_a_call(made)
    linked = [(RecordingId(each), RecordingId(CALL)) for each in ("1", "3")]
    with mock.patch.object(ErasedRecordings, "linked", return_value=linked):
        result = erased(made, "1", "3")
    assert (result.code, result.erased) == (ExitCode.CLEAN, 2)
    lose_catalog(made.archive)
    assert made.verify(made.archive).code is ExitCode.CLEAN
    assert erased(made, "1", "3").code is ExitCode.CLEAN


def test_rows_in_a_file_that_no_manifest_names_go_too(made: Vault, figure: Figure) -> None:
    of_a_call(made)
    lines = f'{{"id":"{CALL}"}}\n{{"id":"9"}}\n'.encode(), b'{"id":"10"}\n'
    left, other = (
        made.archive / made.store.put(calls_key(None, hashlib.sha256(one).hexdigest()), one).key
        for one in lines
    )
    result = erased(made, CALL)
    assert (result.code, left.exists(), other.exists()) == (ExitCode.CLEAN, False, True)
    figure("P2", "a file of calls that no manifest names: with an erased row gone, another's stays")
