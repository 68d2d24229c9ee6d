"""A pull by a real Dask cluster: a scheduler and one worker, in processes of their own."""

from pathlib import Path

import pytest

from archiver.errors import ExitCode
from tests.campaigns.cluster import MISSING, is_installed
from tests.campaigns.machines import Machines
from tests.canaries import Search
from tests.conftest import Figure
from tests.pulls import GLANCE_S, Archive, portal, wait

FEW = 6
ASKED = b"Run out-of-band function 'resolve_name'"
"""The scheduler logs this, and a worker, when it has been asked for its version."""
BOTH = 2
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_installed(), reason=MISSING)]


@pytest.mark.timeout(600)  # three programs that each take seconds to be loaded
def test_a_pull_by_dask_is_as_any_other_and_shows_nothing(tmp_path: Path, figure: Figure) -> None:
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
            machines.add()
            ended = shared.ended(process)
        assert (code, ended.code) == (ExitCode.FINDINGS, ExitCode.FINDINGS), ended.err
        assert "is given nothing: it has archiver 0.0.1, and the run is of" in ended.err
        assert "distributed" not in ended.err
        assert shared.states() == alone.states()
        assert shared.verified().is_clean
        assert shared.fetches() == {id_: 2 * count for id_, count in once.items()}
        logs, search = machines.logs(), Search()
    assert b"archiver-" in logs, "tasks were seen"
    search.text("what Dask logged or knew", logs)
    assert search.hits == []
    figure("D20", f"{FEW} recordings by Dask, {len(logs)} bytes of its logs and tasks: secrets 0")


def _another_version(folder: Path) -> Path:
    """Return where a worker finds nothing of archiver but another version's number."""
    package = folder / "other" / "archiver"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.0.1"\n')
    return package.parent
