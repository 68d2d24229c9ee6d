"""A pull takes as much memory for many recordings as for few."""

from pathlib import Path

from tests.campaigns.memory import MOST_GROWTH, MOST_MB, campaign
from tests.conftest import Figure


def test_memory_is_flat(tmp_path: Path, figure: Figure) -> None:
    weight = campaign(600, 1_800, tmp_path)

    assert weight.many_mb < MOST_MB
    assert weight.growth <= MOST_GROWTH, str(weight)
    figure("D15", f"pull: {weight}")
