"""Who is told how a run went: pings, metrics and a log in JSON."""

import json
import os
import re
import signal
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from unittest import mock

import pytest
import time_machine
from msgspec.structs import replace

from archiver.cli.download import pull
from archiver.domain.outcomes import FINDING_KINDS
from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY
from archiver.errors import DestinationError
from archiver.manifest.journal import Journal
from archiver.notify import metrics
from archiver.notify.ping import Pings
from archiver.notify.run_report import RunReport
from archiver.overview.archive_status import is_unusual, silent_days, status_of
from archiver.pull import dispatch
from archiver.pull.plan import divide
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.archives import MORNING as FILLED
from tests.archives import fill
from tests.catalogs import opened
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure
from tests.pings import CHECK, Check
from tests.pulls import DAY as MORNING
from tests.pulls import DEADLINE, Archive

SAMPLE = re.compile(
    r'(?P<name>[a-z_]+)\{(?P<labels>(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (?P<value>-?[0-9]+)'
)


def read(text: str) -> dict[str, int]:
    """Return the samples of an exposition; every line must be of its format, each family once."""
    samples: dict[str, int] = {}
    families = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            families.append(name)
            assert next(lines) == f"# TYPE {name} gauge"
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert match["name"] == families[-1]
        samples[f"{match['name']}{{{match['labels']}}}"] = int(match["value"])
    assert len(families) == len(set(families))
    assert text.endswith("\n")
    return samples


NOW = MORNING + timedelta(days=1, hours=3)


class Job:
    """A nightly job with a check and a metrics file."""

    def __init__(self, sandbox: Sandbox, home: Path, check: Check) -> None:
        self.sandbox, self.home, self.check = sandbox, home, check
        self.file = home / "archiver.prom"

    def desk(self, **environ: str) -> Desk:
        told = {"ARCHIVER_PING_URL": self.check.url, "ARCHIVER_METRICS": str(self.file)}
        return Desk(self.sandbox, self.home, {**told, **environ})

    def pull(self, *words: str, **environ: str) -> Ran:
        with time_machine.travel(NOW, tick=False):
            return self.due("--since", f"{MORNING:%Y-%m-%d}", *words, **environ)

    def due(self, *words: str, **environ: str) -> Ran:
        ran = self.desk(**environ).run("pull", "-a", str(self.home / "archive"), *words)
        assert CHECK not in ran.err + ran.out
        return ran

    @property
    def metrics(self) -> dict[str, int]:
        return read(self.file.read_text())

    @property
    def archive(self) -> str:
        return str(Journal(LocalStore(self.home / "archive")).archive().archive)

    @property
    def head(self) -> str:
        return str(Journal(LocalStore(self.home / "archive")).head())


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    world = World(seed=4)
    last = MORNING + timedelta(hours=20)
    world.add(count=3, first=MORNING, last=last, kinds=(Encoding.BARE,), seconds=(1, 2))
    with Sandbox(world, token=TOKEN) as sandbox, Check() as check:
        yield Job(sandbox, tmp_path, check)


def test_a_clean_run(job: Job, figure: Figure) -> None:
    before = NOW.timestamp()
    assert job.pull("-q").code == 0
    assert job.check.kinds == ["start", "0"]
    assert len(job.check.runs) == 1, "start and end belong together"
    _, body = job.check.heard[-1]
    assert body.startswith("3 listed: 3 archived. Findings: 0 new, 0 open.")
    assert body.endswith(f"Head: {job.head}\n")
    told = job.metrics
    assert told["archiver_last_run_exit_code{}"] == 0
    assert told["archiver_last_clean_run_timestamp_seconds{}"] >= before
    assert told['archiver_recordings{outcome="archived"}'] == 3
    assert told["archiver_head_number{}"] == 2, "the first names the start"
    assert told["archiver_portal_requests{}"] > 0
    assert stat.S_IMODE(job.file.stat().st_mode) == 0o644
    assert [path.name for path in job.home.glob(".archiver.prom*")] == []
    figure("told", f"clean: pings {job.check.kinds}, {len(told)} samples")


def test_a_run_with_findings(job: Job) -> None:
    first, *_ = job.sandbox.world.recordings
    job.pull()
    clean_at = job.metrics["archiver_last_clean_run_timestamp_seconds{}"]
    job.sandbox.world.edit(first.id, duration="00:09:59")
    assert job.pull().code == 3
    assert job.check.kinds[2:] == ["start", "3"]
    assert job.metrics['archiver_findings_open{verdict="duration_mismatch"}'] == 1
    assert job.metrics["archiver_last_run_exit_code{}"] == 3
    assert job.metrics["archiver_last_clean_run_timestamp_seconds{}"] == clean_at


def test_what_holds_of_the_archive_outlives_a_run_that_is_stopped(job: Job, figure: Figure) -> None:
    first, *_ = job.sandbox.world.recordings
    job.sandbox.world.edit(first.id, duration="00:09:59")
    job.pull()
    (archive,) = (name for name in job.metrics if name.startswith("archiver_archive_info"))
    assert archive == f'archiver_archive_info{{archive="{job.archive}"}}'
    assert job.pull(ARCHIVER_TOKEN="revoked").code == 4  # noqa: S106 - none that would be taken
    told = job.metrics
    assert told["archiver_last_run_exit_code{}"] == 4
    assert told['archiver_findings_open{verdict="duration_mismatch"}'] == 1
    assert told["archiver_head_number{}"] == 2, "the first names the start"
    assert archive in told
    assert "archiver_findings_new{}" not in told, "that is of the run"
    reason = ("--reason", "listened to it: it is whole")
    assert job.desk().run("accept", first.id, "-a", str(job.home / "archive"), *reason).code == 0
    assert job.pull().code == 0
    open_ = {name: n for name, n in job.metrics.items() if "open" in name}
    assert {name.partition("{")[0] for name in open_} == {"archiver_findings_open"}, "one name"
    assert len(open_) == len(FINDING_KINDS)
    assert sum(open_.values()) == 0, "a sum is 0, not absent, where nothing is open"
    figure("R17", f"open findings: 1 metric, {len(open_)} kinds, sum 0")


def test_a_run_that_is_refused(job: Job) -> None:
    assert job.pull(ARCHIVER_TOKEN="revoked").code == 4  # noqa: S106 - none that would be taken
    assert job.check.kinds == ["start", "4"]
    assert "refused the token" in job.check.heard[-1][1]
    assert job.metrics["archiver_last_run_exit_code{}"] == 4
    assert "archiver_last_clean_run_timestamp_seconds{}" not in job.metrics


def test_a_run_that_is_asked_to_stop(job: Job) -> None:
    def ask(*_: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return mock.DEFAULT

    with mock.patch.object(dispatch, "divide", wraps=divide, side_effect=ask):
        assert job.pull().code == 130
    assert job.check.kinds == ["start", "130"]
    assert f"Head: {job.head}" in job.check.heard[-1][1]
    assert job.metrics["archiver_last_run_exit_code{}"] == 130


def test_a_run_that_is_asked_to_stop_while_it_pings(job: Job) -> None:
    with mock.patch.object(Pings, "start", side_effect=KeyboardInterrupt):
        assert job.pull().code == 130
    assert job.check.kinds == ["130"]
    assert job.metrics["archiver_last_run_exit_code{}"] == 130


def test_a_run_that_nobody_reads_goes_on(job: Job, figure: Figure) -> None:
    told = {"ARCHIVER_PING_URL": job.check.url, "ARCHIVER_METRICS": str(job.file)}
    since = ("--since", "today", "--rate", "60000")
    with Archive(job.sandbox, job.home / "archive", told, since).pulling() as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(DEADLINE) == 0
    assert job.check.kinds == ["start", "0"]
    assert job.metrics["archiver_last_run_exit_code{}"] == 0
    figure("R1", "a log whose reader went away: exit 0, pings ['start', '0']")


def test_a_run_whose_result_is_lost_is_no_success(job: Job) -> None:
    lost = DestinationError("The result can't be written to stdout: No space left on device.")
    with mock.patch.object(pull, "print_document", side_effect=lost):
        assert job.pull("--json").code == 4
    assert job.check.heard == [("start", ""), ("4", f"{lost}\n")]
    assert job.metrics["archiver_last_run_exit_code{}"] == 4
    assert job.pull("--json").code == 0
    assert job.check.kinds[2:] == ["start", "0"]


def test_a_run_that_meets_a_bug(job: Job) -> None:
    with (
        mock.patch.object(dispatch, "divide", side_effect=KeyError("447700900123")),
        pytest.raises(KeyError),
    ):
        job.pull()
    assert job.check.heard == [("start", ""), ("1", "A bug in archiver: KeyError.\n")]
    assert job.metrics["archiver_last_run_exit_code{}"] == 1


def test_a_ping_that_fails_fails_nothing(job: Job, tmp_path: Path) -> None:
    with Check(500, 200, 500) as check:
        job.check = check
        ran = job.pull()
    assert ran.code == 0
    assert check.kinds == ["start", "start", "0", "0"], "each is tried twice"
    assert ran.err.count("The ping to 127.0.0.1 failed: the answer was 500.") == 1
    ran = job.pull("-q")
    assert ran.code == 0
    assert ran.err.count("The ping to 127.0.0.1 failed: no connection.") == 2
    job.file = tmp_path / "nowhere" / "archiver.prom"
    ran = job.pull()
    assert ran.code == 0
    assert "can't be written: No such file or directory." in ran.err


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("PING_URL", "hc-ping.com/x", "must be https://"),
        ("PING_URL", "https://hc-ping.com/x?secret=1", "without a query"),
        ("PING_URL", "https://user:secret@hc-ping.com/x", "without a query, user name"),
        ("PING_URL", "https://.hc-ping.com/x", "must be https://"),
        ("METRICS", "/tmp/archiver.txt", "must end in .prom"),  # noqa: S108 - nothing is written
        ("LOG_FORMAT", "xml", "must be one of text, json"),
    ],
)
def test_settings_that_cannot_be(job: Job, setting: str, value: str, message: str) -> None:
    ran = job.pull(**{f"ARCHIVER_{setting}": value})
    assert ran.code == 2
    assert message in ran.err
    assert "hc-ping" not in ran.err


def test_a_log_in_json_is_an_object_a_line(job: Job) -> None:
    first, *_ = job.sandbox.world.recordings
    job.sandbox.world.edit(first.id, duration="00:09:59")
    lines = [json.loads(line) for line in job.pull("--log-format", "json").err.splitlines()]
    assert [line["event"] for line in lines] == [
        "start_named",
        "forecast",
        "began",
        "finding",
        "summary",
        *["summary_more"] * 4,
    ]
    finding, summary = lines[3:5]
    assert (finding["id"], finding["verdict"]) == (first.id, "duration_mismatch")
    assert summary["outcomes"]["quarantined"] == 1
    assert summary["head"]["number"] == 2
    now = NOW
    for line in lines:
        assert line["time"].endswith("Z")
        assert timedelta() <= now - datetime.fromisoformat(line["time"]) < timedelta(minutes=1)

    told = job.pull(ARCHIVER_LOG_FORMAT="json", ARCHIVER_TOKEN="revoked").err.splitlines()  # noqa: S106 - none that would be taken
    error = next(line for line in map(json.loads, told) if line["event"] == "error")
    assert error["exit_code"] == 4
    assert "refused the token" in error["text"]


def test_labels_are_escaped() -> None:
    told = RunReport(datetime(2026, 1, 2, tzinfo=UTC), 3, "", unsettled_since=date(2026, 1, 1))
    text = metrics.render(told, "", {"account": 'a"b\\c\nd'})
    assert read(text)[r'archiver_last_run_exit_code{account="a\"b\\c\nd"}'] == 3
    assert (
        read(text)[r'archiver_unsettled_since_timestamp_seconds{account="a\"b\\c\nd"}']
        == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    )


def test_a_run_that_finds_silence_says_so(tmp_path: Path) -> None:
    world = World(seed=5)
    for number in range(29):
        day = MORNING + number * DAY
        world.add(count=1, first=day, last=day + DAY / 2, kinds=(Encoding.BARE,), seconds=(1, 1))
    with (
        Sandbox(world, token=TOKEN) as sandbox,
        Check() as check,
        time_machine.travel(MORNING + 34 * DAY, tick=False),
    ):
        job = Job(sandbox, tmp_path, check)
        job.due("--since", f"{MORNING:%Y-%m-%d}", "--no-calls")
        ran = job.due("--no-calls")
        assert ran.code == 0, "it is told, and no finding"
        assert "Nothing new for 5 whole days, where there used to be recordings" in ran.err
        assert job.metrics["archiver_silence_alarm{}"] == 1
        kind, body = check.heard[-1]
        assert kind == "0"
        assert "\nNothing new for 5 whole days" in body
        told = json.loads(job.due("--no-calls", "--json").out)
        assert (told["silent_days"], told["silence_is_new"], told["exit_code"]) == (5, True, 0)
        assert "Nothing new" not in job.due("--no-calls", ARCHIVER_SILENT_DAYS="6").err
        assert job.metrics["archiver_silence_alarm{}"] == 0
        assert job.metrics["archiver_silent_days{}"] == 5


TODAY = date(2026, 3, 2)


def calls(pattern: str) -> dict[date, int]:
    """Return counts of the days before today: ``x`` had recordings; the last is yesterday."""
    last = TODAY - DAY
    return {last - number * DAY: 7 for number, day in enumerate(reversed(pattern)) if day == "x"}


@pytest.mark.parametrize(
    ("pattern", "silent", "alarm"),
    [
        ("xxxxx  " * 4 + "xxxxx", 0, False),
        ("xxxxx  " * 4 + "xxxxx  ", 2, False),
        ("xxxxx  " * 4 + "xxxxx    ", 4, True),
        ("xxxxx  " * 4 + "xxxxx                 ", 17, True),
        ("xx    x" * 5 + "    ", 4, False),
        ("x" * 8 + "    ", 4, False),
        ("x" * 20 + "    ", 4, False),
        ("x" * 28 + "    ", 4, True),
        ("x   " * 9, 3, False),
        ("", None, False),
    ],
)
def test_silence_is_told_where_it_is_new(pattern: str, silent: int | None, alarm: bool) -> None:  # noqa: FBT001 - a case
    counts = calls(pattern)
    assert silent_days(counts, TODAY) == silent
    assert is_unusual(counts, TODAY, 4) is alarm
    assert not is_unusual(counts, TODAY, 0)


def test_a_silence_is_told_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    store, catalog = LocalStore(tmp_path / "archive"), opened(tmp_path / "catalog")
    with store.exclusive():
        fill(store, manifests=29)
    catalog.follow(Journal(store))
    since, newest = FILLED.date(), FILLED.date() + 28 * DAY
    for passed in (31, 32, 56, 57, 400):
        today = newest + (passed + 1) * DAY
        so_far = replace(catalog.days.so_far(Report, today), since=since)
        now = datetime.combine(today, time(12))
        for limit in (4, 28):
            state = status_of("a", so_far, now, limit)
            assert (state.silent_days, state.alarm) == (passed, passed >= limit)


def test_a_window_of_the_past_says_nothing_to_who_watches_the_nights(job: Job) -> None:
    assert job.due("--day", f"{MORNING:%Y-%m-%d}").code == 0
    assert job.check.heard == []
    assert not job.file.exists()
    named = job.home / "named.prom"
    assert job.due("--day", f"{MORNING:%Y-%m-%d}", "--metrics", str(named)).code == 0
    assert read(named.read_text())["archiver_last_run_exit_code{}"] == 0


def watched(job: Job, *words: str) -> Ran:
    """Archive what is due by a settings file that names an archive, and who watches it."""
    file = job.home / "own.toml"
    named = job.home / "archive"
    telling = f'ping_url = "{job.check.url}"\nmetrics = "{job.file}"\n'
    file.write_text(f'archive = "{named}"\n{telling}')
    since = f"{MORNING:%Y-%m-%d}"
    with time_machine.travel(NOW, tick=False):
        return Desk(job.sandbox, job.home).run(
            "pull", "--config", str(file), *words, "--since", since
        )


def test_another_archive_says_nothing_to_who_watches_the_one_in_the_file(job: Job) -> None:
    other = str(job.home / "other")
    assert watched(job, "-a", other).code == 0
    assert job.check.heard == []
    assert not job.file.exists()
    named = job.home / "named.prom"
    assert watched(job, "-a", other, "--metrics", str(named)).code == 0
    assert read(named.read_text())["archiver_last_run_exit_code{}"] == 0


def test_the_archive_in_the_file_is_watched_however_it_is_named(job: Job) -> None:
    (job.home / "link").symlink_to(job.home / "archive")
    (job.home / "archive").mkdir()
    assert watched(job, "-a", str(job.home / "link")).code == 0
    assert job.check.kinds == ["start", "0"]
    assert job.metrics["archiver_last_run_exit_code{}"] == 0
