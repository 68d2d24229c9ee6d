"""The measures of the code are taken of what is there: tried on a product of a few lines."""

from pathlib import Path

from tests.conftest import Figure
from tests.measure import circles, lines, meanings, measure

MOST_METHODS, MOST_ATTRIBUTES, MOST_MODULES = 20, 15, 13
FIRST = """
from small.second import Second

class First:
    kept: int

    @property
    def shown(self) -> str:
        return f"{self.kept}"

    def work(self) -> None:
        import json
        self.told = Second
"""
SECOND = """
from small.first import First

class Second:
    def work(self, options: dict[str, str]) -> str:
        '''Say where it is, as in s3://calls.'''
        return options["bucket"] + "s3://"

class First:
    pass

class Frozen(Struct, frozen=True):
    kept: int

    def work(self) -> None:
        pass
"""


def test_a_small_product_is_measured(tmp_path: Path) -> None:
    product = tmp_path / "small"
    product.mkdir()
    (product / "first.py").write_text(FIRST)
    (product / "second.py").write_text(SECOND)

    found = measure(product)

    by_name = {(each.module, each.name): each for each in found.classes}
    assert by_name["small.first", "First"].attributes == len({"kept", "told"})
    assert by_name["small.first", "First"].methods == len({"shown", "work"})
    values = {name for name, each in by_name.items() if each.is_value}
    assert values == {("small.second", "First"), ("small.second", "Frozen")}
    assert circles(found.imports) == ["small.first", "small.second"]
    assert found.local_imports == 1
    told = "\n".join(lines(found))
    assert "names with several meanings: 1 (First)" in told
    assert "decisions about buckets outside store/: 1 in 1 files" in told
    assert "raw reads of options below the commands: 1" in told
    assert "modules a folder: small 2" in told


def test_no_class_or_folder_outgrows_the_limits_of_the_house(figure: Figure) -> None:
    found = measure()
    acting = [each for each in found.classes if not each.is_value]
    methods = max(each.methods for each in found.classes)
    attributes = max(each.attributes for each in acting)
    modules = max(found.folders.values())
    figure("house", f"at most {methods} methods, {attributes} attributes, {modules} modules")
    assert methods <= MOST_METHODS
    assert attributes <= MOST_ATTRIBUTES
    assert modules <= MOST_MODULES


def test_a_command_and_its_use_case_have_one_name() -> None:
    both = {"archiver.app.download.pull", "archiver.cli.download.pull"}
    assert meanings("pull", both) == {"archiver.app.download.pull"}
    assert len(meanings("pull", both | {"archiver.other.pull"})) == 2
    assert len(meanings("rows", {"archiver.cli.rows", "archiver.catalog.recording_rows"})) == 2
