"""The door: help, versions, and how every kind of end becomes words and a code."""

import os
import re
import resource
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import click
import pytest

from archiver import errors
from archiver.cli import endings, main, version
from archiver.errors import ArchiverError, ExitCode
from archiver.manifest.format import FORMAT

Figure = Callable[[str, str], None]
CANARY = "canary-4711-token"
PHONE = "12025550143"
NAMES = [name for commands in main.SECTIONS.values() for name in commands]
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type)]
ERRORS = [kind for kind in CLASSES if issubclass(kind, ArchiverError) and kind is not ArchiverError]


def archiver(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "archiver", *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environ},
        timeout=30,
    )


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException | int | None], int]:
    """Return what runs a command that ends in the way given, and gives its exit code."""

    def run(end: BaseException | int | None) -> int:
        @click.command()
        def command() -> int | None:
            if isinstance(end, BaseException):
                raise end
            return end

        monkeypatch.setattr(main.cli, "get_command", lambda _context, _name: command)
        return main.run(["verify"])

    return run


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("get", ()),
        ("find", ()),
        ("export", ("-o", "out")),
        ("erase", ("--reason", "asked for")),
        ("accept", ("--reason", "listened")),
        ("repair", ()),
    ],
)
def test_an_id_may_be_copied_with_blanks_around_it(name: str, words: tuple[str, ...]) -> None:
    command = main.cli.get_command(click.Context(main.cli), name)
    assert command is not None
    params = command.make_context(name, ["7 ", "\t8\n", *words]).params
    assert params.get("ids", params.get("names")) == ("7", "8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pull", "--day", "2026-03-01", "--day", "2026-03-02"), "--day can be given once"),
        (("list", "--since", "7d", "--since", "8d"), "--since can be given once"),
        (("reconcile", "--since", "7d", "--until", "1d", "--until", "2d"), "--until can be given"),
        (("verify", "-a", "one", "-a", "two"), "-a can be given once"),
        (("copy", "-a", "one", "--to", "two", "--to", "three"), "--to can be given once"),
        (("repair", "-a", "one", "--from", "two", "--from", "three"), "--from can be given once"),
        (("pull", "--day", ""), "--day is empty"),
        (("pull", "--since", " "), "--since is empty"),
        (("list", "--day", ""), "--day is empty"),
        (("reconcile", "--since", "7d", "--until", ""), "--until is empty"),
        (("get", "--agent", "asha", "--day", ""), "--day is empty"),
        (("get", "--agent", "asha", "--at", ""), "--at is empty"),
        (("verify", "-a", ""), "archive must not be empty"),
    ],
)
def test_what_names_two_or_nothing_is_refused(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], figure: Figure
) -> None:
    """Else the last would be looked at, or anything at all, and the rest passed over with 0."""
    assert main.run(words) == ExitCode.USAGE
    assert said in capsys.readouterr().err
    figure("G46", f"{' '.join(words[:1])}: {said}: exit 2")


def test_help_is_quick(figure: Figure) -> None:
    """By the work that it costs: how long one waits is up to whatever else the machine does."""
    costs = [_help_cost() for _ in range(5)]
    wall, work = (statistics.median(column) for column in zip(*costs, strict=True))
    assert work < 0.25
    figure("help", f"--help takes {work:.2f} s of work, {wall:.2f} s in all (medians of 5)")


def test_help_imports_click_and_what_every_command_needs() -> None:
    probe = (
        "import sys, click; before = set(sys.modules)\n"
        "from archiver.cli.main import run; run(['--help'])\n"
        "print([m for m in set(sys.modules) - before if m.partition('.')[0] not in"
        " {*sys.stdlib_module_names, 'click'}], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=30
    )
    loaded = set(re.findall(r"'([^']+)'", done.stderr))
    of_every_command = ("interruption", "main", "screen", "screen.streams")
    assert loaded == {
        *(f"archiver.cli.{each}" for each in of_every_command),
        *("archiver", "archiver.cli", "archiver.errors"),
        *("archiver.concurrency", "archiver.concurrency.stop"),
    }


def _help_cost() -> tuple[float, float]:
    """Return the seconds that the clock and the processor spent."""
    started, worked = time.perf_counter(), _worked()
    shown = archiver("--help")
    assert shown.returncode == 0, shown.stderr
    return time.perf_counter() - started, _worked() - worked


def _worked() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_lists_every_command_in_its_section() -> None:
    shown = archiver("--help").stdout
    order = [shown.index(f"\n{title}:") for title in main.SECTIONS]
    assert order == sorted(order)
    for commands in main.SECTIONS.values():
        for name, summary in commands.items():
            assert re.search(rf"^  {name} +{re.escape(summary)}$", shown, re.MULTILINE), name


@pytest.mark.parametrize("name", NAMES)
def test_every_command_can_be_called(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([name, "--help"]) == ExitCode.CLEAN
    assert capsys.readouterr().out.startswith(f"Usage: archiver {name} ")


def test_the_version_names_what_a_bug_report_needs() -> None:
    shown = archiver("--version")
    assert shown.returncode == 0
    for name in ("archiver", "Python", "OpenSSL", "SQLite", *version.DEPENDENCIES):
        assert re.search(rf"^{name} [0-9]+\.[0-9]", shown.stdout, re.MULTILINE), name
    assert f"archive format {FORMAT}\n" in shown.stdout


def test_the_version_names_every_dependency_and_extra(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras = told["optional-dependencies"].items()
    optional = [each for name, wanted in extras if name != "dev" for each in wanted]
    assert names(told["dependencies"]) == version.DEPENDENCIES
    assert names(optional) == version.EXTRAS
    monkeypatch.setattr(version, "EXTRAS", ("no-such-package",))
    assert version.describe().endswith("\nno-such-package is not installed")


def names(requirements: list[str]) -> tuple[str, ...]:
    return tuple(re.split("[^a-z0-9-]", each)[0] for each in requirements)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_told_with_its_advice_and_its_code(
    kind: type[ArchiverError],
    ending: Callable[[BaseException], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ending(kind("It broke.", advice="Mend\x1b it.")) == kind.exit_code
    assert capsys.readouterr().err == "archiver: It broke.\nMend\\x1b it.\n"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (None, ExitCode.CLEAN),
        (ExitCode.FINDINGS, ExitCode.FINDINGS),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (click.Abort(), ExitCode.INTERRUPTED),
        (click.UsageError("no"), ExitCode.USAGE),
        (click.FileError("x"), ExitCode.USAGE),
    ],
)
def test_any_other_end_has_its_code(
    end: BaseException | int | None, code: int, ending: Callable[[BaseException | int | None], int]
) -> None:
    assert ending(end) == code


def test_who_asks_before_the_command_is_looked_up_meets_no_bug(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with mock.patch.object(main, "_refuse_token", side_effect=KeyboardInterrupt):
        assert main.run(["status"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "archiver: interrupted\n"


def test_unknown_words_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["nonsense"]) == ExitCode.USAGE
    assert main.run(["--nonsense"]) == ExitCode.USAGE
    assert "Did you mean" not in capsys.readouterr().err
    assert main.run(["verfy"]) == ExitCode.USAGE
    assert "No such command 'verfy'. Did you mean 'verify'?" in capsys.readouterr().err


def test_a_reader_that_left_is_no_bug() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as broken:  # noqa: PTH123  # by descriptor
        done = subprocess.run(
            [sys.executable, "-m", "archiver", "--help"],
            stdout=broken,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )
    assert (done.returncode, done.stderr) == (ExitCode.STOPPED, b"")


def test_a_bug_is_told_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Messages of foreign exceptions may quote what they were given; locals hold everything."""
    link = f"https://media.example/a-{PHONE}.mp3?X-Amz-Signature={CANARY}"
    message = (
        f"{link} access_token={CANARY} {{'X-Amz-Signature': '{CANARY}'}} "
        f"b'Bearer {CANARY}' http://user:{CANARY}@proxy:3128 {PHONE}"
    )
    with pytest.raises(RuntimeError) as raised:
        _fail(message)
    endings.report_bug(RuntimeError, raised.value, raised.tb)
    told = capsys.readouterr().err
    assert "RuntimeError: https://media.example/a-….mp3?…" in told
    assert "archiver --version" in told
    assert CANARY not in told
    assert PHONE not in told
    assert "in _fail" in told


def _fail(message: str) -> None:
    raise RuntimeError(message)


def test_a_bug_ends_the_process_with_1() -> None:
    program = (
        "import archiver.cli.main as m\n"
        "def broken(_): raise ZeroDivisionError('of 12025550143')\n"
        "m.run = broken; m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == ExitCode.BUG
    assert "ZeroDivisionError: of …" in done.stderr


COMMAND_LINES = [
    *([name, "--token", CANARY] for name in NAMES),
    *([name, f"--token={CANARY}"] for name in NAMES),
    ["--token", CANARY],
    ["config", "init", f"--access-token={CANARY}"],
]


def test_the_token_is_never_taken_from_the_command_line(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, figure: Figure
) -> None:
    """Refused everywhere and never echoed; nothing we start carries it in its words (X7)."""
    assert {main.run(words) for words in COMMAND_LINES} == {ExitCode.USAGE}
    told = "".join(capfd.readouterr())
    assert told.count("never given on the command line") == len(COMMAND_LINES)
    seen = tmp_path / "seen"
    asks = f"cat /proc/$$/cmdline /proc/$PPID/cmdline >{seen}; env >>{seen}; echo {'x' * 9}"
    done = archiver("config", "check", ARCHIVER_TOKEN_COMMAND=f"sh -c '{asks}'")
    assert done.returncode == 0, done.stderr
    kept = tmp_path / "token"
    kept.write_text(CANARY + "\n")
    kept.chmod(0o600)
    told += done.stdout + done.stderr
    for word, given in (
        ("check", {"ARCHIVER_TOKEN_FILE": str(kept)}),
        ("show", {"ARCHIVER_TOKEN": CANARY}),
    ):
        environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **given}
        with mock.patch.dict(os.environ, environ, clear=True):
            assert main.run(["config", word]) == 0
    told += "".join(capfd.readouterr())
    assert b"archiver" in seen.read_bytes()
    hits = told.count(CANARY) + seen.read_bytes().count(CANARY.encode())
    assert hits == 0
    figure("X7", f"command lines refused {len(COMMAND_LINES)}, canary hits {hits}")


def test_session_keys_are_never_written(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    program = (
        "import ssl, archiver.cli.main as m\n"
        "m.run = lambda _: print(ssl.create_default_context().keylog_filename)\n"
        "m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"SSLKEYLOGFILE": str(keys)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "None\n"
    assert not keys.exists()


def test_the_documented_exit_codes_are_those_of_the_classes(root: Path) -> None:
    text = (root / "docs" / "exit-codes.md").read_text()
    codes = re.findall(r"^\| ([0-9]+) \| (\w+) \| ([^|]+) \|", text, re.MULTILINE)
    source = (root / "archiver" / "errors.py").read_text()
    meanings = dict(re.findall(r'^    ([A-Z]+) = [0-9]+\n    """(.+)"""$', source, re.MULTILINE))
    assert codes == [(str(int(c)), c.name.lower(), meanings[c.name]) for c in ExitCode]
    classes = dict(re.findall(r"^\| `(\w+)` \| ([0-9]+) \|$", text, re.MULTILINE))
    assert classes == {kind.__name__: str(int(kind.exit_code)) for kind in ERRORS}
