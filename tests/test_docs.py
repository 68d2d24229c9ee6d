"""The documentation says what is there: commands, options, exit codes, links, rows and floors.

Whatever drifts fails here, with the name of the page and of what it says.
"""

import ast
import doctest
import importlib
import itertools
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from archiver.cli.main import cli
from archiver.errors import ExitCode
from tests.measure import PRODUCT, ROOT

ROW = re.compile(r"[A-Z][0-9]{1,2}|audio|soak")
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Held = tuple[str, str]
"""A row and the test that holds it, as ``tests/file.py::test_name``."""


def pages(root: Path) -> list[Path]:
    """Return every page that the project publishes."""
    tops = [root / "README.md", root / "CHANGELOG.md", root / "manifests" / "README.md"]
    return [*tops, *sorted((root / "docs").rglob("*.md"))]


def figures_of(path: Path, name: str) -> Iterator[Held]:
    """Yield the rows that the tests of one module print figures for.

    A row that is no literal stands among the parameters or values of its test.
    """
    text = path.read_text("utf-8")
    if "figure(" not in text:
        return
    for function in ast.parse(text).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for row in _rows(function):
            assert function.name.startswith("test_"), f"{name}: {function.name} prints {row}"
            yield row, f"{name}::{function.name}"


def _rows(function: ast.FunctionDef) -> set[str]:
    nodes, rows = [*ast.walk(function)], set[str]()
    constants = [each.value for each in nodes if isinstance(each, ast.Constant)]
    for call in nodes:
        if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "figure":
            first = call.args[0]
            named = [first.value] if isinstance(first, ast.Constant) else constants
            rows.update(one for one in named if isinstance(one, str) and ROW.fullmatch(one))
    return rows


def held_by_tests(root: Path) -> set[Held]:
    """Return every row that a test prints a figure for."""
    modules = sorted((root / "tests").rglob("test_*.py"))
    return {held for each in modules for held in figures_of(each, str(each.relative_to(root)))}


def held_by_page(root: Path) -> set[Held]:
    """Return every row that ``docs/tests.md`` says is held, and by which test."""
    held: set[Held] = set()
    for line in (root / "docs" / "tests.md").read_text("utf-8").splitlines():
        row = line.removeprefix("| ").partition(" ")[0]
        if line.startswith("| ") and ROW.fullmatch(row):
            held.update((row, test) for test in re.findall(r"`(tests/[^`]+::\w+)`", line))
    return held


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that can be typed, by the words after ``archiver``."""
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        words = f"{name} {each}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, words)
        else:
            yield words, command


def typed(text: str) -> Iterator[list[str]]:
    """Yield the words of every ``archiver`` call in a page's blocks and spans, but for imports."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(FENCED, "", text))
    for line in [*"\n".join(FENCED.findall(text)).splitlines(), *spans]:
        call = re.search(r"(?:^|[\s/&(])(?<!from )archiver (?P<rest>[a-z-][^|&;>)]*)", line)
        if call:
            yield shlex.split(call["rest"], comments=True)


def anchors(page: Path) -> set[str]:
    """Return the anchors that the headings of a page make."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_row_with_a_figure_is_in_the_table_and_the_other_way_round(root: Path) -> None:
    tests, page = held_by_tests(root), held_by_page(root)
    assert sorted(tests - page) == [], "printed by a test and not in docs/tests.md"
    assert sorted(page - tests) == [], "in docs/tests.md and printed by no test"


def test_a_row_that_is_said_to_be_open_is_held_by_no_test(root: Path) -> None:
    text = (root / "docs" / "tests.md").read_text("utf-8").partition("## Rows without a test")[2]
    open_rows = set(re.findall(r"^\| ([A-Z][0-9]+) \|", text, re.MULTILINE))
    assert open_rows
    assert open_rows & {row for row, _ in held_by_page(root)} == set()


def test_every_command_is_documented(root: Path) -> None:
    told = [words for page in pages(root) for words in typed(page.read_text("utf-8"))]
    for name, _ in commands(cli):
        words = name.split()
        assert any(call[: len(words)] == words for call in told), f"archiver {name} is nowhere"


def test_every_documented_call_is_one_that_help_knows(root: Path) -> None:
    known = dict(commands(cli))
    calls = 0
    for page in pages(root):
        for words in typed(page.read_text("utf-8")):
            if words[0].startswith("-"):
                assert words[0] in {"--help", "-h", "--version"}, f"{page}: {words}"
                continue
            name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
            assert name in known or name == "config", f"{page}: archiver {name}"
            options = {
                spelling
                for parameter in (known[name].params if name in known else ())
                for spelling in parameter.opts
            } | {"--help", "-h"}
            given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
            assert given <= options, f"{page}: archiver {name} has no {given - options}"
            calls += 1
    assert calls > len(known)


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_every_exit_code_is_explained_to_whoever_runs_it(
    root: Path, page: str, code: ExitCode
) -> None:
    assert re.search(rf"^\| {int(code)} \| ", (root / page).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    "path",
    sorted(
        path.relative_to(ROOT)
        for path in PRODUCT.rglob("*.py")
        if ">>> " in path.read_text("utf-8")
    ),
    ids=str,
)
def test_the_examples_in_the_docstrings_hold(path: Path) -> None:
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    tried = doctest.testmod(importlib.import_module(name))
    assert tried.attempted > 0
    assert tried.failed == 0


def test_every_relative_link_leads_somewhere(root: Path) -> None:
    links = 0
    for page in pages(root):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            linked = (page.parent / name).resolve() if name else page
            assert linked.exists(), f"{page}: {target}"
            assert not anchor or anchor in anchors(linked), f"{page}: {target}"
            links += 1
    assert links


def test_nothing_is_promised_that_cannot_be_kept(root: Path) -> None:
    for page in pages(root):
        assert not re.search(r"tamper.?proof", page.read_text("utf-8"), re.IGNORECASE), page


def test_the_house_in_the_design_has_every_room(root: Path) -> None:
    chapter = (root / "docs" / "design.md").read_text("utf-8").partition("## The house")[2]
    house = FENCED.findall(chapter)[0]
    rooms = {
        each.stem
        for each in (root / "archiver").iterdir()
        if not each.name.startswith("__")
        and (each.suffix == ".py" or (each / "__init__.py").exists())
    }
    missing = {room for room in rooms if not re.search(rf"\b{room}\b", house)}
    assert missing == set()


def test_every_dependency_has_its_reason(root: Path) -> None:
    told = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    project, groups = told["project"], told["dependency-groups"]
    extras = project["optional-dependencies"].values()
    wanted = [
        *project["dependencies"],
        *itertools.chain(*extras),
        *groups["fuzz"],
        *groups["audit"],
    ]
    names = {re.split(r"[\[>=<]", each)[0] for each in wanted}
    (page,) = (root / "docs" / "adr").glob("0002-*.md")
    reasoned = set(re.findall(r"^\| `([a-z0-9-]+)` \| \S", page.read_text("utf-8"), re.MULTILINE))
    assert reasoned == names


def test_decisions_are_numbered_dated_and_whole(root: Path) -> None:
    decisions = sorted((root / "docs" / "adr").glob("*.md"))
    assert [int(each.name[:4]) for each in decisions] == [*range(1, len(decisions) + 1)]
    for each in decisions:
        text = each.read_text("utf-8")
        assert re.search(r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", text, re.MULTILINE), each
        parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences"], each


def test_every_schema_is_explained(root: Path) -> None:
    text = (root / "manifests" / "README.md").read_text("utf-8")
    for schema in (root / "manifests").glob("*.json"):
        assert f"`{schema.name}`" in text or f"]({schema.name})" in text, schema.name


def test_what_has_changed_is_kept(root: Path) -> None:
    assert "## [Unreleased]" in (root / "CHANGELOG.md").read_text("utf-8")
