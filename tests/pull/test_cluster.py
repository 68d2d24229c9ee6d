"""Jobs on a cluster: who is handed what, what a death or a lost scheduler costs, what is shown."""

import pickle
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.workers import messages
from archiver.app.workers.answering import WorkerDefect
from archiver.app.workers.cluster import workplace
from archiver.app.workers.cluster.batches import Batch, Came, ClusterOpening, Handed, PullOpening
from archiver.app.workers.cluster.cluster_pool import ClusterPool
from archiver.app.workers.cluster.cluster_runner import DIED, MOST_AT_ONCE, ClusterRunner
from archiver.app.workers.cluster.crew import ClusterLost, Worker
from archiver.concurrency.stop import StopToken
from archiver.config.settings import DEFAULTS, FromEnvironment
from archiver.domain.outcomes import Outcome as Result
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.portal_zone import Offset
from archiver.errors import ArchiverError, DestinationError, ExitCode, StopRun, TryAgain
from archiver.manifest.journal import Journal
from archiver.manifest.state import apply_entry
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.job.done import Done
from archiver.pull.job.entries import failed
from archiver.pull.job.task import Task
from archiver.pull.plan import Work
from archiver.secret import Secret
from tests.archives import row, store_one
from tests.canaries import CANARIES, SIGNATURE, TOKEN
from tests.conftest import Figure
from tests.pull.clusters import MODULE, Hearing, InThisProcess, Scripted, standing_in
from tests.pull.jobs_here import SOON_S, Local, until
from tests.pulls import DAY_OPTIONS, Archive, portal
from tests.store.memory import MemoryStore

ASK = PageQuery.first(Report.RECORDINGS, None)
LINK = Secret(f"https://media.example/1.mp3?X-Amz-Signature={SIGNATURE}")
OPENING = PullOpening("a run", DEFAULTS, "", archive="an archive")
MANY = 40
NOWHERE = ("--dask", "tcp://127.0.0.1:1")


def task(id_: str = "1") -> Task:
    return Task(Work(Listed(replace(row(id_), link=LINK), ASK), None), Offset(120, "inferred"))


def done_of(each: object) -> object:
    assert isinstance(each, Handed)
    return failed(each.task, "done elsewhere")


scripted = partial(Scripted, does=done_of)


class Links(Struct):
    """Answers as the links of a slice would."""

    error: ArchiverError | None = None
    asked: list[tuple[str, Secret | None]] = field(default_factory=list)

    def begin(self, id_: RecordingId) -> Secret | None:
        """Return the link."""
        self.asked.append((id_, None))
        return LINK

    def renew(self, id_: RecordingId, stale: Secret) -> Secret | None:
        """Return a second link, or raise the error."""
        self.asked.append((id_, stale))
        if self.error:
            raise self.error
        return Secret("https://media.example/second.mp3")


class Running(Struct):
    """A runner on a scripted cluster, with jobs that wait for it."""

    cluster: Scripted
    pool: ClusterPool
    runner: ClusterRunner
    local: Local
    heard: Hearing
    stopping: StopToken
    results: dict[str, Done | BaseException] = field(default_factory=dict)

    def ask(self, *ids: str, links: Links | None = None) -> None:
        """Ask for jobs, each on a thread of its own."""
        for id_ in ids:
            self.ask_for(task(id_), links)

    def ask_one_each(self, *ids: str) -> None:
        """Ask for jobs one after another, so that each is in a worker's hand that keeps it."""
        for count, id_ in enumerate(ids, 1):
            self.ask(id_)
            until(lambda count=count: len(self.cluster.held) == count)  # type: ignore[misc]

    def ask_for(self, asked: Task, links: Links | None = None) -> None:
        """Ask for one job."""

        def run() -> None:
            try:
                done: Done | BaseException = self.runner.run(asked, links or Links())
            except (ArchiverError, WorkerDefect) as error:
                done = error
            self.results[asked.work.listed.row.id] = done

        threading.Thread(target=run, daemon=True).start()

    def reasons(self, id_: str) -> tuple[str, ...]:
        """Return the reasons of a failure, once it is there."""
        until(lambda: id_ in self.results)
        done = self.results[id_]
        assert isinstance(done, Done), done
        return done.entry.reasons


@contextmanager
def running(cluster: Scripted, patience_s: float = SOON_S) -> Iterator[Running]:
    local, heard, stopping = Local(), Hearing(), StopToken()
    pool = ClusterPool(cluster, OPENING, heard, MOST_AT_ONCE, patience_s=patience_s, watch_s=0.001)
    with pool.stopped_by(stopping):
        yield Running(cluster, pool, ClusterRunner(local, pool), local, heard, stopping)


def test_a_worker_does_what_it_is_handed_and_notes_are_said() -> None:
    with running(scripted()) as run:
        run.ask("1", "2", "3")
        assert {run.reasons(id_) for id_ in ("1", "2", "3")} == {("done elsewhere",)}
    assert run.heard.said == ["A note of a store."]
    assert run.cluster.calls[-1] == "closed a run"


def test_a_job_that_needs_another_link_is_handed_out_with_one() -> None:
    def wants(each: object) -> object:
        assert isinstance(each, Handed)
        if len(each.answers) < 2:
            return messages.LinkWanted(RecordingId("1"), LINK)
        return done_of(each)

    links = Links()
    with running(scripted(does=wants)) as run:
        run.ask("1", links=links)
        assert run.reasons("1") == ("done elsewhere",)
    assert links.asked == [("1", None), ("1", LINK)]
    (first,), (second,) = (batch.handed for _, batch in run.cluster.batches)
    assert isinstance(first, Handed)
    assert isinstance(second, Handed)
    assert second.answers[: len(first.answers)] == first.answers


def test_why_there_is_no_link_travels() -> None:
    def wants(each: object) -> object:
        assert isinstance(each, Handed)
        last = each.answers[-1]
        if isinstance(last, messages.LinkFailed):
            return failed(each.task, last.error.message)
        return messages.LinkWanted(RecordingId("1"), LINK)

    with running(scripted(does=wants)) as run:
        run.ask("1", links=Links(error=TryAgain("The portal is busy.")))
        assert run.reasons("1") == ("The portal is busy.",)


@pytest.mark.parametrize(
    ("told", "raises"),
    [(DestinationError("The disk is full."), DestinationError), ("Traceback", WorkerDefect)],
)
def test_what_a_job_raises_is_raised_where_it_was_handed_out(
    told: ArchiverError | str, raises: type[Exception]
) -> None:
    with running(scripted(does=lambda _each: messages.Failed(told))) as run:
        run.ask("1")
        until(lambda: "1" in run.results)
        assert isinstance(run.results["1"], raises)


def test_a_worker_that_is_gone_costs_an_attempt_and_a_late_one_is_used() -> None:
    with running(scripted(holds=True)) as run:
        run.ask("1")
        until(lambda: bool(run.cluster.held))
        run.ask("2")
        run.cluster.holds = False
        run.cluster.there = {"tcp://b": Worker("b", 1)}
        assert run.reasons("1") == (DIED,)
        assert run.reasons("2") == ("done elsewhere",)
        done = run.results["1"]
        assert isinstance(done, Done)
        assert (done.entry.outcome, done.entry.attempts) == (Result.FAILED, 1)
        run.cluster.held[0](run.cluster.came(run.cluster.batches[0][1]))
        assert run.reasons("1") == (DIED,), "what comes too late changes nothing"
    assert [worker for worker, _ in run.cluster.batches] == ["tcp://a", "tcp://b"]
    assert "Worker a is gone." in run.heard.said
    assert "dropped" in run.cluster.calls


def test_a_worker_that_began_anew_under_its_address_is_looked_at_again() -> None:
    with running(scripted(holds=True)) as run:
        run.ask("1")
        until(lambda: bool(run.cluster.held))
        run.cluster.held[0](None)
        assert run.reasons("1") == (DIED,)
        until(lambda: len(run.cluster.opened) == 2)


def test_a_lost_scheduler_ends_what_waits_and_what_is_in_hand() -> None:
    with running(scripted(holds=True)) as run:
        run.ask("1", "2", "3")
        until(lambda: bool(run.cluster.held))
        run.cluster.is_lost = True
        until(lambda: len(run.results) == 3)
        run.ask("4")
        until(lambda: len(run.results) == 4)
    assert {type(each) for each in run.results.values()} == {ClusterLost}


def test_a_scheduler_that_is_lost_while_a_worker_opens_is_not_the_workers_fault() -> None:
    class Gone(Scripted):
        def open(self, worker: str, opening: ClusterOpening) -> str:  # noqa: ARG002 - none opens
            raise ClusterLost("The scheduler is gone.")

    with running(Gone()) as run:
        run.ask("1")
        until(lambda: isinstance(run.results.get("1"), ClusterLost))
    assert run.heard.said == ["A note of a store."]


def test_a_stop_lets_what_is_in_hand_come_home() -> None:
    with running(scripted(holds=True)) as run:
        run.ask("1")
        until(lambda: bool(run.cluster.held))
        run.ask("2")
        until(lambda: len(run.pool._crew.waiting) == 1)  # noqa: SLF001 - nothing else shows it
        run.stopping.set()
        until(lambda: "wound up a run" in run.cluster.calls)
        until(lambda: isinstance(run.results.get("2"), StopRun))
        run.cluster.held[0](run.cluster.came(run.cluster.batches[0][1]))
        assert run.reasons("1") == ("done elsewhere",)


def test_a_worker_that_can_not_be_used_is_named_once_and_given_nothing() -> None:
    there = {"tcp://a": Worker("a", 1), "tcp://b": Worker("b (tcp://b)", 1)}
    why = "it has archiver 0.0.1, and the run is of 9.9."
    with running(scripted(there, refuses={"tcp://b": why})) as run:
        run.ask("1", "2", "3", "4")
        assert {run.reasons(id_) for id_ in "1234"} == {("done elsewhere",)}
        until(lambda: len(run.heard.said) > 0)
    assert {worker for worker, _ in run.cluster.batches} == {"tcp://a"}
    assert run.heard.said.count(f"Worker b (tcp://b) is given nothing: {why}") == 1


def test_a_run_without_a_worker_of_use_stops() -> None:
    with running(scripted(refuses={"tcp://a": "no."}), patience_s=0.0) as run:
        run.ask("1")
        until(lambda: "1" in run.results)
    assert isinstance(run.results["1"], StopRun)
    assert "No worker can be used: 1 worker is there." in str(run.results["1"])


def test_batches_are_small_and_shared_out_and_what_failed_before_travels_alone() -> None:
    known = apply_entry(None, replace(store_one(MemoryStore(), row("k")), outcome=Result.FAILED))
    again = replace(task("k"), work=replace(task("k").work, known=known))
    with running(scripted(holds=True)) as run:
        run.ask("first")
        until(lambda: len(run.cluster.held) == 1)
        run.ask_for(again)
        until(lambda: len(run.pool._crew.waiting) == 1)  # noqa: SLF001 - nothing else shows it
        run.ask(*(str(each) for each in range(MANY)))
        until(lambda: len(run.pool._crew.waiting) == 1 + MANY)  # noqa: SLF001 - as above
        run.cluster.holds = False
        run.cluster.held[0](run.cluster.came(run.cluster.batches[0][1]))
        until(lambda: len(run.results) == 2 + MANY)
    sizes = [len(batch.handed) for _, batch in run.cluster.batches]
    assert sizes[:2] == [1, 1]
    assert max(sizes) == MOST_AT_ONCE
    assert sum(sizes) == 2 + MANY


def test_a_batch_is_a_threads_share_of_all_there_is() -> None:
    there = {"tcp://a": Worker("a", 1), "tcp://b": Worker("b", 1)}
    with running(scripted(there, holds=True)) as run:
        run.ask_one_each("1", "2")
        run.ask(*(str(each) for each in range(3, 13)))
        until(lambda: len(run.pool._crew.waiting) == 10)  # noqa: SLF001 - nothing else shows it
        run.cluster.release("tcp://a")
        run.cluster.release("tcp://b")
        run.ask("13")
        until(lambda: len(run.pool._crew.waiting) == 1)  # noqa: SLF001 - as above
        run.cluster.held[2](run.cluster.came(run.cluster.batches[2][1]))
        assert [len(batch.handed) for _, batch in run.cluster.batches] == [1, 1, 5, 5, 1]


def test_a_slow_worker_keeps_what_it_has_and_others_do_all_else() -> None:
    there = {"tcp://a": Worker("a", 1), "tcp://b": Worker("b", 1)}
    with running(scripted(there, slow="tcp://b", holds=True)) as run:
        run.ask_one_each("1", "2")
        run.cluster.holds = False
        run.ask(*(str(each) for each in range(3, MANY)))
        run.cluster.release("tcp://a")
        until(lambda: len(run.results) == MANY - 2)
        run.cluster.release("tcp://b")
        until(lambda: len(run.results) == MANY - 1)
    assert [worker for worker, _ in run.cluster.batches].count("tcp://b") == 1
    assert {run.reasons(id_) for id_ in run.results} == {("done elsewhere",)}


def test_what_stands_is_asked_about_by_the_run_itself() -> None:
    stands = replace(task(), work=replace(task().work, stands=True))
    with running(scripted()) as run:
        run.ask_for(stands)
        assert run.reasons("1") == ("done here",)
    assert run.cluster.batches == []


def test_nothing_that_a_cluster_may_log_shows_what_is_in_it(figure: Figure) -> None:
    handed = Handed(task(), (messages.LinkFound(LINK), messages.LinkFailed(TryAgain("No."))))
    opening = replace(OPENING, settings=replace(DEFAULTS, archive="/srv/calls"), shown="nonce")
    values = [opening, handed, Batch("run", (handed,)), Came((done_of(handed),))]
    shown = repr(values)
    assert [each.name for each in CANARIES if each.is_in(shown.encode())] == []
    assert "nonce" not in shown
    assert "7700" not in shown
    assert "7700" in repr(handed.task), "there is something to be shown"
    arrived = pickle.loads(pickle.dumps(values))  # noqa: S301 - made here
    assert arrived[0] == opening
    assert arrived[2].handed[0].task == handed.task
    assert arrived[3] == values[3]
    figure("D20", f"{len(values)} kinds of messages to a cluster: shown of links and numbers 0")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Yield an archive of a few recordings."""
    with portal(3) as sandbox:
        made = Archive(sandbox, tmp_path_factory.mktemp("cluster") / "archive")
        assert made.pull_here().code == ExitCode.CLEAN
        yield made


def opening_of(archive: Archive, shown: str) -> PullOpening:
    settings = replace(
        DEFAULTS,
        archive=str(archive.folder),
        portal=replace(DEFAULTS.portal, endpoint=archive.sandbox.endpoint),
    )
    id_ = Journal(archive.store()).archive().archive
    return PullOpening("this run", settings, shown, archive=id_)


def test_a_worker_opens_the_folder_that_the_run_works_in_and_no_other(
    archive: Archive, tmp_path: Path
) -> None:
    elsewhere = Archive(archive.sandbox, tmp_path / "copy")
    with archive.store().shown() as shown:
        opening = opening_of(archive, shown)
        shutil.copytree(archive.folder, elsewhere.folder, ignore=shutil.ignore_patterns("parts"))
        assert workplace.open_for(opening) == ""
        copied = replace(opening, settings=replace(opening.settings, archive=str(elsewhere.folder)))
        assert "is not where the run works" in workplace.open_for(copied)
        assert "another archive" in workplace.open_for(replace(opening, archive="other"))
        nowhere = replace(opening.settings, archive=str(tmp_path / "nowhere"))
        assert workplace.open_for(replace(opening, settings=nowhere)) != ""
    workplace.close("this run")
    assert workplace.do(Batch("this run", ())) is None, "what is closed does nothing"


def test_what_only_the_run_needs_does_not_travel(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[ClusterOpening] = []

    class Told(InThisProcess):
        def open(self, worker: str, opening: ClusterOpening) -> str:
            told.append(opening)
            return super().open(worker, opening)

    monkeypatch.setitem(sys.modules, MODULE, standing_in(Told))
    assert replace(archive, options=(*archive.options, *NOWHERE)).pull_here().code == 0
    until(lambda: bool(told))
    assert TOKEN.encode() not in pickle.dumps(told[0])
    assert told[0].settings.portal.token is None
    assert isinstance(told[0].settings.without_token().portal.token, FromEnvironment | None)
    assert told[0].settings.notify == DEFAULTS.notify


def test_a_pull_by_a_cluster_is_as_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, MODULE, standing_in(InThisProcess))
    with portal(MANY, gone=2, wrong=3) as sandbox:
        alone = Archive(sandbox, tmp_path / "alone")
        code, once = alone.pull_here().code, alone.fetches()
        shared = Archive(sandbox, tmp_path / "shared", options=(*alone.options, *NOWHERE))
        assert (code, shared.pull_here().code) == (ExitCode.FINDINGS, ExitCode.FINDINGS)
        assert shared.states() == alone.states()
        assert shared.verified().is_clean is alone.verified().is_clean is True
        assert shared.parts() == []
        assert shared.fetches() == {id_: 2 * count for id_, count in once.items()}


def test_links_that_end_in_waiting_are_asked_for_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stale(InThisProcess):
        """A cluster that is so slow that the links it is handed have ended."""

        def submit(
            self, worker: str, batch: Batch, then: Callable[[Came | None], None]
        ) -> Callable[[], None]:
            old = Secret("http://127.0.0.1:9/expired.mp3?X-Amz-Expires=1")
            handed = tuple(
                Handed(
                    each.task,
                    tuple(
                        messages.LinkFound(_ended(answer.link or old))
                        if isinstance(answer, messages.LinkFound) and not number
                        else answer
                        for number, answer in enumerate(each.answers)
                    ),
                )
                for each in batch.handed
                if isinstance(each, Handed)
            )
            return super().submit(worker, Batch(batch.run, handed), then)

    monkeypatch.setitem(sys.modules, MODULE, standing_in(Stale))
    with portal(5) as sandbox:
        made = Archive(sandbox, tmp_path / "a", options=(*DAY_OPTIONS, *NOWHERE))
        assert made.pull_here().code == ExitCode.CLEAN
        assert len(made.states()) == 5
        assert made.verified().is_clean


def _ended(link: Secret) -> Secret:
    """Return a link that the media server refuses as one that has ended."""
    address, _, query = link.reveal().partition("?")
    fields = [each for each in query.split("&") if not each.startswith("X-Amz-Date")]
    return Secret(f"{address}?{'&'.join([*fields, 'X-Amz-Date=20200101T000000Z'])}")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--dask", "scheduler:8786"), "tcp://scheduler:8786"),
        (("--dask", "tcp://scheduler"), "tcp://scheduler:8786"),
        (("--dask", "tcp://scheduler:many"), "tcp://scheduler:8786"),
        (("--dask", "tcp://scheduler:8786/x"), "tcp://scheduler:8786"),
        ((*NOWHERE, "--bwlimit", "1M"), "bwlimit can't be kept by many machines"),
    ],
)
def test_what_can_not_be_a_cluster_is_refused(
    archive: Archive, options: tuple[str, ...], told: str
) -> None:
    ended = replace(archive, options=(*archive.options, *options)).pull_here()
    assert ended.code == ExitCode.USAGE
    assert told in ended.err


def test_without_dask_it_is_said_how_to_get_it(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, MODULE, None)
    ended = replace(archive, options=(*archive.options, *NOWHERE)).pull_here()
    assert ended.code == ExitCode.USAGE
    assert "pip install 'recording-archiver[dask]'" in ended.err


def test_a_cluster_in_the_clear_is_said_to_be(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, MODULE, standing_in(InThisProcess))
    with suppress(StopRun):
        ended = replace(
            archive, options=(*archive.options, "--dask", "tcp://scheduler:8786")
        ).pull_here()
    assert "is not encrypted" in ended.err
