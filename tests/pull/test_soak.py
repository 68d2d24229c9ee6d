"""Anything in any order, and everything at once: a slice of the soak, about 4 seconds."""

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.campaigns import storm
from tests.campaigns.machine import Nights
from tests.campaigns.report import Report
from tests.conftest import Figure

FEW = settings(
    max_examples=3,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_anything_in_any_order_is_as_the_model_says(figure: Figure) -> None:
    run_state_machine_as_test(Nights, settings=FEW)

    done = Nights.counts
    assert done["nights"] > 0
    assert done["kills"] + done["files damaged"] + done["manifests tampered with"] > 0
    figure("soak", "in any order: " + ", ".join(f"{n} {what}" for what, n in done.items()))


def test_a_storm_passes_and_nothing_is_lost(tmp_path: Path, figure: Figure) -> None:
    report = Report("soak")

    storm.campaign(50, 2, tmp_path, report, spoilt=0.1)

    assert report.bad == []
    told = "; ".join(f"{name} {value}" for name, value in report.figures.items())
    figure("soak", f"storm: {told}")
