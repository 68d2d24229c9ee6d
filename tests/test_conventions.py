"""What holds of every test: it asserts something, and patches what it names as an object.

A patch by the dotted path of a module is text: whoever moves the module finds it by a failure.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ASSERTING = ("assert_", "raises", "warns", "fail")
PATCHING = {"patch", "setattr"}
TEST = re.compile(r"^def test_", re.MULTILINE)
TEXT_FIRST = re.compile(rf"""(?:{"|".join(PATCHING)})\((?:\s|#.*\n)*[A-Za-z]{{0,2}}["']""")
"""A call whose first argument is a text: what can't be such is not worth its syntax tree."""


def modules(root: Path, with_: re.Pattern[str]) -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules in whose text there is something, with their names."""
    for path in sorted((root / "tests").rglob("*.py")):
        text = path.read_text("utf-8")
        if with_.search(text):
            yield str(path.relative_to(root)), ast.parse(text)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def named(call: ast.Call) -> str:
    """Return the last name of what is called."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def asserts(tree: ast.AST, helpers: set[str]) -> bool:
    """Whether it asserts, or has one of its module's helpers do so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = named(node)
            if name.startswith(ASSERTING) or name in helpers:
                return True
    return False


def test_every_test_asserts_something(root: Path) -> None:
    silent = []
    for name, tree in modules(root, TEST):
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        helpers = {each.name for each in functions if asserts(each, set())}
        silent += [
            f"{name}::{each.name}"
            for each in functions
            if each.name.startswith("test_")
            and each.name not in helpers
            and not asserts(each, helpers)
        ]
    assert silent == []


def test_nothing_is_patched_by_a_dotted_path(root: Path) -> None:
    by_text = [
        f"{name}:{call.lineno}"
        for name, tree in modules(root, TEXT_FIRST)
        for call in calls(tree)
        if named(call) in PATCHING and call.args and _is_path(call.args[0])
    ]
    assert by_text == []


def _is_path(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return "." in text
        case ast.JoinedStr():
            return True
        case _:
            return False
