"""What a manifest that holds odd names and times is said to be: damaged, with its line."""

import json

import pytest

from archiver.domain.layout import manifest_key
from archiver.domain.outcomes import Outcome
from archiver.manifest.chain import examine
from tests.archives import entry, manifest_of
from tests.conftest import Figure

ANY = '"accounted":'
FIRST = manifest_key(1)
TEXT = manifest_of("a", [entry("7", Outcome.GONE)])(None).to_json()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (ANY, '"[\u00b2]":', None),
        (ANY, '"recordings[\u00b2]":', 10),
        (ANY, f'"recordings[{"1" * 5_000}]":', 10),
        pytest.param(ANY, json.dumps("\ud800") + ":", None, id="surrogate"),
        (ANY, '"":', None),
        ('"started":"2026-01-02T03:04:05Z"', '"started":"0001-01-01T00:00:00+01:00"', 6),
        ('"started":"2026-01-02T03:04:05Z"', '"started":"9999-12-31T23:59:59-01:00"', 6),
    ],
)
def test_odd_names_and_times_are_problems_with_their_line(
    old: str, new: str, line: int | None, figure: Figure
) -> None:
    more = f"{new}0,\n{old}" if old == ANY else new
    torn = TEXT.replace(old.encode(), more.encode())
    assert torn != TEXT
    manifest, (problem,) = examine(FIRST, torn, None, None)
    assert manifest is None
    assert (problem.path, problem.line) == (FIRST, line)
    figure("D13", f"{new[:40]}: {str(problem)[:90]!a}")
