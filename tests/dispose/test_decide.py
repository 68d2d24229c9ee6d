"""The rule of what is due: the longest period wins, and what is not known for sure is not due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.domain.disposal import (
    DisposalDecision,
    DisposalStanding,
    RetentionAction,
    Term,
    decide,
)
from archiver.domain.retention import Period

CALL = datetime(2019, 6, 11, 6, 4, 21)  # noqa: DTZ001 - portal time has no zone
OVER = datetime(2026, 6, 11, 18, 4, 21, tzinfo=UTC)
"""When seven years from the call are over in the zone that is furthest behind."""
SECOND = timedelta(seconds=1)
DISPOSE_5, DISPOSE_7 = (Term(Period(years=n), RetentionAction.DISPOSE) for n in (5, 7))
KEEP_5, KEEP_10 = (Term(Period(years=n), RetentionAction.KEEP) for n in (5, 10))
LATE = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fitting", "untold", "now", "standing"),
    [
        ([], [], LATE, "no_rule"),
        ([KEEP_5], [], LATE, "kept"),
        ([], [KEEP_5], LATE, "kept"),
        ([DISPOSE_7], [], OVER - SECOND, "not_yet"),
        ([DISPOSE_7], [], OVER, "due"),
        ([DISPOSE_5, DISPOSE_7], [], OVER - SECOND, "not_yet"),
        ([DISPOSE_7, KEEP_5], [], OVER, "due"),
        ([DISPOSE_7, KEEP_10], [], OVER, "not_yet"),
        ([DISPOSE_7, KEEP_10], [], LATE, "due"),
        ([DISPOSE_7], [KEEP_10], OVER, "untold"),
        ([DISPOSE_7], [KEEP_10], LATE, "due"),
        ([DISPOSE_7], [DISPOSE_5], OVER, "due"),
        ([], [DISPOSE_5], LATE, "untold"),
        ([KEEP_5], [DISPOSE_5], LATE, "untold"),
        ([KEEP_10], [DISPOSE_5], OVER, "not_yet"),
    ],
)
def test_where_a_recording_stands(
    fitting: list[Term], untold: list[Term], now: datetime, standing: str
) -> None:
    assert decide(CALL, fitting, untold, now).standing == standing


def test_without_a_time_nothing_is_due() -> None:
    assert decide(None, [DISPOSE_5], [], LATE) == DisposalDecision(DisposalStanding.NO_TIME)
    assert decide(None, [], [], LATE).standing is DisposalStanding.NO_RULE


_TERMS = st.lists(
    st.builds(Term, st.builds(Period, years=st.integers(0, 100)), st.sampled_from(RetentionAction)),
    max_size=4,
)


@given(_TERMS, _TERMS, st.integers(0, 120 * 366))
def test_one_more_rule_to_keep_never_makes_anything_due(
    fitting: list[Term], untold: list[Term], days: int
) -> None:
    now = CALL.replace(tzinfo=UTC) + timedelta(days=days)
    due = decide(CALL, fitting, untold, now).standing is DisposalStanding.DUE
    for more in (KEEP_5, KEEP_10):
        for decided in (
            decide(CALL, [*fitting, more], untold, now),
            decide(CALL, fitting, [*untold, more], now),
        ):
            assert due or decided.standing is not DisposalStanding.DUE
    longest = max((each.until(CALL) for each in fitting), default=now)
    assert not due or longest <= now
