"""``archiver config`` and the documentation of the settings."""

import json
import re
import stat
import sys
import tomllib
from pathlib import Path

import click.termui
import pytest

from archiver.cli.download import pull
from archiver.cli.setup import questions
from archiver.config import template as settings_file
from archiver.config.registry import SETTINGS, parse
from archiver.config.settings import DEFAULTS, FromFile
from archiver.errors import ExitCode
from tests.cli.conftest import Run
from tests.conftest import Figure

CANARY = "canary-4711-token"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_writes_a_closed_file_that_explains_every_setting(run: Run, tmp_path: Path) -> None:
    code, out, told = run("config", "init", "--archive", "kept", "--endpoint", "https://p.example")
    path = tmp_path / ".config" / "archiver" / "archiver.toml"
    assert (code, out) == (ExitCode.CLEAN, "")
    assert f"Wrote {path}." in told
    assert "expected in ARCHIVER_TOKEN" in told
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    text = path.read_text()
    assert tomllib.loads(text) == {
        "endpoint": "https://p.example",
        "archive": str(tmp_path / "kept"),
    }
    assert all(f"# {each.meaning}\n" in text for each in SETTINGS)


def test_init_takes_the_portal_that_the_environment_names(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that stands there, too, must not be tried on the portal that is the default."""
    monkeypatch.setenv("ARCHIVER_ENDPOINT", "https://p.example")
    code, _, told = run("config", "init", "--untried")
    assert (code, told.splitlines()[0]) == (
        ExitCode.CLEAN,
        "Portal: https://p.example (from ARCHIVER_ENDPOINT)",
    )
    path = tmp_path / ".config" / "archiver" / "archiver.toml"
    assert tomllib.loads(path.read_text()) == {"endpoint": "https://p.example"}
    other = ("--force", "--endpoint", "https://q.example")
    assert "ARCHIVER_ENDPOINT" not in run("config", "init", "--untried", *other)[2]
    monkeypatch.setenv("ARCHIVER_ENDPOINT", f"https://u:{CANARY}@p.example")
    code, _, told = run("config", "init", "--untried", "--force")
    assert (code, CANARY in told) == (ExitCode.USAGE, False)
    assert "ARCHIVER_ENDPOINT: endpoint must not hold a user name" in told


def test_the_defaults_in_the_file_are_the_defaults() -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", settings_file.render({}), flags=re.MULTILINE)
    values = tomllib.loads(text)
    examples = {name: values.pop(name) for name in settings_file.EXAMPLES}
    assert parse(values, str) == (DEFAULTS, ())
    without = [each for each in SETTINGS if not settings_file.shown(each, DEFAULTS)]
    assert text.count("There is no default. For example:") == len(examples) == len(without)
    assert all(parse({name: value}, str)[1] == () for name, value in examples.items())


def test_init_overwrites_only_by_force(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("workers = 1\n")
    code, _, told = run("config", "init", "--config", str(path))
    assert (code, path.read_text()) == (ExitCode.USAGE, "workers = 1\n")
    assert "--force" in told
    assert run("config", "init", "--config", str(path), "--force")[0] == ExitCode.CLEAN
    assert tomllib.loads(path.read_text()) == {}
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_init_refuses_what_the_settings_would(run: Run, tmp_path: Path) -> None:
    code, _, told = run("config", "init", "--endpoint", f"https://u:{CANARY}@p.example")
    assert code == ExitCode.USAGE
    assert "--endpoint: endpoint must not hold a user name" in told
    assert CANARY not in told
    assert list(tmp_path.iterdir()) == []


def test_init_says_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, told = run("config", "init", "--config", str(tmp_path / "file" / "x.toml"))
    assert code == ExitCode.USAGE
    assert f"{tmp_path / 'file'} is there already" in told
    code, _, told = run("config", "init", "--config", "/proc/none/x.toml")
    assert code == ExitCode.USAGE
    assert "cannot be written: No such file" in told


def test_init_asks_on_a_terminal_and_keeps_the_typed_token_apart(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["", "nonsense", "https://p.example", CANARY, "", "s3://b/p", "/srv/kept"])
    hidden: list[str] = []

    def visible(_prompt: str) -> str:
        return next(answers)

    def unseen(prompt: str) -> str:
        hidden.append(prompt)
        return CANARY

    monkeypatch.setattr(click.termui, "visible_prompt_func", visible)
    monkeypatch.setattr(click.termui, "hidden_prompt_func", unseen)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    code, out, told = run("config", "init", "--untried")
    folder = tmp_path / ".config" / "archiver"
    token = folder / "token"
    assert code == ExitCode.CLEAN
    assert next(answers, None) is None
    assert len(hidden) == 1
    assert (token.read_text(), mode(token)) == (f"{CANARY}\n", 0o600)
    text = (folder / "archiver.toml").read_text()
    assert tomllib.loads(text) == {
        "endpoint": "https://p.example",
        "token_file": str(token),
        "archive": "/srv/kept",
    }
    assert CANARY not in out + told + text
    assert run("config", "check") == (
        ExitCode.CLEAN,
        "",
        "The settings are in order; the token is set (from file).\n",
    )


def test_init_asks_for_several_accounts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    north = ["https://n.example", "file", "/srv/north"]
    south = ["https://s.example", "command", "pass south", "/srv/south"]
    answers, prompts = iter(["North", "north, south", *north, *south]), []

    def visible(prompt: str) -> str:
        prompts.append(prompt)
        return next(answers)

    monkeypatch.setattr(click.termui, "visible_prompt_func", visible)
    monkeypatch.setattr(click.termui, "hidden_prompt_func", lambda _prompt: "typed")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    code, _, told = run("config", "init", "--untried")
    assert code == ExitCode.CLEAN, told
    assert prompts[-1].startswith("south: ")
    folder = tmp_path / ".config" / "archiver"
    token = folder / "north.token"
    assert (token.read_text(), mode(token)) == ("typed\n", 0o600)
    assert tomllib.loads((folder / "archiver.toml").read_text())["account"] == {
        "north": {
            "endpoint": "https://n.example",
            "token_file": str(token),
            "archive": "/srv/north",
        },
        "south": {
            "endpoint": "https://s.example",
            "token_command": "pass south",
            "archive": "/srv/south",
        },
    }
    assert run("config", "check", "--account", "north")[0] == ExitCode.CLEAN
    figure("R17", f"config init: 2 accounts, asked {len(prompts)} times, 2 tables")


def test_init_refuses_accounts_that_share_an_archive(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = ["https://n.example", "environment", "/srv/one"]
    answers = iter(["north south", *each, *each])
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda _prompt: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    code, _, told = run("config", "init", "--untried")
    assert code == ExitCode.USAGE
    assert "Account south needs its own archive: this is that of north, too." in told
    assert list(tmp_path.iterdir()) == []


def test_init_writes_several_accounts_that_options_name(run: Run, tmp_path: Path) -> None:
    names = ("--account", "north", "--account", "south")
    assert run("config", "init", *names, "--token-file", "t")[0] == ExitCode.USAGE
    assert run("config", "init", "--account", "No Name")[0] == ExitCode.USAGE
    assert run("config", "init", *names, "--archive", "/srv/calls")[0] == ExitCode.CLEAN
    folder = tmp_path / ".config" / "archiver"
    assert tomllib.loads((folder / "archiver.toml").read_text())["account"] == {
        name: {"token_file": str(folder / f"{name}.token"), "archive": f"/srv/calls/{name}"}
        for name in ("north", "south")
    }


def test_init_names_the_file_again_that_it_was_given(run: Run) -> None:
    told = run("config", "init", "--config", "my own.toml")[2]
    assert told.endswith("Next: archiver doctor --config 'my own.toml'\n")
    assert run("config", "init")[2].endswith("Next: archiver doctor\n")


def test_bad_buckets_and_empty_values_are_refused_in_words(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('archive = "s3://Bucket/prefix"\nca_bundle = ""\n')
    code, _, told = run("config", "check", "--config", str(path))
    assert code == ExitCode.USAGE
    assert told.splitlines() == [
        f"{path}:1: archive must be s3:// and a bucket's name, such as s3://calls/2026",
        f"{path}:2: ca_bundle must not be empty",
    ]


def test_a_folder_that_is_not_absolute_is_told_with_the_current_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_ARCHIVE", "./archive")
    code, _, told = run("status")
    said = f"archive must be an absolute path, from / on: the current folder is {tmp_path}\n"
    assert (code, said in told) == (ExitCode.USAGE, True), told


@pytest.mark.parametrize("address", ["s3:/calls/2026", "s3:calls", "S3:/calls"])
def test_the_address_of_a_bucket_with_a_slash_too_few_is_no_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """A pull would keep the recordings on this machine, and end with 0."""
    monkeypatch.chdir(tmp_path)
    code, _, told = run("pull", "--day", "yesterday", "-a", address)
    assert code == ExitCode.USAGE
    assert "--archive: archive must be s3:// and a bucket's name, such as s3://calls/2026" in told
    assert not [*tmp_path.glob("[sS]3*")]


def test_a_token_that_a_command_prints_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["command", "pass 'portal", "pass show portal"])
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda _prompt: next(answers))
    given = {"endpoint": "https://p.example", "archive": "/srv/kept"}
    asked, typed = questions.ask(given, Path("/unused"))
    assert typed is None
    assert asked == {**given, "token_command": "pass show portal"}


def test_check_reports_every_problem_with_its_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("workers = 0\n\nrat = 5\n")
    path.chmod(0o600)
    code, out, told = run("config", "check", "--config", str(path))
    assert (code, out) == (ExitCode.USAGE, "")
    assert told.splitlines() == [
        f"{path}:1: workers must be a whole number from 1 to 64",
        f"{path}:3: rat is no setting: did you mean rate?",
    ]


def test_check_tries_what_shows_only_in_use(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'rate = "x"\ntoken_file = "{path}"\narchive = "/srv/kept"\nretain = "5y"\n')
    path.chmod(0o644)
    code, out, told = run("config", "check", "--config", str(path))
    assert (code, out) == (ExitCode.USAGE, "")
    rate, token, lock = told.splitlines()
    assert rate == f"{path}:1: rate must be a whole number from 1 to 60000"
    assert token.startswith(f"{path}:2: The token file {path} is open to others")
    assert token.endswith(f"Close it: chmod 600 {path}")
    assert lock.startswith(f"{path}:4: lock and retain belong together")


def test_check_says_that_a_folder_locks_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('archive = "/srv/kept"\nlock = "governance"\nretain = "5y"\n')
    code, _, told = run("config", "check", "--config", str(path))
    assert code == ExitCode.USAGE
    assert told.startswith(f"{path}:2: A folder can't lock what is stored in it.")


def test_check_says_that_no_token_is_set(run: Run) -> None:
    code, _, said = run("config", "check")
    assert code == ExitCode.USAGE
    assert said.startswith("The settings are in order, but for the token: ")


def test_check_says_that_a_nightly_job_lacks_the_token(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_TOKEN", CANARY)
    code, _, said = run("config", "check")
    assert code == ExitCode.CLEAN
    assert "A nightly job has no ARCHIVER_TOKEN: set token_file for it." in said
    assert "They name no archive" in said


def test_show_tells_each_setting_and_its_origin_and_no_secret(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'utc_offset = "-03:30"\nproxy = "http://u:{CANARY}@proxy.example:3128"\n')
    monkeypatch.setenv("ARCHIVER_TOKEN", CANARY)
    monkeypatch.setenv("ARCHIVER_TOLERANCE", "5s")
    code, out, told = run("config", "show", "--config", str(path), "--json")
    assert (code, told) == (ExitCode.CLEAN, "")
    document = json.loads(out)
    assert document["utc_offset"] == {"value": "-03:30", "from": f"{path}:1"}
    assert document["proxy"] == {"value": "proxy.example:3128", "from": f"{path}:2"}
    assert document["tolerance"] == {"value": "5s, 0%", "from": "ARCHIVER_TOLERANCE"}
    assert document["workers"] == {"value": "16", "from": "default"}
    assert document["token"] == {"value": "set (from environment)", "from": "ARCHIVER_TOKEN"}
    table = run("config", "show", "--config", str(path))[1]
    assert table.splitlines()[0].split() == ["SETTING", "VALUE", "FROM"]
    assert "set (from environment)" in table
    assert CANARY not in out + table


def test_a_written_file_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    settings_file.write(path, "one\n", replace=False)
    settings_file.write(path, "two\n", replace=True)
    assert (path.read_text(), [*path.parent.iterdir()]) == ("two\n", [path])
    assert parse({"token_file": str(path)}, str)[0].portal.token == FromFile(path)


def test_the_documentation_lists_every_setting(root: Path) -> None:
    text = (root / "docs" / "settings.md").read_text()
    given = {parameter.name: parameter.opts[-1] for parameter in pull.command.params}
    expected = [
        (
            f"`{each.name}`",
            f"`{each.variable}`",
            f"`{given[each.name]}`" if each.name in given else "",
            f"`{default}`" if (default := settings_file.shown(each, DEFAULTS)) else "",
            each.meaning,
        )
        for each in SETTINGS
    ]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    assert rows == expected


def test_the_documented_example_is_a_good_file(root: Path) -> None:
    text = (root / "docs" / "settings.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    settings, problems = parse(tomllib.loads(example), str)
    assert problems == ()
    assert settings.portal.utc_offset == 330
