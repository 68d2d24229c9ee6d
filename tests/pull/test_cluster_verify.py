"""Verifying by a cluster: the verdict of one machine, whatever becomes of the workers."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.app.workers import messages
from archiver.app.workers.answering import WorkerDefect
from archiver.app.workers.cluster import cluster_checks, workplace
from archiver.app.workers.cluster.audit_place import document_sha256
from archiver.app.workers.cluster.batches import (
    AuditOpening,
    Batch,
    Came,
    CheckedFiles,
    HandedFiles,
)
from archiver.app.workers.cluster.cluster_checks import MOST_FILES, TRIES, ClusterChecks
from archiver.app.workers.cluster.cluster_pool import ClusterPool
from archiver.app.workers.cluster.crew import ClusterLost, Worker
from archiver.check.audit import audit
from archiver.check.audit_report import AuditReport, FullRead
from archiver.check.expected_files import ExpectedFile
from archiver.check.file_check import FileResult, check_file
from archiver.check.layers import Layers
from archiver.cli.main import run
from archiver.concurrency.stop import StopToken
from archiver.config.settings import DEFAULTS
from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import StopRun
from archiver.store.base import Item
from archiver.store.local import LocalStore
from tests.archives import fill
from tests.conftest import Figure
from tests.pull.clusters import MODULE, Hearing, InThisProcess, Scripted, standing_in
from tests.pull.jobs_here import until

DASK = ("--dask", "tcp://127.0.0.1:1")
FINE = FileResult("ok", "")
FILES = 36
LOST = FileResult("missing", "it is not there")


@pytest.fixture
def archive(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "archive")
    fill(store, manifests=3, each=6)
    return store


def everything(root: Path) -> Mapping[str, bytes | None]:
    """Return all that lies in a folder, its own part included."""
    found = sorted(root.rglob("*"))
    return {f"{path}": path.read_bytes() if path.is_file() else None for path in found}


def recording(root: Path) -> Path:
    return next(root.glob("recordings/**/*.mp3"))


def flip(root: Path) -> None:
    recording(root).write_bytes(bytes(600))


def forge(root: Path) -> None:
    """Let a sidecar be no sidecar."""
    next(root.glob("recordings/**/*.json")).write_bytes(b"{}")


SPOILT: Mapping[str, Callable[[Path], object]] = {
    "nothing": lambda _root: None,
    "flipped": flip,
    "cut": lambda root: recording(root).write_bytes(b""),
    "lost": lambda root: recording(root).unlink(),
    "strange": lambda root: (root / "strange").touch(),
    "forged": forge,
    "manifest lost": lambda root: next(root.glob("manifests/*2.json")).unlink(),
    "manifest changed": lambda root: next(root.glob("manifests/*3.json")).write_bytes(b"{}"),
    "nameless": lambda root: (root / ARCHIVE_KEY).unlink(),
}


@pytest.mark.parametrize("depth", [(), ("--sample", "1/3")])
def test_a_verdict_by_a_cluster_is_that_of_one_machine(
    depth: tuple[str, ...],
    archive: LocalStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    figure: Figure,
) -> None:
    """Each state is read by both, so it takes a second or two."""
    monkeypatch.setitem(sys.modules, MODULE, standing_in(InThisProcess))
    verify = ["verify", "-a", str(archive.root), "--json", *depth]
    told = {}
    for name, spoil in SPOILT.items():
        spoil(archive.root)
        before = everything(archive.root)
        alone = run(verify), capsys.readouterr().out
        by_many = run([*verify, *DASK]), capsys.readouterr().out
        assert by_many == alone, name
        assert everything(archive.root).items() >= before.items(), "nothing was changed"
        told[name] = alone[0]
    assert told.pop("nothing") == 0
    if not depth:
        assert set(told.values()) == {3}
        figure("D21", f"{len(SPOILT)} states of an archive: verdicts by a cluster that differ 0")


@contextmanager
def checking(
    cluster: Scripted, archive: LocalStore, patience_s: float = 60
) -> Iterator[tuple[ClusterChecks, Hearing, list[ExpectedFile]]]:
    """Yield checks by a scripted cluster, and what is checked by this process."""
    heard, here, stopping = Hearing(), list[ExpectedFile](), StopToken()

    def check(each: ExpectedFile) -> Layers[FileResult]:
        here.append(each)
        return check_file(archive, FullRead(), each)

    opening = AuditOpening("a run", DEFAULTS, "", depth=FullRead(), document=None)
    pool = ClusterPool(cluster, opening, heard, 1, patience_s=patience_s, watch_s=0.001)
    with pool.stopped_by(stopping):
        yield ClusterChecks(pool, check, heard), heard, here


def answering(result: FileResult, path: str | None = None) -> Callable[[object], object]:
    """Return what says that of every file, or of another one."""

    def does(handed: object) -> CheckedFiles:
        assert isinstance(handed, HandedFiles)
        items = [Item(path or each.file.path, each.file.bytes) for each in handed.files]
        return CheckedFiles(
            tuple(
                Layers(item=one, result=result, doubled=(), foreign=(), covered=False)
                for one in items
            )
        )

    return does


def test_a_worker_is_believed_what_is_fine_and_nothing_else(archive: LocalStore) -> None:
    with checking(Scripted(does=answering(FINE)), archive) as (checks, heard, here):
        assert audit(archive, checks=checks).is_clean
        assert here == []
    with checking(Scripted(does=answering(LOST)), archive) as (checks, heard, here):
        assert audit(archive, checks=checks).is_clean
        assert len(here) == FILES
        assert any("see that all workers may read the archive" in line for line in heard.said)
    with checking(Scripted(does=answering(FINE, "another")), archive) as (checks, heard, here):
        assert audit(archive, checks=checks).is_clean
        assert len(here) == FILES > MOST_FILES
    recording(archive.root).unlink()
    with checking(Scripted(does=answering(FINE)), archive) as (checks, heard, here):
        assert len(audit(archive, checks=checks).missing) == len(here) == 1, "it is not listed"


def test_a_worker_that_is_gone_costs_nothing(archive: LocalStore) -> None:
    cluster = Scripted(does=answering(FINE), holds=True)
    reports: list[AuditReport] = []
    with checking(cluster, archive) as (checks, heard, here):
        checker = threading.Thread(target=lambda: reports.append(audit(archive, checks=checks)))
        checker.start()
        until(lambda: bool(cluster.held))
        cluster.holds = False
        cluster.there = {"tcp://b": Worker("b", 2)}
        checker.join()
    assert reports[0].is_clean
    assert here == []
    assert "Worker a is gone." in heard.said
    handed = [batch.handed for _, batch in cluster.batches]
    assert handed.count(handed[0]) == 2, "what was lost is handed out once more"


def test_files_over_which_workers_are_lost_are_read_here(archive: LocalStore) -> None:
    lost: list[object] = []

    class Dying(Scripted):
        def submit(
            self,
            worker: str,  # noqa: ARG002 - whoever it is
            batch: Batch,
            then: Callable[[Came | None], None],
        ) -> Callable[[], None]:
            lost.append(batch)
            self.there = {f"tcp://{len(lost)}": Worker("next", 1)}
            threading.Thread(target=then, args=(None,)).start()
            return lambda: None

    with checking(Dying(), archive) as (checks, _heard, here):
        assert audit(archive, checks=checks).is_clean
    assert len(here) == FILES
    assert len(lost) == TRIES * 2, "files are handed out in two shares"


def test_a_lost_scheduler_leaves_no_verdict(
    archive: LocalStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Scripted(holds=True)

    class Vanishing(Scripted):
        def submit(self, *_given: object) -> Callable[[], None]:
            raise ClusterLost("The scheduler is gone.")

    monkeypatch.setitem(sys.modules, MODULE, standing_in(Vanishing))
    assert run(["verify", "-a", str(archive.root), *DASK]) == 4
    told = capsys.readouterr()
    assert "The scheduler is gone." in told.err
    assert "as archived" not in told.out
    with checking(cluster, archive) as (checks, _heard, _here):

        def vanish() -> None:
            until(lambda: bool(cluster.held))
            cluster.is_lost = True

        threading.Thread(target=vanish).start()
        with pytest.raises(ClusterLost):
            audit(archive, checks=checks)


def test_without_a_worker_of_use_there_is_no_verdict(archive: LocalStore) -> None:
    cluster = Scripted(refuses={"tcp://a": "it can't see the archive."})
    with checking(cluster, archive, patience_s=0.0) as (checks, heard, _here):
        with pytest.raises(StopRun, match="No worker can be used: 1 worker is there"):
            audit(archive, checks=checks)
        until(lambda: bool(heard.said))
    assert heard.said == [
        "Worker a is given nothing: it can't see the archive.",
        "A note of a store.",
    ]
    assert cluster.batches == []


def test_a_defect_of_a_worker_is_one_of_the_program(archive: LocalStore) -> None:
    cluster = Scripted(does=lambda _handed: messages.Failed("Traceback"))
    with (
        checking(cluster, archive) as (checks, _heard, _here),
        pytest.raises(WorkerDefect, match="Traceback"),
    ):
        audit(archive, checks=checks)


def test_a_slow_worker_keeps_what_it_has_and_others_read_all_else(
    archive: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_checks, "MOST_FILES", 4)
    there = {"tcp://a": Worker("a", 1), "tcp://b": Worker("b", 1)}
    cluster = Scripted(there, does=answering(FINE), slow="tcp://b", holds=True)
    reports: list[AuditReport] = []
    with checking(cluster, archive) as (checks, _heard, here):
        checker = threading.Thread(target=lambda: reports.append(audit(archive, checks=checks)))
        checker.start()
        until(lambda: len(cluster.held) == 2)
        cluster.holds = False
        cluster.release("tcp://a")
        until(lambda: len(cluster.batches) == FILES // 4)
        cluster.release("tcp://b")
        checker.join()
    assert [worker for worker, _ in cluster.batches].count("tcp://b") == 1
    assert reports[0].is_clean
    assert here == []


def opening_of(archive: LocalStore, shown: str) -> AuditOpening:
    settings = replace(DEFAULTS, archive=str(archive.root))
    document = document_sha256(archive)
    return AuditOpening("this run", settings, shown, depth=FullRead(), document=document)


def test_a_worker_reads_the_folder_of_the_run_and_no_other(
    archive: LocalStore, tmp_path: Path
) -> None:
    other = LocalStore(tmp_path / "other")
    fill(other)
    with archive.shown() as shown, other.shown() as shown_there:
        opening = opening_of(archive, shown)
        assert workplace.open_for(opening) == ""
        workplace.close("this run")
        elsewhere = replace(opening, settings=replace(opening.settings, archive=str(other.root)))
        assert "is not where the run works" in workplace.open_for(elsewhere)
        assert "another archive" in workplace.open_for(replace(elsewhere, shown=shown_there))


def test_a_folder_that_can_not_be_shown_is_said(
    archive: LocalStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, MODULE, standing_in(InThisProcess))
    with suppress(FileNotFoundError):
        (archive.root / ".archiver" / "parts").rmdir()
        (archive.root / ".archiver").rmdir()
    (archive.root / ".archiver").write_bytes(b"")
    assert run(["verify", "-a", str(archive.root), *DASK]) == 4
    assert "--dask needs the right to write there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--quick", *DASK), "Leave out --dask"),
        (("--dask", "scheduler"), "tcp://scheduler:8786"),
    ],
)
def test_what_can_not_be_is_refused(
    options: tuple[str, ...],
    told: str,
    archive: LocalStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["verify", "-a", str(archive.root), *options]) == 2
    assert told in capsys.readouterr().err


def test_no_archive_is_said_before_a_cluster_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "-a", str(tmp_path / "nothing"), *DASK]) == 2
    assert "There is no archive" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()
