"""A pull that is killed at random is finished by running it again, and fetches nothing twice."""

from pathlib import Path

from tests.campaigns import steps
from tests.campaigns.kill import campaign
from tests.conftest import Figure


def test_a_killed_pull_is_finished_by_a_plain_one(tmp_path: Path, figure: Figure) -> None:
    figures = campaign(recordings=45, kills=2, folder=tmp_path, seed=4)

    assert figures.kills == 2
    assert figures.left > 0
    assert figures.held_up, str(figures)
    figure("D1", f"pull: {figures}")


def test_killed_at_steps_on_the_disk(tmp_path: Path, figure: Figure) -> None:
    figures = steps.campaign(tmp_path, stride=97)

    assert figures.kills > 3
    assert figures.violations == []
    assert figures.fetched_again == 0
    figure("D1", f"pull of 3, every 97th step: {figures}")
