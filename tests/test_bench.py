"""The benchmark's own parts: a command is timed with its children, and a page has its figures."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import Measured, bulk
from tests.bench.page import BEGIN, END, PAGE, Page
from tests.bench.sides import Side, environment, links, pull
from tests.bench.timing import Failed, Took, peak_mb, took
from tests.bench.work import Work
from tests.canaries import TOKEN
from tests.pulls import portal

BURN = """
import os
for _ in range(2):
    if os.fork() == 0:
        sum(range(10**6))
        os._exit(0)
    os.wait()
"""
ENVIRON = {"PATH": os.environ["PATH"]}


def test_a_command_is_timed_with_its_children() -> None:
    alone = took([sys.executable, "-c", "pass"], ENVIRON)
    burnt = took([sys.executable, "-c", BURN], ENVIRON)
    assert burnt.user_s > alone.user_s
    assert burnt.wall_s > 0
    assert peak_mb([sys.executable, "-c", f"x = bytes(50_000_000)\n{BURN}"], ENVIRON) > 0


def test_a_side_that_fails_is_no_figure() -> None:
    with pytest.raises(Failed, match="ended with 3"):
        took([sys.executable, "-c", "raise SystemExit(3)"], ENVIRON)


def test_the_same_day_is_listed_to_all_and_pulled_in_turns(tmp_path: Path) -> None:
    with portal(4) as sandbox:
        day = Work(sandbox.endpoint, TOKEN, sandbox.media_host, None, 4, 1)
        assert {id_ for id_, _ in links(day)} == {each.id for each in sandbox.world.recordings}
        (measured,) = bulk(day, tmp_path, 2, [Side("archiver", "all of it", pull("1"))])
        assert len(measured.turns) == 2
        assert [*tmp_path.glob("*-*")] == [tmp_path / "0-0"], "the first archive stays, to be read"
        assert environment(day, tmp_path)["ARCHIVER_ENDPOINT"] == sandbox.endpoint


def test_the_page_says_what_each_side_does_and_its_part() -> None:
    page = Page(10, 3, 2, bytes=5_000_000)
    page.bulk["http"] = [
        Measured(Side(name, f"{name} does", pull()), [Took(wall, 0.1, 0.1)] * 3)
        for name, wall in (("ours", 2.0), ("theirs", 4.0))
    ]
    page.reading = page.bulk["http"]
    text = page.text()
    assert re.search(r"\| theirs \| 4\.0 s \(4\.0 to 4\.0\) \| 0\.50 ×", text)
    assert "- theirs: theirs does." in text
    assert BEGIN in PAGE.read_text("utf-8")
    assert END in PAGE.read_text("utf-8")
