"""An export that is killed anywhere ends, once it is run again, with the same bytes."""

import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.app.exporting import export_entry
from archiver.app.exporting.export_request import LOAD_FILE, SEC
from archiver.app.exporting.export_workplace import ExportWorkplace
from archiver.app.exporting.parts.writing import PartsWriter
from archiver.app.exporting.plan.plan_database import PlanDatabase
from archiver.app.exporting.plan.plan_draft import PlanDraft
from archiver.app.exporting.plan.plan_file import PlanFile
from archiver.app.exporting.plan.planned import WrittenParts
from archiver.app.handover.export import ExportResult
from archiver.app.keeping.erase import EraseRequest, erase
from archiver.app.opening import filtering
from archiver.app.opening.context import SettingsRequest, load
from archiver.check.audit import audit
from archiver.domain.export_form import ExportForm
from archiver.errors import DestinationError, ExitCode, Locked, UsageError
from archiver.filters.request import FilterRequest
from archiver.manifest.model import ManifestKind
from archiver.store.local import LocalStore
from tests.archives import MORNING
from tests.conftest import Figure
from tests.crash import in_child, killed_at, steps_of
from tests.export.exports import FORMS, Office, add_absent, content, copy_of, office

A_DAY = 6
COUNT = 2 * A_DAY
WANTED = {"lists": (SEC, LOAD_FILE), "part_bytes": 85_000}
STEPS = (
    *((os, name) for name in ("open", "mkdir", "link", "unlink", "fsync")),
    *((Path, name) for name in ("open", "replace", "rename", "mkdir", "write_bytes", "unlink")),
    *((PlanFile, name) for name in ("note_written", "note_whole")),
    (PlanDatabase, "commit"),
    (shutil, "rmtree"),
)  # fmt: skip


def flipped(data: bytes) -> bytes:
    """Return the same with another byte in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


HARM: dict[str, Callable[[Path], object]] = {
    "halved": lambda path: os.truncate(path, path.stat().st_size // 2),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"?" * 100_000),
    "a byte": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "another": lambda path: path.with_name(f"other{path.suffix}").write_bytes(path.read_bytes()),
    "removed": Path.unlink,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Return an office with an archive of two days, of which each test has a copy."""
    made = office(tmp_path_factory.mktemp("office"), manifests=2, each=A_DAY)
    add_absent(made.store)
    made.home.joinpath("calls").mkdir()
    return made


@pytest.fixture
def desk(made: Office, tmp_path: Path) -> Office:
    """Return an office where nothing was exported yet."""
    return moved(made, tmp_path / "made")


def planned(desk: Office, form: ExportForm) -> None:
    """Begin an export, and be killed as soon as it is planned."""

    def work() -> None:
        real = PlanDraft.finish

        def finish(*args: object) -> None:
            real(*args)  # type: ignore[arg-type] # as they came
            os.kill(os.getpid(), signal.SIGKILL)

        with mock.patch.object(PlanDraft, "finish", finish):
            export(desk, form)

    assert in_child(work) == -signal.SIGKILL


def export(desk: Office, form: ExportForm) -> ExportResult:
    name = "calls/out.zip" if form is ExportForm.ZIP else "calls/out"
    return desk.export(name, form=form, **WANTED)


def cut_off(*_: object) -> None:
    raise DestinationError("Stopped: the machine is going down.")


def result_of(desk: Office) -> dict[str, dict[str, str]]:
    """Return all that an export left in the folder where it was made."""
    places = sorted((desk.home / "calls").iterdir())
    return {place.name: content(place) for place in places}


def moved(desk: Office, to: Path) -> Office:
    """Return the same office, copied to another place with all that was begun there."""
    copy_of(desk.home, to)
    return Office(to, str(to / "archive"), LocalStore(to / "archive"))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_killed_at_any_step_it_ends_with_the_same_bytes(
    form: ExportForm, desk: Office, tmp_path: Path, figure: Figure
) -> None:
    planned(desk, form)
    whole = moved(desk, tmp_path / "whole")
    steps = steps_of(lambda: export(whole, form), STEPS)
    expected = result_of(whole)
    assert len(expected) > 1, "it has several parts"
    points = sorted(random.Random(form).sample(range(1, steps + 1), 10))
    for number, point in enumerate(points):
        cut = moved(desk, tmp_path / f"cut-{point}")
        assert killed_at(point, partial(export, cut, form), after=bool(number % 2), at=STEPS)
        left = result_of(cut)
        if {name: files for name, files in left.items() if files} == expected != left:
            with pytest.raises(UsageError, match="exists already"):
                export(cut, form)
        elif left.keys() - expected.keys() or not left:
            export(cut, form)
        entered = [each for each in cut.manifests() if each.kind is ManifestKind.EXPORT]
        assert result_of(cut) == expected, f"cut at step {point} of {steps}"
        assert len(entered) == 1, f"cut at step {point} of {steps}"
        shutil.rmtree(cut.home)
    figure("P7", f"{form}: killed at {len(points)} of {steps} steps, each ends with the same bytes")


@pytest.mark.parametrize("form", FORMS)
def test_what_was_copied_is_not_copied_again(
    form: ExportForm, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(desk, form)
    real, copies, limit = LocalStore.open, [0], [COUNT - 4]

    def opened(store: LocalStore, key: str, version: str | None = None) -> BinaryIO:
        if copies[0] == limit[0]:
            raise DestinationError("Stopped while reading: the server went away.")
        copies[0] += key.startswith("recordings/")
        return real(store, key, version)

    monkeypatch.setattr(LocalStore, "open", opened)
    with pytest.raises(DestinationError):
        export(desk, form)
    limit[0] = -1
    result = export(desk, form)
    assert result.recordings == COUNT
    assert 2 * COUNT <= copies[0] <= 2 * COUNT + 6, (
        "what a round had not put in its place is read once more"
    )


@pytest.mark.parametrize("form", FORMS)
def test_what_an_earlier_try_left_is_used_only_if_it_is_whole(
    form: ExportForm, desk: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(desk, form)
    whole = moved(desk, tmp_path / "whole")
    export(whole, form)

    def stop(*_: object) -> None:
        raise DestinationError("Stopped: the machine is going down.")

    with monkeypatch.context() as patched:
        patched.setattr(PlanFile, "note_whole", stop)
        with pytest.raises(DestinationError):
            export(desk, form)
    for place in (desk.home / "calls").glob("*.part/0*"):
        for path in [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 0xFF
            path.write_bytes(data + b"?")
    export(desk, form)
    assert result_of(desk) == result_of(whole)


@pytest.mark.parametrize("form", FORMS)
def test_what_was_repaired_meanwhile_leaves_nothing_of_the_first_try(
    form: ExportForm, desk: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(desk, form)
    whole = moved(desk, tmp_path / "whole")
    export(whole, form)
    lost = [*Path(desk.archive).glob("recordings/**/*_[1-9].*.mp3")]
    for path in lost:
        path.rename(path.with_suffix(".aside"))
    with monkeypatch.context() as patched:
        patched.setattr(PlanFile, "note_whole", cut_off)
        with pytest.raises(DestinationError):
            export(desk, form)
    for path in lost:
        path.with_suffix(".aside").rename(path)
    export(desk, form)
    assert result_of(desk) == result_of(whole)


@pytest.mark.parametrize("form", FORMS)
def test_parts_are_on_disk_before_they_are_whole_and_their_names_before_the_plan_goes(
    form: ExportForm, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    seen: list[str] = []
    durable: list[tuple[str, int]] = []
    real_sync, real_note, real_remove = os.fsync, PlanFile.note_whole, ExportWorkplace.remove
    real_fact = PlanDatabase.note

    def fsync(file: int) -> None:
        synced.add(os.fstat(file).st_ino)
        real_sync(file)

    def note_whole(plan: PlanFile, written: WrittenParts) -> None:
        (folder,) = (desk.home / "calls").glob("*.part")
        parts = [*folder.glob("0*")]
        every = [folder, *parts, *(path for part in parts for path in part.rglob("*"))]
        assert [path for path in every if path.stat().st_ino not in synced] == []
        real_note(plan, written)
        synced.clear()
        seen.append("whole")

    def note(database: PlanDatabase, name: str, told: object) -> None:
        real_fact(database, name, told)
        durable.append((name, database.number("PRAGMA synchronous")))

    def remove(place: ExportWorkplace) -> None:
        assert (desk.home / "calls").stat().st_ino in synced
        seen.append("named")
        real_remove(place)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(PlanDatabase, "note", note)
    monkeypatch.setattr(PlanFile, "note_whole", note_whole)
    monkeypatch.setattr(ExportWorkplace, "remove", remove)
    export(desk, form)
    assert seen == ["whole", "named"]
    assert durable == [("plan", 2), ("whole", 2)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", ["moved", "replaced", "hurt"])
def test_a_part_that_is_gone_by_then_is_not_said_to_be_there(
    form: ExportForm, what: str, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(ExportWorkplace, "remove", cut_off)
        with pytest.raises(DestinationError):
            export(desk, form)
    (first,) = (desk.home / "calls").glob("out-001*")
    aside = desk.home / first.name
    if what == "hurt":
        shutil.copytree(first, aside) if first.is_dir() else shutil.copy(first, aside)
        HARM["halved"](first if first.is_file() else next(first.rglob("*.mp3")))
    else:
        first.rename(aside)
    if what == "replaced":
        first.write_bytes(b"mine")
    with pytest.raises(DestinationError, match=r"out-001(\.zip)? was made, and is not there"):
        export(desk, form)
    shutil.rmtree(first) if first.is_dir() else first.unlink(missing_ok=True)
    aside.rename(first)
    assert len(export(desk, form).parts) > 1
    assert not [*(desk.home / "calls").glob("*.part")]


def unpublished(desk: Office, form: ExportForm, patched: pytest.MonkeyPatch) -> list[Path]:
    """Let an export be cut off when it is whole; return a file of its last part, or that part."""
    with patched.context() as patch:
        patch.setattr(ExportWorkplace, "publish", cut_off)
        with pytest.raises(DestinationError):
            export(desk, form)
    (*_, last) = sorted((desk.home / "calls").glob("*.part/0*"))
    return [last] if last.is_file() else sorted(last.rglob("*.mp3"))


@pytest.mark.parametrize("form", FORMS)
def test_what_was_whole_and_is_hurt_before_it_has_its_name_is_made_anew(
    form: ExportForm, desk: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(desk, form)
    whole = moved(desk, tmp_path / "whole")
    export(whole, form)
    path = unpublished(desk, form, monkeypatch)[0].relative_to(desk.home)
    for harm in ("halved", "longer", "a byte") if form is ExportForm.ZIP else HARM:
        hurt = moved(desk, tmp_path / harm)
        HARM[harm](hurt.home / path)
        export(hurt, form)
        assert result_of(hurt) == result_of(whole), harm


def test_what_is_hurt_and_comes_out_otherwise_gets_no_name(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hurt, *_) = unpublished(desk, ExportForm.FOLDER, monkeypatch)
    hurt.unlink()
    next(Path(desk.archive).rglob(hurt.name)).unlink()
    for _ in range(2):
        with pytest.raises(DestinationError, match="is hurt, and the archive gives other bytes"):
            export(desk, ExportForm.FOLDER)
    assert [each.name for each in (desk.home / "calls").iterdir()] == ["out.part"]
    shutil.rmtree(desk.home / "calls" / "out.part")
    assert export(desk, ExportForm.FOLDER).code is ExitCode.FINDINGS


@pytest.mark.parametrize("form", FORMS)
def test_a_name_that_is_taken_is_refused_before_anything_is_written_or_entered(
    form: ExportForm, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = desk.manifests()
    taken = desk.home / "calls" / f"out-002{'.zip' * (form is ExportForm.ZIP)}"
    taken.write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"out-002(\.zip)? exists already"):
        export(desk, form)
    assert [*(desk.home / "calls").iterdir()] == [taken]
    taken.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(PlanFile, "note_whole", cut_off)
        with pytest.raises(DestinationError):
            export(desk, form)
    taken.write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"out-002(\.zip)? exists already") as told:
        export(desk, form)
    assert (told.value.advice, desk.manifests()) == (
        "Move it away, or name another with --out.", before,
    )  # fmt: skip
    taken.unlink()
    export(desk, form)
    assert len(desk.manifests()) == len(before) + 1


def test_one_that_was_entered_already_is_not_entered_twice(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise DestinationError("Stopped: the machine is going down.")

    with monkeypatch.context() as patched:
        patched.setattr(ExportWorkplace, "publish", stop)
        with pytest.raises(DestinationError):
            export(desk, ExportForm.BAG)
    before = desk.manifests()
    result = export(desk, ExportForm.BAG)
    assert desk.manifests() == before
    assert result.entered is not None
    assert (before[-1].kind, result.entered.number) == (ManifestKind.EXPORT, len(before))


def test_manifests_that_came_meanwhile_change_nothing(desk: Office, tmp_path: Path) -> None:
    planned(desk, ExportForm.BAG)
    whole = moved(desk, tmp_path / "whole")
    export(whole, ExportForm.BAG)
    head = desk.export("other").entered
    assert head is not None
    result = export(desk, ExportForm.BAG)
    assert result.head.number == head.number - 1
    assert result.entered is not None
    assert result.entered.number == head.number + 1
    told = result_of(desk)
    assert told == result_of(whole)


def test_what_was_erased_meanwhile_is_handed_over_by_no_export(
    desk: Office, figure: Figure
) -> None:
    with (
        mock.patch.object(ExportWorkplace, "publish", cut_off),
        pytest.raises(DestinationError, match="going down"),
    ):
        export(desk, ExportForm.FOLDER)
    context = load(SettingsRequest({"archive": desk.archive}), {"HOME": str(desk.home)})
    asked = EraseRequest(FilterRequest(ids=("1",)), "asked to", "ann")
    assert erase(asked, context).code is ExitCode.CLEAN
    with pytest.raises(UsageError, match="1 recording was erased since"):
        export(desk, ExportForm.FOLDER)
    assert sorted(path.name for path in (desk.home / "calls").iterdir()) == ["out.part"]
    shutil.rmtree(desk.home / "calls" / "out.part")
    assert export(desk, ExportForm.FOLDER).recordings == COUNT - 1
    figure("P7", "an export that was cut off, and 1 of its 12 erased: not handed over")


@pytest.mark.parametrize(("holder", "name"), [(PartsWriter, "write"), (export_entry, "strays_in")])
def test_what_is_erased_while_it_is_copied_is_handed_over_by_no_export(
    desk: Office, holder: object, name: str, figure: Figure
) -> None:
    """Nor does the chain name it: the erasure told of each export that had handed it over."""
    context = load(SettingsRequest({"archive": desk.archive}), {"HOME": str(desk.home)})
    asked = EraseRequest(FilterRequest(ids=("1",)), "asked to", "ann")
    real = getattr(holder, name)

    def then_erased(*arguments: object) -> object:
        done = real(*arguments)
        assert erase(asked, context).code is ExitCode.CLEAN
        return done

    with (
        mock.patch.object(holder, name, then_erased),
        pytest.raises(UsageError, match="1 recording was erased since"),
    ):
        export(desk, ExportForm.FOLDER)
    assert sorted(path.name for path in (desk.home / "calls").iterdir()) == ["out.part"]
    assert not [each for each in desk.manifests() if each.kind is ManifestKind.EXPORT]
    assert audit(desk.store).is_clean
    figure("P7", "1 of 12 erased while an export copies them: not handed over, entered 0")


def test_another_export_does_not_go_on_with_what_this_one_left(desk: Office) -> None:
    planned(desk, ExportForm.FOLDER)
    with pytest.raises(UsageError, match="is of another export that was cut off"):
        desk.export("calls/out", lists=(SEC,), part_bytes=85_000)
    assert export(desk, ExportForm.FOLDER).recordings == COUNT


def test_words_that_mean_another_day_by_now_do_not_go_on_with_the_old_one(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = replace(desk, environ={"ARCHIVER_UTC_OFFSET": "+00:00"})
    later = [timedelta(0)]

    def portal_now(_store: object, _offset: object) -> tuple[datetime, int]:
        return MORNING + timedelta(days=1) + later[0], 0

    monkeypatch.setattr(filtering, "portal_now", portal_now)
    day = MORNING.date().isoformat()
    for words, exact, recordings in (
        (FilterRequest(day="yesterday"), FilterRequest(day=day), A_DAY),
        (FilterRequest(since="26h"), FilterRequest(since=f"{day} 04:04:21"), COUNT),
    ):
        for later[0] in (timedelta(0), timedelta(minutes=5)):
            with monkeypatch.context() as patched:
                patched.setattr(PartsWriter, "write", cut_off)
                with pytest.raises(DestinationError, match="Stopped"):
                    desk.export("mine", filters=words)
        later[0] = timedelta(days=6)
        with pytest.raises(UsageError, match="is of another export that was cut off"):
            desk.export("mine", filters=words)
        assert desk.export("mine", filters=exact).recordings == recordings
        shutil.rmtree(desk.home / "mine")


@pytest.mark.parametrize("what", ["file", "folder", "archive", "export", "link"])
def test_what_lies_under_the_name_of_the_workplace_is_left_alone(what: str, desk: Office) -> None:
    other = desk.home / "mine.part"
    match what:
        case "file":
            other.write_bytes(b"the only copy")
        case "folder":
            other.mkdir()
            (other / "001").write_bytes(b"the only copy")
        case "archive":
            copy_of(Path(desk.archive), other)
        case "export":
            desk.export("mine.part")
        case "link":
            other.symlink_to(desk.home / "calls", target_is_directory=True)
    before = content(other) if what != "link" else result_of(desk)
    with pytest.raises(UsageError, match=r"mine\.part is no export that was cut off"):
        desk.export("mine")
    with pytest.raises(UsageError):
        desk.export("mine", filters=FilterRequest(("77",)))
    assert (content(other) if what != "link" else result_of(desk)) == before
    assert other.is_symlink() == (what == "link")


def test_the_database_of_something_else_is_no_plan(desk: Office) -> None:
    other = desk.home / "mine.part"
    other.mkdir()
    with sqlite3.connect(other / "plan.sqlite") as database:
        database.execute("CREATE TABLE facts (name TEXT)")
    database.close()
    before = content(other)
    with pytest.raises(DestinationError, match="it is no plan of an export"):
        desk.export("mine")
    assert content(other) == before


def test_only_what_an_export_made_is_cleared_up_after_it(desk: Office) -> None:
    planned(desk, ExportForm.FOLDER)
    (folder,) = (desk.home / "calls").glob("*.part")
    (folder / "001.txt").write_bytes(b"a note")
    export(desk, ExportForm.FOLDER)
    assert [path.name for path in folder.iterdir()] == ["001.txt"]


def test_one_that_was_killed_with_its_last_step_is_not_planned_anew(desk: Office) -> None:
    export(desk, ExportForm.FOLDER)
    left = desk.home / "calls" / "out.part"
    left.mkdir()
    with pytest.raises(UsageError, match="out-001 exists already"):
        export(desk, ExportForm.FOLDER)
    assert not left.exists()


def test_two_at_once_are_one_too_many(desk: Office) -> None:
    place = ExportWorkplace(desk.home / "calls" / "out", in_parts=True)
    place.open()
    held = PlanDatabase(place.plan)
    with pytest.raises(Locked, match="Another export is writing to"):
        export(desk, ExportForm.FOLDER)
    held.close()
    assert export(desk, ExportForm.FOLDER).recordings == COUNT


def test_a_plan_that_was_damaged_is_no_plan(desk: Office) -> None:
    planned(desk, ExportForm.FOLDER)
    (plan,) = (desk.home / "calls").glob("*.part/plan.sqlite")
    plan.write_bytes(b"no database" * 400)
    with pytest.raises(DestinationError, match="cannot be used") as told:
        export(desk, ExportForm.FOLDER)
    assert told.value.advice == "Remove that folder, and run it again."


def test_a_disk_that_is_full_is_named_and_the_plan_is_not_to_be_removed(tmp_path: Path) -> None:
    plan = PlanDatabase(tmp_path / "plan.sqlite")
    (pages,) = plan.rows("PRAGMA page_count")
    plan.change(f"PRAGMA max_page_count = {pages[0]}")
    with pytest.raises(DestinationError, match="the disk is full") as told:
        plan.note("much", "of it" * 4_000)
    assert told.value.advice.startswith("Free some space on that disk")
    plan.close()


def test_a_plan_holds_what_was_asked_for_and_nobody_else_may_read_it(desk: Office) -> None:
    planned(desk, ExportForm.FOLDER)
    (folder,) = (desk.home / "calls").glob("*.part")
    assert folder.stat().st_mode & 0o077 == 0
    with sqlite3.connect(folder / "plan.sqlite") as database:
        (count,) = database.execute("SELECT count(*) FROM items").fetchone()
    database.close()
    assert count == COUNT + 2
