"""What the code measures: sizes and shapes, so that a change of the house is told in figures.

Only the standard library is used, and nothing of the product is imported.

    python -m tests.measure
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PRODUCT = ROOT / "archiver"
_ABOUT_BUCKETS = re.compile(r"is_bucket|BucketStore|isinstance\([^)]*(?:Place|Bucket)\w*\)|s3://")
_RAW_OPTIONS = re.compile(r"\b(?:options|chosen|flags|params|given)\[\"")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Class:
    """A class: where it is, its methods, and the attributes that it sets or declares.

    One that ``is_value`` only tells: it is frozen, or has no method but properties. Its attributes
    are the fields of what it mirrors: a document, a row, a result.
    """

    name: str
    module: str
    lines: int
    methods: int
    attributes: int
    is_value: bool


@dataclass(slots=True)
class Measures:
    """What was counted, in lines unless said otherwise."""

    files: dict[str, int] = field(default_factory=dict)
    folders: Counter[str] = field(default_factory=Counter)
    functions: list[tuple[int, str]] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    names: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    imports: dict[str, set[str]] = field(default_factory=dict)
    local_imports: int = 0
    about_buckets: Counter[str] = field(default_factory=Counter)
    raw_options: Counter[str] = field(default_factory=Counter)


def measure(product: Path = PRODUCT) -> Measures:
    """Read every module below ``product`` and count."""
    found = Measures()
    for path in sorted(product.rglob("*.py")):
        _take_in(path.read_text("utf-8"), path.relative_to(product.parent), found)
    return found


def _take_in(text: str, path: Path, found: Measures) -> None:
    tree, name = ast.parse(text), str(path)
    found.files[name] = len(text.splitlines())
    found.folders[str(path.parent)] += path.name != "__init__.py"
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    found.names[path.stem].add(module)
    found.imports[module] = {*_imported(tree.body)}
    for node in ast.walk(tree):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            found.functions.append((length, f"{name}:{node.name}"))
            found.local_imports += sum(
                isinstance(each, ast.Import | ast.ImportFrom) for each in node.body
            )
        if isinstance(node, ast.ClassDef):
            found.classes.append(_class(node, module))
            found.names[node.name].add(module)
    found.about_buckets[name] += len(_ABOUT_BUCKETS.findall(_without_docstrings(text, tree)))
    if "cli" not in path.parts:
        found.raw_options[name] += len(_RAW_OPTIONS.findall(text))


def _without_docstrings(text: str, tree: ast.Module) -> str:
    """Return the code: what its docstrings say decides nothing."""
    lines = text.splitlines()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                    lines[number] = ""
    return "\n".join(lines)


def _class(node: ast.ClassDef, module: str) -> Class:
    methods = [each for each in node.body if isinstance(each, Function)]
    declared = {
        each.target.id
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }
    return Class(
        name=node.name,
        module=module,
        lines=(node.end_lineno or node.lineno) - node.lineno + 1,
        methods=len(methods),
        attributes=len(declared | {*_set_on_self(methods)}),
        is_value=_is_frozen(node) or all(map(_is_property, methods)),
    )


def _is_frozen(node: ast.ClassDef) -> bool:
    """Whether a class is frozen, by its own keywords or by those of its decorators."""
    decorators = (each for each in node.decorator_list if isinstance(each, ast.Call))
    keywords = chain(node.keywords, *(each.keywords for each in decorators))
    return any(ast.unparse(each) == "frozen=True" for each in keywords)


def _is_property(method: Function) -> bool:
    return any(ast.unparse(each) == "property" for each in method.decorator_list)


def _set_on_self(methods: Iterable[Function]) -> Iterator[str]:
    nodes = (node for method in methods for node in ast.walk(method))
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=attribute, ctx=ast.Store()):
                yield attribute


def _imported(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def meanings(name: str, modules: Iterable[str]) -> set[str]:
    """Return the modules that mean something else by a name: a command is named as its use case."""
    command = re.compile(rf"archiver\.cli\.((?:\w+\.)?{name})")
    return {command.sub(r"archiver.app.\1", each) for each in modules if name != "__init__"}


def circles(imports: dict[str, set[str]]) -> list[str]:
    """Return the modules that import themselves by a way around, at the top of files."""
    reached: dict[str, set[str]] = {}
    for module in imports:
        seen, waiting = set[str](), [module]
        while waiting:
            for each in imports[waiting.pop()] & imports.keys() - seen:
                seen.add(each)
                waiting.append(each)
        reached[module] = seen
    return sorted(module for module, seen in reached.items() if module in seen)


def lines(found: Measures) -> Iterator[str]:
    """Yield the figures, one a line."""
    functions, classes = sorted(found.functions), found.classes
    largest = max(found.files, key=found.files.__getitem__)
    folders = ", ".join(f"{name} {count}" for name, count in found.folders.most_common(8))
    yield f"lines: {sum(found.files.values()):,} in {len(found.files)} files"
    yield f"modules a folder: {folders}"
    yield f"largest file: {largest}, {found.files[largest]} lines"
    yield f"functions: {len(functions):,}; p95 {functions[int(len(functions) * 0.95)][0]} lines"
    yield "longest function: {1}, {0} lines".format(*functions[-1])
    for what in ("lines", "methods"):
        yield f"classes of most {what}: {_most(classes, what)}"
    acting = [each for each in classes if not each.is_value]
    yield f"classes of most attributes: {_most(acting, 'attributes')}"
    values = [each for each in classes if each.is_value]
    yield f"values of most fields: {_most(values, 'attributes')}"
    yield f"modules in circles: {len(circles(found.imports))}"
    yield f"imports inside functions: {found.local_imports}"
    several = [name for name, of in found.names.items() if len(meanings(name, of)) > 1]
    yield f"names with several meanings: {len(several)} ({', '.join(sorted(several))})"
    outside = {n: c for n, c in found.about_buckets.items() if c and "/store/" not in n}
    yield f"decisions about buckets outside store/: {sum(outside.values())} in {len(outside)} files"
    yield f"raw reads of options below the commands: {sum(found.raw_options.values())}"


def _most(classes: Iterable[Class], what: str) -> str:
    most = sorted(classes, key=attrgetter(what), reverse=True)[:3]
    return ", ".join(f"{each.module}.{each.name} {getattr(each, what)}" for each in most)


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines(measure())) + "\n")
