"""A short slice of ``make lies``: green means whole, whatever the portal shows; honest is clean."""

import pytest

from tests.conftest import Figure
from tests.lies.history import History
from tests.lies.honest import Honest
from tests.lies.tricks import TRICKS

NAMES = sorted(TRICKS)


@pytest.mark.parametrize("part", range(4))
def test_green_means_whole_under_every_single_lie(part: int, figure: Figure) -> None:
    lived = [History(seed, [name], short=True).run() for seed, name in enumerate(NAMES[part::4])]
    nights, green = sum(each.nights for each in lived), sum(each.green for each in lived)
    broken = [str(each) for each in lived if each.broken]
    figure("G19", f"{nights} nights under {len(lived)} lies, {green} green, {len(broken)} false")
    assert green
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("first", [101, 201])
def test_green_means_whole_under_lies_together(first: int, figure: Figure) -> None:
    lived = [History(seed).run() for seed in range(first, first + 3)]
    broken = [str(each) for each in lived if each.broken]
    nights, green = sum(each.nights for each in lived), sum(each.green for each in lived)
    figure("G19", f"{nights} nights under lies together, {green} green, {len(broken)} false")
    assert green
    assert not broken, "\n".join(broken)


def test_an_honest_portal_is_clean_night_after_night(figure: Figure) -> None:
    lived = [Honest(seed).run() for seed in range(5)]
    alarms = [str(each) for each in lived if each.alarms or each.broken]
    nights = sum(each.nights for each in lived)
    figure("G19", f"{nights} nights of honest portals, {len(alarms)} with a false alarm")
    assert not alarms, "\n".join(alarms)
