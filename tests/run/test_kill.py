"""A pull that is killed at random is finished by running it again, and fetches nothing twice."""

from pathlib import Path

from tests.campaigns.kill import campaign
from tests.conftest import Figure


def test_a_killed_pull_is_finished_by_a_plain_one(tmp_path: Path, figure: Figure) -> None:
    figures = campaign(recordings=60, kills=3, folder=tmp_path, seed=4)

    assert figures.kills == 3
    assert figures.left > 0
    assert figures.held_up, str(figures)
    figure("D1", f"pull: {figures}")
