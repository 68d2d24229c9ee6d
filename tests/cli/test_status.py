"""``archiver status``: where an archive stands, told by the archive alone."""

import json
import shlex
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import time_machine
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from archiver.app.handover.status_document import next_of
from archiver.app.keeping.erase import EraseRequest, erase
from archiver.cli.main import cli
from archiver.domain.layout import PRIVATE, manifest_key
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.domain.retention import Period
from archiver.domain.times.window import DAY
from archiver.errors import StopRun
from archiver.filters.request import FilterRequest
from archiver.manifest.journal import Journal
from archiver.manifest.model import FindingCounts, Manifest
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import AskedWindow, Backlog
from archiver.manifest.state import RecordingState
from archiver.overview.provider_time import provider_time
from archiver.pull.call_log import CallLog
from archiver.pull.intake import Intake
from archiver.store.base import Store
from archiver.store.local import LocalStore
from archiver.store.local.folder_clearing import FolderClearing
from tests.archives import MORNING, PORTAL, fill, manifest_of, row, store_one
from tests.catalogs import opened
from tests.cli.conftest import Run
from tests.cli.desk import unplaced
from tests.cli.test_find import HEAD, Killed
from tests.conftest import Figure
from tests.copy.copies import vault
from tests.nights import Month, month, shape

__all__ = ["month", "shape"]

NIGHT = datetime(2026, 3, 4, 3, tzinfo=UTC)
REASON = ("--reason", "listened to it", "--by", "ann")


@pytest.fixture
def archive(root: Path, tmp_path: Path) -> Path:
    """Return a copy of an archive of three days, with two open findings."""
    return Path(shutil.copytree(root / "tests/archives_of/november_2026", tmp_path / "archive"))


def told(out: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(out)
    return document


def schema(root: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads((root / "manifests/status.schema.json").read_bytes()))


def test_it_says_where_the_archive_stands(archive: Path, root: Path, run: Run) -> None:
    before = {path for path in archive.rglob("*") if PRIVATE not in str(path)}
    with time_machine.travel(NIGHT, tick=False):
        code, out, err = run("status", "--json", "-a", str(archive))
        words = run("status", "-a", str(archive))[1]
    state = told(out)
    assert [*schema(root).iter_errors(state)] == []
    assert (code, err, state["exit_code"]) == (3, "", 3)
    assert f"{state['head']['number']}:{state['head']['sha256']}" == HEAD
    run_ = state["last_run"]
    assert (run_["manifest"], run_["closed"], run_["accounted"]) == (5, True, True)
    assert (state["running"], state["cut_off"], state["unproven_days"]) == (False, False, [])
    assert (state["since"], state["settled_until"]) == ("2026-03-01", None)
    assert state["due"] == {"days": 4, "oldest": "2026-03-01"}
    assert state["findings"]["by_kind"] == [
        {"kind": "duration_mismatch", "count": 1, "oldest": "2026-03-01T10:00:00"},
        {"kind": "gone", "count": 1, "oldest": "2026-03-02T09:00:00"},
    ]
    assert (state["newest"], state["silent_days"]) == ("2026-03-03T10:00:00", 0)
    assert (state["held"]["recordings"], state["held"]["unmeasured"]) == (8, 0)
    assert state["held"]["ms"] == 1008 + 3024 + 11016 + 4032 + 5976 + 6984 + 7992 + 9000
    assert "Findings:  2 open: 1 duration_mismatch (oldest 2026-03-01), 1 gone" in words
    assert f"Head:      {HEAD}" in words
    assert {path for path in archive.rglob("*") if PRIVATE not in str(path)} == before


def test_every_finding_is_listed_with_its_next_command(archive: Path, root: Path, run: Run) -> None:
    with time_machine.travel(NIGHT, tick=False):
        code, out, _ = run("status", "--findings", "--json", "-a", str(archive))
        words = unplaced(run("status", "--findings", "-a", str(archive))[1])
    listed = told(out)["listed"]
    assert [*schema(root).iter_errors(told(out))] == []
    assert (code, [(each["kind"], each["day"]) for each in listed]) == (
        3,
        [("gone", "2026-03-02"), ("duration_mismatch", "2026-03-01")],
    )
    for each in listed:
        name, *arguments = shlex.split(each["command"])[1:]
        command = cli.get_command(None, name)  # type: ignore[arg-type]  # it asks nothing of its context
        assert command is not None
        assert command.make_context(name, arguments).params
        assert each["id"] in each["command"]
        assert f" -a {shlex.quote(str(archive))} " in each["command"], "typed as it stands"
        told_of = {**each, "command": unplaced(each["command"])}
        assert all(told_of[part] in words for part in ("id", "day", "reason", "command"))


def test_what_was_accepted_is_open_no_more(archive: Path, run: Run) -> None:
    with time_machine.travel(NIGHT, tick=False):
        accept_all(archive, run)
        code, out, _ = run("status", "-a", str(archive))
    assert (code, "Findings:  none open" in out) == (0, True)
    assert "Last run:  2026-03-04 02:30:00 UTC, complete" in out


def test_the_example_fits_its_schema(root: Path) -> None:
    example = told((root / "manifests/status.example.json").read_text("utf-8"))
    assert [*schema(root).iter_errors(example)] == []
    for name in example.keys() - {"listed"}:
        assert not schema(root).is_valid({k: v for k, v in example.items() if k != name}), name


def accept_all(archive: Path, run: Run) -> None:
    listed = told(run("status", "--findings", "--json", "-a", str(archive))[1])["listed"]
    ids = [each["id"] for each in listed]
    assert run("accept", *ids, *REASON, "-a", str(archive))[0] == 0


def ended(store: Store, change: Callable[[Manifest], Manifest] = lambda manifest: manifest) -> None:
    """Append a run to a store's archive, its manifest changed."""
    journal = Journal(store)
    build = manifest_of(journal.create_or_open(PORTAL).archive, [store_one(store, row("9"))])

    def changed(below: Head | None) -> Manifest:
        return change(build(below))

    journal.append(changed)


def unproven(manifest: Manifest) -> Manifest:
    """Return a manifest of a run none of whose listings is proven."""
    return replace(manifest, windows=tuple(replace(w, proven=False) for w in manifest.windows))


@pytest.mark.parametrize(
    ("change", "said", "code"),
    [
        (lambda m: m, "complete (1 archived); nothing needed attention", 0),
        (lambda m: replace(m, run=replace(m.run, closed=False)), "cut off before its end", 3),
        (
            lambda m: replace(m, doubts=("clocks differ",), clean=False),
            "doubtful: clocks differ",
            3,
        ),
        (lambda m: replace(m, accounted=False), "its listing is not proven", 3),
        (
            lambda m: replace(m, findings=FindingCounts(0, 2), clean=False),
            "complete (1 archived); findings were open\n",
            0,
        ),
        (lambda m: replace(m, clean=False), "complete (1 archived); not all of it was done\n", 3),
        (
            lambda m: replace(m, clean=False, behind=True),
            "complete (1 archived); earlier days were left: run archiver pull --since DATE, once\n",
            3,
        ),
        (
            lambda m: replace(m, clean=False, behind=True, since=date(2019, 6, 11)),
            "complete (1 archived); earlier days were left: run archiver pull without a window\n",
            3,
        ),
        (
            lambda m: replace(m, accounted=False, clean=False, behind=True),
            "ended by its budget; what that leaves may be lost\n",
            3,
        ),
        (
            lambda m: replace(unproven(m), accounted=False, clean=False, behind=True),
            "stopped early, or its listing is not proven: run archiver pull again\n",
            3,
        ),
        (
            lambda m: replace(m, outcomes={**m.outcomes, Outcome.FAILED: 1}, clean=False),
            "complete (1 archived, 1 failed); 1 recording could not be fetched\n",
            3,
        ),
        (
            lambda m: replace(m, outcomes={**m.outcomes, Outcome.FAILED: 1}),
            "complete (1 archived, 1 failed); nothing needed attention\n",
            0,
        ),
    ],
    ids=[
        *("ended", "cut off", "doubtful", "not accounted", "findings", "not clean", "left behind"),
        "left behind, answering",
        *("falls behind", "falls behind, unproven", "failed", "accepted"),
    ],
)
def test_how_the_last_run_ended_is_told(
    change: Callable[[Manifest], Manifest], said: str, code: int, tmp_path: Path, run: Run
) -> None:
    store = LocalStore(tmp_path / "archive")
    with store.exclusive():
        fill(store, manifests=1)
        ended(store, change)
    got, out, _ = run("status", "-a", str(tmp_path / "archive"))
    assert (got, said in unplaced(out)) == (code, True), out


@pytest.mark.parametrize("oldest", [MORNING.date(), None], ids=["something", "nothing new"])
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside another"])
@pytest.mark.parametrize("proven", [True, False], ids=["proven", "unproven"])
def test_what_a_budget_leaves_hides_no_listing_without_proof(
    tmp_path: Path, run: Run, oldest: date | None, *, proven: bool, beside: bool
) -> None:
    """Another machine may write to a bucket's archive between the manifests of a run."""

    def of(name: str, change: Callable[[Manifest], Manifest]) -> None:
        ended(store, lambda m: change(replace(m, run=replace(m.run, id=name))))

    def begun(m: Manifest) -> Manifest:
        return replace(m if proven else unproven(m), run=replace(m.run, closed=False))

    left = Backlog(MORNING.date(), 7 if oldest else 0, 2 if oldest else 0, oldest, stalled=0)
    store = LocalStore(tmp_path / "archive")
    with store.exclusive():
        of("one", begun)
        if beside:
            of("other", lambda m: replace(m, run=replace(m.run, started=m.run.started - DAY)))
        of("one", lambda m: replace(m, accounted=False, clean=False, backlog=left))
    code, out, _ = run("status", "-a", str(tmp_path / "archive"))
    said = "what that leaves is becoming less" if proven else "its listing is not proven"
    assert (code, said in out) == (0 if proven else 3, True), out


def test_a_silence_is_told_for_as_long_as_it_lasts(tmp_path: Path, run: Run) -> None:
    store, newest = LocalStore(tmp_path / "archive"), MORNING + 28 * DAY
    with store.exclusive():
        fill(store, manifests=29)
        ended(store, lambda manifest: replace(manifest, since=MORNING.date()))
    for passed in (31, 32, 57, 400):
        with time_machine.travel(newest + (passed + 1) * DAY, tick=False):
            code, out, _ = run("status", "--json", "-a", str(tmp_path / "archive"))
        assert (code, told(out)["silence_is_new"]) == (3, True)


@pytest.mark.parametrize(
    ("nights", "passed", "overdue"), [(7, 4, 0), (7, 5, 5), (7, 30, 30), (6, 30, 0), (1, 400, 0)]
)
def test_a_job_without_a_start_date_that_stops_is_told(
    tmp_path: Path, run: Run, nights: int, passed: int, overdue: int
) -> None:
    """What was typed on a few days, once and for all, is none."""
    store = LocalStore(tmp_path / "archive")

    def typed(at: datetime, day: datetime) -> None:
        day = day.replace(tzinfo=None)
        asked = AskedWindow(day, day + DAY - timedelta(seconds=1))

        def of(manifest: Manifest) -> Manifest:
            its = replace(manifest.run, id=f"{at} {day}", started=at, ended=at)
            return replace(manifest, asked=asked, run=its)

        ended(store, of)

    with store.exclusive():
        for number in range(nights):
            typed(NIGHT + number * DAY, NIGHT.replace(hour=0) + (number - 1) * DAY)
            typed(NIGHT + number * DAY + timedelta(hours=9), datetime(2019, 6, 11, tzinfo=UTC))
    with time_machine.travel(NIGHT + (nights - 1 + passed) * DAY + timedelta(hours=9), tick=False):
        code, out, _ = run("status", "--json", "-a", str(tmp_path / "archive"))
        words = run("status", "-a", str(tmp_path / "archive"))[1]
    assert (code, told(out)["overdue_days"]) == (3 if overdue else 0, overdue)
    assert (f"no run for {overdue} days, where one came each day" in words) is bool(overdue)


def test_audio_that_no_run_asks_for_any_more_is_told(month: Month) -> None:
    """A window that moves on leaves it behind."""
    late, *_ = (each for number in range(1, 7) for each in month.live(number, count=2))
    month.sandbox.world.edit(late.id, audio=None)
    told_by = list[tuple[int, int, bool]]()
    for number in (1, 2, 5, 6):
        with month.now(number):
            pulled = month.pull("--day", "yesterday", "--no-calls")
            ran = month.type("status")
        is_told = "for audio, the oldest of 2026-03-01: no run asks" in ran.out
        told_by.append((pulled.code, ran.code, is_told))
    assert told_by[1:] == [(0, 0, False), (0, 0, False), (3, 3, True)]
    assert "Left: 1 recording (1 day not listed to the end)." in pulled.err
    assert "Pull once with --since 2026-03-01, and without a window from then on" in pulled.err
    with month.now(6):
        assert month.pull("--day", "2026-03-05", "--no-calls").code == 0, "it is of that day alone"


def test_an_erasure_that_was_not_finished_is_no_finding(tmp_path: Path, run: Run) -> None:
    made = vault(tmp_path)
    request = EraseRequest(FilterRequest(ids=("3",)), "the customer asked for it")
    cut_off = mock.patch.object(FolderClearing, "remove_versions", side_effect=KeyboardInterrupt)
    with cut_off, pytest.raises(KeyboardInterrupt):
        erase(request, made.context())
    ended(made.store, lambda manifest: replace(manifest, clean=False))
    words = "complete (1 archived); 1 erasure was not finished\n"
    for code, now in ((3, "1 erasure begun, not finished"), (0, "Findings:  none open")):
        got, out, _ = run("status", "-a", str(made.archive))
        assert (got, words in out, now in out) == (code, True, True), out
        erase(EraseRequest(), made.context())


def test_a_clock_behind_the_last_run_is_told(
    tmp_path: Path, root: Path, run: Run, figure: Figure
) -> None:
    store = LocalStore(tmp_path / "archive")
    with store.exclusive():
        fill(store, manifests=1)
        ended(store)
    place = ("-a", str(tmp_path / "archive"))
    with time_machine.travel(datetime(1971, 1, 1, tzinfo=UTC), tick=False):
        code, out, _ = run("status", "--json", *place)
        words = run("status", *place)[1]
    assert [*schema(root).iter_errors(told(out))] == []
    assert (code, told(out)["clock_is_behind"], "Clock: " in words) == (3, True, True)
    code, out, _ = run("status", "--json", *place)
    assert (code, told(out)["clock_is_behind"]) == (0, False)
    figure("G44", "status with a clock behind the last run: told, 3")


def test_a_run_that_goes_on_is_not_cut_off(tmp_path: Path, run: Run) -> None:
    """Nor is one that was killed running, because another command has the lock by now."""
    store, place = LocalStore(tmp_path / "archive"), ("-a", str(tmp_path / "archive"))
    with store.exclusive():
        began = datetime.now(UTC).replace(microsecond=0)
        going = partial(replace, started=began, ended=began, closed=False)
        ended(store, lambda manifest: replace(manifest, run=going(manifest.run)))
        code, out, _ = run("status", *place)
    assert (code, "still running" in out, "Running:" in out) == (0, True, False)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)), store.exclusive():
        code, out, _ = run("status", *place)
        told_ = told(run("status", "--json", *place)[1])
    assert (code, "cut off before its end" in out) == (3, True)
    assert "Running:   a run, or another command that writes here, since 20" in out
    assert (told_["running"], told_["cut_off"]) == (True, True)


def test_an_archive_without_a_run_is_not_well(tmp_path: Path, run: Run) -> None:
    store = LocalStore(tmp_path / "archive")
    with store.exclusive():
        Journal(store).create_or_open(PORTAL)
        _, during, _ = run("status", "-a", str(tmp_path / "archive"))
    assert "Last run:  none yet; one is running\n" in during
    code, out, _ = run("status", "-a", str(tmp_path / "archive"))
    assert (code, "Last run:  none\n" in out, "no start date is stored" in out) == (3, True, True)
    code, out, err = run("status", "-a", str(tmp_path / "nowhere"))
    assert (code, out, "There is no archive at" in err) == (2, "", True)


@pytest.mark.parametrize(
    ("today", "left", "expired", "urgent"),
    [
        (date(2026, 3, 10), 81, 0, False),
        (date(2026, 5, 8), 22, 0, True),
        (date(2026, 5, 30), 0, 0, True),
        (date(2026, 6, 1), 0, 2, True),
        (date(2026, 7, 1), None, 3, True),
    ],
)
def test_the_providers_time_is_warned_of_in_good_time(
    today: date,
    left: int | None,
    expired: int,
    urgent: bool,  # noqa: FBT001 - a column
) -> None:
    due = [date(2026, 3, day) for day in (3, 1, 2)]
    told_ = provider_time(Period(days=90), due, today)
    assert told_ is not None
    assert (told_.days_left, told_.expired, told_.is_urgent) == (left, expired, urgent)
    assert provider_time(None, due, today) is None
    settled = provider_time(Period(days=90), [], today)
    assert settled is not None
    assert (settled.oldest, settled.is_urgent) == (None, False)


def test_what_the_provider_is_about_to_delete_ends_with_3(
    archive: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_PROVIDER_KEEPS", "90d")
    monkeypatch.setenv("ARCHIVER_SILENT_DAYS", "0")
    with time_machine.travel(NIGHT, tick=False):
        accept_all(archive, run)
        code, out, _ = run("status", "-a", str(archive))
        assert (code, "Provider:  keeps 90d; 87 days left to archive 2026-03-01" in out) == (
            0,
            True,
        )
    with time_machine.travel(datetime(2026, 5, 20, tzinfo=UTC), tick=False):
        code, out, _ = run("status", "-a", str(archive))
    assert (
        code,
        "10 days left to archive 2026-03-01 - RUN archiver pull NOW" in unplaced(out),
    ) == (3, True)


def test_all_accounts_each_with_its_own_archive(archive: Path, tmp_path: Path, run: Run) -> None:
    other = LocalStore(tmp_path / "other")
    with other.exclusive():
        ended(other)
    settings = tmp_path / "archiver.toml"
    settings.write_text(
        f'[account.one]\narchive = "{archive}"\n[account.two]\narchive = "{tmp_path / "other"}"\n'
    )
    settings.chmod(0o600)
    where = ("--config", str(settings))
    code, out, _ = run("status", "--all-accounts", "--json", *where)
    accounts = told(out)["accounts"]
    assert (code, {name: each["exit_code"] for name, each in accounts.items()}) == (
        3,
        {"one": 3, "two": 0},
    )
    words = run("status", "--all-accounts", *where)[1]
    assert all(line.startswith(("one: ", "two: ")) for line in words.splitlines())
    assert run("status", *where)[0] == 2
    assert run("status", "--account", "two", *where)[0] == 0
    assert run("status", "--account", "two", "--all-accounts", *where)[0] == 2
    (archive / manifest_key(2)).unlink()
    code, out, err = run("status", "--all-accounts", "--json", *where)
    assert (code, told(out)["accounts"]["one"]["exit_code"]) == (4, 4)
    assert "chain of manifests is broken" in err


def test_no_recordings_row_is_read_to_tell(archive: Path, run: Run) -> None:
    assert run("status", "-a", str(archive))[0] == 3
    catalog = opened(archive / PRIVATE)
    database = catalog._db  # noqa: SLF001 - how it is asked is what is tested
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    holdings = catalog.holdings
    assert holdings.held().recordings == 8
    assert holdings.newest() is not None
    assert len(holdings.findings()) == 2
    assert (holdings.waiting().count, [*holdings.unproven()]) == (0, [])
    database.set_trace_callback(None)
    lines = [
        str(line[3])
        for question in asked
        for line in database.execute(f"EXPLAIN QUERY PLAN {question}")
    ]
    whole = [line for line in lines if line.startswith("SCAN recordings") and "INDEX" not in line]
    assert (whole, len(asked)) == ([], 5)
    assert "SCAN recordings USING COVERING INDEX held_sizes" in lines


@pytest.mark.parametrize("hostile", ["x; touch pwned #", "$(touch pwned)", "'; touch pwned '"])
def test_a_command_to_type_runs_no_words_of_the_portal(hostile: str) -> None:
    made = RecordingState(
        RecordingId(hostile), None, Outcome.GONE, None, None, None, attempts=1, reasons=()
    )
    words = shlex.split(next_of(made), comments=True)
    assert words[:2] == ["archiver", "accept"]
    assert words[2:] == [hostile, "--reason", "TEXT"]


@pytest.mark.parametrize("what", ["fell behind", "cut off", "doubtful", "never came"])
def test_a_run_over_a_window_says_nothing_of_what_was_due(
    month: Month, what: str, figure: Figure
) -> None:
    for number in range(1, 6):
        month.live(number)
    assert month.night(1).code == 0
    with month.now(5):
        if what == "fell behind":
            assert month.pull("--since", "2026-03-05").code == 3, "days before it are left"
        elif what == "never came":
            shutil.rmtree(month.archive)
            shutil.rmtree(month.home / ".local")
            with mock.patch.object(Intake, "take_in", side_effect=Killed), pytest.raises(Killed):
                month.pull("--since", "2026-03-01")
        else:
            how = KeyboardInterrupt if what == "cut off" else StopRun("The token was refused.")
            with mock.patch.object(CallLog, "archive", side_effect=how):
                assert month.pull().code in {130, 4}
        assert month.pull("--day", "2026-03-02").code == 0
        ran, told = month.type("status"), json.loads(month.type("status", "--json").out)
        assert month.pull().code == 0
        whole = month.type("status")
    assert (ran.code, "All due:   " in ran.out) == (3, True), ran.out
    assert (whole.code, "All due:" in whole.out) == (0, False), whole.out
    due = told["last_due_run"]
    assert (due is None) == (what == "never came")
    assert due is None or due["manifest"] < told["last_run"]["manifest"]
    figure("G51", f"{what}, then pull --day: status 3; after a pull of what is due 0")


def test_a_job_that_no_longer_runs_is_told(month: Month, figure: Figure) -> None:
    """Nothing else in the archive tells of nights in which nothing ran."""
    month.live(1)
    assert month.night(1).code == 0
    ends = []
    for number in (1, 5, 6):
        with month.now(number):
            ran = month.type("status")
        ends.append((ran.code, "All due:   no run has listed it for 5 days" in ran.out))
    assert ends == [(0, False), (0, False), (3, True)]
    with month.now(6):
        assert month.pull("--day", "2026-03-06").code == 0, "which is no run over all that is due"
        assert month.type("status").code == 3
        assert month.pull().code == 0
        assert month.type("status").code == 0
    figure("G51", "no run over all that is due for 5 days: status 3; after one 0")
