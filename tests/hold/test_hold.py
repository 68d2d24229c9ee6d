"""What a hold binds stays, whoever asks for it to go; what it doesn't bind may go."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.app.check.repair import RepairRequest, repair
from archiver.app.keeping.erase import EraseRequest, EraseResult, erase
from archiver.app.keeping.hold import HoldRequest, HoldResult, add_hold
from archiver.app.keeping.list_holds import HoldsRequest, HoldsResult, list_holds
from archiver.app.keeping.release import (
    ReleasePlan,
    ReleaseRequest,
    ReleaseResult,
    release_hold,
)
from archiver.catalog import Catalog
from archiver.domain.layout import PRIVATE
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import RecordingId
from archiver.domain.row.identity import alias
from archiver.domain.times.window import DAY
from archiver.errors import ExitCode, UsageError
from archiver.filters.request import FilterRequest
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.erasures import ErasureStep
from archiver.manifest.records.files import Head
from archiver.removal.taking import Removal, RemovalScope, Taking
from archiver.store.local import LocalStore
from archiver.store.local.folder_clearing import FolderClearing
from tests.archives import MORNING, entry, lose_catalog, manifest_of, row, store_one
from tests.campaigns.erase import campaign
from tests.campaigns.removals import COMMANDS
from tests.conftest import Figure
from tests.copy.copies import Vault, add, files_of, spoil, vault

WHY = "a claim was received"
LONG_ID = "3f10cb7c-e61a-11f1-a97c-91b72265b1f5"
NUMBER = "+44 7700 900123"
"""The caller of every recording here."""


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path)


def hold(
    made: Vault, *ids: str, matter: str = "Miller", future: bool = False, **filters: object
) -> HoldResult:
    asked = FilterRequest(ids=ids, **filters)  # type: ignore[arg-type]  # a test names any
    return add_hold(HoldRequest(asked, matter, WHY, "Ann", future), made.context())


def release(made: Vault, *ids: str, holds: tuple[int, ...] = (), **more: object) -> ReleaseResult:
    request = ReleaseRequest("the case is closed", holds, FilterRequest(ids=ids), "Ben", **more)  # type: ignore[arg-type]  # same
    return release_hold(request, made.context())


def erased(made: Vault, *ids: str) -> EraseResult:
    reason = "the customer asked for it" if ids else ""
    return erase(EraseRequest(FilterRequest(ids=ids), reason, "Cem"), made.context())


def holds(made: Vault, *, released: bool = False) -> HoldsResult:
    return list_holds(HoldsRequest(released=released), made.context())


def binding(made: Vault, recording: str) -> tuple[int, ...]:
    """Return which holds an erasure says to be in its way; nothing is erased by asking."""
    asked = EraseRequest(FilterRequest(ids=(recording,)), "a question", dry_run=True)
    return erase(asked, made.context()).plan.forbidden.holds


def steps(made: Vault) -> list[ErasureStep]:
    every = (manifest.erasure for _, manifest in Journal(made.store).manifests())
    return [each.step for each in every if each]


@contextmanager
def cut_off() -> Iterator[None]:
    """Let an erasure be interrupted between the tombstones and the bytes."""
    stopped = mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt)
    with stopped, pytest.raises(KeyboardInterrupt):
        yield


def test_what_is_held_stays_until_the_last_hold_goes(made: Vault, figure: Figure) -> None:
    first, second = hold(made, "3"), hold(made, "3", "4", matter="Jones")
    assert (first.code, first.hold, second.hold) == (ExitCode.CLEAN, 4, 5)
    assert erased(made, "3", "1").refused is not None
    assert release(made, holds=(4,)).plan.freed == ()
    refused = erased(made, "3").refused
    assert refused is not None
    assert refused.holds == (5,)
    assert len(files_of(made.archive, "3")) == 2
    assert [each.hold.number for each in holds(made).holds] == [5]
    assert [each.hold.released_by for each in holds(made, released=True).holds] == ["Ben", None]
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P3", "two holds of one recording: one released, removed 0")


def test_releasing_finishes_what_it_deferred(made: Vault, figure: Figure) -> None:
    hold(made, "3")
    assert erased(made, "3", "1").code is ExitCode.FINDINGS
    looked = release(made, holds=(4,), dry_run=True)
    assert (looked.plan.finishable, steps(made)) == (2, [ErasureStep.REFUSED])
    assert release(made, holds=(4,), finishes=False).erased == 0
    result = release(made, holds=(4,))
    assert (result.code, result.erased, result.plan.changes) == (ExitCode.CLEAN, 2, {})
    assert [files_of(made.archive, each) for each in ("1", "3")] == [[], []]
    *_, done = [m.erasure for _, m in Journal(made.store).manifests() if m.erasure]
    assert (done.by, done.reason) == ("Cem", "the customer asked for it")
    assert made.verify(made.archive).code is ExitCode.CLEAN
    assert release(made, holds=(4,)).erased == 0
    figure("P3", "refused erasures of 2 recordings finished by the release, verify 0")


@pytest.mark.parametrize("cut", ["begin", "finish"])
def test_a_release_by_id_that_was_cut_off_is_gone_on_with_by_the_same_words(
    made: Vault, cut: str, figure: Figure
) -> None:
    hold(made, "3")
    erased(made, "3")
    with (
        mock.patch.object(Removal, cut, side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        release(made, "3")
    assert len(files_of(made.archive, "3")) == 2
    again = release(made, "3")
    assert (again.code, again.erased) == (ExitCode.CLEAN, 1)
    assert files_of(made.archive, "3") == []
    assert made.verify(made.archive).code is ExitCode.CLEAN
    assert release(made, "3").erased == 0
    figure("P3", f"a release by id, killed before it could {cut}: finished by the same words")


def test_nothing_is_erased_unasked_though_the_hold_was_released_before(made: Vault) -> None:
    hold(made, "3")
    erased(made, "3")
    release(made, holds=(4,), finishes=False)
    shown: list[int] = []

    def disagree(plan: ReleasePlan) -> bool:
        shown.append(plan.finishable)
        return False

    result = release_hold(ReleaseRequest(WHY, (4,)), made.context(), disagree)
    assert (result.code, shown) == (ExitCode.FINDINGS, [1])
    assert len(files_of(made.archive, "3")) == 2


def test_what_an_earlier_hold_deferred_is_left_by_another_release(made: Vault) -> None:
    hold(made, "1", "3")
    erased(made, "3")
    release(made, "3", holds=(4,), finishes=False)
    hold(made, "3", matter="Jones")
    assert release(made, "1", holds=(4,)).erased == 0, "another recording of the hold"
    freed = release(made, "3")
    assert ([*freed.plan.changes], freed.plan.finishable) == ([7], 0), "another hold"
    assert len(files_of(made.archive, "3")) == 2
    assert release(made, "3", holds=(4,)).erased == 1


def test_what_came_while_it_was_asked_is_left_and_said(made: Vault, figure: Figure) -> None:
    hold(made, "1", "2")
    erased(made, "1")

    def agree(plan: ReleasePlan) -> bool:
        assert plan.finishable == 1
        erased(made, "2")
        return True

    asked = ReleaseRequest("closed", (4,))
    result = release_hold(asked, made.context(), agree)
    assert (result.code, result.erased, result.has_more) == (ExitCode.FINDINGS, 1, True)
    assert (files_of(made.archive, "1"), len(files_of(made.archive, "2"))) == ([], 2)
    again = release_hold(asked, made.context())
    assert (again.code, again.erased, again.has_more) == (ExitCode.CLEAN, 1, False)
    figure("P3", "an erasure that was not shown to who released: erased 0, said 1")


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_hold_that_came_while_it_was_asked_keeps_what_was_to_be_erased(
    made: Vault,
    is_begun: bool,  # noqa: FBT001 - as pytest gives it
) -> None:
    if is_begun:
        with cut_off():
            erased(made, "1", "3")
    hold(made, "3")
    assert is_begun or erased(made, "3", "1").refused is not None
    number = release(made, "3", dry_run=True).plan.changes.keys()

    def agree(plan: ReleasePlan) -> bool:
        assert plan.finishable == 2
        hold(made, "1", matter="Jones")
        return True

    result = release_hold(ReleaseRequest("closed", tuple(number)), made.context(), agree)
    assert (result.code, result.erased, len(files_of(made.archive, "1"))) == (3, 0, 2)
    (other,) = (each.hold.number for each in holds(made).holds)
    assert [each.holds for each in result.still] == [(other,)]


def test_no_other_hold_is_released_than_was_shown(made: Vault) -> None:
    hold(made, "1")

    def agree(plan: ReleasePlan) -> bool:
        assert [*plan.changes] == [4]
        release(made, holds=(4,))
        hold(made, "1", matter="Jones")
        return True

    asked = ReleaseRequest("closed", filters=FilterRequest(ids=("1",)))
    result = release_hold(asked, made.context(), agree)
    assert (result.code, binding(made, "1")) == (ExitCode.FINDINGS, (6,))


def test_what_another_hold_binds_is_not_finished(made: Vault) -> None:
    hold(made, "3")
    hold(made, "1", matter="Jones")
    erased(made, "3", "1")
    assert release(made, holds=(4,)).erased == 0
    assert len(files_of(made.archive, "3")) == 2
    assert release(made, holds=(5,)).erased == 2


def test_a_standing_hold_binds_what_matches_and_nothing_else(made: Vault, figure: Figure) -> None:
    result = hold(made, future=True, day="2019-06-12")
    assert (result.plan.ids, result.is_standing) == (("3", "4"), True)
    for recording, day in (("7", 12), ("8", 11)):
        at = row("1").at
        assert at is not None
        add(made, store_one(made.store, row(recording, at.replace(day=day))))
    bound = {each: binding(made, each) for each in ("1", "3", "7", "8")}
    assert bound == {"1": (), "3": (4,), "7": (4,), "8": ()}
    assert holds(made).holds[0].ids == ("3", "4", "7")
    assert erased(made, "8").code is ExitCode.CLEAN
    assert erased(made, "7").refused is not None
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P3", f"a standing hold of a day: bound {bound}")


def test_a_standing_hold_by_number_is_in_no_manifest(made: Vault, figure: Figure) -> None:
    hold(made, future=True, number=(NUMBER,))
    add(made, store_one(made.store, row("7")))
    assert binding(made, "7") == (4,)
    texts = [path.read_bytes() for path in (made.archive / "manifests").iterdir()]
    assert not any(b"900123" in text for text in texts)
    (asked,) = (made.archive / "holds").iterdir()
    assert b"900123" in asked.read_bytes()
    assert asked.stat().st_mode & 0o077 == 0
    figure("P3", f"a standing hold by number: in 0 of {len(texts)} manifests, its file private")


@pytest.mark.parametrize(
    "asked", [{"number": (NUMBER,)}, {"day": "2019-06-11"}, {"agent": ("Ann Lee",)}]
)
def test_what_matched_once_is_bound_whatever_the_portal_tells_of_it_later(
    made: Vault, figure: Figure, asked: dict[str, object]
) -> None:
    """A number, a time or an agent is corrected; what was failed before had told nothing yet."""
    first = row("7")
    other = replace(
        row("7", MORNING + DAY, agent="Bob Ray"),
        fields={**row("7").fields, "call_from": "+44 7700 900999", "agent": "Bob Ray"},
    )
    failed = entry("8", Outcome.FAILED, created_at=other.at)
    number = hold(made, future=True, **asked).hold  # type: ignore[arg-type]  # a test names any
    assert number is not None
    add(made, was := store_one(made.store, first), failed)
    add(made, store_one(made.store, replace(other, id=RecordingId("8"))))
    add(made, store_one(made.store, other))
    assert [binding(made, each) for each in ("7", "8")] == [(number,), ()]
    assert "7" in holds(made).holds[0].ids
    lose_catalog(made.archive)
    assert binding(made, "7") == (number,), "a catalog made anew reads the former sidecar"
    assert was.sidecar is not None
    spoil(made.archive / was.sidecar.path)
    lose_catalog(made.archive)
    assert binding(made, "7") == (number,), "nothing tells whether it had matched"
    assert erased(made, "7").refused is not None
    assert release(made, "7").code is ExitCode.CLEAN
    assert erased(made, "7").code is ExitCode.CLEAN
    figure("P3", f"a standing hold by {next(iter(asked))}, corrected by the portal: still bound")


@pytest.mark.parametrize("outcome", [Outcome.NO_AUDIO, Outcome.GONE, Outcome.FAILED])
@pytest.mark.parametrize("asked", [{"number": (NUMBER,)}, {"day": "2019-06-11"}])
def test_what_matched_before_there_was_a_sidecar_is_bound_as_well(
    made: Vault, figure: Figure, asked: dict[str, object], outcome: Outcome
) -> None:
    """What its number is, the row that was listed tells; when it is of, its entry does."""
    number = hold(made, future=True, **asked).hold  # type: ignore[arg-type]  # a test names any
    assert number is not None
    other = replace(
        row("7", MORNING + DAY), fields={**row("7").fields, "call_from": "+44 7700 900999"}
    )
    with closing(Catalog(made.archive / PRIVATE)) as catalog:
        catalog.note_rows([row("7"), replace(other, id=RecordingId("8"))])
    add(made, *(entry(each, outcome, created_at=MORNING) for each in ("7", "8")))
    assert binding(made, "7") == (number,)
    add(made, store_one(made.store, other), store_one(made.store, replace(other, id="8")))
    bound = [binding(made, each) for each in ("7", "8")]
    assert bound == [(number,), (number,) if "day" in asked else ()]
    if "day" in asked:
        lose_catalog(made.archive)
        assert binding(made, "7") == (number,)
    assert erased(made, "7").refused is not None
    figure("P3", f"a standing hold by {next(iter(asked))}, {outcome} first: still bound")


@pytest.mark.parametrize("future", [True, False])
def test_a_number_that_only_a_refused_version_tells_is_held(
    made: Vault, figure: Figure, *, future: bool
) -> None:
    """The pair that is held tells another: the portal's newest word is beside it."""
    other = replace(row("7"), fields={**row("7").fields, "call_from": "+44 7700 900999"})
    refused = store_one(made.store, other, b"short", Verdict.TRUNCATED)
    asked = {"number": ("+44 7700 900999",)}
    add(made, store_one(made.store, row("7")))
    if future:
        hold(made, future=True, **asked)  # type: ignore[arg-type]  # a test names any
    add(made, refused)
    if not future:
        assert hold(made, **asked).plan.ids == ("7",)  # type: ignore[arg-type]  # same
    assert len(binding(made, "7")) == 1
    lose_catalog(made.archive)
    assert erased(made, "7").refused is not None
    figure("P3", f"a refused version tells the number, held by it, future {future}: bound")


@pytest.mark.parametrize(("calls", "bound"), [(False, (4,)), (True, ())])
def test_a_call_that_nobody_archives_is_a_doubt_that_stays(
    made: Vault, figure: Figure, *, calls: bool, bound: tuple[int, ...]
) -> None:
    """An agent matches, nothing tells the service, and then the agent is corrected."""
    hold(made, future=True, agent=("Ann Lee",), service=("Sales",))
    journal = Journal(made.store)
    build = manifest_of(journal.archive().archive, [store_one(made.store, row("7"))])

    def by_settings(below: Head | None) -> Manifest:
        manifest = build(below)
        return replace(manifest, run=replace(manifest.run, settings={"calls": calls}))

    journal.append(by_settings)
    assert binding(made, "7") == (4,)
    add(made, store_one(made.store, row("7", agent="Bob Ray")))
    assert binding(made, "7") == bound
    figure("P3", f"by agent and service, calls archived {calls}, corrected: bound by {bound}")


@pytest.mark.parametrize("standing", [True, False])
def test_what_matches_a_standing_hold_is_named_by_the_same_words(
    made: Vault, figure: Figure, *, standing: bool
) -> None:
    """What is said of its call may change, and the hold's filter matches it no more."""
    asked = {"day": "2019-06-11", "service": ("Sales",)}
    hold(made, future=True, **asked)  # type: ignore[arg-type]  # a test names any
    told = row("7")
    add(made, store_one(made.store, replace(told, fields={**told.fields, "service": "Sales"})))
    again = hold(made, future=standing, **asked)  # type: ignore[arg-type]  # same
    assert ("7" in again.plan.new, again.hold) == (True, 6)
    assert hold(made, future=standing, **asked).hold is None  # type: ignore[arg-type]  # same
    assert "7" not in release(made, holds=(4,)).plan.freed
    assert (binding(made, "7"), erased(made, "7").refused is None) == ((6,), False)
    figure("P3", f"a standing hold typed again, standing {standing}: what matches is named")


def test_what_matched_before_the_hold_alone_is_not_bound(made: Vault) -> None:
    """It is what the hold finds that it binds, and what comes: nothing that was told before."""
    add(made, store_one(made.store, row("7")))
    add(made, store_one(made.store, row("7", agent="Bob Ray")))
    hold(made, future=True, agent=("Ann Lee",), matter="Jones")
    add(made, store_one(made.store, row("7", MORNING + DAY, agent="Bob Ray")))
    assert binding(made, "7") == ()


def test_what_nothing_tells_of_is_bound(made: Vault, figure: Figure) -> None:
    entry = store_one(made.store, row("7"))
    assert entry.sidecar is not None
    sidecar = made.archive / entry.sidecar.path
    kept = sidecar.read_bytes()
    spoil(sidecar)
    add(made, entry)
    lose_catalog(made.archive)
    result = hold(made, future=True, number=("4477009009",))
    assert (result.plan.ids, result.plan.untold) == (("7",), 1)
    assert erased(made, "7").refused is not None
    sidecar.write_bytes(kept)
    lose_catalog(made.archive)
    assert binding(made, "7") == (5,), "it is named by the hold as well"
    figure("P3", "a sidecar that can't be read: bound")


def test_a_filter_that_is_lost_binds_everything(made: Vault, figure: Figure) -> None:
    hold(made, future=True, day="2019-06-12")
    (asked,) = (made.archive / "holds").iterdir()
    text = asked.read_bytes()
    asked.unlink()
    assert made.verify(made.archive).code is ExitCode.FINDINGS
    assert binding(made, "1") == (4,)
    shown = holds(made)
    assert (shown.code, shown.holds[0].is_readable, shown.recordings) == (3, False, 6)
    asked.write_bytes(text)
    assert (binding(made, "1"), made.verify(made.archive).code) == ((), ExitCode.CLEAN)
    figure("P3", "the filter of a standing hold lost: everything is bound, verify 3")


def test_a_recording_that_is_released_from_a_standing_hold_is_an_exception(made: Vault) -> None:
    hold(made, future=True, day="2019-06-12")
    result = release(made, "3")
    assert (result.plan.changes, result.plan.freed) == ({4: ("3",)}, ("3",))
    assert (binding(made, "3"), binding(made, "4")) == ((), (4,))
    lose_catalog(made.archive)
    (shown,) = holds(made).holds
    assert (shown.ids, shown.exceptions) == (("4",), ("3",))


def test_several_holds_are_not_released_unasked(made: Vault) -> None:
    hold(made, "3")
    hold(made, "3", matter="Jones")
    with pytest.raises(UsageError, match="2 holds bind what is meant"):
        release(made, "3")
    assert release(made, "3", holds=(4, 5)).plan.freed == ("3",)
    with pytest.raises(UsageError, match="There is no hold 9"):
        release(made, holds=(9,))


def test_what_is_held_for_the_matter_is_not_held_twice(made: Vault) -> None:
    hold(made, "3", future=True, day="2019-06-12")
    again = hold(made, "3", future=True, day="2019-06-12")
    assert (again.code, again.hold, len(holds(made).holds)) == (ExitCode.CLEAN, None, 1)
    more = hold(made, "3", "4")
    assert (more.plan.new, more.hold) == (("4",), 5)


def test_a_hold_goes_by_the_chain_whatever_the_catalog_says(made: Vault, figure: Figure) -> None:
    hold(made, "3")
    real = Removal.look

    def look(removal: Removal, taking: Taking) -> RemovalScope:
        with removal.archive.catalog._file.change() as database:  # noqa: SLF001 - a row is lost
            database.execute("DELETE FROM holds")
            database.execute("DELETE FROM bound")
        return real(removal, taking)

    with mock.patch.object(Removal, "look", look):
        result = erased(made, "3")
    assert result.refused is not None
    assert (result.refused.holds, len(files_of(made.archive, "3"))) == ((4,), 2)
    figure("P4", "the catalog's rows of a hold lost: removed 0")


@pytest.mark.parametrize("standing", [False, True])
def test_a_hold_that_lands_between_the_plan_and_the_act_wins(
    made: Vault, figure: Figure, *, standing: bool
) -> None:
    """Another machine on one archive adds it, when the tombstones are made and not yet written."""
    asked = EraseRequest(FilterRequest(ids=("3",)), "the customer asked for it")
    real, looks = Removal.look, []
    other = Vault(made.home, {"XDG_STATE_HOME": str(made.home / "other")})

    def look(removal: Removal, taking: Taking) -> RemovalScope:
        found = real(removal, taking)
        looks.append(found)
        if len(looks) == 2:
            with mock.patch.object(LocalStore, "exclusive", mock.MagicMock()):
                result = hold(other, *(() if standing else ("3",)), future=standing, **by_day)
            assert result.hold == 4
        return found

    by_day = {"day": "2019-06-12"} if standing else {}
    with mock.patch.object(Removal, "look", look):
        result = erase(asked, made.context())
    assert result.refused is not None
    assert (result.refused.holds, len(looks)) == ((4,), 3)
    assert len(files_of(made.archive, "3")) == 2
    figure("P4", f"a hold between plan and act, standing {standing}: removed 0")


def test_what_was_begun_before_a_hold_is_deferred_by_it(made: Vault, figure: Figure) -> None:
    with cut_off():
        erased(made, "3")
    result = hold(made, "3")
    assert (result.code, result.plan.begun) == (ExitCode.FINDINGS, ("3",))
    done = erased(made)
    assert (done.code, done.deferred, done.deferred_by) == (ExitCode.FINDINGS, ("3",), (5,))
    assert (steps(made), len(files_of(made.archive, "3"))) == (
        [ErasureStep.BEGUN, ErasureStep.REFUSED],
        2,
    )
    freed = release(made, holds=(5,))
    assert (freed.code, freed.erased, files_of(made.archive, "3")) == (ExitCode.CLEAN, 1, [])
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P4", "held after its tombstones: bytes stay until it is released, then finished")


def test_a_standing_hold_that_comes_later_defers_what_was_begun(made: Vault) -> None:
    with cut_off():
        erased(made, "3")
    hold(made, future=True, number=(NUMBER,))
    assert erased(made).deferred == ("3",), "nothing tells any more whose it was"
    assert release(made, "3").erased == 1
    assert (files_of(made.archive, "3"), binding(made, "1")) == ([], (5,))


def test_a_standing_hold_that_did_not_match_defers_nothing(made: Vault) -> None:
    hold(made, future=True, day="2019-06-11")
    with cut_off():
        erased(made, "3")
    assert erased(made).erased == 1
    assert files_of(made.archive, "3") == []


def test_what_is_erased_cannot_be_held(made: Vault) -> None:
    erased(made, "3")
    with pytest.raises(UsageError, match="is erased"):
        hold(made, "3")
    assert hold(made, day="2019-06-12").plan.ids == ("4",)


@pytest.mark.parametrize("served", [LONG_ID, LONG_ID.upper()])
@pytest.mark.parametrize("typed", [LONG_ID, LONG_ID.upper()])
def test_a_uuid_is_bound_when_it_comes_in_small_letters_or_in_capitals(
    made: Vault, served: str, typed: str
) -> None:
    hold(made, typed, future=True)
    add(made, store_one(made.store, row(served)))
    assert len(binding(made, served)) == 1
    assert hold(made, typed, matter="Jones").plan.ids == (served,)


def test_a_short_id_is_made_whole_and_must_be_one(made: Vault) -> None:
    add(made, store_one(made.store, row(LONG_ID)))
    assert hold(made, LONG_ID[:6]).plan.ids == (LONG_ID,)
    add(made, store_one(made.store, row(LONG_ID[:-1] + "9")))
    assert binding(made, LONG_ID) == (5,)
    with pytest.raises(UsageError, match="beginning of 2 ids"):
        hold(made, LONG_ID[:6], matter="Jones")
    for unknown in ("3f10dd", "3F10DD"):
        with pytest.raises(UsageError, match=f"knows no recording called {unknown}"):
            hold(made, unknown, future=True)


def test_another_recording_under_the_id_is_bound_by_a_standing_hold(
    made: Vault, figure: Figure
) -> None:
    """Some portals give one id to two recordings: the second comes under an alias."""
    hold(made, "3")
    hold(made, "5", future=True, matter="Jones")
    hold(made, "99", future=True, matter="Brown")
    twins = [alias(RecordingId(each), "another") for each in ("3", "5")]
    add(made, *(store_one(made.store, row(each)) for each in (*twins, "99")))
    assert [binding(made, each) for each in (*twins, "99")] == [(), (5,), (6,)]
    assert erased(made, "3").refused is not None, "the id means both"
    assert len(files_of(made.archive, "3")) == 2
    figure("P3", "an alias that came later: bound by a standing hold of its id")


def test_what_comes_again_with_other_audio_is_held_still(made: Vault) -> None:
    hold(made, "3")
    add(made, store_one(made.store, row("3"), b"other audio"))
    assert erased(made, "3").refused is not None
    assert len(files_of(made.archive, "3")) == 4


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"day": "today", "matter": "call 02079460018"}, "--matter holds a number"),
        ({"day": "today", "matter": " "}, "--matter is empty"),
        ({"outcome": ("open",), "future": True}, "these change with time"),
        ({"day": None}, "Hold what"),
        ({"number": ("0000",)}, "no phone number"),
    ],
)
def test_what_can_not_be_held(made: Vault, wanted: dict[str, object], said: str) -> None:
    head = made.head()
    with pytest.raises(UsageError, match=said):
        hold(made, **wanted)  # type: ignore[arg-type]  # a test names any
    assert made.head() == head


def test_nothing_that_matches_is_no_success(made: Vault) -> None:
    assert hold(made, day="2018-01-01").code is ExitCode.FINDINGS
    assert hold(made, day="2018-01-01", future=True).code is ExitCode.CLEAN
    assert [each.hold.number for each in holds(made).holds] == [4]


def test_nobody_agreed_or_a_dry_run_writes_nothing(made: Vault) -> None:
    head, asked = made.head(), FilterRequest(ids=("3",))
    request = HoldRequest(asked, "Miller", WHY, future=True)
    result = add_hold(request, made.context(), lambda _plan: False)
    assert (result.code, result.plan.ids) == (ExitCode.FINDINGS, ("3",))
    assert add_hold(replace(request, dry_run=True), made.context()).hold is None
    assert (made.head(), [*made.archive.glob("holds/*")]) == (head, [])


def test_a_copy_has_the_holds_and_obeys_them(made: Vault, figure: Figure) -> None:
    hold(made, future=True, day="2019-06-12")
    assert made.copy().code is ExitCode.CLEAN
    assert made.verify().code is ExitCode.CLEAN
    shutil.rmtree(made.archive)
    shutil.copytree(made.copied, made.archive)
    assert (binding(made, "3"), binding(made, "1")) == ((4,), ())
    figure("P3", "a copy has the filter of a standing hold, and binds by it")


def test_a_filter_is_put_back_from_a_copy(made: Vault) -> None:
    hold(made, future=True, day="2019-06-12")
    made.copy()
    (asked,) = (made.archive / "holds").iterdir()
    asked.unlink()
    repair(RepairRequest(source=str(made.copied)), made.context())
    assert (asked.exists(), binding(made, "1")) == (True, ())


@pytest.mark.parametrize("what", ["add", "release"])
def test_killed_anywhere_it_converges(tmp_path: Path, figure: Figure, what: str) -> None:
    figures = campaign(tmp_path, 25, COMMANDS[f"hold {what}"])
    assert figures.violations == []
    assert figures.kills >= figures.steps // 25
    figure("P6", f"hold {what}: {figures}: converged, verify 0")


def having_number(made: Vault) -> list[str]:
    """Return the files that have the number in them."""
    every = (path for path in made.archive.rglob("*") if path.is_file())
    return [path.name for path in every if b"900456" in path.read_bytes()]


@pytest.mark.parametrize("again", [True, False], ids=["hold add", "erase"])
def test_the_filter_of_a_hold_that_was_never_entered_is_removed(
    made: Vault, *, again: bool
) -> None:
    with (
        mock.patch.object(Journal, "append", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        hold(made, future=True, number=("+44 7700 900456",))
    assert len(having_number(made)) == 1
    if again:
        hold(made, future=True, number=("0777",))
    else:
        erased(made, "1")
    assert having_number(made) == []
    assert made.verify(made.archive).code is ExitCode.CLEAN


def test_erasing_by_number_says_how_many_filters_of_holds_may_have_it(made: Vault) -> None:
    entered = hold(made, future=True, number=("+44 7700 900456",))
    release(made, holds=(entered.hold or 0,))
    by_number = EraseRequest(
        FilterRequest(number=("+44 7700 900456",)), "asked for", "Ann", dry_run=True
    )
    assert erase(by_number, made.context()).plan.hold_filters == 1
    by_id = EraseRequest(FilterRequest(ids=("1",)), "asked for", "Ann", dry_run=True)
    assert erase(by_id, made.context()).plan.hold_filters == 0
