"""The benchmark's own parts: a command is timed with its children, and a page has its figures."""

import os
import re
import sys
from contextlib import closing
from pathlib import Path

import pytest

from archiver.catalog import Catalog
from tests.bench import finding
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
    assert peak_mb([sys.executable, "-c", f"x = bytes(50_000_000)\n{BURN * 5}"], ENVIRON) > 0


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


def test_questions_are_asked_of_a_catalog_and_told_with_what_they_took(tmp_path: Path) -> None:
    people = finding.firm()
    with closing(Catalog(tmp_path)) as catalog:
        finding.grow(catalog, people, 900)
        asked = (*finding.ask_by_id(people, catalog), *finding.QUESTIONS)
        answers = [finding.answer(catalog, people, each, times=3) for each in asked]
    by_name = {each.question.name: each for each in answers}
    assert by_name["id, whole"].rows == 1
    assert all(len(each.ms) == len(each.busy_ms) == 3 for each in answers)
    text = finding.text_of(answers, 900, 5_000_000, 0.1)
    assert all(f"| {name} |" in text for name in by_name)
    assert "900 recordings of 2,000 agents" in text
    page = PAGE.read_text("utf-8")
    assert page.count(finding.BEGIN) == page.count(finding.END) == 1


def test_an_answer_that_takes_too_much_is_told() -> None:
    quick, slow = (1.0,) * 20, (*(1.0,) * 18, 99.0, 99.0)
    question = finding.QUESTIONS[0]
    assert finding.Answered(question, slow, quick, 1).is_in_time
    assert not finding.Answered(question, quick, slow, 1).is_in_time
