"""The benchmark's own parts: commands are timed with their children, and figures told as asked."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.audio.measure import measure_open
from archiver.catalog import Catalog
from archiver.domain.layout import PRIVATE
from archiver.sandbox.world.tones import Encoding, Tone, render
from tests.archives import PORTAL
from tests.bench import __main__ as bench
from tests.bench import finding, page, sampler
from tests.bench.case import Case, Figures, Size, chosen
from tests.bench.cases import CASES, bulk, distance, growth, nothing_new, profile, starting
from tests.bench.goals import HEADER, Goal, Reached, rows_in, table
from tests.bench.growing import grown
from tests.bench.held import hold
from tests.bench.sides import Side, environment, links, pull
from tests.bench.standing import Status, ask_status, lay_chain, take_for_followed
from tests.bench.timing import Failed, Took, peak_mb, took
from tests.bench.turns import Measured, in_turns
from tests.bench.turns import table as sides_table
from tests.bench.work import Work
from tests.canaries import TOKEN
from tests.pulls import portal

if TYPE_CHECKING:
    from types import FrameType

BURN = """
import os
for _ in range(2):
    if os.fork() == 0:
        sum(range(10**6))
        os._exit(0)
    os.wait()
"""
ENVIRON = {"PATH": os.environ["PATH"]}
FASTER, SLOWER = Goal("up", 3, 5, "×", grows=True), Goal("down", 3, 2, "ms")


def measured(name: str, wall_s: float, user_s: float = 0.1) -> Measured:
    side = Side(name, f"{name} does", pull(), is_weighed=True)
    return Measured(side, [Took(wall_s, user_s, 0.1)] * 3, 42.0)


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
        day = Work(sandbox.endpoint, TOKEN, None, 4, 1)
        assert {id_ for id_, _ in links(day)} == {each.id for each in sandbox.world.recordings}
        ours, once = Side("archiver", "all of it", pull("1")), Side("a", "b", _idle, most_turns=1)
        sides = in_turns(day, tmp_path, 2, [ours, once, Side("c", "d", pull(), ("no-such-thing",))])
        assert {name: len(each.turns) for name, each in sides.items()} == {"archiver": 2, "a": 1}
        assert [*tmp_path.glob("*-*")] == [tmp_path / "0-0"], "the first archive stays, to be read"
        assert environment(day, tmp_path)["ARCHIVER_ENDPOINT"] == sandbox.endpoint


def _idle(_work: Work, _folder: Path) -> list[str]:
    return ["true"]


def test_a_table_says_what_each_side_does_and_its_part() -> None:
    text = "\n".join(sides_table({n: measured(n, w) for n, w in (("a", 2.0), ("b", 4.0))}, 10))
    assert "| b | 4.00 s (4.00 to 4.00) | 0.50 ×" in text
    assert "- b (3 turns): b does." in text


@pytest.mark.parametrize(
    ("goal", "figure", "verdict"),
    [
        (FASTER, 2.9, "**not met**"),
        (FASTER, 3.0, "met"),
        (FASTER, 5.0, "aim reached"),
        (SLOWER, 3.1, "**not met**"),
        (SLOWER, 3.0, "met"),
        (SLOWER, 2.0, "aim reached"),
    ],
)
def test_a_figure_stands_beside_what_is_asked_for(goal: Goal, figure: float, verdict: str) -> None:
    assert Reached(goal, figure).row.endswith(f"| {figure:.2f} {goal.unit} | {verdict} |")


def test_what_could_not_be_measured_is_said_and_not_met() -> None:
    alone = {bulk.OURS: measured(bulk.OURS, 2.0, 5.0)}
    rows = {each.goal.what: each.row for each in bulk.reached(alone, alone, 1_000)}
    assert rows[bulk.BESIDE_CAREFUL.what].endswith("| not measured |  |")
    assert "| 5.00 ms | **not met** |" in rows[bulk.USER.what]
    assert "| 42.0 MB | aim reached |" in rows[bulk.MEMORY.what]


def test_all_that_is_asked_for_is_told_in_one_table_made_of_the_cases() -> None:
    one, other = (f"bench {name}" for name in "ab")
    empty = "".join(f"{page.begin(each)}\n{page.end(each)}\n" for each in ("bench", one, other))
    first = page.put(empty, one, "\n".join(table([Reached(FASTER, 4)])) + "\n\nmore | than that\n")
    both = page.put(first, other, "\n".join(table([Reached(SLOWER, 1)])) + "\n")
    told = page.with_goals(both).partition(page.end("bench"))[0]
    assert rows_in(told) == [Reached(FASTER, 4).row, Reached(SLOWER, 1).row]
    with pytest.raises(LookupError):
        page.put(empty, "bench c", "")


def test_every_case_has_its_place_on_the_page() -> None:
    text = page.PAGE.read_text("utf-8")
    for name in (page.GOALS, finding.PLACE, *(page.place_of(case.name) for case in CASES)):
        assert text.count(page.begin(name)) == text.count(page.end(name)) == 1
    assert page.with_goals(text) == text, "the table of all is made of those of the cases"
    assert [case.name for case in chosen(CASES, ["growth", "bulk"])] == ["bulk", "growth"]
    assert chosen(CASES, []) == [*CASES]


def test_a_case_is_told_with_how_it_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--case", "judging", "--turns", "1", "--recordings", "3"]) == 0
    told = capsys.readouterr().out
    assert "--case judging --recordings 3 --turns 1" in told
    assert HEADER in told
    assert "3.6 MB, median of 5 turns" in told


def test_a_case_that_fails_is_told_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_size: Size, _home: Path) -> Figures:
        raise Failed("nginx ended with 1")

    here = (Case("a", "A", fails), Case("b", "B", lambda *_: Figures(lines=["well"])))
    monkeypatch.setattr(bench, "CASES", here)
    assert bench.main([]) == 1
    told = capsys.readouterr().out
    assert "Not measured: nginx ended with 1" in told
    assert told.rstrip().endswith("well")


def test_the_best_possible_is_bound_by_the_rate_or_by_the_downloads() -> None:
    few, many = distance.best(15), distance.best(15_000)
    assert few.wall_s == pytest.approx(distance.PAGE_S + distance.FIRST_BYTE_S)
    assert many.wall_s == pytest.approx(many.listing_s + distance.FIRST_BYTE_S)
    assert many.listing_s == pytest.approx((999 - 12) * 60 / 113 + distance.PAGE_S)
    slow = distance.best(1_500, rate=60_000, at_once=1)
    assert slow.wall_s == pytest.approx(distance.PAGE_S + 1_500 * distance.FIRST_BYTE_S)


def test_the_bare_script_gets_the_same_recording(tmp_path: Path) -> None:
    with portal(2) as sandbox:
        recording = next(iter(sandbox.world.recordings))
        *_, bare = starting.sides_for(recording.id)
        day = Work(sandbox.endpoint, TOKEN, None, 2, 1)
        took(bare.command(day, tmp_path / "one"), ENVIRON)
        stored = sandbox.world.stored(recording.key or "")
    assert stored is not None
    assert (tmp_path / "one" / "one.mp3").read_bytes() == stored.body


@pytest.mark.slow
def test_an_archive_that_holds_what_is_listed_has_nothing_new(tmp_path: Path) -> None:
    with portal(20) as sandbox:
        day, archive = Work(sandbox.endpoint, TOKEN, None, 20, 1), tmp_path / "archive"
        hold(archive, sandbox.endpoint, nothing_new.rows(day))
        sides = nothing_new.in_turns(day, archive, 1, 1)
        assert [*sides] == [nothing_new.OURS, nothing_new.BARE]
        assert sandbox.counts["media"] == 0


def test_steps_are_measured_in_an_archive_that_has_grown(tmp_path: Path) -> None:
    with grown(tmp_path / "grown", PORTAL, 600) as it:
        assert len(it.newest) == 100
        assert it.plan_us() > 0
        assert min(it.manifest_and_catalog_ms(0)) > 0
    assert growth.quick_verify_us(tmp_path / "files", PORTAL, 3) > 0


def test_growth_is_told_as_ratios_and_carried_on() -> None:
    steps = dict.fromkeys(growth.STEPS, 10.0)
    small = growth.Cost(1_000, 1_000, steps, 40, 2_000_000)
    large = growth.Cost(1_001_000, 50_000, steps | {growth.ONE: 1_010.0}, 140, 1_501_500_000)
    rows = {each.goal.what.partition(": ")[2]: each.row for each in growth.reached(small, large)}
    assert "| 101 × | **not met** |" in rows["a pull of one new recording"]
    assert "| 1.00 × | aim reached |" in rows["quick verify, a recording"]
    assert "10.0 µs (50,000 held) |" in "\n".join(growth.table(small, large))
    told = "\n".join(growth.forecast(small, large))
    assert "| a pull of one new recording | 10.0 s, 1,040 MB |" in told
    assert "| size of the catalog | 15 GB |" in told


def test_what_is_spent_goes_to_the_innermost_stage() -> None:
    seen: list[FrameType] = []
    look = sampler.Sampler()
    file = _Watched(render(Tone(Encoding.BARE, 2)).body, lambda: seen.append(sys._getframe()))  # noqa: SLF001
    measure_open(file)
    assert {sampler.stage_of(each) for each in seen} == {sampler.STAGES["audio"]}
    sum(range(10**6))
    look.look()
    assert look.seconds[sampler.ELSEWHERE] > 0
    told = "\n".join(profile.table({"all": 3.0, "a": 1.0, "b": 1.5}, 1_000))
    assert told.index("| b | 60% | 1.50 ms |") < told.index("| a | 40% | 1.00 ms |")


class _Watched(io.BytesIO):
    def __init__(self, data: bytes, told: Callable[[], None]) -> None:
        super().__init__(data)
        self._told = told

    def read(self, size: int | None = -1, /) -> bytes:
        self._told()
        return super().read(size)


def test_questions_are_asked_of_a_catalog_and_told_with_what_they_took(tmp_path: Path) -> None:
    people = finding.firm()
    followed = lay_chain(tmp_path, 900)
    with closing(Catalog(tmp_path / PRIVATE)) as catalog:
        finding.grow(catalog, people, 900)
        take_for_followed(catalog, *followed)
        asked = (*finding.ask_by_id(people, catalog), *finding.QUESTIONS)
        answers = [finding.answer(catalog, people, each, times=3) for each in asked]
    by_name = {each.question.name: each for each in answers}
    assert by_name["id, whole"].rows == 1
    assert all(len(each.ms) == len(each.busy_ms) == 3 for each in answers)
    text = finding.text_of(answers, 900, 5_000_000, 0.1)
    assert all(f"| {name} |" in text for name in by_name)
    assert "900 recordings of 2,000 agents" in text
    assert "`archiver status`, 1 times" in ask_status(tmp_path, 1).text()


def test_an_answer_that_takes_too_much_is_told() -> None:
    quick, slow = (1.0,) * 20, (*(1.0,) * 18, 99.0, 99.0)
    question = finding.QUESTIONS[0]
    assert finding.Answered(question, slow, quick, 1).is_in_time
    assert not finding.Answered(question, quick, slow, 1).is_in_time
    waited, worked = Took(9.0, 0.1, 0.1), Took(0.6, 0.4, 0.2)
    assert Status(worked, (waited,) * 20).is_in_time
    assert not Status(waited, (*(waited,) * 18, worked, worked)).is_in_time
