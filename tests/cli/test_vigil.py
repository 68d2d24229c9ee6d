"""What takes long says what it waits for and how far it is; a forecast is not too small."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from archiver.app.opening.portal.media_hosts import WatchedMedia
from archiver.app.opening.portal.portals import WatchedClient
from archiver.cli.screen import vigil
from archiver.cli.screen.progress import Progress
from archiver.cli.screen.vigil import Vigil
from archiver.concurrency.stop import StopToken
from archiver.config.settings import Auth
from archiver.domain.meter import Meter
from archiver.domain.recordings import Report
from archiver.media.allow_list import AllowList
from archiver.media.transfer import Transfer
from archiver.portal.exchange import PortalRoute
from archiver.portal.rate_limiter import Limiter
from archiver.portal.wire.answers import parse_page
from archiver.pull import events
from archiver.pull.budget.forecast import forecast, rest_s
from archiver.sandbox import Encoding, Sandbox, World
from archiver.secret import Secret
from archiver.store.base import FreeSpace
from archiver.store.local.local_store import LocalStore
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.media.scripted import Answer, Asked, Scripted, whole
from tests.portal.quick import ASK, portal
from tests.portal.quick import TOKEN as PORTAL_TOKEN

DAY = datetime(2021, 4, 6, tzinfo=UTC)
ON_DAY = ("--day", "2021-04-06")


class Watched:
    """A vigil whose lines are kept, by a clock that is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.vigil = Vigil(self.lines.append, lambda: self.now)

    def at(self, *seconds: float) -> list[str]:
        """Look at these seconds; return what was told."""
        self.lines.clear()
        for self.now in seconds:
            self.vigil.look()
        return [*self.lines]


def test_what_lasts_is_told_after_two_seconds_and_once_a_minute(figure: Figure) -> None:
    watched = Watched()
    with watched.vigil.over("waiting for the portal", lambda: "3 requests"):
        assert watched.at(0.5, 1.9) == []
        assert watched.at(2.0) == ["waiting for the portal, for 2.0 s by now: 3 requests"]
        assert watched.at(2.5, 30, 61.9) == []
        assert watched.at(62.5) == ["waiting for the portal, for 1:02 by now: 3 requests"]
    assert watched.at(600) == []
    figure("R9", "told after 2 s, then once a minute, then no more")


def test_what_many_wait_for_is_told_once() -> None:
    watched = Watched()
    with watched.vigil.over("waiting for audio"), watched.vigil.over("waiting for audio"):
        assert watched.at(3) == ["waiting for audio, for 3.0 s by now"]


def test_what_is_quick_is_not_told() -> None:
    watched = Watched()
    for second in range(9):
        watched.now = second
        with watched.vigil.over("waiting for the portal"):
            assert watched.at(second + 1) == []


@pytest.mark.parametrize(
    ("meter", "seconds", "text"),
    [
        (Meter(), 0, "0 of 0 recordings, 0 B"),
        (Meter(total=9), 5, "0 of 9 recordings, 0 B, 0 B/s"),
        (
            Meter(total=400, done=300, worked=50, bytes=5_000_000),
            10,
            "300 of 400 recordings, 5.0 MB, 500.0 kB/s, about 20.0 s left",
        ),
        (
            Meter(total=9, done=9, worked=9, bytes=900),
            9,
            "9 of 9 recordings, 900 B, 100 B/s",
        ),
    ],
)
def test_progress_has_total_bytes_rate_and_time_left(
    meter: Meter, seconds: float, text: str, figure: Figure
) -> None:
    assert meter.of_recordings(seconds) == text
    figure("R9", text)


def test_who_waits_for_his_turn_does_not_blame_the_portal(figure: Figure) -> None:
    watched = Watched()

    def wait(pause: float) -> None:
        told.extend(watched.at(watched.now + pause))

    told: list[str] = []
    limiter = Limiter(10, clock=lambda: watched.now, wait=wait)
    with portal() as served:
        client = WatchedClient(
            PortalRoute(served.endpoint),
            Secret(PORTAL_TOKEN),
            auth=Auth.HEADER,
            limiter=limiter,
            wait=wait,
            check=bool,
        )
        client.watch(watched.vigil.over, "portal.example", 10)
        with client:
            for _ in range(3):
                client.fetch((ASK,))
    (line,) = told
    assert line.startswith("asking the portal at portal.example, for 6.7 s by now: 2 requests")
    assert line.endswith("the next one has its turn later: 10 a minute (--rate)")
    figure("R9", line)


def test_a_transfer_has_total_rate_and_time_left(figure: Figure) -> None:
    lines: list[str] = []
    details: list[Callable[[], str]] = []

    def over(what: str, detail: Callable[[], str]) -> AbstractContextManager[None]:
        lines.append(what)
        details.append(detail)
        return nullcontext()

    def script(_asked: Asked) -> Answer:
        return whole(b"x" * 200_000)

    transfer = Transfer(1_000_000)
    with Scripted(script) as server:
        hosts = AllowList.of(f"{server.url}/api/v2/", [])
        with WatchedMedia(hosts, StopToken()) as media:
            media.watch(over, 20_000)
            media.fetch(transfer, Secret(f"{server.url}/a.mp3"), io.BytesIO())
    assert lines == ["fetching audio from 127.0.0.1"]
    assert re.fullmatch(
        r"200.0 kB of 200.0 kB, .*B/s, tried 1 time, at most 20.0 kB/s \(--bwlimit\)", details[0]()
    )
    transfer.offset = 50_000
    assert re.search(r"50.0 kB of 200.0 kB, .*B/s, about .* left, tried 1 time", details[0]())
    figure("R9", f"get: {details[0]()}")


@pytest.mark.parametrize(
    ("rate", "done", "left", "seconds", "requests"),
    [(500, 5, 150, 0.02, 10), (60, 5, 36, 0.5, 5), (60_000, 5, 95, 30.0, 10)],
)
def test_the_rest_is_foretold_by_the_limit_too(  # noqa: PLR0913, PLR0917 - one table's columns
    rate: int, done: int, left: int, seconds: float, requests: int, figure: Figure
) -> None:
    """What is sent meanwhile by a clock that is set takes no longer than was foretold."""
    now = [0.0]

    def wait(pause: float) -> None:
        now[0] += pause

    limiter = Limiter(rate, clock=lambda: now[0], wait=wait)
    foretold = rest_s(done, left, seconds, requests, limiter.interval)
    for _ in range(requests):
        limiter.acquire()
    began = now[0]
    for _ in range(left * requests // done):
        limiter.acquire()
    took = max(now[0] - began, left * seconds / done)
    assert took <= foretold * 1.01
    assert foretold <= took * 1.3
    figure(
        "R9", f"{left} days at {rate} requests a minute: {foretold:.0f} s foretold, {took:.0f} s"
    )


@pytest.mark.parametrize(
    ("recordings", "days", "least", "most"), [(3, 27, 60, 90), (20, 27, 60, 90), (300, 9, 28, 45)]
)
def test_a_listing_of_mostly_empty_days_is_not_foretold_too_short(
    recordings: int, days: int, least: int, most: int, figure: Figure
) -> None:
    """A pull of that many days of a portal, counted: its listing took between these requests."""
    rows = json.dumps([{"id": f"{n}", "duration": 9} for n in range(min(recordings, 15))])
    served = f'"total": {recordings}, "per_page": 15, "current_page": 1, "data": {rows}'
    page = parse_page(f'{{"status": "OK", "data": {{{served}}}}}'.encode(), Report.RECORDINGS)
    foretold = forecast(days, page, 1.0, 1, None).listing_s
    assert least <= foretold <= most
    figure("R9", f"{recordings} recordings on {days} days: {foretold:.0f} requests foretold")


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (None, ["if each is as long as the newest; the listing"]),
        (90_000_000, ["if each is as long as the newest; 90.0 MB are free; the listing"]),
        (41_000_000, ["41.0 MB are free", "more than the disk has room for", "exit code 4"]),
        (9_000_000, ["9.0 MB are free", "more than the disk has room for", "exit code 4"]),
    ],
)
def test_a_forecast_is_held_against_what_is_free(
    free: int | None, said: list[str], capsys: pytest.CaptureFixture[str], figure: Figure
) -> None:
    with Progress(quiet=False) as shown:
        shown(events.Forecast(90, 4000, 10_000_000, 12.0, free))
    told = capsys.readouterr().err
    assert all(each in told for each in said), told
    is_warned = "more than the disk" in told
    assert is_warned is (free in {41_000_000, 9_000_000})
    figure("R9", f"10 MB foretold, {free} free: warned {is_warned}")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    world = World(seed=6)
    last = DAY + timedelta(hours=9)
    world.add(count=40, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(1,))
    with Sandbox(world, token=TOKEN) as sandbox:
        sandbox.faults = replace(sandbox.faults, report_latency=0.03)
        yield sandbox


@pytest.mark.parametrize("free", [10, 10**9])
def test_what_it_would_come_to_is_held_against_what_is_free(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, figure: Figure
) -> None:
    monkeypatch.setattr(LocalStore, "free", lambda _store: FreeSpace(free))
    desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
    ran = desk.run("pull", *ON_DAY, "--dry-run")
    assert ran.code == 0
    assert ("more than the disk has room for: 10 B are free" in ran.err) is (free == 10)
    assert not tmp_path.joinpath("archive").exists()
    figure("R9", f"--dry-run, {free} bytes free: warned {free == 10}")


def test_a_dry_run_tells_no_time_that_the_limit_on_requests_forbids(
    sandbox: Sandbox, tmp_path: Path, figure: Figure
) -> None:
    """By the requests that it took itself, twice where the call log is archived as well."""
    desk = Desk(sandbox, tmp_path, {"ARCHIVER_RATE": "1000"})
    took: list[float] = []
    for more in ([], ["--no-calls"]):
        before = sandbox.counts["recordings"]
        ran = desk.run("pull", *ON_DAY, "--dry-run", "--json", "--bwlimit", "100k", *more)
        told, sent = json.loads(ran.out), sandbox.counts["recordings"] - before
        least = sent * Limiter(1000, clock=float, wait=bool).interval * (1 if more else 2)
        assert told["estimated_listing_s"] >= round(least, 1)
        assert told["estimated_audio_s"] == round(told["estimated_bytes"] / 100_000, 1)
        took.append(told["estimated_listing_s"])
    assert took[0] > took[1]
    figure("R9", f"--dry-run, {sent} requests: {took[0]} s with calls, {took[1]} s without")


@pytest.mark.parametrize(("first", "days"), [("2021-04-05", 2), ("2021-03-24", 14)])
def test_a_first_run_of_some_days_says_what_it_will_come_to(
    sandbox: Sandbox, tmp_path: Path, first: str, days: int, figure: Figure
) -> None:
    """Not the runs after it: what they bring is little."""
    desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
    words = ("pull", "--since", first, "--until", "2021-04-06", "--bwlimit", "50M")
    told = [desk.run(*words).err for _ in range(2)]
    assert f"{days} days to archive: 40 recordings, about " in told[0]
    assert re.search(r"the listing alone takes .* s, the audio 0\.\d s at 50\.0 MB/s", told[0])
    assert "to archive" not in told[1]
    figure("R9", f"a first run of {days} days: foretold, the second not")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a moment be long."""
    monkeypatch.setattr(vigil, "FIRST_S", 0.0)
    monkeypatch.setattr(vigil, "LOOK_S", 0.001)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("list", *ON_DAY),
            r"Asking the portal at 127.0.0.1:\d+, for 0.\d s by now: \d+ requests? so far, 0 of",
        ),
        (("get", *ON_DAY, "--all", "-o", "calls/"), r"Asking the portal at 127.0.0.1"),
        (("pull", *ON_DAY), r"Asking the portal at 127.0.0.1"),
        (
            ("reconcile", *ON_DAY, "--portal"),
            r"Listing calls, for 0.\d s by now: \d+ calls, \d+ requests",
        ),
        (("verify", "--read"), r"Checking the archive, for 0.\d s by now"),
    ],
)
def test_every_command_says_what_it_waits_for(  # noqa: PLR0913, PLR0917 - fixtures
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
    figure: Figure,
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
    if words[0] in {"reconcile", "verify"}:
        desk.run("pull", *ON_DAY, "-q")
    ran = desk.run(*words)
    assert re.search(said, ran.err), ran.err
    assert desk.leaks() == []
    figure("R9", f"{words[0]}: {said[:11]}… said")


@pytest.mark.usefixtures("impatient")
def test_whoever_asked_for_silence_gets_it(sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
    ran = desk.run("pull", *ON_DAY, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.usefixtures("impatient")
def test_it_is_a_line_of_a_log_in_json_too(sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})
    ran = desk.run("pull", *ON_DAY, "--log-format", "json")
    assert all(line.startswith("{") for line in ran.err.splitlines())
    assert '"event": "waiting"' in ran.err


def test_the_vigil_of_a_command_ends_with_it() -> None:
    @click.command()
    def command() -> Callable[[], None]:
        return vigil.of_command().look

    with command.make_context("command", []) as context:
        kept = vigil.of_command()
        assert vigil.of_command() is kept
        assert context.meta
    assert kept._ended.is_set()  # noqa: SLF001 - nobody else may ask
