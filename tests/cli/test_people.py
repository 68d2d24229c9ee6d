"""What people type and read: answers, the order of words, colours, and audio on no terminal."""

import fcntl
import itertools
import os
import pty
import re
import shlex
import struct
import sys
import termios
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import click
import pytest

from archiver.cli import main
from archiver.cli.download.numbered import chosen
from archiver.cli.screen import console, vigil
from archiver.cli.screen.bar import bar
from archiver.cli.screen.console import coloured
from archiver.domain.outcomes import Outcome
from archiver.errors import UsageError
from archiver.sandbox import Encoding, Sandbox, World
from archiver.sandbox.world.blemish import Blemish, blemish
from tests.cli.desk import TOKEN, Desk, Screen
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
ON_DAY = ("--day", "2021-04-06")


@pytest.fixture
def world() -> World:
    world = World(seed=17)
    last = DAY + timedelta(hours=9)
    world.add(count=6, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(1,))
    return world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("2", [2]),
        ("1,4-6", [1, 4, 5, 6]),
        (" 1 , 4 - 6 ", [1, 4, 5, 6]),
        ("4-6,1,5", [4, 5, 6, 1]),
        ("ALL", [*range(1, 8)]),
        ("7-7", [7]),
    ],
)
def test_an_answer_names_several(answer: str, numbers: list[int], figure: Figure) -> None:
    assert chosen(answer, 7) == numbers
    figure("R17", f"{answer!r}: {len(numbers)} chosen")


@pytest.mark.parametrize(
    "answer", ["", ",", "0", "8", "1-8", "3-1", "1,,2", "1-", "-1", "1--2", "\u00b2", "9" * 99, "a"]
)
def test_a_wrong_answer_chooses_nothing(answer: str) -> None:
    with pytest.raises(UsageError, match="There is no"):
        chosen(answer, 7)


def test_audio_is_not_written_to_a_terminal(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setattr(Screen, "isatty", lambda _screen: True)
    ran = desk.run("get", next(iter(world.recordings)).id, "-o", "-")
    assert (ran.code, ran.out) == (2, "")
    assert "Audio is not written to a terminal." in ran.err
    counts = desk.sandbox.counts
    assert (counts["recordings"], counts["media"]) == (0, 0), "refused before anything is fetched"
    figure("R17", "get -o - at a terminal: exit 2, bytes written 0, requests 0")


def test_outcomes_are_always_in_one_order(desk: Desk, world: World, figure: Figure) -> None:
    oldest, second, *_rest, newest = world.recordings
    blemish(world, oldest, Blemish.MISSING)
    blemish(world, second, Blemish.NULL_AUDIO)
    blemish(world, newest, Blemish.WRONG_DURATION)
    ran = desk.run("pull", *ON_DAY, "--workers", "1", "--no-calls")
    line = next(line for line in ran.err.splitlines() if " listed: " in line)
    words = line.partition(" listed: ")[2].partition(".")[0].replace(",", "").split()[1::2]
    assert words == [each.value for each in Outcome if each.value in words]
    assert len(words) == 4
    figure("R17", f"outcomes: {', '.join(words)}")


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its full name."""
    with click.Context(group, info_name="archiver") as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield f"{above}{name}", command
            if isinstance(command, click.Group):
                yield from commands(command, f"{above}{name} ")


@pytest.mark.parametrize("name", [name for name, _ in commands(main.cli)])
def test_every_help_ends_with_worked_examples(
    name: str, capsys: pytest.CaptureFixture[str], figure: Figure
) -> None:
    assert main.run([*name.split(), "--help"]) == 0
    _, examples = capsys.readouterr().out.split("\n  Examples:\n")
    shown = [line.strip() for line in examples.splitlines() if line.strip().startswith("archiver ")]
    assert 2 <= len(shown) <= 5
    assert len(examples.splitlines()) == 2 * len(shown), "each has a line that says what it does"
    for line in shown:
        words = list(itertools.takewhile(lambda word: word not in "|>", shlex.split(line)))[1:]
        assert words[: len(name.split())] == name.split()
        parse(words)
    figure("R17", f"{name} --help: {len(shown)} examples")


def parse(words: list[str]) -> None:
    """Let a command read a command line, and do nothing."""
    command: click.Command = main.cli
    while isinstance(command, click.Group):
        with click.Context(command) as context:
            found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    with mock.patch.object(command, "callback"):
        command.make_context("archiver", words)


def test_the_help_of_all_ends_with_examples_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n    archiver ") == 3
    assert out.endswith("archiver COMMAND --help\n")


def test_a_terminal_has_colours_unless_nobody_wants_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    plain = desk.run("doctor"), desk.run("pull", *ON_DAY, "--no-calls")
    assert "\x1b" not in desk.printed, "what is no terminal gets none"
    assert [each.code for each in plain] == [2, 0], "before the first pull, there is no archive"
    monkeypatch.setattr(Screen, "isatty", lambda _screen: True)
    for environ, is_coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        desk.environ |= environ
        doctor, pull = desk.run("doctor"), desk.run("pull", *ON_DAY, "--no-calls")
        greens = ((doctor.out, "\x1b[32mok"), (pull.err, "\x1b[32m"))
        assert [green in text for text, green in greens] == [is_coloured] * 2
        figure("R17", f"{environ}: coloured {is_coloured}")
        assert click.unstyle(doctor.out).splitlines()[0] == plain[0].out.splitlines()[0]


@pytest.mark.parametrize(
    ("environ", "is_coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_line_has_a_colour_unless_nobody_wants_any(
    environ: dict[str, str], *, is_coloured: bool
) -> None:
    with mock.patch.dict(os.environ, environ, clear=True):
        assert coloured("ok", console.GREEN) == ("\x1b[32mok\x1b[0m" if is_coloured else "ok")
        assert coloured("ok", None) == "ok"


def test_a_person_sees_a_bar(desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: Figure) -> None:
    monkeypatch.setattr(Screen, "isatty", lambda _screen: True)
    monkeypatch.setattr(vigil, "LOOK_S", 0.001)
    ran = desk.run("pull", *ON_DAY, "--no-calls")
    assert ran.code == 0
    assert re.search(r"\d+ % \|.{24}\| \d of [06] recordings, \d", ran.err), ran.err
    assert "\n6 listed: 6 archived" in click.unstyle(ran.err).replace("\r", "\n")
    figure("R17", "a bar on a terminal: share, count, bytes, rate; what is said stands above it")


@pytest.mark.parametrize(("lines", "columns"), [(0, 0), (24, 0), (0, 100), (24, 100)])
def test_a_bar_is_drawn_on_a_terminal_that_tells_no_size(
    lines: int, columns: int, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """A script under ``docker exec -t`` has none, nor has a serial line."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    os.set_blocking(master, False)
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with bar(quiet=False) as shown:
            assert shown is not None
            drawn = os.read(master, 10_000).decode()
    os.close(master)
    assert drawn.startswith("\r  0 % |"), drawn
    figure("R17", f"a terminal of {columns} columns and {lines} lines: a bar is drawn")
