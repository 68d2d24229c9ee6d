"""How a day stands: a better word than is true is never said of it."""

from datetime import date

import pytest
from msgspec.structs import replace

from archiver.report.contents import LEGEND
from archiver.report.day_states import DayFacts, DayState

SETTLED = DayFacts(
    date(2026, 11, 22), listed=4, known=4, open=0, is_settled=True, is_doubtful=False
)
CASES = (
    (SETTLED, DayState.SETTLED),
    (replace(SETTLED, is_certified=True), DayState.CERTIFIED),
    (replace(SETTLED, is_certified=True, open=1), DayState.FINDINGS),
    (replace(SETTLED, is_certified=True, is_doubtful=True), DayState.FINDINGS),
    (replace(SETTLED, is_settled=False), DayState.OPEN),
    (replace(SETTLED, listed=None, is_settled=False), DayState.OPEN),
    (replace(SETTLED, listed=0, known=0), DayState.NOTHING_LISTED),
    (replace(SETTLED, listed=0, known=0, is_settled=False), DayState.OPEN),
    (replace(SETTLED, listed=0, known=0, is_settled=False, is_over=False), DayState.OPEN),
    (replace(SETTLED, listed=0, known=0, is_certified=True), DayState.CERTIFIED),
    (replace(SETTLED, listed=0, known=0, is_doubtful=True), DayState.FINDINGS),
    (replace(SETTLED, listed=0, known=3), DayState.SETTLED),
    (replace(SETTLED, listed=None, known=0, is_settled=False), DayState.NOT_LOOKED_AT),
    (replace(SETTLED, listed=None, known=0, is_settled=False, is_over=False), DayState.OPEN),
)


@pytest.mark.parametrize(("facts", "state"), CASES)
def test_a_day_has_the_gravest_word_that_is_true(facts: DayFacts, state: DayState) -> None:
    assert facts.state is state


def test_every_state_is_in_the_legend_with_its_meaning() -> None:
    assert {*LEGEND} == {*DayState}
    assert all(each.meaning and each.label for each in DayState)
