"""A copy that is killed anywhere names nothing that it has not; run again, it is whole."""

import os
import random
import shutil
from functools import partial
from pathlib import Path

import pytest

from archiver.check.audit import audit
from archiver.errors import ExitCode, Missing
from archiver.store.local import LocalStore
from tests.conftest import Figure
from tests.copy.copies import add_calls, content, vault
from tests.crash import killed_at, steps_of

POINTS = int(os.environ.get("KILLS", "15"))


def names_what_is_not_there(folder: Path) -> list[str]:
    """Return what the manifests of a copy name and it has not, or not so."""
    try:
        report = audit(LocalStore(folder))
    except Missing:  # nothing is begun
        return []
    files = [each.path for each in (*report.missing, *report.differ)]
    return files + [each.path for each in report.chain]


@pytest.mark.slow
def test_killed_at_any_step_it_converges(tmp_path: Path, figure: Figure) -> None:
    made = vault(tmp_path, manifests=2, each=1)
    add_calls(made)
    steps = steps_of(lambda: made.copy(tmp_path / "counted"))
    expected = content(made.archive)
    points = sorted(random.Random(41).sample(range(1, steps + 1), POINTS))
    begun = ended = 0
    for point in points:
        to = tmp_path / f"cut-{point}"
        # With two threads, the number of steps is not quite the same.
        ended += not killed_at(point, partial(made.copy, to), after=bool(point % 2))
        assert names_what_is_not_there(to) == [], f"step {point} of {steps}"
        begun += to.joinpath("manifests").exists()
        result = made.copy(to)
        assert (result.code, content(to)) == (ExitCode.CLEAN, expected), f"step {point} of {steps}"
        shutil.rmtree(to)
    assert 0 < begun < POINTS
    assert ended < POINTS // 4
    figure("D1", f"copy: killed at {POINTS - ended} of {steps} steps, whole once it is run again")
