"""The drill: the archive is lost, the copy is brought back, and pull goes on with it."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from archiver.sandbox import Encoding, Sandbox, World
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.copy.copies import content

pytestmark = pytest.mark.slow

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 4


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a desk at which a day was pulled."""
    world = World(seed=12)
    add(world, DAY)
    with Sandbox(world, token=TOKEN) as sandbox:
        made = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
        assert pull(made, "2021-04-06").code == 0
        yield made


def add(world: World, day: datetime) -> None:
    last = day + timedelta(hours=9)
    world.add(count=COUNT, first=day, last=last, kinds=(Encoding.BARE,), seconds=(2, 3))


def pull(desk: Desk, day: str) -> Any:  # noqa: ANN401 - as it ran
    return desk.run("pull", "--day", day, "-q")


def copied(desk: Desk, root: Path, *words: str) -> tuple[int, dict[str, Any]]:
    ran = desk.run("copy", "--json", *words)
    told = json.loads(ran.out)
    schema = json.loads((root / "manifests/copy.schema.json").read_bytes())
    Draft202012Validator(schema).validate(told)
    assert desk.leaks() == []
    return ran.code, told


def head_of(desk: Desk, archive: Path) -> tuple[int, Any]:
    ran = desk.run("verify", "--json", "-a", str(archive))
    return ran.code, json.loads(ran.out)["head"]


def test_the_archive_is_lost_and_comes_back(desk: Desk, root: Path, figure: Figure) -> None:
    archive, copy = desk.home / "archive", desk.home / "copy"
    code, told = copied(desk, root, "--to", str(copy))
    assert (code, told["left"], told["copy_head"]) == (0, [], told["head"])
    assert head_of(desk, archive) == head_of(desk, copy) == (0, told["head"])
    before = content(archive)
    shutil.rmtree(archive)
    code, told = copied(desk, root, "-a", str(copy), "--to", str(archive))
    assert (code, content(archive)) == (0, before)
    assert head_of(desk, archive) == (0, told["head"])
    fetched = desk.sandbox.counts["media"]
    assert pull(desk, "2021-04-06").code == 0
    assert desk.sandbox.counts["media"] == fetched, "what is held is not fetched again"
    add(desk.sandbox.world, DAY + timedelta(days=1))
    assert pull(desk, "2021-04-07").code == 0
    assert desk.sandbox.counts["media"] == fetched + COUNT
    assert head_of(desk, archive)[0] == 0
    code, told = copied(desk, root, "--to", str(copy))
    assert (code, told["files"]["copied"] > 0, head_of(desk, copy)) == (
        0,
        True,
        (0, told["head"]),
    )
    figure("D11", f"drill: lost {len(before)} files, brought back {len(before)}, pull goes on")


def test_a_copy_that_is_older_is_brought_back_knowingly(desk: Desk, root: Path) -> None:
    archive, copy = desk.home / "archive", desk.home / "copy"
    assert copied(desk, root, "--to", str(copy))[0] == 0
    add(desk.sandbox.world, DAY + timedelta(days=1))
    assert pull(desk, "2021-04-07").code == 0
    for path in archive.iterdir():
        if path.name != ".archiver":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, told = copied(desk, root, "-a", str(copy), "--to", str(archive))
    assert code == 3
    assert ["was set back" in each["what"] for each in told["left"]] == [True]
    ran = desk.run("copy", "-a", str(copy), "--to", str(archive))
    assert "set back" in ran.out


def test_words_for_a_person(desk: Desk) -> None:
    copy = desk.home / "copy"
    ran = desk.run("copy", "--to", str(copy), "--since", "1d")
    assert ran.code == 0
    assert "Head of the copy: " in ran.err
    lost = next(copy.glob("recordings/**/*.mp3"))
    lost.write_bytes(b"x")
    ran = desk.run("copy", "--to", str(copy))
    assert (ran.code, "NOT as it should be" in ran.err, lost.name in ran.out) == (3, True, True)
    ran = desk.run("copy", "--to", str(copy), "--since", "next week")
    assert (ran.code, "--since" in ran.err) == (2, True)
    ran = desk.run("copy", "--to", "http://example.com/x")
    assert (ran.code, "--to" in ran.err) == (2, True)
