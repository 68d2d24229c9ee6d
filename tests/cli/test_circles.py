"""Refusals lead somewhere: what one of them advises, the next one does not refuse."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.errors import ExitCode
from archiver.sandbox import Sandbox, World
from tests.cli.conftest import Run
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    made = World(seed=9)
    made.add(count=6, first=DAY + timedelta(hours=5), last=DAY + timedelta(hours=20), seconds=(1,))
    return made


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_CALLS": "no"})


def test_a_time_of_a_day_is_asked_for_as_the_refusals_say(
    desk: Desk, world: World, tmp_path: Path, figure: Figure
) -> None:
    first = next(iter(world.recordings))
    time_of_day, day = f"{first.at:%H:%M}", f"{first.at:%Y-%m-%d}"
    refused = desk.run("get", "--at", time_of_day)
    assert refused.code == ExitCode.USAGE
    assert f"Give it as well: --day yesterday --at {time_of_day}." in refused.err
    for words in (("--day", day, "--at", time_of_day), ("--at", f"{day} {time_of_day}")):
        out = tmp_path / "-".join(words).replace(" ", "")
        ran = desk.run("get", *words, "-o", f"{out}/")
        assert (ran.code, len([*out.iterdir()])) == (0, 1), ran.err
    both = desk.run("get", "--day", day, "--at", f"{day} {time_of_day}")
    assert (both.code, "give the time alone" in both.err) == (ExitCode.USAGE, True)
    wrong = desk.run("get", "--at", "noon")
    assert "--at is not a time that can be read" in wrong.err
    figure("R13", "get --at 05:48: each of 2 advices that are given is taken")


@pytest.mark.parametrize("words", [("report",), ("export", "--zip"), ("export",)])
def test_no_file_is_called_what_means_stdout(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = desk.run(*words, "--day", f"{DAY:%Y-%m-%d}", "-a", "archive", "-o", "-")
    assert (ran.code, "Name it: -o PATH." in ran.err) == (ExitCode.USAGE, True)
    assert not tmp_path.joinpath("-").exists()


def test_what_no_archive_has_is_not_about_tokens(
    desk: Desk, tmp_path: Path, figure: Figure
) -> None:
    archive = ("-a", str(tmp_path / "archive"))
    assert desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", *archive).code == 0
    desk.environ["ARCHIVER_TOKEN"] = ""
    asked = (
        ("--number", "12025550199999"),
        ("--agent", "nobody", "--day", f"{DAY:%Y-%m-%d}"),
        ("c136768e-8c0e-11e9-ac1c-91b72265b1f5",),
    )
    for words in asked:
        ran = desk.run("get", *words, *archive)
        first, second, *_ = ran.err.splitlines()
        assert ran.code == ExitCode.FINDINGS
        assert first.startswith("The archive has no recording ")
        assert second == "The portal was not asked, because there is no token."
    assert first == f"The archive has no recording {asked[-1][0]}."
    assert desk.run("get", *asked[0]).code == ExitCode.USAGE, (
        "without an archive it is all there is"
    )
    figure("R13", f"get, no match and no token: told as what it is {len(asked)} of {len(asked)}")


@pytest.mark.parametrize("kind", ["systemd", "cron"])
def test_a_job_without_a_token_source_is_not_printed(
    run: Run, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    path = tmp_path / ".config" / "archiver" / "archiver.toml"
    path.parent.mkdir(parents=True)
    path.write_text('archive = "/srv/archive"\n')
    assert run("config", "check")[0] == ExitCode.USAGE
    monkeypatch.setenv("ARCHIVER_TOKEN", TOKEN)
    code, out, told = run("schedule", kind)
    assert (code, out) == (ExitCode.USAGE, "")
    assert f"{path} does not say where the token is kept" in told
    path.write_text('archive = "/srv/archive"\ntoken_command = "echo its-token"\n')
    assert run("schedule", kind)[0] == ExitCode.CLEAN
    figure("R13", f"schedule {kind}: a job that would have no token is refused")
