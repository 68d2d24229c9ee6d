"""A pull by a real Dask cluster: a scheduler and one worker, in processes of their own."""

from pathlib import Path

import pytest

from archiver.errors import ExitCode
from tests.campaigns.cluster import MISSING, is_installed
from tests.campaigns.machines import Machines
from tests.canaries import Search
from tests.conftest import Figure
from tests.pulls import Archive, portal

FEW = 6
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_installed(), reason=MISSING)]


def test_a_pull_by_dask_is_as_any_other_and_shows_nothing(tmp_path: Path, figure: Figure) -> None:
    with portal(FEW, gone=1, wrong=1) as sandbox, Machines(tmp_path / "dask", {}) as machines:
        machines.add()
        alone = Archive(sandbox, tmp_path / "alone")
        code, once = alone.pull_here().code, alone.fetches()
        options = (*alone.options, "--dask", machines.address)
        shared = Archive(sandbox, tmp_path / "shared", options=options)
        ended = shared.pull()
        assert (code, ended.code) == (ExitCode.FINDINGS, ExitCode.FINDINGS), ended.err
        assert "distributed" not in ended.err
        assert shared.states() == alone.states()
        assert shared.verified().is_clean
        assert shared.fetches() == {id_: 2 * count for id_, count in once.items()}
        logs, search = machines.logs(), Search()
    assert b"archiver-" in logs, "tasks were seen"
    search.text("what Dask logged or knew", logs)
    assert search.hits == []
    figure("D20", f"{FEW} recordings by Dask, {len(logs)} bytes of its logs and tasks: secrets 0")
