"""What the rules say is over goes by its plan alone; what is held, not due or not sure stays."""

import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import time_machine
from msgspec.structs import replace

from archiver.app.check.repair import RepairRequest, repair
from archiver.app.keeping import dispose as use_case
from archiver.app.keeping.dispose import (
    DisposeRequest,
    DisposeResult,
    PlanDisposalRequest,
    PlannedDisposals,
    dispose,
    plan_disposal,
)
from archiver.app.keeping.erase import EraseRequest, UndoRequest, erase, undo_erasure
from archiver.app.keeping.hold import HoldRequest, add_hold
from archiver.app.keeping.release import ReleaseRequest, release_hold
from archiver.app.opening.archive.archives import open_existing
from archiver.cli.keeping.forbidden_words import why_not
from archiver.domain.disposal import DisposalStanding
from archiver.domain.outcomes import Verdict
from archiver.domain.recordings import Report
from archiver.errors import ExitCode, UsageError
from archiver.filters.request import FilterRequest
from archiver.json_documents import dumps
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.records.erasures import Cause, ErasureStep, SecondClock, TwoClocks
from archiver.manifest.records.files import Head
from archiver.manifest.records.holds import HoldAction
from archiver.removal.taking import Removal, RemovalScope, Taking
from archiver.store.local.folder_clearing import FolderClearing
from tests.archives import MORNING, audio_of, manifest_of, row, store_one
from tests.campaigns.erase import campaign
from tests.campaigns.removals import COMMANDS
from tests.conftest import Figure
from tests.copy.copies import Vault, add, add_calls, files_of, spoil, vault
from tests.erase.newer import newer_than_held
from tests.erase.test_erase import CALL, erased, held, hold, lying, steps

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
CLOCKS = TwoClocks(NOW, NOW + timedelta(seconds=3), SecondClock.PORTAL)
SEVEN = '{ period = "7y", action = "dispose" }'
ALL = {str(each) for each in range(1, 7)}


@pytest.fixture(autouse=True)
def clocks() -> Iterator[mock.Mock]:
    with mock.patch.object(use_case, "two_clocks", return_value=CLOCKS) as read:
        yield read


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return by_rules(vault(tmp_path))


def by_rules(made: Vault, *rules: str, most: int = 1_000) -> Vault:
    """Set rules, the usual one if none are given."""
    told = f"[{', '.join(rules or (SEVEN,))}]"
    made.environ = {"ARCHIVER_RETENTION": told, "ARCHIVER_MAX_DISPOSE": str(most)}
    return made


def planned(made: Vault) -> PlannedDisposals:
    return plan_disposal(PlanDisposalRequest("Ann"), made.context())


def carried_out(made: Vault, plan: PlannedDisposals, **wanted: object) -> DisposeResult:
    assert plan.plan is not None
    return dispose(DisposeRequest(plan.plan, **wanted), made.context())  # type: ignore[arg-type]  # a test names any


def chosen(plan: PlannedDisposals) -> list[str]:
    return [each.recording.id for each in plan.selection.chosen]


def left(made: Vault) -> set[str]:
    return {id_ for id_ in ALL if lying(made, id_)}


def refused(made: Vault, plan: PlannedDisposals, why: str) -> None:
    """See that a plan is not carried out, and that nothing is removed or entered."""
    before = made.head(), left(made)
    with pytest.raises(UsageError, match=why):
        carried_out(made, plan)
    assert (made.head(), left(made)) == before


@pytest.mark.parametrize("cause", [*Cause])
def test_audio_that_was_disposed_of_may_be_of_others_to_this_day(made: Vault, cause: Cause) -> None:
    """Such as an announcement: what a person asked to have erased alone never comes again."""
    if cause is Cause.DISPOSAL:
        carried_out(made, planned(made))
    else:
        erased(made, "1")
    with open_existing(made.context()) as archive:
        assert bool(archive.catalog.erased.audio()) is (cause is Cause.ERASURE)


@pytest.mark.parametrize(("days", "kept"), [(1, False), (3_000, True)])
def test_a_time_that_the_portal_puts_years_back_makes_nothing_due(
    made: Vault, figure: Figure, days: int, *, kept: bool
) -> None:
    """A name that the chain has tells of when it was; a midnight may be corrected."""
    late = MORNING + timedelta(days=days)
    add(made, store_one(made.store, row("7", late)))
    add(made, store_one(made.store, row("7", MORNING)))
    plan = planned(made)
    assert (plan.selection.unreadable, "7" in chosen(plan)) == (("7",) if kept else (), not kept)
    figure("P5", f"dated anew by {days} days: kept {kept}")


def test_what_is_planned_goes_and_nothing_misses_it(made: Vault, figure: Figure) -> None:
    before = made.head()
    plan = planned(made)
    assert (plan.code, made.head(), left(made)) == (ExitCode.CLEAN, before, ALL)
    assert [*plan.days.values()] == [2, 2, 2]
    assert plan.path is not None
    assert plan.path.stat().st_mode & 0o777 == 0o600
    result = carried_out(made, plan, by="Ann")
    assert (result.code, result.disposed, result.versions) == (ExitCode.CLEAN, 6, 12)
    assert (left(made), steps(made)) == (set(), [ErasureStep.BEGUN, ErasureStep.DONE])
    (begun, _) = [m.erasure for _, m in Journal(made.store).manifests() if m.erasure]
    assert begun is not None
    assert (begun.cause, begun.plan, begun.clocks) == (Cause.DISPOSAL, plan.plan, CLOCKS)
    assert made.verify(made.archive).code is ExitCode.CLEAN
    assert repair(RepairRequest(), made.context()).put_back == ()
    again = carried_out(made, plan)
    assert (again.code, again.was_done, again.head) == (ExitCode.CLEAN, True, result.head)
    nothing = planned(made)
    assert (nothing.code, nothing.plan, nothing.looked.due) == (ExitCode.CLEAN, None, ())
    figure("P5", "dispose: 6 of 6 planned are gone, 0 left, verify 0, put back 0")


def test_no_rule_deletes_by_default(made: Vault) -> None:
    made.environ = {}
    with pytest.raises(UsageError, match="No retention rules"):
        planned(made)
    by_rules(made, '{ period = "1y", action = "keep" }')
    plan = planned(made)
    assert (plan.plan, plan.looked.others) == (None, {DisposalStanding.KEPT: 6})
    by_rules(made, '{ period = "1y", action = "dispose", agent = "nobody" }')
    assert planned(made).looked.others == {DisposalStanding.NO_RULE: 6}


def test_the_longest_wins(made: Vault) -> None:
    by_rules(made, SEVEN, '{ period = "10y", action = "keep", until = "2019-06-12" }')
    plan = planned(made)
    assert chosen(plan) == ["5", "6"]
    assert plan.looked.others == {DisposalStanding.NOT_YET: 4}
    assert f"{plan.looked.next_due:%Y-%m-%d}" == "2029-06-11"
    carried_out(made, plan)
    assert left(made) == {"1", "2", "3", "4"}


@pytest.mark.parametrize("word", ["quarantined", "gone"])
def test_what_is_held_is_not_disposed_of_by_what_became_of_a_newer_version(
    word: str, made: Vault, figure: Figure
) -> None:
    newer_than_held(made, "2", word)
    newer_than_held(made, "9", word, is_held=False)
    rule = f'{{ period = "5y", action = "dispose", outcome = "{word}" }}'
    plan = planned(by_rules(made, rule))
    assert chosen(plan) == (["9"] if word == "quarantined" else [])
    assert plan.looked.others[DisposalStanding.KEPT] == 1
    accepted = rule.replace(f'"{word}"', f'["{word}", "open"]')
    assert "2" in chosen(planned(by_rules(made, accepted))), "a finding, held or not"
    plan = planned(by_rules(made, rule.replace("5y", "9y"), SEVEN))
    assert "2" not in chosen(plan), "it still keeps for its period"
    assert "2" in chosen(planned(by_rules(made, rule, SEVEN)))
    figure("P5", f"held, a newer version {word}: disposed of by that word 0, and where all goes 1")


def test_what_a_rule_keeps_is_not_erased_either(made: Vault, figure: Figure) -> None:
    keep = '{ period = "90y", action = "keep", status = "disputed" }'
    by_rules(made, keep, '{ period = "99y", action = "dispose" }')
    add(made, store_one(made.store, row("9", None)))
    for id_, year in (("3", "2109"), ("9", f"{datetime.now(UTC).year + 90}")):
        result = erased(made, id_)
        assert result.refused is not None
        assert (result.code, result.erased) == (ExitCode.FINDINGS, 0)
        assert f"{result.refused.until:%Y}" == year
    assert (left(made), steps(made)) == (ALL, [ErasureStep.REFUSED, ErasureStep.REFUSED])
    by_rules(made, keep.replace("90y", "1y"), '{ period = "99y", action = "dispose" }')
    seen(made, datetime.now(UTC).replace(microsecond=0))
    assert erased(made, "3").code is ExitCode.CLEAN
    figure("P3", "a rule keeps what may fit it: 2 refused with their dates, removed 0")


def test_a_rule_keeps_by_the_number_of_a_refused_version(made: Vault, figure: Figure) -> None:
    """One to dispose goes by what is held alone."""
    other = replace(row("7"), fields={**row("7").fields, "call_from": "+44 7700 900999"})
    add(made, store_one(made.store, row("7")))
    add(made, store_one(made.store, other, b"short", Verdict.TRUNCATED))
    by_number = '{{ period = "{}", action = "{}", number = "+44 7700 900999" }}'
    by_rules(made, SEVEN, by_number.format("90y", "keep"))
    assert "7" not in chosen(planned(made))
    by_rules(made, by_number.format("7y", "dispose"))
    assert "7" not in chosen(planned(made))
    figure("P3", "a rule to keep, by the number of a refused version: kept")


def seen(made: Vault, clock: datetime | None) -> None:
    """Let a run enter what the portal's clock showed."""
    journal = Journal(made.store)
    build = manifest_of(journal.archive().archive, ())

    def with_clock(below: Head | None) -> Manifest:
        manifest = build(below)
        return replace(manifest, run=replace(manifest.run, portal_clock=clock))

    journal.append(with_clock)


@pytest.mark.parametrize("clock", [None, datetime(2026, 6, 11, tzinfo=UTC)])
def test_a_rule_to_keep_is_not_over_by_this_machines_clock_alone(
    clock: datetime | None, made: Vault, figure: Figure
) -> None:
    """The calls are of June 2019, and the portal's clock was seen the day before that is over."""
    by_rules(made, '{ period = "7y", action = "keep" }')
    seen(made, clock)
    with time_machine.travel(datetime(2036, 11, 27, tzinfo=UTC), tick=False):
        for _ in range(2):
            result = erased(made, "1")
            assert result.refused is not None
            assert (result.code, f"{result.refused.until:%Y-%m}") == (ExitCode.FINDINGS, "2026-06")
            words = [*why_not(result.refused)]
            assert "no second one bears it out" in words[-1]
    assert left(made) == ALL
    seen(made, datetime(2026, 6, 13, tzinfo=UTC))
    with time_machine.travel(datetime(2036, 11, 27, tzinfo=UTC), tick=False):
        assert erased(made, "1").code is ExitCode.CLEAN
    figure("P5", f"a rule to keep, this machine ten years ahead, the portal's {clock}: removed 0")


def test_a_rule_to_keep_does_not_slide_away_with_a_clock(made: Vault) -> None:
    """What is younger than a year, by a clock ten years ahead, would be nothing."""
    by_rules(made, '{ period = "90y", action = "keep", since = "9999d" }')
    with pytest.raises(UsageError, match="moves with the clock"):
        erased(made, "1")
    assert left(made) == ALL


def test_what_came_back_is_not_said_to_be_gone(made: Vault, figure: Figure) -> None:
    made.copy()
    plan = planned(by_rules(made))
    carried_out(made, plan)
    assert carried_out(made, plan).was_done
    (lost,) = files_of(made.copied, "3")[:1]
    back = made.archive / lost.relative_to(made.copied)
    back.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(lost, back)
    refused(made, plan, "something of it lies there again")
    assert erase(EraseRequest(), made.context()).versions == 1
    assert carried_out(made, plan).was_done
    undo_erasure(UndoRequest(("3",), "it was the wrong one", "Ann"), made.context())
    add(made, store_one(made.store, row("3")))
    refused(made, plan, "1 recording of it may be fetched again since")
    assert left(made) == {"3"}
    figure("P5", "a plan that was carried out, and what came back of it: said, not called done")


def test_what_a_rule_keeps_is_not_erased_by_a_release_either(made: Vault) -> None:
    number = held_by(
        by_rules(made, '{ period = "90y", action = "keep" }'), FilterRequest(ids=("3",))
    )
    assert number is not None
    erased(made, "3")
    result = release_hold(ReleaseRequest("the case is closed", (number,)), made.context())
    assert (result.code, result.erased, left(made)) == (ExitCode.FINDINGS, 0, ALL)
    assert [f"{each.until:%Y}" for each in result.still] == ["2109"]


def test_only_so_many_go_at_a_time_the_oldest_first(made: Vault) -> None:
    plan = planned(by_rules(made, most=3))
    assert (chosen(plan), plan.selection.later, len(plan.looked.due)) == (["1", "2", "3"], 3, 6)
    refused(by_rules(made, most=2), plan, "max_dispose")
    assert carried_out(by_rules(made, most=3), plan).disposed == 3
    assert left(made) == {"4", "5", "6"}


def test_what_is_held_is_counted_and_stays(made: Vault, figure: Figure) -> None:
    hold(made, held(4, "1", "3"))
    plan = planned(made)
    assert (plan.selection.held, plan.selection.holds) == (2, (4,))
    assert (plan.code, chosen(plan)) == (ExitCode.CLEAN, ["2", "4", "5", "6"])
    assert carried_out(made, plan).disposed == 4
    assert left(made) == {"1", "3"}
    hold(made, held(4, action=HoldAction.RELEASED))
    assert chosen(planned(made)) == ["1", "3"]
    figure("P3", "dispose: 2 of 6 due are held: counted, removed 0 of them")


def test_it_is_refused_when_anything_changed(made: Vault) -> None:
    plan = planned(made)
    hold(made, held(4, "99"))
    refused(made, plan, "holds")
    plan = planned(made)
    hold(made, held(5, "3"))
    result = carried_out(made, plan)
    assert result.refused is not None
    assert (result.code, result.refused.holds) == (ExitCode.FINDINGS, (5,))
    assert (left(made), steps(made)) == (ALL, [ErasureStep.REFUSED])
    hold(made, held(5, action=HoldAction.RELEASED))
    plan = planned(made)
    refused(by_rules(made, '{ period = "6y", action = "dispose" }'), plan, "rules")
    refused(by_rules(made, SEVEN, '{ period = "9y", action = "keep", agent = "x" }'), plan, "rules")
    by_rules(made)
    spoil(next(path for path in files_of(made.archive, "4") if path.suffix == ".json"))
    refused(made, plan, "recording 4")


def test_a_newer_version_refuses_the_plan_and_another_recording_does_not(made: Vault) -> None:
    plan = planned(made)
    add(made, store_one(made.store, row("7", MORNING + timedelta(days=900))))
    other = vault(made.home / "other")
    refused(replace(other, environ=made.environ), plan, "no plan")
    add(made, store_one(made.store, row("2"), audio_of("other")))
    refused(made, plan, "recording 2")
    again = planned(made)
    add(made, store_one(made.store, row("8", MORNING + timedelta(days=900))))
    assert carried_out(made, again).disposed == 6
    assert lying(made, "2") == []


def test_a_plan_that_was_changed_or_is_not_there_is_refused(made: Vault) -> None:
    plan = planned(made)
    assert plan.path is not None
    plan.path.write_bytes(plan.path.read_bytes().replace(b'"3"', b'"4"'))
    refused(made, plan, "was changed")
    refused(made, replace(plan, plan="0" * 64), "no plan")
    refused(made, replace(plan, plan="../../etc/passwd"), "no plan's hash")


@pytest.mark.parametrize(
    "forge",
    [
        lambda told: told | {"recordings": []},
        lambda told: told | {"recordings": told["recordings"][:1] * 2},
        lambda told: told | {"rules": told["rules"] | {"salt": "no hex"}},
    ],
    ids=["nothing", "one twice", "a salt that is none"],
)
def test_a_forged_plan_enters_nothing(
    made: Vault, forge: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    plan = planned(made)
    assert plan.path is not None
    text = dumps(forge(json.loads(_text(plan))))
    forged = hashlib.sha256(text).hexdigest()
    plan.path.with_name(f"{forged}.json").write_bytes(text)
    refused(made, replace(plan, plan=forged), "can't be read")


def test_rows_that_came_since_refuse_the_plan(made: Vault) -> None:
    by_rules(made)
    add(made, replace(store_one(made.store, row(CALL)), source=Report.CALLS))
    plan = planned(made)
    key = add_calls(made, f'{{"id":"{CALL}"}}\n{{"id":"8"}}\n'.encode())
    refused(made, plan, "calls of its recordings")
    assert (made.archive / key).exists()
    again = planned(made)
    assert (again.selection.call_rows, carried_out(made, again).code) == (1, ExitCode.CLEAN)


def test_what_is_not_sure_is_kept_and_said(made: Vault, figure: Figure) -> None:
    spoil(next(path for path in files_of(made.archive, "3") if path.suffix == ".json"))
    add(made, store_one(made.store, row("9", None)))
    plan = planned(made)
    assert (plan.code, plan.selection.unreadable) == (ExitCode.FINDINGS, ("3",))
    assert (plan.looked.others, plan.looked.sample) == ({DisposalStanding.NO_TIME: 1}, ("9",))
    assert "3" not in chosen(plan)
    carried_out(made, plan)
    assert (left(made), bool([*made.archive.glob("recordings/undated/9.*")])) == ({"3"}, True)
    figure("P5", "no sidecar that can be read 1, no time 1: kept, said, 0 removed")


def test_where_nothing_tells_whether_a_rule_fits_it_is_kept(made: Vault) -> None:
    by_rules(made, SEVEN, '{ period = "20y", action = "keep", status = "disputed" }')
    plan = planned(made)
    assert (plan.plan, plan.looked.others) == (None, {DisposalStanding.UNTOLD: 6})
    assert plan.code is ExitCode.FINDINGS


def test_a_hold_that_is_entered_first_wins(made: Vault, figure: Figure) -> None:
    real, looks = Removal.look, itertools.count()

    def look(removal: Removal, taking: Taking) -> RemovalScope:
        found = real(removal, taking)
        if next(looks) == 0:  # the tombstones are made, and not yet written
            hold(made, held(4, "3"))
        return found

    plan = planned(made)
    with mock.patch.object(Removal, "look", look):
        result = carried_out(made, plan)
    assert (result.refused and result.refused.holds, next(looks)) == ((4,), 2)
    assert (left(made), steps(made)) == (ALL, [ErasureStep.REFUSED])
    figure("P4", "a hold between the check and the tombstones of a disposal: removed 0")


def test_what_was_begun_and_is_held_since_is_deferred(made: Vault) -> None:
    plan = planned(made)
    cut_off = mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt)
    with cut_off, pytest.raises(KeyboardInterrupt):
        carried_out(made, plan)
    hold(made, held(5, "3"))
    result = carried_out(made, plan)
    assert result.refused is not None
    assert (result.code, result.is_deferred, result.refused.holds) == (3, True, (5,))
    assert left(made) == ALL
    hold(made, held(5, action=HoldAction.RELEASED))
    assert (carried_out(made, plan).disposed, left(made)) == (6, set())


def test_a_newer_version_that_is_entered_first_refuses_the_plan(made: Vault) -> None:
    real, looks = Removal.look, itertools.count()

    def look(removal: Removal, taking: Taking) -> RemovalScope:
        found = real(removal, taking)
        if next(looks) == 0:  # the tombstones are made, and not yet written
            add(made, store_one(made.store, row("2"), audio_of("other")))
        return found

    plan = planned(made)
    with (
        mock.patch.object(Removal, "look", look),
        pytest.raises(UsageError, match="recording 2 is not as it was"),
    ):
        carried_out(made, plan)
    assert (left(made), steps(made)) == (ALL, [])


def test_a_plan_of_another_archive_or_another_chain_is_refused(made: Vault) -> None:
    plan = planned(made)
    other = by_rules(vault(made.home / "other"))
    older = by_rules(Vault(made.home / "older"))
    shutil.copytree(made.archive, older.archive)
    add(made, store_one(made.store, row("7", MORNING + timedelta(days=900))))
    newer = planned(made)
    for where, which, why in ((other, plan, "another archive"), (older, newer, "lacks the head")):
        assert which.path is not None
        planned(where)
        shutil.copy(which.path, where.archive / which.path.relative_to(made.archive))
        refused(where, which, why)


def test_four_eyes_must_see_it(made: Vault) -> None:
    plan = planned(made)
    made.environ = {**made.environ, "ARCHIVER_FOUR_EYES": "yes"}
    refused(made, plan, "second person")
    assert carried_out(made, plan, by="Ann", second="Ben").disposed == 6


def test_by_clocks_that_are_behind_nothing_planned_is_due(made: Vault, clocks: mock.Mock) -> None:
    plan = planned(made)
    early = datetime(2026, 6, 11, tzinfo=UTC)
    clocks.return_value = TwoClocks(early, early, SecondClock.PORTAL)
    refused(made, plan, "not due")


def test_the_plan_holds_no_number(made: Vault) -> None:
    rule = '{ period = "7y", action = "dispose", number = "+44 7700 900123" }'
    plan = planned(by_rules(made, rule))
    assert len(chosen(plan)) == 6
    assert plan.path is not None
    text = plan.path.read_text()
    assert not re.search("7700|900123", text)
    (one, other) = (json.loads(text)["rules"], json.loads(_text(planned(made)))["rules"])
    assert one["digest"] != other["digest"], "a salt of its own: no table of numbers fits"
    assert carried_out(made, plan).disposed == 6


def _text(plan: PlannedDisposals) -> bytes:
    assert plan.path is not None
    return plan.path.read_bytes()


def test_killed_anywhere_it_is_finished_by_the_next(tmp_path: Path, figure: Figure) -> None:
    figures = campaign(tmp_path, 25, COMMANDS["dispose"])
    assert figures.violations == []
    assert figures.kills >= figures.steps // 25
    figure("P6", f"dispose: {figures}: finished by the next, verify 0")


def test_what_could_not_be_removed_is_not_said_to_be(made: Vault) -> None:
    plan = planned(made)
    with (
        mock.patch.object(FolderClearing, "remove_versions"),
        pytest.raises(Exception, match="still there"),
    ):
        carried_out(made, plan)
    assert steps(made) == [ErasureStep.BEGUN]
    assert (carried_out(made, plan).disposed, left(made)) == (6, set())


def test_a_copy_obeys(made: Vault) -> None:
    made.copy()
    plan = planned(made)
    carried_out(made, plan)
    assert made.copy().code is ExitCode.FINDINGS, "the copy still has what is gone here"
    fresh = made.home / "fresh"
    assert made.copy(fresh).code is ExitCode.CLEAN
    assert made.verify(fresh).code is ExitCode.CLEAN
    assert [*fresh.glob("recordings/**/*.mp3")] == []


def held_by(made: Vault, filters: FilterRequest, *, future: bool = False) -> int | None:
    request = HoldRequest(filters, "Miller", "a claim was received", "Ann", future)
    return add_hold(request, made.context()).hold


def test_what_a_standing_hold_matches_is_not_planned(made: Vault, figure: Figure) -> None:
    number = held_by(made, FilterRequest(day="2019-06-12"), future=True)
    plan = planned(made)
    assert (chosen(plan), plan.selection.held) == (["1", "2", "5", "6"], 2)
    assert plan.selection.holds == (number,)
    assert carried_out(made, plan).disposed == 4
    assert left(made) == {"3", "4"}
    figure("P3", "dispose: of 6 due, a standing hold matches 2: removed 4")


def test_what_is_held_after_its_tombstones_waits_for_the_release(
    made: Vault, figure: Figure
) -> None:
    plan = planned(made)
    stopped = mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt)
    with stopped, pytest.raises(KeyboardInterrupt):
        carried_out(made, plan)
    number = held_by(made, FilterRequest(ids=("3",)))
    assert number is not None
    result = carried_out(made, plan)
    assert result.refused is not None
    assert (result.code, result.refused.holds) == (ExitCode.FINDINGS, (number,))
    assert (left(made), steps(made)) == (ALL, [ErasureStep.BEGUN, ErasureStep.REFUSED])
    released = release_hold(ReleaseRequest("the case is closed", (number,)), made.context())
    assert (released.code, released.erased, left(made)) == (ExitCode.CLEAN, 6, set())
    assert carried_out(made, plan).was_done
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P4", "a disposal held after its tombstones: removed 0, finished by the release")
