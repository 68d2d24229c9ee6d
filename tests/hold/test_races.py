"""A short slice of the races of holds and erasures; ``make holds`` runs a thousand."""

from tests.campaigns.holds import races
from tests.conftest import Figure


def test_nothing_that_is_held_is_removed(figure: Figure) -> None:
    result = races(6)
    assert result.bad == []
    assert sum(result.ended.values()) == 6
    figure("P4", f"races of hold and erase: {dict(result.ended)}, held and removed 0")
