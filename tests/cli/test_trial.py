"""Settings are tried before they are written, and written only when they work or it is meant."""

import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click.termui
import pytest

from archiver.app.setup.config import context_of, has_token
from archiver.config.registry import parse
from archiver.config.settings import DEFAULTS, FromCommand, FromEnvironment, FromFile
from archiver.errors import ExitCode
from archiver.sandbox import Sandbox, World
from archiver.secret import Secret
from tests.cli.desk import TOKEN, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a desk whose environment is cron's: nothing of archiver is set."""
    world, now = World(seed=7), datetime.now(UTC)
    world.add(count=5, first=now - timedelta(days=2), last=now - timedelta(hours=1), seconds=(7,))
    with Sandbox(world, token=TOKEN) as sandbox:
        unset = {"ARCHIVER_TOKEN": "", "ARCHIVER_ENDPOINT": "", "ARCHIVER_RATE": ""}
        yield Desk(sandbox, tmp_path, unset)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def init(desk: Desk, *words: str) -> tuple[ExitCode, str]:
    archive = str(desk.home / "kept")
    ran = desk.run(
        "config", "init", "--endpoint", desk.sandbox.endpoint, "--archive", archive, *words
    )
    assert desk.leaks() == []
    assert ran.out == ""
    return ExitCode(ran.code), ran.err


def written(desk: Desk) -> Path:
    return desk.home / ".config" / "archiver" / "archiver.toml"


def test_what_works_is_written_and_needs_nothing_of_the_environment(
    desk: Desk, token_file: Path
) -> None:
    code, told = init(desk, "--token-file", str(token_file))
    assert code == ExitCode.CLEAN
    assert "ok       lengths" in told
    assert told.endswith("Next: archiver pull --since DATE\n")
    assert written(desk).stat().st_mode & 0o777 == 0o600
    assert "fail" not in desk.run("doctor").out
    assert not (desk.home / "kept").exists()


def test_the_next_step_names_an_archive_where_none_was_chosen(desk: Desk, token_file: Path) -> None:
    words = ("--endpoint", desk.sandbox.endpoint, "--token-file", str(token_file))
    ran = desk.run("config", "init", *words)
    assert (ran.code, ran.err.endswith("pull --since DATE --archive ADDRESS\n")) == (0, True)
    assert "They name no archive: set archive, or give --archive to each command." in ran.err
    assert "They name no archive" not in init(desk, "--token-file", str(token_file), "--force")[1]


def test_one_account_takes_the_token_file_that_is_named(desk: Desk, token_file: Path) -> None:
    code, told = init(desk, "--token-file", str(token_file), "--account", "north")
    assert (code, told.endswith("Next: archiver pull --since DATE\n")) == (ExitCode.CLEAN, True)
    (kept,) = tomllib.loads(written(desk).read_text())["account"].values()
    assert kept["token_file"] == str(token_file)
    both = init(desk, "--token-file", str(token_file), "--account", "a", "--account", "b")
    assert both[0] == ExitCode.USAGE


def test_what_fails_is_not_written_unless_it_is_meant(desk: Desk, token_file: Path) -> None:
    token_file.write_text("another-token\n")
    code, told = init(desk, "--token-file", str(token_file))
    assert code == ExitCode.STOPPED
    assert "fail     token" in told
    assert told.endswith("or write the settings with --untried.\n")
    assert not written(desk).exists()
    code, told = init(desk, "--token-file", str(token_file), "--untried")
    assert code == ExitCode.CLEAN
    assert told.endswith("Next: archiver doctor\n")
    assert written(desk).exists()


def test_without_a_token_there_is_nothing_to_try_with(desk: Desk) -> None:
    missing = desk.home / "later"
    code, told = init(desk, "--token-file", str(missing))
    assert code == ExitCode.CLEAN
    assert f"chmod 600 {missing}" in told
    assert "settings  " not in told


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_is_asked(
    desk: Desk, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["", "file", answer])
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda _prompt: next(answers))
    monkeypatch.setattr(click.termui, "hidden_prompt_func", lambda _prompt: "another-token")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    code, told = init(desk)
    is_written = answer == "y"
    assert "the token is set (typed)." in told
    assert "fail     token" in told
    assert told.endswith("Next: archiver doctor\n") == is_written
    assert (code == ExitCode.CLEAN) == written(desk).exists() == is_written
    assert written(desk).with_name("token").exists() == is_written


@pytest.mark.parametrize(
    ("tokens", "code", "said"),
    [
        (("one-token", "two-token"), ExitCode.STOPPED, "south: fail     token"),
        (("one-token", "one-token"), ExitCode.USAGE, "Account south needs its own token"),
    ],
)
def test_several_accounts_whose_tokens_are_typed_are_tried(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    tokens: tuple[str, ...],
    code: ExitCode,
    said: str,
) -> None:
    answers, typed = iter(["north, south", "file", "file", "n"]), iter(tokens)
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda _prompt: next(answers))
    monkeypatch.setattr(click.termui, "hidden_prompt_func", lambda _prompt: next(typed))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    ended, told = init(desk)
    assert (ended, said in told) == (code, True), told
    assert not written(desk).exists()


def test_a_typed_token_is_tried_before_it_is_in_its_file(tmp_path: Path) -> None:
    later, _ = parse({"token_file": str(tmp_path / "token")}, str)
    context = context_of(later, "typed-token", {"ARCHIVER_TOKEN": "another"})
    assert context.token() == Secret("typed-token")
    assert has_token(context)


def test_where_the_tried_token_comes_from() -> None:
    environ = {"ARCHIVER_TOKEN": "token"}
    assert context_of(DEFAULTS, None, environ).settings.portal.token == FromEnvironment()
    assert not has_token(context_of(DEFAULTS, None, {}))
    by_command, _ = parse({"token_command": "pass"}, str)
    assert context_of(by_command, None, environ).settings.portal.token == FromCommand(("pass",))
    later, _ = parse({"token_file": "/nonexistent/token"}, str)
    assert later.portal.token == FromFile(Path("/nonexistent/token"))
    assert not has_token(context_of(later, None, environ))
