"""The laws without a fuzzer: every case that ever broke one, every seed, and mutants of the seeds.

A few seconds in all. ``python -m tests.campaigns.fuzz`` is the real thing.
"""

import pytest

from tests.campaigns import fuzz
from tests.conftest import Figure
from tests.fuzz.mutation import mutants
from tests.fuzz.targets import TARGETS

MUTANTS = 400


def test_every_case_has_its_target() -> None:
    assert {folder.name for folder in fuzz.CASES.iterdir()} <= {*TARGETS}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("frames", "M9"),
        ("files", "M9"),
        ("pages", "A13"),
        ("links", "X2"),
        ("documents", "A13"),
        ("manifests", "D13"),
        ("sidecars", "D13"),
        ("names", "X9"),
        ("settings", "X6"),
        ("variables", "X6"),
        ("times", "A10"),
    ],
)
def test_no_case_seed_or_mutant_breaks_a_law(name: str, row: str, figure: Figure) -> None:
    target = TARGETS[name]
    cases = [case.read_bytes() for case in sorted((fuzz.CASES / name).glob("*"))]
    changed = [each for each in mutants(target, MUTANTS) if each not in target.seeds]
    assert len(changed) > MUTANTS * 0.9
    for data in (*cases, *target.seeds, *changed):
        target.law(data)
    told = f"{len(cases)} cases, {len(target.seeds)} seeds and {len(changed)} mutants"
    figure(row, f"{name}: no law broken by {told}")
