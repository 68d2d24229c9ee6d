"""Jobs in worker processes: what travels, who may work where, and what a death costs."""

import inspect
import os
import pickle
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from msgspec.structs import replace

from archiver import errors
from archiver.app.opening.context import Context
from archiver.app.opening.listener import Nobody
from archiver.app.workers import choice, messages, worker_process
from archiver.app.workers.answering import WorkerDefect
from archiver.app.workers.pipe import MessagePipe
from archiver.app.workers.process_runner import DIED, ProcessRunner
from archiver.app.workers.worker_process import (
    Owner,
    Slot,
    Starter,
    WorkerDied,
    WorkerProcess,
    opening_of,
)
from archiver.concurrency.stop import StopToken
from archiver.config.settings import DEFAULTS, FromEnvironment, Settings
from archiver.domain.outcomes import Concern, Outcome
from archiver.domain.recordings import Essential, Odd, RecordingId, Report
from archiver.domain.times.portal_zone import Offset
from archiver.errors import ArchiverError, DestinationError, ExitCode, TokenRefused, TryAgain
from archiver.manifest.journal import Journal
from archiver.manifest.state import apply_entry
from archiver.media.deadline import DeadlineExceeded
from archiver.media.transfer import Unchanged
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.job.done import Done
from archiver.pull.job.entries import failed
from archiver.pull.job.task import Task
from archiver.pull.plan import SameObject, Work
from archiver.secret import Secret
from tests.archives import entry, row, store_one
from tests.campaigns.workers import PROCESSES, campaign, children_of
from tests.canaries import TOKEN
from tests.conftest import Figure
from tests.pull.jobs_here import Local, until
from tests.pulls import Archive, portal
from tests.store.memory import MemoryStore

if TYPE_CHECKING:
    from archiver.app.opening.portal.portals import Connections

ASK = PageQuery.first(Report.RECORDINGS, None)
OFFSET = Offset(120, "inferred")
MANY = 40


def task(id_: str = "1") -> Task:
    return Task(Work(Listed(row(id_), ASK), None), OFFSET)


class Links:
    """Answers as the links of a slice would."""

    def __init__(self, link: Secret | None = None, error: ArchiverError | None = None) -> None:
        self.link, self.error = link, error
        self.asked: list[tuple[str, Secret | None]] = []

    def begin(self, id_: RecordingId) -> Secret | None:
        """Return the link, or raise the error."""
        return self._answer(id_, None)

    def renew(self, id_: RecordingId, stale: Secret) -> Secret | None:
        """Do the same."""
        return self._answer(id_, stale)

    def _answer(self, id_: RecordingId, stale: Secret | None) -> Secret | None:
        self.asked.append((id_, stale))
        if self.error:
            raise self.error
        return self.link


def every_task() -> Iterator[Task]:
    """Yield a task of every kind: each form of a row, of what is known, of what is beside it."""
    rows = [
        row("1"),
        replace(row("2"), link=Secret("https://media.example/a?X-Amz-Signature=1")),
        replace(row("3"), link=None, at=None, reported_ms=None),
        replace(row("4"), unread=dict.fromkeys(Essential, "not understood")),
        replace(row("5"), alias_of=RecordingId("1"), odd=Odd(3, "no object")),
    ]
    filed = store_one(MemoryStore(), row("1"))
    knowns = [None, *(apply_entry(None, replace(filed, outcome=each)) for each in Outcome)]
    for each in rows:
        for known in knowns:
            for report in Report:
                listed = Listed(each, PageQuery.first(report, None))
                beside = SameObject(5_000, (each.id, RecordingId("7")))
                work = Work(listed, known, beside, stands=True, copies={"ab" * 32: 1_000})
                yield Task(work, OFFSET, has_orphans=True)


def every_done() -> Iterator[Done]:
    """Yield what a task can come to: every outcome, with every concern."""
    for outcome in Outcome:
        made = (
            entry("1", outcome) if outcome not in {Outcome.ARCHIVED, Outcome.QUARANTINED} else None
        )
        one = made or replace(store_one(MemoryStore(), row("1")), outcome=outcome)
        yield Done(replace(one, concerns=tuple(Concern)), 5, 1, row=row("1").fields, is_fresh=True)


def every_error() -> Iterator[ArchiverError]:
    """Yield an error of every kind that a job may raise, and be told of a link."""
    kinds = [
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, ArchiverError)
    ]
    for kind in (*kinds, Unchanged):
        yield kind("It failed.", advice="Try again.")
    yield AnswerNotUnderstood("Not JSON.")
    yield TryAgain("Later.", after=2.5)
    yield TokenRefused("No.", is_unauthorized=True)


def every_message() -> Iterator[object]:
    """Yield a message of every kind."""
    made: dict[str, object] = {
        "Opening": messages.Opening(DEFAULTS, {"HOME": "/nowhere"}, "an id"),
        "NotReady": messages.NotReady("why"),
        "LinkWanted": messages.LinkWanted(RecordingId("1"), Secret("https://media.example/b")),
        "LinkFound": messages.LinkFound(Secret("https://media.example/c")),
        "LinkFailed": messages.LinkFailed(TryAgain("Later.")),
        "Failed": messages.Failed("Traceback"),
        "Said": messages.Said("text", "noticed"),
        "Notes": messages.Notes(("one", "two")),
    }
    for name, kind in inspect.getmembers(messages, inspect.isclass):
        if kind.__module__ == messages.__name__:
            yield made[name] if name in made else kind()


@pytest.mark.parametrize("kinds", [every_task, every_done, every_message])
def test_what_travels_arrives_as_it_was(kinds: "type[Iterator[object]]") -> None:
    count = 0
    for value in kinds():
        arrived = pickle.loads(pickle.dumps(value))  # noqa: S301 - made here
        count += 1
        if isinstance(value, messages.LinkFailed):
            assert str(arrived.error) == str(value.error)
        else:
            assert arrived == value
    assert count >= len(Outcome)


def test_an_error_arrives_with_all_that_it_says() -> None:
    seen = set[type]()
    for error in every_error():
        arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
        assert type(arrived) is type(error)
        assert (str(arrived), vars(arrived)) == (str(error), vars(error))
        seen.add(type(error))
    assert {DestinationError, TryAgain, TokenRefused, AnswerNotUnderstood} <= seen
    assert issubclass(DeadlineExceeded, TryAgain)


def slot_that(*says: object) -> Slot:
    """Return a slot whose other side says all this, whatever it hears, and ends."""
    ours, theirs = Pipe()
    for each in says:
        theirs.send(each)

    def hear() -> None:
        with suppress(EOFError, OSError):
            for _ in range(1 + sum(isinstance(each, messages.LinkWanted) for each in says)):
                theirs.recv()
        theirs.close()

    threading.Thread(target=hear, daemon=True).start()
    return Slot(MessagePipe(ours))


def test_a_slot_answers_what_is_asked_for_and_returns_what_came() -> None:
    link, stale = Secret("https://media.example/new"), Secret("https://media.example/old")
    links = Links(link)
    wanted = messages.LinkWanted(RecordingId("1"))
    again = messages.LinkWanted(RecordingId("1"), stale)
    done = failed(task(), "for now")
    assert slot_that(messages.Taken(), wanted, again, done).run(task(), links) == done
    assert links.asked == [("1", None), ("1", stale)]


@pytest.mark.parametrize(
    ("says", "raises"),
    [
        (
            [messages.Taken(), messages.Failed(DestinationError("The disk is full."))],
            DestinationError,
        ),
        ([messages.Taken(), messages.Failed("Traceback: a defect")], WorkerDefect),
        ([messages.Taken()], WorkerDied),
        ([], WorkerDied),
    ],
)
def test_what_a_job_raises_is_raised_where_it_was_handed_out(
    says: list[object], raises: type[Exception]
) -> None:
    with pytest.raises(raises) as caught:
        slot_that(*says).run(task(), Links())
    if isinstance(caught.value, WorkerDied):
        assert caught.value.has_begun is bool(says)


class Scripted:
    """A worker process whose slots do as they are told."""

    pid = 0

    def __init__(self, owner: Owner, *slots: Slot) -> None:
        self.slots = slots
        owner.is_ready(self)  # type: ignore[arg-type]  # as much of one as is needed

    def end(self) -> None:
        """End."""

    def join(self, within_s: float) -> None:
        """End within that time."""


def runner_of(*slots: Slot) -> tuple[ProcessRunner, Local]:
    local = Local()
    start = cast("Starter", lambda owner: Scripted(owner, *slots))
    return ProcessRunner(local, start, Nobody(), count=1, least=10), local


def test_few_jobs_start_no_process() -> None:
    runner, local = runner_of(slot_that(messages.Taken(), failed(task(), "elsewhere")))
    runner.expect(9)
    runner.run(task(), Links())
    assert len(local.runs) == 1
    runner.expect(10)
    assert runner.run(task(), Links()).entry.reasons == ("elsewhere",)
    assert len(local.runs) == 1


def test_a_process_that_ended_idle_costs_nothing() -> None:
    runner, local = runner_of(slot_that())
    runner.expect(10)
    assert runner.run(task(), Links()).entry.reasons == ("done here",)
    assert local.runs == [task()]


def test_a_task_whose_process_ended_has_had_its_attempt() -> None:
    other = slot_that(messages.Taken(), failed(task(), "elsewhere"))
    runner, local = runner_of(other, slot_that(messages.Taken()))
    runner.expect(10)
    done = runner.run(task(), Links())
    assert (done.entry.outcome, done.entry.reasons) == (Outcome.FAILED, (DIED,))
    assert done.entry.attempts == 1
    assert local.runs == [], "what ended a process is not tried in the run's own"


def test_what_stands_is_never_in_the_hands_of_a_process_that_may_end() -> None:
    filed = replace(store_one(MemoryStore(), row("1")), outcome=Outcome.QUARANTINED)
    known = replace(apply_entry(None, filed), accepted=True)
    stands = Task(Work(Listed(row("1"), ASK), known, stands=True), OFFSET)
    runner, local = runner_of(slot_that(messages.Taken()))
    runner.expect(10)
    runner.run(stands, Links())
    assert local.runs == [stands]


def test_an_answer_of_another_recording_is_a_defect() -> None:
    with pytest.raises(AssertionError, match="no answer to this task"):
        slot_that(messages.Taken(), failed(task("2"), "elsewhere")).run(task("1"), Links())


def test_a_disk_that_fails_under_a_link_is_not_taken_for_a_death() -> None:
    class Broken(Links):
        def begin(self, id_: RecordingId) -> Secret | None:
            raise OSError(f"no disk for {id_}")

    with pytest.raises(OSError, match="no disk"):
        slot_that(messages.Taken(), messages.LinkWanted(RecordingId("1"))).run(task(), Broken())


def test_what_stores_have_to_say_is_said_with_how_many_say_so() -> None:
    said = list[str]()

    class Hearing(Nobody):
        def say(self, text: str, event: str = "said") -> None:
            said.append(f"{event}: {text}")

    start = cast("Starter", Scripted)
    runner = ProcessRunner(Local(), start, Hearing(), count=1, least=10)
    with runner.stopped_by(StopToken()):
        runner.notes(["5 objects were given no date.", "Alone."])
        runner.notes(["5 objects were given no date."])
    assert said == [
        "noticed: 5 objects were given no date. 2 worker processes say so.",
        "noticed: Alone.",
    ]


def test_nothing_is_started_once_the_run_winds_up() -> None:
    runner, local = runner_of(slot_that(messages.Taken(), failed(task(), "elsewhere")))
    stopping = StopToken()
    with runner.stopped_by(stopping):
        stopping.set()
        until(lambda: runner.is_over)
        runner.expect(10)
        runner.run(task(), Links())
    assert len(local.runs) == 1


def test_where_no_process_can_be_started_jobs_run_here() -> None:
    def refuses(_owner: Owner) -> WorkerProcess:
        raise RuntimeError("can't start new thread")

    local = Local()
    runner = ProcessRunner(local, refuses, Nobody(), count=2, least=1)
    runner.expect(10)
    runner.run(task(), Links())
    assert len(local.runs) == 1


@pytest.mark.parametrize(
    ("told", "cores"),
    [("max 100000", 6), ("100000 100000", 1), ("250000 100000", 3), ("no such file", 6)],
)
def test_processes_follow_the_time_that_a_container_is_given(
    told: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(told)
    monkeypatch.setattr(choice, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(6)))
    assert choice.cores() == cores
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(90)))
    assert choice.cores() <= choice.MOST


def test_the_run_itself_is_one_of_the_processes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[int] = []

    def start(_opening: object, slots: int, owner: Owner) -> Scripted:
        shares.append(slots)
        return Scripted(owner)

    monkeypatch.setattr(choice, "WorkerProcess", start)
    connections = SimpleNamespace(services=lambda _store: None, stopping=StopToken())
    context = context_of(archive)
    network = replace(context.settings.network, processes=3, workers=16)
    context = replace(context, settings=replace(context.settings, network=network))
    here = (context, cast("Connections", connections), archive.store(), "any")
    with choice.job_runner(*here) as runner:
        runner.expect(1)
    assert shares == [6, 6]


class Heard(Nobody):
    """What a worker process told, and whether it is gone."""

    def __init__(self) -> None:
        self.ready, self.gone = threading.Event(), threading.Event()
        self.why: list[str] = []

    def is_ready(self, _process: WorkerProcess) -> None:
        """Note it."""
        self.ready.set()

    def says(self, text: str, _event: str) -> None:
        """Forget it."""

    def notes(self, lines: Sequence[str]) -> None:
        """Forget them."""

    def has_ended(self, _process: WorkerProcess, why: str, *, was_of_use: bool) -> None:
        """Note it."""
        self.why.append(f"{why}{' after work' if was_of_use else ''}")
        self.ready.set()
        self.gone.set()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Yield an archive of a few recordings."""
    with portal(3) as sandbox:
        made = Archive(sandbox, tmp_path_factory.mktemp("workers") / "archive")
        assert made.pull_here().code == ExitCode.CLEAN
        yield made


def context_of(archive: Archive) -> Context:
    settings: Settings = replace(
        DEFAULTS,
        archive=str(archive.folder),
        portal=replace(DEFAULTS.portal, endpoint=archive.sandbox.endpoint, token=FromEnvironment()),
    )
    return Context(settings, {}, {**archive.environment(), "ARCHIVER_TOKEN": TOKEN})


def test_a_worker_process_has_the_archive_and_no_token(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_TOKEN", TOKEN)
    heard, context = Heard(), context_of(archive)
    opening = opening_of(context, Journal(archive.store()).archive().archive)
    assert TOKEN not in repr(pickle.dumps(opening))
    process = WorkerProcess(opening, 2, heard)
    assert heard.ready.wait(60)
    for told in ("environ", "cmdline"):
        assert TOKEN.encode() not in Path(f"/proc/{process.pid}/{told}").read_bytes()
    process.end()
    process.join(60)
    assert heard.why == [" after work"]


def test_a_worker_process_that_finds_another_archive_takes_no_task(archive: Archive) -> None:
    heard = Heard()
    process = WorkerProcess(opening_of(context_of(archive), "another"), 1, heard)
    assert heard.gone.wait(60)
    process.join(60)
    assert len(heard.why) == 1
    assert "another archive" in heard.why[0]


def test_a_worker_process_of_another_version_reads_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "__version__", "0.0.1")
    heard = Heard()
    process = WorkerProcess(opening_of(context_of(archive), "any"), 1, heard)
    assert heard.gone.wait(60)
    process.join(60)
    assert "by now, and the run is of 0.0.1" in heard.why[0]


def test_a_worker_process_ends_with_the_run(archive: Archive) -> None:
    heard = Heard()
    opening = opening_of(context_of(archive), Journal(archive.store()).archive().archive)
    process = WorkerProcess(opening, 1, heard)
    assert heard.ready.wait(60)
    for slot in process.slots:
        slot.pipe.close()
    assert heard.gone.wait(60), "a thread that hears nobody any more ends the process"
    process.join(60)


def test_a_pull_by_worker_processes_is_as_any_other(tmp_path: Path) -> None:
    with portal(MANY, gone=2, wrong=3) as sandbox:
        alone = Archive(sandbox, tmp_path / "alone")
        shared = Archive(sandbox, tmp_path / "shared", PROCESSES)
        code, once = alone.pull_here().code, alone.fetches()
        assert (code, shared.pull().code) == (ExitCode.FINDINGS, ExitCode.FINDINGS)
        assert shared.states() == alone.states()
        assert shared.verified().is_clean is alone.verified().is_clean is True
        assert shared.fetches() == {id_: 2 * count for id_, count in once.items()}


def test_killed_worker_processes_cost_no_recording(tmp_path: Path, figure: Figure) -> None:
    figures = campaign(recordings=60, kills=2, folder=tmp_path, seed=3)
    assert figures.bad == []
    assert figures.fetched_again == 0
    figure(
        "D16", f"{figures.kills} worker processes killed in {figures.runs} pulls: fetched twice 0"
    )


def test_a_killed_run_leaves_no_worker_process(tmp_path: Path, figure: Figure) -> None:
    with portal(MANY) as sandbox:
        archive = Archive(sandbox, tmp_path / "archive", PROCESSES)
        with archive.pulling() as process:
            archive.wait_for_downloads(process, MANY // 4)
            children = children_of(process.pid)
            process.kill()
        assert replace(archive, environ={}).pull_here().code == ExitCode.CLEAN
    # One that is still being loaded hears that its run is gone when it is up.
    until(lambda: not any(map(is_there, children)))
    figure("D16", f"a run killed with {len(children)} worker processes: left behind 0")


def is_there(pid: int) -> bool:
    """Whether a process is there; one that has ended and is not asked for its end is not."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False
