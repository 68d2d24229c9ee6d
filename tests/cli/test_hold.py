"""``archiver hold`` as a person types it: it counts, asks, and says what came of it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest

from archiver.sandbox import Sandbox, World
from tests.cli.desk import TOKEN, Desk, Ran
from tests.cli.test_json_documents import fits
from tests.copy.copies import Vault, vault

ADD = ("--matter", "Miller", "--reason", "a claim was received", "--by", "Ann")
CLOSED = ("--reason", "the case is closed", "--by", "Ben")


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path)


@pytest.fixture
def desk(made: Vault, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(World(), token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(made.archive)})


def typed(desk: Desk, *words: str, answer: str) -> Ran:
    """Type a command at a terminal, and answer what it asks."""
    looks_on = mock.patch.object(sys.stdin, "isatty", return_value=True)
    with looks_on, mock.patch.object(click, "confirm", return_value=answer == "y"):
        return desk.run(*words)


def told(ran: Ran) -> dict[str, Any]:
    return dict(json.loads(ran.out))


def test_it_is_asked_before_it_is_held(desk: Desk, made: Vault) -> None:
    ran = desk.run("hold", "add", "3", *ADD)
    assert (ran.code, "nobody can be asked" in ran.err) == (2, True)
    ran = typed(desk, "hold", "add", "3", *ADD, answer="n")
    assert (ran.code, "To hold: 1 recording." in ran.err, made.head()) == (3, True, made.head())
    assert "Nothing was held." in ran.err
    ran = typed(desk, "hold", "add", "3", *ADD, answer="y")
    assert (ran.code, "Held: 1 recording, by hold 4. Head: 4:" in ran.err) == (0, True), ran.err
    ran = desk.run("hold", "add", "3", *ADD, "--yes")
    assert (ran.code, "Held already for this matter: all 1 recording." in ran.err) == (0, True)


def test_holds_are_listed_shown_and_released(desk: Desk, made: Vault) -> None:
    assert "Nothing is held." in desk.run("hold", "list").out
    desk.run("hold", "add", "--day", "2019-06-12", "--future", *ADD, "--yes")
    ran = desk.run("hold", "list")
    assert (ran.code, "Held: 2 recordings by 1 hold." in ran.out) == (0, True), ran.out
    shown = desk.run("hold", "show", "4").out
    assert "Standing:  window: 2019-06-12 00:00:00 to 2019-06-12 23:59:59" in shown
    assert desk.run("hold", "show", "9").code == 2
    assert [each["holds"] for each in json.loads(desk.run("find", "--json").out)] == [
        *([], [], [4], [4], [], [])
    ]
    assert ", on hold" in desk.run("find", "--day", "2019-06-12").out
    assert "On hold:   2 recordings by 1 hold" in desk.run("status").out
    ran = desk.run("erase", "3", "--reason", "asked for", "--yes")
    assert (ran.code, "Held: by hold 4, until it is released." in ran.err) == (3, True)
    assert "Releasing the hold erases it" in ran.err
    looked = desk.run("hold", "release", "3", *CLOSED, "-n")
    assert "1 recording would be ERASED then" in looked.err, looked.err
    ran = desk.run("hold", "release", "3", *CLOSED, "--yes")
    assert (ran.code, "Erased, as was asked for: 1 recording, 2 versions" in ran.err) == (0, True)
    ran = desk.run("hold", "release", "--hold", "4", *CLOSED, "--yes")
    assert (ran.code, "Released: hold 4; 1 recording held no more." in ran.err) == (0, True)
    assert "released" in desk.run("hold", "list", "--all").out
    assert made.verify(made.archive).code == 0


def test_a_holds_number_that_is_no_recordings_is_named_as_that(desk: Desk, tmp_path: Path) -> None:
    desk.environ["ARCHIVER_ARCHIVE"] = str(vault(tmp_path / "small", each=1).archive)
    desk.run("hold", "add", "3", *ADD, "--yes")
    wrong = desk.run("hold", "release", "4", *CLOSED, "--yes")
    assert (wrong.code, "knows no recording called 4." in wrong.err) == (2, True), wrong.err
    assert "archiver hold release --hold 4 --reason TEXT." in wrong.err
    assert "--hold" not in desk.run("hold", "release", "999", *CLOSED, "--yes").err
    assert desk.run("hold", "release", "--hold", "4", *CLOSED, "--yes").code == 0


def test_a_filter_that_nothing_matches_is_not_told_as_an_erasure_that_is_over(desk: Desk) -> None:
    ran = desk.run("erase", "--number", "098765", "--reason", "asked for", "--yes")
    assert (ran.code, "Nothing was erased: the archive has nothing" in ran.err) == (0, True), ran


def test_what_is_printed_as_json_fits_its_schema(desk: Desk, root: Path) -> None:
    added = told(desk.run("hold", "add", "3", "--future", *ADD, "--yes", "--json"))
    fits(root, "hold_add", added)
    fits(root, "holds", told(desk.run("hold", "list", "--json")))
    fits(root, "holds", told(desk.run("hold", "show", "4", "--json")))
    fits(root, "erase", told(desk.run("erase", "3", "--reason", "asked for", "--yes", "--json")))
    looked = told(desk.run("hold", "release", "--hold", "4", *CLOSED, "-n", "--json"))
    assert (looked["finishable"], looked["agreed"]) == (1, False)
    done = told(desk.run("hold", "release", "--hold", "4", *CLOSED, "--yes", "--json"))
    fits(root, "hold_release", done)
    assert (done["erased"], done["freed"], added["recordings"]) == (1, ["3"], ["3"])
    fits(root, "status", told(desk.run("status", "--json")))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", *ADD), "Hold what?"),
        (("add", "3", "--matter", "Miller"), "--reason"),
        (("add", "999", *ADD), "knows no recording called 999"),
        (("add", "--future", "--outcome", "open", *ADD), "these change with time"),
        (("release", *CLOSED), "Release what?"),
        (("release", "--hold", "2", *CLOSED), "There is no hold 2"),
        (("release", "999", *CLOSED), "knows no recording called 999"),
    ],
)
def test_wrong_input_is_refused_in_words(desk: Desk, words: tuple[str, ...], said: str) -> None:
    ran = desk.run("hold", *words, "--yes")
    assert (ran.code, said in ran.err) == (2, True), ran.err
