"""What a row goes by, whichever report it is of."""

import pytest

from archiver.domain.recordings import Report
from archiver.domain.row_id import identity
from archiver.json_documents import Json

MADE = "c136768e-8c0e-11e9-bb88-6c2b59c79f5a"


@pytest.mark.parametrize(
    ("served", "recording", "call"),
    [
        (7, "7", "call-7"),
        ("007", "007", "call-007"),
        (MADE, MADE, MADE),
        ("c-7", "c-7", "c-7"),
    ],
)
def test_a_number_names_a_row_of_one_report_only(served: Json, recording: str, call: str) -> None:
    row = {"id": served}
    assert identity(row, Report.RECORDINGS) == recording
    assert identity(row, Report.CALLS) == call


@pytest.mark.parametrize("served", [None, True, "", [7]])
def test_a_row_without_an_id_goes_by_what_it_says(served: Json) -> None:
    one, other = (identity({"id": served, "notes": n}, Report.CALLS) for n in ("a", "b"))
    assert one.startswith("no-id-")
    assert one != other
