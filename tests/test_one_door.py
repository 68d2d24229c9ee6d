"""The one door: no code but it moves, removes or overwrites what lies under an archive's keys.

The syntax tree of all code is read for whatever can do so: calls to the stores that change what is
there, requests that delete or overwrite in a bucket, and the system's own ways with files. Each
module that has one is named here, with what it does that to. In a copy of one, each way is
planted and seen.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Figure

ROOT = Path(__file__).parents[1] / "archiver"
DOOR, STORES = "removal/", "store/"
MODULE = "catalog/recording_rows.py"
"""A module that removes nothing."""
OF_STORES = frozenset({"set_aside", "uncover", "remove_versions"})
"""What a store's promise has that changes what a name holds: asked for by the door alone."""
OF_BUCKETS = frozenset({"delete_object", "delete_objects", "copy_object", "copy", "put_over"})
OF_FILES = frozenset(
    {
        *("unlink", "rmtree", "rmdir", "removedirs", "rename", "renames", "replace", "remove"),
        *("truncate", "ftruncate", "write_text", "write_bytes", "move", "copyfile", "copytree"),
    }
)
MODULES = frozenset({"os", "shutil"})
ALWAYS = frozenset({"unlink", "rmtree", "rmdir", "ftruncate", "write_text", "write_bytes"})
"""The names that nothing else of Python has."""
ALLOWED = {
    "app/check/copy_.py": "this machine's note of how far a copy was whole",
    "app/pulling/start_note.py": "this machine's note of the day that a first run named",
    "app/exporting/parts/containers.py": "the drafts of an export, outside the archive",
    "app/exporting/parts/copying.py": "same",
    "app/exporting/parts/proofs.py": "same",
    "app/exporting/parts/wrapper.py": "same",
    "app/exporting/export_workplace.py": "same",
    "app/tryout/demo.py": "the demo's own folder",
    "catalog/locks.py": "a scratch file in the catalog's folder",
    "catalog/sealed.py": "the catalog, which is made out of the chain",
    "overview/kept_figures.py": "figures beside the catalog, which are counted anew",
    "config/template.py": "a draft of the settings",
    "doctor/sampling.py": "a sample, in a temporary folder",
    "get/output_files.py": "the plain files of a get, outside the archive",
    "handover/zip_file.py": "the draft of an export's ZIP",
    "manifest/last_seen.py": "this machine's memory of the last head",
    "media/media_client.py": "the part file of a download",
    "notify/metrics.py": "the metrics for Prometheus",
    "pull/stored/copies.py": "a part file",
    "report/page/page_file.py": "a report's page, outside the archive",
    "store/disk/read_days.py": "this machine's log of who read what",
    "store/disk/temp_files.py": "part files",
    "store/local/folder_clearing.py": "a name of the archive, for the door",
    "store/local/mounts.py": "this machine's memory of a mount",
    "store/s3/bucket/deletion.py": "a version of the bucket, for its store and its trials",
    "store/s3/trying/bucket_memory.py": "this machine's memory of a bucket",
    "store/s3/writing/bucket_clearing.py": "the bytes of a version once more over what may not go",
    "app/exporting/parts/growing.py": "the drafts of an export, outside the archive",
}
"""The modules that remove or overwrite something, and what that is."""


def found_in(root: Path) -> dict[str, set[str]]:
    """Return the ways to remove or overwrite that each module has."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted(root.rglob("*.py")):
        module = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found[module].update(_ways(node, module))
    return {module: ways for module, ways in found.items() if ways}


def _ways(node: ast.AST, module: str) -> Iterator[str]:
    match node:
        case ast.Attribute(attr=name) if name in OF_STORES:
            if not module.startswith((DOOR, STORES)):
                yield name
        case ast.Attribute(attr=name) if name in OF_BUCKETS - {"copy"} | ALWAYS:
            yield name
        case ast.Attribute(value=ast.Name(id=base), attr=name) if base in MODULES:
            yield from {name} & OF_FILES
        case ast.ImportFrom(module=base) if base in MODULES:
            yield from {each.name for each in node.names} & OF_FILES
        case ast.Constant(value=str(name)) if name in OF_STORES | OF_BUCKETS - {"copy"} | ALWAYS:
            yield name
        case ast.Call():
            yield from _of_call(node)


def _of_call(call: ast.Call) -> Iterator[str]:
    """Yield what only the arguments of a call tell: a path is replaced, a file opened to write."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else None
    is_renamed = name in {"replace", "rename"} and len(call.args) == 1 and not call.keywords
    if is_renamed or (name == "truncate" and not call.args):
        yield str(name)
    if name == "open" or (isinstance(call.func, ast.Name) and call.func.id == "open"):
        modes = [each.value for each in call.args if isinstance(each, ast.Constant)]
        modes += [
            each.value.value for each in call.keywords if isinstance(each.value, ast.Constant)
        ]
        if any(isinstance(mode, str) and mode and set(mode) <= set("wab+t") for mode in modes):
            yield "open"


def test_nothing_but_the_door_removes_or_overwrites(figure: Figure) -> None:
    found = found_in(ROOT)
    ours = {module: ways for module, ways in found.items() if not module.startswith("sandbox/")}
    strangers = {module: ways for module, ways in ours.items() if module not in ALLOWED}
    figure("P2", f"{len(ours)} modules remove or overwrite, none of them under a key")
    assert strangers == {}
    assert sorted(ALLOWED) == sorted(ours), "a module that removes nothing any more is listed"


def test_every_call_that_a_store_obeys_is_in_the_door() -> None:
    asked = {
        node.attr
        for path in (ROOT / DOOR).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert asked >= OF_STORES


@pytest.mark.parametrize(
    "planted",
    [
        "store.clearing.set_aside(key, aside)",
        "f = store.clearing.uncover",
        "store.clearing.remove_versions(key)",
        "getattr(store.clearing, 'set_aside')(key, aside)",
        "client.delete_object(Bucket=bucket, Key=key)",
        "client.delete_objects(Bucket=bucket)",
        "writer.put_over(key, data)",
        "import os; os.remove(path)",
        "import os; os.replace(path, other)",
        "from shutil import rmtree",
        "from os import rename",
        "path.unlink()",
        "path.replace(other)",
        "path.rename(other)",
        "path.write_bytes(data)",
        "path.open('wb')",
        "open(path, mode='w')",
        "file.truncate()",
    ],
)
def test_each_way_is_seen_where_it_is_planted(planted: str, tmp_path: Path) -> None:
    text = (ROOT / MODULE).read_text("utf-8")
    module = tmp_path / MODULE
    module.parent.mkdir()
    module.write_text(text, "utf-8")
    assert found_in(tmp_path) == {}
    module.write_text(f"{text}\n{planted}\n", "utf-8")
    assert MODULE in found_in(tmp_path)
