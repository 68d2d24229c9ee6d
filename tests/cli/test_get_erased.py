"""``archiver get`` of what was erased: named with 3, and brought back by ``--from-portal`` only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.sandbox import Encoding, Sandbox, World
from archiver.sandbox.world.blemish import Blemish, blemish
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure

pytestmark = pytest.mark.slow

DAY = datetime(2021, 4, 6, tzinfo=UTC)
WHOLE_DAY = ("--day", "2021-04-06", "--all")
NO_AUDIO = "erased. The archive has no audio of it.\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(seed=9)
    world.add(
        count=4, first=DAY, last=DAY + timedelta(hours=9), kinds=(Encoding.BARE,), seconds=(1,)
    )
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path)


@pytest.fixture
def ids(desk: Desk) -> list[str]:
    """Archive a day of four; return their ids. The last is gone at the portal."""
    every = [*desk.sandbox.world.recordings]
    blemish(desk.sandbox.world, every[-1], Blemish.MISSING)
    assert typed(desk, "pull", "--day", "2021-04-06", "-q").code == 3
    return [each.id for each in every]


def typed(desk: Desk, *words: str) -> Ran:
    return desk.run(*words, "-a", str(desk.home / "archive"))


def erase(desk: Desk, *ids: str) -> None:
    assert typed(desk, "erase", *ids, "--reason", "asked for", "--yes").code == 0


def get(desk: Desk, *words: str) -> tuple[int, str, int]:
    """Type ``get``; return how it ended, what it said, and how many files it left."""
    out = desk.home / "out"
    ran = typed(desk, "get", *words, "-o", f"{out}/")
    files = [*out.iterdir()] if out.exists() else []
    for each in files:
        each.unlink()
    return ran.code, ran.err, len(files)


def test_what_is_erased_is_named_and_not_fetched(
    desk: Desk, ids: list[str], figure: Figure
) -> None:
    first, second, third, _ = ids
    number = next(iter(desk.sandbox.world.recordings)).call_from
    erase(desk, first, second)
    asked = desk.sandbox.counts["recordings"]
    answers = {
        "id": get(desk, first),
        "ids": get(desk, first[:18], second, third),
        "day": get(desk, *WHOLE_DAY),
        "number": get(desk, first, "--number", number),
    }
    assert desk.sandbox.counts["recordings"] == asked
    assert [code for code, _, _ in answers.values()] == [3] * 4
    assert [files for _, _, files in answers.values()] == [0, 1, 1, 0]
    assert [said.count(NO_AUDIO) for _, said, _ in answers.values()] == [1, 2, 2, 1]
    assert not any("The portal is asked." in said for _, said, _ in answers.values())
    code, said, files = get(desk, first, "--from-portal")
    assert (code, files, NO_AUDIO in said) == (0, 1, False)
    figure("P2", "get of what is erased (id, ids, day, number): named, fetched 0, exit 3")


def test_what_the_portal_finds_of_the_erased_is_not_fetched(
    desk: Desk, ids: list[str], figure: Figure
) -> None:
    """Nothing in the archive tells a number of theirs any more; the portal still lists it."""
    world = desk.sandbox.world
    for each in ids[:2]:
        world.edit(each, call_from="447700900991")
    erase(desk, ids[0])
    code, said, files = get(desk, "--number", "447700900991", *WHOLE_DAY, "--from-portal")
    assert (code, files) == (0, 2)
    code, said, files = get(desk, "--number", "447700900991", *WHOLE_DAY)
    assert (code, files, said.count(f"Recording {ids[0]} ")) == (3, 1, 1)
    assert NO_AUDIO in said
    erase(desk, ids[1])
    code, said, files = get(desk, "--number", "447700900991", *WHOLE_DAY)
    assert (code, files, said.count(NO_AUDIO)) == (3, 0, 2)
    figure("P2", "get of a number that the portal lists of what is erased: fetched 0, exit 3")


def test_a_day_of_which_all_is_erased_is_named_without_a_portal(desk: Desk, ids: list[str]) -> None:
    erase(desk, *ids)
    desk.environ["ARCHIVER_TOKEN"] = ""
    code, said, files = get(desk, *WHOLE_DAY)
    assert (code, files, said.count(NO_AUDIO)) == (3, 0, 4)
    assert "The archive has no recording" not in said
    assert "--from-portal" not in said


def test_the_portal_is_said_to_be_asked_only_if_it_is(
    desk: Desk, ids: list[str], figure: Figure
) -> None:
    *_, gone = ids
    code, said, _ = get(desk, gone)
    assert (code, "has no audio of it. The portal is asked.\n" in said) == (3, True)
    desk.environ["ARCHIVER_TOKEN"] = ""
    for words, unknown in (((gone,), 0), ((gone, "no-such-recording"), 1)):
        code, said, _ = get(desk, *words)
        assert (code, "The portal is asked" in said) == (3, False)
        assert said.count(f"Recording {gone} ") == 1
        assert said.count("The archive has no recording no-such-recording.\n") == unknown
        assert said.count("The archive has no recording") == unknown
        assert "The portal was not asked, because there is no token." in said
    figure("A16", "get of what is gone, without a token: the portal is said to be asked 0 times")
