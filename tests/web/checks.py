"""The page in a browser: what a person does with it by mouse, by keys, on a phone and on paper.

It has to be named: ``make test`` holds the same page without a browser (``tests/report``).
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.domain.plain_text import printable
from archiver.report.contents import contents
from archiver.report.page.html_page import html_page
from archiver.report.subject import Subject
from tests.conftest import Figure
from tests.report.made import HOSTILE, hostile, recordings, subject
from tests.report.pages import page_of
from tests.web.browser import Browser, browser
from tests.web.install import AXE, PICTURES

CORPUS = Path(__file__).parents[1] / "corpus"
MANY = 50_000
ROUNDS = 3
WIDE, PHONE = (1280, 900), (390, 844)
NEEDLES = (
    *("asha", "7700 900123", "2025-03", "quaran", "zzzz", "1", "ben car", "mismatch", "900"),
    *("e1", "+44 7700 900 123", "archived", "0a0", "iyer 2024-06", "dana", "01:", "-11", "whole"),
    *("77", ""),
)
FORMS = (
    *("+44 7700 900123", "447700900123", "7700-900-123", "07700 900123", "0044 7700 900123"),
    "900123",
)
"""Usual forms of a number; the last is its end."""
_TIMED = """
const search = document.getElementById("search");
return arguments[0].map((needle) => {
  const began = performance.now();
  search.value = needle;
  search.dispatchEvent(new Event("input", { bubbles: true }));
  return performance.now() - began;
});
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture
def seen(chromium: Browser) -> Iterator[Browser]:
    """Return a browser of a usual window, in which nothing went wrong by the end of a check."""
    chromium.size(*WIDE)
    chromium.scheme("light")
    chromium.console()
    chromium.requested.clear()
    yield chromium
    assert chromium.console() == [], "nothing is on the console"


@pytest.fixture
def alone() -> Iterator[Browser]:
    """Return a browser that has shown nothing yet: pages share a process and its litter."""
    with browser() as one:
        one.size(*WIDE)
        yield one
        assert one.console() == [], "nothing is on the console"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an archive whose recordings have audio, and a page beside it."""
    rows = recordings(1_000)
    audio = tmp_path / "audio.mp3"
    shutil.copy(next(CORPUS.glob("*.mp3")), audio)
    for row in rows:
        assert row.audio is not None
        place = tmp_path / "our archive" / row.audio.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(audio)
    write(tmp_path, subject(rows, address=str(tmp_path / "our archive")))
    return tmp_path


def write(folder: Path, one: Subject, *, shows_numbers: bool = False) -> Path:
    page = folder / "report.html"
    page.write_bytes(page_of(one, page, shows_numbers=shows_numbers))
    return page


def found(seen: Browser) -> str:
    return seen.text("#found").split(";")[0].rstrip(".")


def times(seen: Browser) -> list[str]:
    """Return the first column of the table."""
    cells = "return [...document.querySelectorAll('#table tbody td:first-child')]"
    return list(seen.run(f"{cells}.map((cell) => cell.textContent)"))


def play_state(seen: Browser) -> dict[str, float | bool]:
    """Return how far the player is, once it has played a little or failed."""
    return dict(
        seen.run_async("""
        const [done, audio] = [arguments[0], document.getElementById("audio")];
        const look = () => (audio.currentTime > 0.05 || audio.error
          ? done({ at: audio.currentTime, failed: Boolean(audio.error) }) : setTimeout(look, 10));
        look();
    """)
    )


def typed(seen: Browser, selector: str, text: str) -> None:
    seen.click(selector)
    seen.press(*text)


def test_it_opens_and_asks_for_nothing(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    assert seen.text("h1") == "Call recording archive"
    assert found(seen) == "1,000 recordings"
    assert len(times(seen)) == 100
    assert seen.console() == []
    asked = [address for address in seen.requested if not address.startswith("data:")]
    assert asked == [(folder / "report.html").as_uri()], "the page itself, and no more"


def test_no_request_can_leave_it(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        outcome = seen.run_async(
            "const [address, done] = arguments;"
            "const image = new Image(); image.onerror = () => fetch(address)"
            ".then(() => done('sent'), () => done('refused')); image.src = address;",
            address,
        )
        with pytest.raises(BlockingIOError):
            server.accept()
    assert outcome == "refused"
    told = seen.console()
    assert len(told) >= 2
    assert all("Content Security Policy" in line or "CSP" in line for line in told), told


def test_it_is_searched_and_filtered(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    typed(seen, "#search", "asha rao")
    assert found(seen) == "200 of 1,000 recordings"
    seen.click("#clear")
    seen.run_async("setTimeout(arguments[0], 20)")
    assert found(seen) == "1,000 recordings"
    seen.run(
        "const show = document.getElementById('show'); show.value = 'open:';"
        "show.dispatchEvent(new Event('input'))"
    )
    assert found(seen) == "2 of 1,000 recordings"


def test_a_number_is_found_in_any_usual_form(seen: Browser, tmp_path: Path) -> None:
    seen.open(write(tmp_path, subject(recordings(2_000)), shows_numbers=True))
    for text in FORMS:
        typed(seen, "#search", text)
        assert found(seen) == "2 of 2,000 recordings", text
        seen.click("#clear")


def test_a_number_that_is_masked_is_found_by_what_is_shown(seen: Browser, tmp_path: Path) -> None:
    seen.open(write(tmp_path, subject(recordings(2_000))))
    for text in FORMS[:-1]:
        typed(seen, "#search", text)
        assert int(found(seen).split()[0]) >= 2, text
        cells = "return [...document.querySelectorAll('#table td.caller, #table td.called')]"
        shown = seen.run(f"{cells}.map((cell) => cell.textContent)")
        pairs = zip(shown[::2], shown[1::2], strict=True)
        assert all(one.endswith("123") or other.endswith("123") for one, other in pairs), text
        seen.click("#clear")


def test_it_is_sorted_by_any_column_either_way(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    assert times(seen) == sorted(times(seen), reverse=True), "the newest first"
    seen.click("#table th.at button")
    assert times(seen) == sorted(times(seen))
    seen.click("#table th.length button")
    seen.click("#table th.length button")
    sorts = "return [...document.querySelectorAll('#table th')].map((th) => th.ariaSort)"
    assert seen.run(sorts).count("none") == 8
    assert seen.run(sorts)[1] == "descending"


def test_pages_are_turned_and_counted_for_whoever_listens(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    first = times(seen)
    seen.click("#next")
    assert not {*first} & {*times(seen)}
    rows = "const table = document.getElementById('table');"
    told = seen.run(f"{rows} return [table.ariaRowCount, table.tBodies[0].rows[0].ariaRowIndex]")
    assert told == ["1001", "102"]
    seen.click("#last")
    assert seen.run("return document.getElementById('next').disabled") is True
    assert len(times(seen)) == 100


def test_a_day_is_chosen_and_given_up(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    day = str(seen.run("return document.querySelector('.year:not(.apart) .day').dataset.day"))
    seen.click(f".day[data-day='{day}']")
    assert times(seen)
    assert all(time.startswith(day) for time in times(seen))
    assert seen.run("return document.getElementById('day').value") == day
    seen.click(f".day[data-day='{day}']")
    assert found(seen) == "1,000 recordings"


def test_an_outlier_is_chosen_and_shown(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    seen.click(".outlier .point")
    assert seen.text("#seal strong") == "In quarantine"
    assert "shorter" in seen.text("#seal span")
    assert seen.run("return document.querySelectorAll('#table tr.chosen').length") == 1


def test_the_archived_file_plays_from_a_folder(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    seen.click("#table tbody tr:nth-child(2) button")
    state = play_state(seen)
    assert not state["failed"]
    assert seen.text("#seal strong").startswith("Verified against head 12:")
    played = [address for address in seen.requested if "our%20archive" in address]
    seen.console()
    played += [address for address in seen.requested if "our%20archive" in address]
    assert played
    assert all(address.startswith(("file:", "data:")) for address in seen.requested)


def test_a_file_that_is_gone_takes_the_mark_away(seen: Browser, folder: Path) -> None:
    shutil.rmtree(folder / "our archive")
    seen.open(folder / "report.html")
    seen.click("#table tbody tr:nth-child(2) button")
    assert play_state(seen)["failed"]
    assert seen.text("#seal strong") == "The file can't be opened from here"
    seen.press("Escape")
    assert "good" not in str(seen.run("return document.getElementById('seal').className"))
    seen.click("#table tbody tr:nth-child(3) button")
    play_state(seen)
    assert "good" not in str(seen.run("return document.getElementById('seal').className"))
    assert all("ERR_FILE_NOT_FOUND" in line for line in seen.console()), "the browser's own word"


def test_from_a_bucket_a_command_stands_in_place_of_the_player(
    seen: Browser, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    one = subject(recordings(9), address="s3://calls/2026")
    page.write_bytes(html_page(contents(one, page, shows_numbers=False), plays=False))
    seen.open(page)
    seen.click("#table tbody button")
    assert seen.run("return document.getElementById('audio').hidden") is True
    assert "bucket" in seen.text("#silent")
    seen.click("#more summary")
    assert "archiver get 01000000-" in seen.text("#details")


def test_all_of_it_is_done_by_keys_alone(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    seen.press("Tab")
    assert seen.focused() == "Skip to the recordings"
    seen.press("Enter", "Tab")
    assert seen.focused() == "search"
    seen.press(*"asha")
    assert found(seen) == "200 of 1,000 recordings"
    while not seen.focused().startswith("Play"):
        seen.press("Tab")
    first = seen.focused()
    seen.press("ArrowDown")
    second = seen.focused()
    assert first != second
    seen.press("Enter")
    assert seen.focused() == "audio"
    assert seen.text("#chosen").startswith(second.removeprefix("Play "))
    seen.press("Escape")
    assert seen.focused() == second, "back to where one was"


def test_days_and_outliers_are_reached_by_keys(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    while "October 2026" not in seen.focused():
        seen.press("Tab")
    day = seen.focused()
    seen.press("ArrowUp")
    assert seen.focused() != day
    chosen = seen.run("return document.activeElement.dataset.day")
    seen.press("Enter")
    assert seen.run("return document.getElementById('day').value") == chosen
    seen.press("Enter")
    while "measured" not in seen.focused():
        seen.press("Tab")
    seen.press("ArrowRight", "Enter")
    assert seen.text("#seal strong") == "In quarantine"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_nobody_is_kept_out(
    seen: Browser, folder: Path, scheme: str, size: tuple[int, int], figure: Figure
) -> None:
    seen.size(*size)
    seen.scheme(scheme)
    seen.open(folder / "report.html")
    seen.click("#table tbody tr:nth-child(2) button")
    seen.run("document.getElementById('more').open = true")
    seen.run(AXE.read_text("utf-8"))
    ended = seen.run_async(
        "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',"
        " 'best-practice'] }).then((ended) => arguments[0]({ passes: ended.passes.length,"
        " violations: ended.violations.map((each) => [each.id, each.nodes.map((n) => n.html)]) }))"
    )
    picture(seen, f"{scheme}-{size[0]}")
    assert ended["violations"] == [], json.dumps(ended["violations"], indent=1)
    wide = "return document.documentElement.scrollWidth"
    assert seen.run(wide) <= size[0], "nothing is out of the window"
    name = f"axe-core, {scheme}, {size[0]} pixels wide"
    figure(name, f"{ended['passes']} rules held, 0 violations")


def test_on_paper_are_totals_days_and_findings(seen: Browser, folder: Path) -> None:
    seen.open(folder / "report.html")
    seen.cdp("Emulation.setEmulatedMedia", media="print")
    shown = "return arguments[0].map((s) => document.querySelector(s).getClientRects().length > 0)"
    on_paper = ["#totals", "#calendar", "#findings", ".paper", "#check", ".year.apart"]
    off_paper = ["#table", "#filters", ".pages", "#player", "#years"]
    told = seen.run(shown, on_paper), seen.run(shown, off_paper)
    seen.cdp("Emulation.setEmulatedMedia", media="")
    assert told == ([True] * len(on_paper), [False] * len(off_paper))
    if folder_of_pictures := os.environ.get(PICTURES):
        seen.paper(Path(folder_of_pictures) / "paper.pdf")


def test_hostile_names_stay_text(seen: Browser, tmp_path: Path, figure: Figure) -> None:
    count = "return document.querySelectorAll('body *').length"
    plain = [replace(row, agent="Ann", caller="1", called="2") for row in hostile()]
    seen.open(write(tmp_path, subject(plain, address="s3://calls"), shows_numbers=True))
    elements = seen.run(count)
    seen.open(write(tmp_path, subject(hostile(), address="s3://calls"), shows_numbers=True))
    assert seen.run(count) == elements, "no name has become an element"
    assert str(seen.run("return document.title")).startswith("Archive report: ")
    cells = "return [...document.querySelectorAll('#table td.agent')].map((td) => td.textContent)"
    assert sorted(seen.run(cells)) == sorted(map(printable, HOSTILE))
    for _ in range(3):
        seen.click("#table tbody button")
        seen.press("Escape")
    figure("hostile names", f"{len(HOSTILE)}, elements that they became 0")


def test_a_page_that_was_cut_says_so(seen: Browser, folder: Path) -> None:
    page = folder / "report.html"
    text = page.read_bytes()
    place = text.index(b'id="data">') + 5_000
    page.write_bytes(text[:place] + text[place + 4_000 :])
    seen.open(page)
    assert "damaged" in seen.text("#broken")
    assert seen.run("return document.getElementById('report').hidden") is True
    seen.console()


def test_50_000_recordings_are_a_matter_of_moments(
    alone: Browser, tmp_path: Path, figure: Figure
) -> None:
    page = write(tmp_path, subject(recordings(MANY)), shows_numbers=True)
    usable, late, weighed = [], [], list[int]()
    for number in range(ROUNDS):
        alone.open(page)
        weighed += [] if number else alone.renderers_bytes()
        usable.append(int(alone.run("return document.documentElement.dataset.usable")))
        took = sorted(alone.run(_TIMED, [*NEEDLES]))
        late.append(took[len(took) * 95 // 100])
        weighed += [] if number else alone.renderers_bytes()
    figure("50,000 recordings, usable after", f"{min(usable)} ms")
    figure("50,000 recordings, a filter at p95", f"{min(late):.0f} ms")
    figure("50,000 recordings, the page", f"{page.stat().st_size / 1e6:.1f} MB")
    figure("50,000 recordings, memory of the page's process", f"{max(weighed) / 1e6:.0f} MB")
    assert found(alone) == "50,000 recordings"
    assert page.stat().st_size < 12_000_000
    assert (min(usable) < 2_000, min(late) < 100, max(weighed) < 300_000_000) == (True, True, True)


def picture(seen: Browser, name: str) -> None:
    """Save what is seen, where somebody asked for pictures."""
    if folder := os.environ.get(PICTURES):
        Path(folder).mkdir(parents=True, exist_ok=True)
        seen.picture(Path(folder) / f"{name}-player.png")
        seen.press("Escape")
        seen.picture(Path(folder) / f"{name}.png", whole=True)
