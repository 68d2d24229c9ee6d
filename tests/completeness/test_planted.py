"""Gaps of every kind, planted over a change of clocks, are found: none missed, none invented."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archiver.catalog import Catalog
from archiver.check.audit import audit
from tests.completeness.planted import GAPS, NOISE, NUMBERS, Planted, Shelved, plant, shelve
from tests.conftest import Figure
from tests.store.memory import MemoryStore

SEEDS = range(4)
COUNT = 300


@contextmanager
def shelved(planted: Planted, folder: Path) -> Iterator[Shelved]:
    with closing(Catalog(folder)) as catalog:
        yield shelve(planted, MemoryStore(), catalog)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_planted_is_found(seed: int, tmp_path: Path, figure: Figure) -> None:
    """The clock goes forward or back, and recordings are dated by their end or their beginning."""
    planted = plant(seed, COUNT)
    found = {"missing": 0, "without a call": 0, "excluded": 0}
    with shelved(planted, tmp_path) as archive:
        looking = archive.reviewer()
        for day in planted.days:
            review, truth = looking.review(day), planted.truth[day]
            assert (truth.missed(review), truth.invented(review)) == (set(), set())
            assert review.balance.calls == len(truth.calls)
            assert review.doubts == ()
            found["missing"] += len(review.balance.missing)
            found["without a call"] += len(review.balance.without_call)
            found["excluded"] += len(review.balance.excluded)
    assert planted.planted.keys() >= GAPS.keys()
    assert found["missing"] == sum(truth.lacking for truth in planted.truth.values())
    told = ", ".join(f"{count} {word}" for word, count in found.items())
    calls = len(planted.calls)
    figure("A12", f"{calls} calls over {planted.change}: {told}; missed 0, invented 0")


def test_only_days_that_add_up_are_certified(tmp_path: Path, figure: Figure) -> None:
    planted = plant(1, COUNT)
    with shelved(planted, tmp_path) as archive:
        first = archive.certify()
        assert {*first.days} == planted.even_days
        assert archive.certify().days == ()
        findings = archive.accept_findings()
        assert archive.certify().days == ()
        gaps = archive.accept_gaps()
        second = archive.certify()
        assert {*second.days} == {*planted.days} - planted.even_days
        certificates = archive.certificates()
        for day, (certificate,) in certificates.items():
            truth = planted.truth[day]
            assert certificate.calls.listed == len(truth.calls)
            assert certificate.calls.missing == truth.lacking
            assert {each.id: each.why for each in certificate.excluded} == truth.excluded
            assert {*certificate.without_call} == truth.without_call
            text = certificate.to_json()
            assert not any(number in text for number in NUMBERS)
        report = audit(archive.store)
        assert report.is_clean
        assert archive.certify().days == ()
    figure(
        "A11",
        f"{len(first.days)} of {len(planted.days)} days certified, {len(second.days)} more after "
        f"{findings} findings and {gaps} gaps were accepted; false 0, numbers in them 0",
    )


def test_each_kind_of_noise_is_made() -> None:
    """What is not made proves nothing."""
    excluded = {why for day in plant(0, COUNT).truth.values() for why in day.excluded.values()}
    assert len(NOISE) == 8
    assert len(excluded) == 3
