"""The three pages for users can be followed: what they say to type does what they say it does."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.walkthrough import Astray, Reader, blocks, follow
from tests.docs.warm import listening, program

PAGES = ("one-file", "every-night", "for-the-auditor")
PORTAL = "```sh\narchiver sandbox --recordings 0 --port 8765\n```\n"


@pytest.fixture(scope="module")
def archiver() -> Iterator[str]:
    """Return the text of a command that runs this very code, and starts at once."""
    with tempfile.TemporaryDirectory() as place, listening(Path(place)) as at:
        yield program(at)


def page_of(root: Path, name: str) -> str:
    return (root / "docs" / f"{name}.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.timeout(600)  # some twenty programs, one after the other
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_followed_from_its_first_command_to_its_last(
    name: str, root: Path, tmp_path: Path, archiver: str
) -> None:
    page = page_of(root, name)
    ran = follow(page, tmp_path, archiver)
    (_portal, *typed), _shown = zip(*blocks(page), strict=True)
    assert len(ran) == sum(map(len, typed))
    assert [each.code for each in ran] == [each.named for each in ran]
    assert {0, 3} <= {each.code for each in ran}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_to_the_others_and_the_readme_to_it(name: str, root: Path) -> None:
    page = page_of(root, name)
    others = {f"({other}.md)" for other in PAGES if other != name}
    assert {link for link in others if link in page} == others
    assert f"(docs/{name}.md)" in (root / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_call_of_a_page_is_in_a_block_that_is_followed(name: str, root: Path) -> None:
    page = page_of(root, name)
    followed = [line for lines, _shown in blocks(page) for line in lines]
    fenced = re.findall(r"^(?:archiver|sh|cd|export) .*[^…]$", page, re.MULTILINE)
    shown = {line for line in fenced if line.startswith("export ARCHIVER_")}
    assert [line for line in fenced if line not in followed and line not in shown] == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("```sh\nfalse\n```\n", "code=1, named=0"),
        ("```sh\ntrue  # ends with 3\n```\n", "code=0, named=3"),
        ("```sh\necho done\n```\n\n```\nfailed\n```\n", "not printed, or not there: failed"),
        ("```sh\nprintf 'one\\ntwo\\n'\n```\n\n```\ntwo\none\n```\n", "not there: one"),
    ],
)
def test_a_page_that_says_something_else_leads_astray(
    wrong: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(Astray, match=re.escape(said)):
        follow(PORTAL + wrong, tmp_path, program="")


def test_what_a_command_takes_from_an_output_is_what_came(tmp_path: Path) -> None:
    """An id by its beginning, too; and one hash that is shown twice must come twice."""
    reader = Reader(tmp_path)
    shown, came = (f"{first}-e93c-11f1-adb0-91b72265b1f5" for first in ("d0865b5d", "5b40595a"))
    reader.compare(f"{shown}  7.0 s  …", f"first\n{came}  1:33  Ben\n")
    assert (
        reader.in_ones_own_words("get d0865b5d --day yesterday") == "get 5b40595a --day yesterday"
    )
    reader.compare(f"Head: 4:{'a' * 64}", f"Head: 5:{'b' * 64}")
    with pytest.raises(Astray, match="printed as two"):
        reader.compare("a" * 64, "c" * 64)
