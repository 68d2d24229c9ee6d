"""``archiver report``: what the page says of an archive is what was seen of it, and no more."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from jsonschema_rs import Draft202012Validator

from archiver.pull.intake import Intake
from archiver.sandbox.faults import Faults, ListingFaults
from tests.canaries import CANARIES
from tests.cli.desk import Desk, Ran
from tests.conftest import Figure
from tests.patience import impatient
from tests.pulls import portal
from tests.report.pages import data_of, marks_of, words_of

pytestmark = pytest.mark.slow

COUNT = 12
GREEN = "Verified against head"


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a desk with an archive of a day: some recordings gone, some of another length."""
    home = tmp_path_factory.mktemp("home")
    with portal(COUNT, gone=1, wrong=2) as sandbox:
        desk = Desk(sandbox, home, {"ARCHIVER_ARCHIVE": str(home / "archive")})
        with impatient():
            assert desk.run("pull", "--day", "2021-04-06").code == 3
        yield desk


@pytest.fixture
def desk(pulled: Desk, tmp_path: Path) -> Desk:
    """Return a desk with a copy of that archive."""
    shutil.copytree(pulled.home / "archive", tmp_path / "archive")
    return Desk(pulled.sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})


def report(desk: Desk, *words: str) -> tuple[Ran, bytes]:
    """Write a page beside the archive; return how that ended, and the page."""
    page = desk.home / "report.html"
    ran = desk.run("report", "-o", str(page), *words)
    assert ran.code in {0, 3}, ran.err
    return ran, page.read_bytes()


def one_audio(desk: Desk) -> Path:
    return min((desk.home / "archive" / "recordings").glob("**/*.mp3"))


def green_of(page: bytes) -> int:
    return sum(title.startswith(GREEN) for title in marks_of(page))


def test_files_are_verified_only_where_they_were_read(desk: Desk, figure: Figure) -> None:
    ran, page = report(desk)
    assert green_of(page) == 0
    assert "name and size alone" in ran.err
    ran, page = report(desk, "--verify")
    held = words_of(data_of(page)["recordings"]["standing"]).count("archived")
    assert green_of(page) == held == COUNT - 3
    assert (ran.code, desk.leaks()) == (3, [])
    figure("report", f"{COUNT} recordings: by size verified 0, read verified {held} of {held} held")


def test_where_a_listing_is_not_proven_nothing_is_green(tmp_path: Path) -> None:
    with portal(4) as sandbox:
        sandbox.faults = Faults(listing=ListingFaults(total_off=1))
        desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
        assert desk.run("pull", "--day", "2021-04-06").code == 3
        ran, page = report(desk, "--verify")
    assert ran.code == 3
    assert "day's listing is not proven" in ran.err
    said = [each["title"] for each in data_of(page)["state"]]
    assert not any("No finding" in each for each in said), said


def test_a_file_that_is_gone_is_never_verified(desk: Desk) -> None:
    lost = one_audio(desk)
    _, before = report(desk, "--verify")
    lost.unlink()
    for words in ((), ("--verify",)):
        ran, page = report(desk, *words)
        data = data_of(page)
        place = data["recordings"]["path"].index(str(lost.relative_to(desk.home / "archive")))
        assert marks_of(page)[place] == "Not as archived"
        assert data["state"][1]["level"] == "bad"
        assert ran.code == 3
        assert "NOT as it was written" in ran.err
    assert green_of(page) == green_of(before) - 1


def test_a_file_whose_bytes_were_changed_is_found_by_reading_and_never_green(desk: Desk) -> None:
    changed = one_audio(desk)
    changed.chmod(0o644)
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(data)
    _, by_size = report(desk)
    assert green_of(by_size) == 0
    _, read = report(desk, "--verify")
    place = data_of(read)["recordings"]["path"].index(
        str(changed.relative_to(desk.home / "archive"))
    )
    assert marks_of(read)[place] == "Not as archived"


def test_of_a_broken_chain_nothing_else_is_said(desk: Desk) -> None:
    manifest = desk.home / "archive" / "manifests" / "00000002.json"
    assert desk.run("pull", "--day", "2021-04-06").code == 3, "another manifest follows"
    report(desk)
    manifest.chmod(0o644)
    manifest.write_bytes(manifest.read_bytes().replace(b'"gone"', b'"Gone"', 1))
    ran, page = report(desk, "--verify")
    said = data_of(page)["state"]
    assert [each["level"] for each in said] == ["bad", "bad"], "and nothing of findings and days"
    assert said[0]["title"] == "The chain is NOT as it was written"
    assert (marks_of(page), data_of(page)["totals"]) == ([], []), "no recording is vouched for"
    assert ran.code == 3


def test_a_head_that_was_kept_is_held_against_the_chain(desk: Desk) -> None:
    head = report(desk)[0].err.split("Head: ")[1].split()[0]
    _, page = report(desk, "--head", head)
    assert data_of(page)["state"][0]["title"] == "The chain holds"
    number = head.partition(":")[0]
    ran, page = report(desk, "--verify", "--head", f"{number}:{'0' * 64}")
    assert (ran.code, green_of(page)) == (3, 0)
    assert data_of(page)["state"][0]["level"] == "bad"


def test_numbers_are_on_the_page_only_where_they_were_asked_for(desk: Desk) -> None:
    numbers = [canary for canary in CANARIES if not canary.is_secret]
    _, page = report(desk)
    assert not any(each.is_in(str(data_of(page)).encode()) for each in numbers)
    _, page = report(desk, "--numbers")
    assert any(each.is_in(str(data_of(page)).encode()) for each in numbers)


def test_only_an_earlier_page_is_replaced(desk: Desk) -> None:
    mine = desk.home / "mine.html"
    mine.write_text("<!doctype html>\n<html lang='en'>mine", "utf-8")
    ran = desk.run("report", "-o", str(mine))
    assert (ran.code, mine.read_text("utf-8")[-4:]) == (2, "mine")
    assert "is no page of archiver report" in ran.err
    _, first = report(desk)
    _, second = report(desk, "--numbers")
    assert first != second, "an earlier page gives way"
    assert not [*desk.home.glob(".archiver-*.part")]


@pytest.mark.parametrize("place", ["archive/report.html", "archive/recordings/report.html"])
def test_nothing_is_written_into_an_archive(desk: Desk, place: str) -> None:
    ran = desk.run("report", "-o", str(desk.home / place))
    assert ran.code == 2
    assert "is an archive" in ran.err
    assert not (desk.home / place).exists()


@pytest.mark.parametrize("place", [".", "none/report.html"])
def test_where_no_page_can_be_is_said_before_anything_is_read(desk: Desk, place: str) -> None:
    ran = desk.run("report", "--verify", "-o", str(desk.home / place))
    assert ran.code == 2
    assert "folder" in ran.err


def test_there_is_no_page_of_no_archive(desk: Desk) -> None:
    ran = desk.run("report", "-a", str(desk.home / "none"), "-o", str(desk.home / "page.html"))
    assert ran.code == 2
    assert "There is no archive" in ran.err
    assert not (desk.home / "page.html").exists()


def test_a_copy_that_can_only_be_read_has_the_same_page(desk: Desk) -> None:
    copy = desk.home / "copy" / "archive"
    shutil.copytree(desk.home / "archive", copy, ignore=shutil.ignore_patterns(".archiver"))
    _, here = report(desk, "--verify")
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    page = desk.home / "copy.html"
    try:
        assert desk.run("report", "--verify", "-a", str(copy), "-o", str(page)).code == 3
    finally:
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755)
    if os.geteuid():
        assert not (copy / ".archiver").exists()
    there = data_of(page.read_bytes())
    assert there["recordings"] == data_of(here)["recordings"]
    assert there["state"] == data_of(here)["state"]


def test_a_selection_names_itself_and_leaves_the_rest_out(desk: Desk) -> None:
    _, page = report(desk, "--day", "2021-04-06")
    data = data_of(page)
    assert len(data["recordings"]["id"]) == COUNT
    assert data["calendar"]["first"] == "2021-04-06"
    assert data["calendar"]["recordings"] == [COUNT]
    assert data["state"][-1]["title"] == "A selection, not the archive"
    _, page = report(desk, "--day", "2021-04-05")
    assert data_of(page)["recordings"]["id"] == []
    title = data_of(page)["state"][2]["title"]
    assert title == "3 open findings; recordings may be missing", "those of the whole archive"


def test_a_page_of_the_whole_archive_says_what_it_may_lack(desk: Desk, figure: Figure) -> None:
    """Its days are in no selection; who gets the page alone sees nothing that was printed."""
    assert desk.run("accept", "--day", "2021-04-06", "--reason", "heard them").code == 0
    ran, page = report(desk)
    assert (ran.code, data_of(page)["findings"]["note"]) == (
        0,
        "Nothing on this page needs a person.",
    )
    with mock.patch.object(Intake, "take_in", side_effect=KeyboardInterrupt):
        assert desk.run("pull", "--day", "2021-04-02").code == 130
    ran, page = report(desk)
    bad = [each for each in data_of(page)["state"] if each["level"] == "bad"]
    said = {each["title"]: each["text"] for each in bad}
    assert said["The archive may lack recordings"].startswith("1 day is not listed to the end")
    assert (ran.code, "recordings may be missing" in data_of(page)["findings"]["note"]) == (3, True)
    figure("G54", "a window cut off, the whole archive's page: said on it, 3")


def test_what_json_prints_is_as_its_schema_says(desk: Desk, root: Path) -> None:
    schema = json.loads((root / "manifests" / "report.schema.json").read_bytes())
    page = desk.home / "report.html"
    for words in ((), ("--verify",)):
        ran = desk.run("report", "-o", str(page), "--json", *words)
        told = json.loads(ran.out)
        Draft202012Validator(schema).validate(told)
        assert told["sha256"] == hashlib.sha256(page.read_bytes()).hexdigest()
        assert (told["recordings"], told["open_findings"], told["whole"]) == (COUNT, 3, True)
        assert bool(told["files"]["sized"]) is not bool(words)


def states_of(page: bytes) -> list[str]:
    """Return the state of each day of the calendar."""
    calendar = data_of(page)["calendar"]
    return [calendar["states"][int(code)]["name"] for code in calendar["codes"]]


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_day_is_certified_by_a_certificate_that_was_read(
    harm: str, tmp_path: Path, figure: Figure
) -> None:
    with portal(COUNT) as sandbox:
        desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
        for _ in range(2):
            assert desk.run("pull", "--day", "2021-04-06").code == 0
        ran, page = report(desk, "--day", "2021-04-06")
        assert (ran.code, states_of(page)) == (0, ["certified"])
        share = data_of(page)["totals"][-2]
        assert (share["value"], share["note"]) == ("100 %", "12 of 12, on 1 certified day")
        (certificate,) = (tmp_path / "archive" / "certificates").glob("**/*.json")
        certificate.chmod(0o644)
        if harm == "gone":
            certificate.unlink()
        else:
            certificate.write_bytes(certificate.read_bytes().replace(b"12", b"21", 1))
        _, page = report(desk, "--day", "2021-04-06")
    assert states_of(page) == ["settled"]
    assert data_of(page)["totals"][-2]["value"] == "–"
    figure("report", f"a certificate that is {harm}: days certified by it 0 of 1")
