"""A pull takes as much memory for many recordings as for few."""

from pathlib import Path

from tests.campaigns.memory import MOST_GROWTH, MOST_MB, campaign
from tests.conftest import Figure

STILL_WARMING_UP = 0.05
"""So few do not fill what is filled once: a slice, a manifest, buffers."""


def test_memory_is_flat(tmp_path: Path, figure: Figure) -> None:
    weight = campaign(100, 300, tmp_path)

    assert weight.many_mb < MOST_MB
    assert weight.growth <= MOST_GROWTH + STILL_WARMING_UP, str(weight)
    figure("D15", f"pull: {weight}")
