"""Anything in any order, and everything at once: a slice of the soak."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.campaigns.machine import Nights
from tests.conftest import Figure

FEW = settings(
    max_examples=10,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_anything_in_any_order(figure: Figure) -> None:
    run_state_machine_as_test(Nights, settings=FEW)

    figure("soak", ", ".join(f"{what} {n}" for what, n in sorted(Nights.counts.items())))
