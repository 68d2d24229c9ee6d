"""What a row goes by, whichever report it is of."""

import pytest

from archiver.domain.recordings import Report
from archiver.domain.row.identity import identity
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


def test_a_row_without_an_id_keeps_its_name_when_its_audio_comes() -> None:
    row: dict[str, Json] = {"created_at": "2021-04-06 10:00:00", "call_from": "07700900123"}
    early = identity({**row, "audio": None, "duration": None}, Report.RECORDINGS)
    late = identity({**row, "audio": "https://b.example/k.mp3", "duration": 7}, Report.RECORDINGS)
    assert early == late
    assert identity({**row, "call_from": "07700900124"}, Report.RECORDINGS) != late
