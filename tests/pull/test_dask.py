"""A pull and a verification by a real Dask cluster, in processes of their own."""

from pathlib import Path

import pytest

from archiver.errors import ExitCode
from tests.campaigns.cluster import MISSING, is_installed, verifying
from tests.campaigns.machines import Machines
from tests.canaries import Search
from tests.conftest import Figure
from tests.pulls import GLANCE_S, Archive, Ended, portal, wait

FEW = 6
SLOW_S = 0.3
ASKED = b"Run out-of-band function 'resolve_name'"
"""The scheduler logs this, and a worker, when it has been asked for its version."""
BOTH = 2
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_installed(), reason=MISSING)]


@pytest.mark.timeout(600)  # three programs that each take seconds to be loaded
def test_work_by_dask_is_as_any_other_and_shows_nothing(tmp_path: Path, figure: Figure) -> None:
    """The first worker has another version; one that comes late does all of it."""
    with portal(FEW, gone=1, wrong=1) as sandbox, Machines(tmp_path / "dask", {}) as machines:
        machines.add(PYTHONPATH=str(_another_version(tmp_path)))
        alone = Archive(sandbox, tmp_path / "alone")
        code, once = alone.pull_here().code, alone.fetches()
        options = (*alone.options, "--dask", machines.address)
        shared = Archive(sandbox, tmp_path / "shared", options=options)
        with shared.pulling() as process:
            while process.poll() is None and machines.logs().count(ASKED) < BOTH:
                wait(process, GLANCE_S)
            machines.add_slow(SLOW_S)
            ended = shared.ended(process)
        assert (code, ended.code) == (ExitCode.FINDINGS, ExitCode.FINDINGS), ended.err
        assert "is given nothing: it has archiver 0.0.1, and the run is of" in ended.err
        assert "distributed" not in ended.err
        assert shared.states() == alone.states()
        assert shared.verified().is_clean
        assert shared.fetches() == {id_: 2 * count for id_, count in once.items()}
        told = []
        for dask in ((), ("--dask", machines.address)):
            with shared.running("verify", "--json", *dask) as process:
                told.append(shared.ended(process))
        assert [(each.code, each.told["ok"]) for each in told] == [(0, told[0].told["ok"])] * 2
        assert told[0].told == told[1].told
        cut = _verified_without_scheduler(shared, machines)
        logs, search = machines.logs(), Search()
    assert (cut.code, cut.told) == (ExitCode.STOPPED, {})
    assert "The Dask scheduler at " in cut.err
    assert "Traceback" not in cut.err
    assert b"archiver-" in logs, "tasks were seen"
    search.text("what Dask logged or knew", logs)
    assert search.hits == []
    figure("D21", f"{told[0].told['ok']} files by Dask: verdicts that differ 0")
    figure("D20", f"{FEW} recordings by Dask, {len(logs)} bytes of its logs and tasks: secrets 0")


def _verified_without_scheduler(archive: Archive, machines: Machines) -> Ended:
    """Return how a verification ends whose scheduler is killed when files are handed out."""
    with verifying(archive, machines) as process:
        machines.scheduler.kill()
        return archive.ended(process)


def _another_version(folder: Path) -> Path:
    """Return where a worker finds nothing of archiver but another version's number."""
    package = folder / "other" / "archiver"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.0.1"\n')
    return package.parent
