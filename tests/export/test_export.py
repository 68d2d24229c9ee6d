"""``archiver export``: what is handed over is what the chain names, and all else is named."""

import csv
import hashlib
import json
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from archiver.app.check.repair import RepairRequest, repair
from archiver.app.check.verify import VerifyRequest, verify
from archiver.app.exporting.export_request import LOAD_FILE, SEC
from archiver.app.exporting.plan.plan_draft import PlanDraft
from archiver.app.keeping.erase import EraseRequest, erase
from archiver.app.opening.context import SettingsRequest, load
from archiver.catalog.questions.filtering.filtered import FilteredRecordings
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.check.audit import audit
from archiver.cli.handover.export import document
from archiver.domain.export_form import ExportForm
from archiver.domain.layout import manifest_key
from archiver.domain.outcomes import Outcome
from archiver.errors import ChainBroken, DestinationError, ExitCode, NotPermitted, UsageError
from archiver.filters.filters import Filters
from archiver.filters.request import FilterRequest
from archiver.handover.handed_over import NO_SIDECAR
from archiver.handover.papers import DRAFTS
from archiver.manifest.journal import Journal
from archiver.manifest.model import ManifestKind
from archiver.manifest.named_files.handover_filter import HandoverFilter
from archiver.manifest.state import ids_digest
from archiver.store.local import LocalStore
from tests.archives import CALLED, CALLER, MORNING, audio_of, lose_catalog, manifest_of, row
from tests.archives import store_one as stored
from tests.conftest import Figure
from tests.export.exports import (
    BY,
    FORMS,
    Office,
    add_absent,
    certify,
    checked,
    copy_of,
    office,
    payload,
    unpacked,
)
from tests.handover.test_csv_lists import HOSTILE

RECORDINGS = 6


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    return office(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[ExportForm, Path]:
    """Return what a receiver sees of a hand-over, some of it left out, to be copied and hurt."""
    desk = office(tmp_path_factory.mktemp("office"))
    add_absent(desk.store)
    forms = (ExportForm.FOLDER, ExportForm.BAG)
    made = {form: desk.export(form.value, form=form).parts[0].place for form in forms}
    assert [checked(folder)[0] for folder in made.values()] == [0, 0]
    return made


@pytest.fixture(scope="module")
def bagit() -> Any:  # noqa: ANN401 - a module without types
    """Return the library that receivers of bags use; the dev extra brings it."""
    return pytest.importorskip("bagit")


def rows(folder: Path, name: str = "recordings.csv") -> list[dict[str, str]]:
    text = (payload(folder) / name).read_text("utf-8-sig")
    return [*csv.DictReader(text.splitlines())]


def tells_left_out(folder: Path, what: str) -> bool:
    """Whether all papers of a hand-over say that so much of it is left out, and none else."""
    letter = (folder / "README.txt").read_text()
    drafts = [path.read_text() for path in payload(folder).glob("court-drafts/*")]
    said = checked(folder)[1]
    told = [f"Left out         {what}\n" in letter, f"Left out: {what}.\n" in said]
    told += [f"[filled in]  {what}\n" in draft for draft in drafts]
    return all(told) and len(drafts) == len(DRAFTS) and "all of it" not in letter + said


@pytest.mark.parametrize("form", FORMS)
def test_a_receiver_can_check_what_was_handed_over(
    form: ExportForm, desk: Office, figure: Figure
) -> None:
    result = desk.export(form=form)
    assert (result.code, result.recordings, result.left_out) == (ExitCode.CLEAN, RECORDINGS, {})
    folder = unpacked(result.parts[0].place)
    told = rows(folder)
    assert [each["id"] for each in told] == [str(number) for number in range(1, RECORDINGS + 1)]
    for each in told:
        assert (payload(folder) / each["file"]).read_bytes() == audio_of(each["id"])
        assert (payload(folder) / each["sidecar"]).is_file()
        assert (each["caller"], each["time"][-6:]) == (f"'{CALLER}", "+00:00")
        assert each["called"] == CALLED
    code, said = checked(folder)
    assert code == 0, said
    assert f"Head: {result.head}" in said
    assert result.parts[0].sha256 in said
    assert tells_left_out(folder, "nothing")
    figure("P7", f"{form}: {said.splitlines()[0]} check.sh ends with 0. {said.splitlines()[-2]}")


@pytest.mark.parametrize("form", [ExportForm.FOLDER, ExportForm.BAG])
@pytest.mark.parametrize("harm", ["byte", "lost", "added", "chain", "row"])
def test_a_receiver_finds_every_change(
    form: ExportForm, harm: str, made: dict[ExportForm, Path], tmp_path: Path
) -> None:
    folder = copy_of(made[form], tmp_path / "out")
    inside = payload(folder)
    audio = next(inside.glob("recordings/**/*.mp3"))
    match harm:
        case "byte":
            data = bytearray(audio.read_bytes())
            data[7] ^= 1
            audio.write_bytes(data)
        case "lost":
            audio.unlink()
        case "added":
            (inside / "recordings" / "one more.mp3").write_bytes(b"x")
        case "chain":
            (inside / manifest_key(2)).unlink()
        case "row":
            text = (inside / "recordings.csv").read_text("utf-8")
            (inside / "recordings.csv").write_text(text.replace("Ann", "Bob"), "utf-8")
    code, said = checked(folder)
    assert code == 1
    assert "WRONG: " in said
    assert said.endswith("This is NOT as it was handed over.\n")


def _odd_line(folder: Path) -> None:
    """Change a byte of a file, and write its line so that sha256sum only warns of it."""
    audio = next(folder.glob("recordings/**/*.mp3"))
    audio.write_bytes(audio.read_bytes()[:-1] + b"?")
    name = str(audio.relative_to(folder))
    text = (folder / "SHA256SUMS").read_text("utf-8")
    (folder / "SHA256SUMS").write_text(text.replace(f"  {name}", f"_ {name}"), "utf-8")


def _odd_name(folder: Path) -> None:
    """Add a file whose name ends and goes on like that of the list."""
    (folder / "SHA256SUMS\nxxSHA256SUMS").write_bytes(b"forged")


def _own_proof(folder: Path) -> None:
    """Exchange a recording, and add a document beside the chain that names it."""
    audio = next(folder.glob("recordings/**/*.mp3"))
    name = str(audio.relative_to(folder))
    old = hashlib.sha256(audio.read_bytes()).hexdigest()
    audio.write_bytes(b"another voice")
    new = hashlib.sha256(audio.read_bytes()).hexdigest()
    proof = f'{{"path":"{name}","bytes":13,"sha256":"{new}"}}\n'.encode()
    (folder / "manifests" / "more.json").write_bytes(proof)
    lines = (folder / "SHA256SUMS").read_text("utf-8").replace(old, new)
    more = f"{hashlib.sha256(proof).hexdigest()}  manifests/more.json\n"
    (folder / "SHA256SUMS").write_text(lines + more, "utf-8")


def _no_recordings(folder: Path) -> None:
    """Take all recordings out, and out of the list."""
    shutil.rmtree(folder / "recordings")
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if "  recordings/" not in line)
    (folder / "SHA256SUMS").write_text(kept, "utf-8")


def _one_recording_less(folder: Path) -> None:
    """Take a recording out, with its sidecar, and both out of the list."""
    audio = next(folder.glob("recordings/**/*.mp3"))
    id_ = audio.name.partition(".")[0]
    for each in folder.glob(f"recordings/**/{id_}.*"):
        each.unlink()
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if id_ not in line)
    (folder / "SHA256SUMS").write_text(kept, "utf-8")


def _sums_of(folder: Path) -> Path:
    """Return the list of hashes that names what lies at the top."""
    sums = folder / "SHA256SUMS"
    return sums if sums.exists() else folder / "tagmanifest-sha256.txt"


def _changed(name: str, old: bytes, new: bytes, folder: Path) -> None:
    """Change a list, and enter its new hash in the list of hashes."""
    table, sums = folder / name, _sums_of(folder)
    before = table.read_bytes()
    table.write_bytes(before.replace(old, new))
    assert table.read_bytes() != before
    was, now = (hashlib.sha256(each).hexdigest() for each in (before, table.read_bytes()))
    sums.write_text(sums.read_text("utf-8").replace(was, now), "utf-8")


_other_row = partial(_changed, "recordings.csv", b"Ann", b"Bob")
_nothing_left_out = partial(_changed, "left_out.csv", b"gone", b"here")


def _one_sidecar_less(folder: Path) -> None:
    """Take a sidecar out, and out of the list."""
    sidecar = next(folder.glob("recordings/**/*.json"))
    sidecar.unlink()
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if sidecar.name not in line)
    (folder / "SHA256SUMS").write_text(kept, "utf-8")


def _one_more(name: str, folder: Path) -> None:
    """Put a paper in, and into the list."""
    (folder / name).write_bytes(b"nothing is missing")
    digest = hashlib.sha256(b"nothing is missing").hexdigest()
    with _sums_of(folder).open("a", encoding="utf-8") as sums:
        sums.write(f"{digest}  {name}\n")


_one_paper_more = partial(_one_more, "more.txt")
_one_called_almost_as_the_letter = partial(_one_more, "more  README.txt")


def _link(folder: Path) -> None:
    """Leave a link in a recording's place, to the same bytes outside."""
    audio = next(folder.glob("recordings/**/*.mp3"))
    audio.symlink_to(audio.rename(folder.parent / "elsewhere.mp3"))


HARMS = (
    *(_odd_line, _odd_name, _own_proof, _no_recordings, _one_recording_less, _other_row, _link),
    *(_nothing_left_out, _one_sidecar_less, _one_paper_more, _one_called_almost_as_the_letter),
)


@pytest.mark.parametrize("harm", HARMS)
def test_a_receiver_is_not_deceived_by_what_the_tools_pass_over(
    harm: Callable[[Path], None], made: dict[ExportForm, Path], tmp_path: Path
) -> None:
    folder = copy_of(made[ExportForm.FOLDER], tmp_path / "out")
    harm(folder)
    code, said = checked(folder)
    assert (code, "WRONG: " in said) == (1, True), said


_other_facts = partial(_changed, "bag-info.txt", b"Call recordings", b"All recordings")


@pytest.mark.parametrize("harm", [_one_paper_more, _other_facts])
def test_nothing_beside_what_a_bag_holds_is_passed_over_either(
    harm: Callable[[Path], None], made: dict[ExportForm, Path], tmp_path: Path
) -> None:
    folder = copy_of(made[ExportForm.BAG], tmp_path / "out")
    harm(folder)
    code, said = checked(folder)
    assert (code, "WRONG: the lists do not name" in said) == (1, True), said


TOOLS = (
    *("awk", "cat", "comm", "cut", "date", "dirname", "find", "grep", "mktemp"),
    *("rm", "sed", "sha256sum", "sort", "tr", "wc"),
)


def test_a_tool_that_is_not_there_is_said_and_nothing_is_passed_over(
    made: dict[ExportForm, Path], tmp_path: Path
) -> None:
    folder, tools = made[ExportForm.FOLDER], tmp_path / "bin"
    tools.mkdir()
    for each in TOOLS:
        found = shutil.which(each)
        assert found, f"{each} is needed to check"
        (tools / each).symlink_to(found)
    assert checked(folder, PATH=str(tools))[0] == 0
    for tool in TOOLS:
        aside = (tools / tool).rename(tmp_path / tool)
        code, said = checked(folder, PATH=str(tools))
        assert (code, f"This needs {tool}" in said) == (1, True), said
        assert "NOTHING was checked" in said
        aside.rename(tools / tool)


def test_the_check_is_of_its_own_folder(desk: Office) -> None:
    folder = desk.export("calls/out").parts[0].place
    other = copy_of(folder, desk.home / "other" / "out")
    (folder / "one more").write_bytes(b"")
    assert checked(other)[0] == 0
    assert checked(folder, CDPATH=str(other.parent))[0] == 1


def test_a_list_that_was_written_anew_still_has_to_fit_the_chain(desk: Office) -> None:
    folder = desk.export().parts[0].place
    audio = next(folder.glob("recordings/**/*.mp3"))
    audio.write_bytes(b"another voice")
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    name = str(audio.relative_to(folder))
    digest = hashlib.sha256(audio.read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(
        "".join(f"{digest}  {name}\n" if line.endswith(name) else f"{line}\n" for line in lines)
    )
    code, said = checked(folder)
    assert code == 1
    assert f"the chain does not name {name} with the hash {digest}" in said


def test_a_bag_is_valid_under_the_library_and_no_longer_once_a_byte_changes(
    desk: Office,
    bagit: Any,  # noqa: ANN401 - a module without types
    figure: Figure,
) -> None:
    bag = desk.export(form=ExportForm.BAG, lists=(SEC, LOAD_FILE)).parts[0].place
    made = bagit.Bag(str(bag))
    assert made.version_info == (1, 0)
    assert made.validate()
    audio = next(bag.glob("data/recordings/**/*.mp3"))
    audio.write_bytes(audio.read_bytes()[:-1] + b"?")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(bag)).validate()
    (bag / "check.sh").write_text("exit 0\n")
    with pytest.raises(bagit.BagValidationError, match=r"check\.sh"):
        bagit.Bag(str(bag)).validate()
    figure("P7", "bag: BagIt 1.0, valid under bagit; a changed byte and a changed tag file refused")


def test_what_is_not_in_it_is_named(desk: Office) -> None:
    add_absent(desk.store)
    result = desk.export()
    assert (result.code, result.recordings) == (ExitCode.FINDINGS, RECORDINGS)
    assert result.left_out == {"quarantined": 1, "gone": 1}
    told = rows(result.parts[0].place, "left_out.csv")
    assert [(each["what"], each["id"], each["verdict"]) for each in told] == [
        ("quarantined", "901", "truncated"),
        ("gone", "902", ""),
    ]
    assert not [*result.parts[0].place.glob("quarantine")]
    assert tells_left_out(result.parts[0].place, "2 recordings: see left_out.csv")


def test_the_letter_says_which_time_was_asked_for(desk: Office) -> None:
    for number, (filters, words) in enumerate(
        {
            FilterRequest(): "recordings of any time",
            FilterRequest(since="2019-01-01"): "recordings from 2019-01-01 00:00:00 on (portal",
            FilterRequest(until="2031-01-01"): "recordings up to 2031-01-01 23:59:59 (portal",
        }.items()
    ):
        result = desk.export(out=f"out-{number}", filters=filters)
        letter = (result.parts[0].place / "README.txt").read_text()
        assert f"Asked for        {words}" in letter


def test_the_letter_explains_every_word_of_what_is_left_out(desk: Office) -> None:
    letter = (desk.export().parts[0].place / "README.txt").read_text()
    explained = letter.partition("In left_out.csv:")[2]
    words = {*Outcome} - {Outcome.ARCHIVED, Outcome.HELD}
    words |= {"may_match", "unknown", "damaged", "missing", "unreadable", NO_SIDECAR, "day"}
    assert {each for each in words if not re.search(rf"(?m)^(\w+, )?{each}\b", explained)} == set()


def test_what_was_erased_is_named_with_a_reason(desk: Office) -> None:
    settings = load(SettingsRequest({"archive": desk.archive}), {"HOME": str(desk.home)})
    erase(EraseRequest(FilterRequest(("3",)), by=BY, reason="asked"), settings)
    result = desk.export()
    assert (result.code, result.left_out) == (ExitCode.CLEAN, {"erased": 1})
    (told,) = rows(result.parts[0].place, "left_out.csv")
    assert (told["what"], told["accepted"]) == ("erased", "yes")
    assert told["reasons"].startswith("it was erased by decision")


@pytest.mark.parametrize("what", ["audio", "sidecar"])
@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_what_is_not_as_the_chain_says_is_never_handed_over_as_good(
    what: str, harm: str, desk: Office
) -> None:
    ending = "mp3" if what == "audio" else "json"
    (lost,) = Path(desk.archive).glob(f"recordings/**/*_3.*.{ending}")
    if harm == "damaged":
        lost.chmod(0o600)
        lost.write_bytes(lost.read_bytes()[:-1] + b"?")
    else:
        lost.unlink()
    result = desk.export()
    place = result.parts[0].place
    named, left_out = (harm, {harm: 1}) if what == "audio" else (NO_SIDECAR, {})
    assert (result.code, result.left_out) == (ExitCode.FINDINGS, left_out)
    assert result.without_sidecar == (what == "sidecar")
    assert result.recordings == RECORDINGS - (what == "audio")
    (told,) = rows(place, "left_out.csv")
    assert (told["what"], told["id"]) == (named, "3")
    assert str(lost.relative_to(desk.archive)) in told["reasons"]
    assert tells_left_out(place, f"1 {'recording' if left_out else 'sidecar'}: see left_out.csv")
    assert [each["id"] for each in rows(place) if not each["sidecar"]] == (
        [] if what == "audio" else ["3"]
    )
    assert not (place / lost.relative_to(desk.archive)).exists()
    assert checked(place)[0] == 0


def test_what_is_left_out_is_counted_by_recordings_and_not_by_files(desk: Office) -> None:
    day = MORNING.date().strftime("%Y/%m/%d")
    shutil.rmtree(Path(desk.archive) / "recordings" / day)
    result = desk.export()
    assert (result.recordings, result.left_out) == (RECORDINGS - 2, {"missing": 2})
    told = rows(result.parts[0].place, "left_out.csv")
    assert [(each["id"], each["reasons"].count("is not in the archive")) for each in told] == [
        ("1", 2), ("2", 2),
    ]  # fmt: skip
    *_, last = desk.manifests()
    assert last.export is not None
    assert (last.export.recordings, last.export.left_out) == (RECORDINGS - 2, 2)


def test_a_catalog_that_says_what_no_manifest_says_is_not_believed(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lies = FilteredRecordings.matching, [1]

    def lying(asked: FilteredRecordings, filters: Filters) -> Iterator[FoundRow]:
        rows = real(asked, filters)
        lied, lies[0] = lies[0], lies[0] - 1
        yield from (replace(row, manifest=1) if lied > 0 else row for row in rows)

    monkeypatch.setattr(FilteredRecordings, "matching", lying)
    result = desk.export("first")
    assert (result.recordings, {each["manifest"] for each in rows(desk.home / "first")}) == (
        RECORDINGS, {"1", "2", "3"},
    )  # fmt: skip
    lies[0] = 2
    with pytest.raises(ChainBroken, match="The chain does not say of recording"):
        desk.export("second")


@pytest.mark.parametrize(
    ("owner", "name"), [(FilteredRecordings, "matching"), (PlanDraft, "take_document")]
)
def test_what_is_added_while_it_is_planned_is_in_it_wholly_or_not_at_all(
    owner: type, name: str, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(owner, name)

    def beside(*args: object) -> Iterator[FoundRow]:
        told = real(*args)
        yield from told or ()
        monkeypatch.setattr(owner, name, real)
        journal = Journal(desk.store)
        new = [stored(desk.store, row("77"))]
        journal.append(manifest_of(journal.archive().archive, new))
        desk.export("other")

    once = beside if owner is FilteredRecordings else lambda *args: [*beside(*args)]
    monkeypatch.setattr(owner, name, once)
    result = desk.export()
    place = result.parts[0].place
    known = [
        entry.id
        for manifest in desk.manifests()[: result.head.number]
        for entry in manifest.recordings
    ]
    assert {each["id"] for each in rows(place)} == set(known)
    code, said = checked(place)
    assert (code, f"Head: {result.head}" in said) == (0, True), said


def test_only_what_was_asked_for_and_the_manifests_from_the_first_that_names_it(
    desk: Office,
) -> None:
    day = (MORNING + timedelta(days=1)).date().isoformat()
    result = desk.export(filters=FilterRequest(day=day))
    place = result.parts[0].place
    assert [each["id"] for each in rows(place)] == ["3", "4"]
    chain = sorted(path.name for path in place.glob("manifests/*"))
    assert chain == ["00000002.json", "00000003.json", "ARCHIVE.json"]
    assert result.left_out == {"day": 1}, "no run has listed that day to its end"
    assert tells_left_out(place, "1 day may be incomplete: see left_out.csv")
    assert checked(place)[0] == 0
    assert [
        each["id"]
        for each in rows(desk.export("one", filters=FilterRequest(("5",))).parts[0].place)
    ] == ["5"]


@pytest.mark.parametrize("form", FORMS)
def test_certificates_of_the_days_go_with_the_recordings(
    form: ExportForm, desk: Office, root: Path
) -> None:
    first = MORNING.date()
    own = certify(desk, first, root)
    other = certify(desk, first + timedelta(days=1), root)
    result = desk.export(form=form, filters=FilterRequest(("1", "2")))
    folder = unpacked(result.parts[0].place)
    assert (payload(folder) / own).read_bytes() == (Path(desk.archive) / own).read_bytes()
    assert not (payload(folder) / other).exists()
    assert checked(folder)[0] == 0
    (payload(folder) / own).write_bytes(b"{}")
    code, said = checked(folder)
    assert (code, f"{own}: FAILED" in said) == (1, True)


def test_an_export_stands_in_the_chain_and_its_filter_in_a_file_of_its_own(desk: Office) -> None:
    result = desk.export(filters=FilterRequest(("2", "5")), form=ExportForm.ZIP)
    *_, last = desk.manifests()
    assert last.kind is ManifestKind.EXPORT
    assert last.export is not None
    told = last.export
    assert (told.by, told.recordings, told.left_out, told.form) == (BY, 2, 0, "zip")
    assert told.parts == tuple(each.sha256 for each in result.parts)
    assert (told.head, last.number) == (result.head, result.head.number + 1)
    asked = HandoverFilter.from_json((Path(desk.archive) / told.file.path).read_bytes())
    assert (asked.filters, asked.export) == ({"ids": ["2", "5"]}, result.export)
    assert (asked.recordings, asked.sha256) == ids_digest(["2", "5"])
    assert Journal(desk.store).head() == result.entered
    assert audit(desk.store).is_clean


def test_the_file_of_a_filter_is_missed_like_any_other(desk: Office) -> None:
    desk.export()
    (asked,) = Path(desk.archive).glob("exports/*.json")
    asked.chmod(0o600)
    asked.write_bytes(asked.read_bytes().replace(b"}", b" }"))
    report = audit(desk.store)
    assert [each.path for each in report.differ] == [str(asked.relative_to(desk.archive))]
    asked.unlink()
    assert [each.path for each in audit(desk.store).missing] == [
        str(asked.relative_to(desk.archive))
    ]


def test_the_file_of_a_filter_comes_back_from_a_copy(desk: Office) -> None:
    desk.export()
    copy = copy_of(Path(desk.archive), desk.home / "copy")
    (asked,) = Path(desk.archive).glob("exports/*.json")
    asked.unlink()
    context = load(SettingsRequest({"archive": desk.archive}), {"HOME": str(desk.home)})
    told = repair(RepairRequest(source=str(copy)), context)
    assert (told.put_back, told.left) == ((str(asked.relative_to(desk.archive)),), ())
    assert audit(desk.store).is_clean
    *_, last = desk.manifests()
    assert last.run.settings == {"put_back": str(asked.relative_to(desk.archive))}


def test_what_was_asked_for_in_an_export_that_was_never_entered_is_no_stray_for_ever(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise DestinationError("Stopped: the machine is going down.")

    desk.export("first")
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", cut_off)
        with pytest.raises(DestinationError):
            desk.export("second")
    (stray,) = [each.path for each in audit(desk.store).extra]
    assert stray.startswith("exports/")
    shutil.rmtree(desk.home / "second.part")
    with desk.store.exclusive():
        desk.export("beside a run")
    assert [each.path for each in audit(desk.store).extra] == [stray]
    desk.export("third")
    report = audit(desk.store)
    assert (report.is_clean, len(report.aside)) == (True, 1)
    assert len([*Path(desk.archive).glob("exports/*.json")]) == 3


def test_an_export_that_can_not_be_entered_leaves_nothing_that_no_manifest_names(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotPermitted("Stopped while writing: permission was denied.")

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", refuse)
        assert desk.export().entered is None
    report = audit(desk.store)
    assert (report.is_clean, len(report.aside)) == (True, 1)


@pytest.mark.parametrize("has_catalog", [True, False])
def test_a_copy_that_can_only_be_read_is_exported_from_and_that_is_said(
    has_catalog: bool,  # noqa: FBT001 - a case
    desk: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not has_catalog:
        lose_catalog(Path(desk.archive))

    def refuse(*_: object) -> None:
        raise NotPermitted("Stopped while writing: the disk is mounted read-only.")

    for name in ("put", "claim", "part"):
        monkeypatch.setattr(LocalStore, name, refuse)
    result = desk.export()
    assert (result.code, result.recordings, result.entered) == (
        ExitCode.CLEAN, RECORDINGS, None,
    )  # fmt: skip
    assert result.not_entered == "Stopped while writing: the disk is mounted read-only."
    assert len(desk.manifests()) == result.head.number
    assert checked(result.parts[0].place)[0] == 0


@pytest.mark.parametrize("form", FORMS)
def test_parts_are_complete_by_themselves_and_none_is_too_large(
    form: ExportForm,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    desk = office(tmp_path, manifests=3, each=8)
    limit = 110_000
    result = desk.export("calls.zip" if form is ExportForm.ZIP else "calls", form=form,
                         part_bytes=limit, lists=(SEC, LOAD_FILE))  # fmt: skip
    assert len(result.parts) > 1
    ids = []
    for number, part in enumerate(result.parts, 1):
        suffix = ".zip" if form is ExportForm.ZIP else ""
        assert part.place == desk.home / f"calls-{number:03}{suffix}"
        assert part.place.is_dir() or part.place.stat().st_size <= limit
        folder = unpacked(part.place)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        assert part.bytes == size <= limit
        code, said = checked(folder)
        follow = "the last" if number == len(result.parts) else "and more follow"
        assert (code, f"This is part {number}, {follow}.\n" in said) == (0, True), said
        assert tells_left_out(folder, "nothing; each part tells of its own")
        if form is ExportForm.BAG:
            assert request.getfixturevalue("bagit").Bag(str(folder)).validate()
        ids += [int(each["id"]) for each in rows(folder)]
    assert sorted(ids) == [*range(1, 25)]
    *_, last = desk.manifests()
    assert last.export is not None
    assert len(last.export.parts) == len(result.parts)
    with pytest.raises(UsageError, match="the largest recording and the manifests take"):
        desk.export("small", part_bytes=1_000)
    assert not [*desk.home.glob("small*")]


def test_hostile_names_reach_the_receiver_as_text(tmp_path: Path, figure: Figure) -> None:
    desk = office(tmp_path, manifests=1, each=1)
    journal = Journal(desk.store)
    odd = [stored(desk.store, row(f"9{n:03}", agent=text)) for n, text in enumerate(HOSTILE)]
    journal.append(manifest_of(journal.archive().archive, odd))
    result = desk.export(lists=(SEC, LOAD_FILE))
    place = result.parts[0].place
    told = rows(place)
    assert len(told) == len(HOSTILE) + 1
    acting = [each for each in told if each["agent"].lstrip().startswith(("=", "+", "-", "@"))]
    papers = [path for path in place.rglob("*") if path.suffix in {".csv", ".txt", ".sh"}]
    raw = [path for path in papers if b"\x1b" in path.read_bytes()]
    assert (acting, raw) == ([], [])
    assert b"\x1b" not in (place / "load_file.dat").read_bytes()
    code, said = checked(place)
    assert (code, "\x1b" in said) == (0, False)
    figure("X12", f"{len(HOSTILE)} hostile agents exported: formulas {len(acting)}, ESC {len(raw)}")


def test_what_a_letter_is_filled_with_is_never_run(desk: Office, figure: Figure) -> None:
    result = desk.export(by="$(touch pwned); `touch pwned` @HEAD@ '\"")
    place = result.parts[0].place
    assert checked(place)[0] == 0
    assert not [*desk.home.rglob("pwned")]
    assert "$(touch pwned); `touch pwned` @HEAD@ '\"" in (place / "README.txt").read_text()
    assert "pwned" not in (place / "check.sh").read_text()
    figure("X13", "a name of shell commands stays text in the letter, and is not in the script")


def test_drafts_for_courts_name_the_hash_and_leave_blank_what_a_person_affirms(
    desk: Office,
) -> None:
    place = desk.export().parts[0].place
    lines = (place / "SHA256SUMS").read_text().splitlines()
    (csv_hash,) = [line[:64] for line in lines if line.endswith("  recordings.csv")]
    drafts = sorted(place.glob("court-drafts/*"))
    assert len(drafts) == 3
    for draft in drafts:
        text = draft.read_text("utf-8")
        assert text.startswith("DRAFT - NOT A CERTIFICATE" if "india" in draft.name else "DRAFT")
        assert csv_hash in text
        assert "____" in text
        assert "@" not in text
        assert max(map(len, text.splitlines())) <= 110


def test_who_may_read_it_is_the_users_own_affair_and_the_script_can_be_run(desk: Office) -> None:
    place = desk.export().parts[0].place
    assert (place / "check.sh").stat().st_mode & stat.S_IXUSR
    assert not (place / "README.txt").stat().st_mode & stat.S_IXUSR
    assert not [*desk.home.glob("*.part")]


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"out": ""}, "Export to where"),
        ({"out": "calls.zip"}, "Add --zip"),
        ({"filters": FilterRequest(("77",))}, "No recording matches"),
        ({"by": "0123456789"}, "--by holds a number"),
    ],
)
def test_what_can_not_be_made_is_refused_and_leaves_nothing(
    wanted: dict[str, object], why: str, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.home)
    before = sorted(desk.home.glob("[!.]*"))
    with pytest.raises(UsageError) as refused:
        desk.export(**{"out": "out", **wanted})  # type: ignore[arg-type] # any fields
    assert why in f"{refused.value.message} {refused.value.advice}"
    assert sorted(desk.home.glob("[!.]*")) == before
    assert len(desk.manifests()) == 3


def test_a_disk_that_is_too_small_is_told_before_anything_is_copied(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage

    def nearly_full(path: str) -> object:
        return real(path)._replace(free=1_000)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(DestinationError, match=r"out will take \d+\.\d kB, and 1\.0 kB are free"):
        desk.export()
    assert not [*desk.home.glob("out*")]


def test_where_it_can_not_be_written_is_said_in_words_of_the_place(desk: Office) -> None:
    (desk.home / "file").write_bytes(b"")
    with pytest.raises(DestinationError, match=r"cannot be written: Not a directory\.") as told:
        desk.export("file/out")
    assert told.value.advice == "Name another place with --out."


def test_a_hand_over_is_no_archive_that_can_be_verified(desk: Office) -> None:
    """Its chain may begin in the middle, and ARCHIVE.json lies elsewhere; nothing is broken."""
    place = desk.export().parts[0].place
    settings = load(SettingsRequest({"archive": str(place)}), {"HOME": str(desk.home)})
    with pytest.raises(UsageError, match=f"{place} is a hand-over of recordings") as refused:
        verify(VerifyRequest(), settings)
    assert "sh check.sh" in refused.value.advice
    assert checked(place)[0] == 0


def test_nothing_is_overwritten_and_no_archive_is_written_into(desk: Office) -> None:
    desk.export()
    with pytest.raises(UsageError, match="exists already; it was not touched"):
        desk.export()
    with pytest.raises(UsageError, match="is an archive; nothing else is written into it"):
        desk.export("archive/recordings/out")
    with pytest.raises(UsageError, match="There is no archive"):
        Office(desk.home, str(desk.home / "none"), desk.store).export("more")


def test_what_json_prints_fits_its_schema(desk: Office, root: Path) -> None:
    schema = json.loads((root / "manifests" / "export.schema.json").read_bytes())
    add_absent(desk.store)
    result = desk.export(part_bytes=10_000_000)
    told = {**document(result), "exit_code": result.code.value}
    example = json.loads((root / "manifests" / "export.example.json").read_bytes())
    for each in (json.loads(json.dumps(told)), example):
        assert [*Draft202012Validator(schema).iter_errors(each)] == []
