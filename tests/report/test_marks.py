"""The mark beside the player: it says "verified" of bytes that were read and agree, of no other."""

import hashlib
from itertools import product

import pytest
from msgspec.structs import replace

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.check.audit_report import CheckedBy, FileCheck
from archiver.domain.outcomes import Outcome, Verdict
from archiver.manifest.chain import ChainProblem
from archiver.report.marks import FileMark, Marker
from tests.conftest import Figure
from tests.report.made import HEAD, MADE, REASON, TOOL, audit_of, checks_of, recording

GREEN = {FileMark.VERIFIED, FileMark.TOLD}


def marker(row: FoundRow, by: CheckedBy, problem: str = "") -> Marker:
    """Return what gives a recording its mark, after one problem with its file or its chain."""
    audit, checks = audit_of([row], by), dict(checks_of([row], by))
    assert row.audio
    path = row.audio.path
    match problem:
        case "chain":
            audit.chain.append(ChainProblem("manifests/00000003.json", 1, "it was changed"))
        case "no head":
            audit = replace(audit, head=None)
        case "not in the chain":
            checks.clear()
        case "other bytes in the chain":
            other = replace(row.audio, sha256=row.audio.sha256[:12] + "0" * 52)
            checks[path] = (other, checks[path][1])
        case "other size in the chain":
            checks[path] = (replace(row.audio, bytes=1), checks[path][1])
        case "altered":
            checks[path] = (row.audio, FileCheck(is_as_archived=False, by=by, what="it is gone"))
    return Marker(audit, checks, MADE, TOOL)


PROBLEMS = (
    "chain",
    "no head",
    "not in the chain",
    "other bytes in the chain",
    "other size in the chain",
    "altered",
)
KINDS = (
    recording(1),
    recording(2, outcome=Outcome.QUARANTINED, verdict=Verdict.TRUNCATED),
)


def test_only_bytes_that_were_hashed_and_agree_are_green(figure: Figure) -> None:
    tried = [*product(KINDS, CheckedBy, ("", *PROBLEMS))]
    green = [
        (row.state.held, by, problem)
        for row, by, problem in tried
        if marker(row, by, problem).mark(row.state)[0] in GREEN
    ]
    assert green == [(True, CheckedBy.READ, ""), (True, CheckedBy.SERVER, "")]
    figure("report", f"{len(tried)} ways to check a file, green {len(green)}")


@pytest.mark.parametrize("by", CheckedBy)
def test_a_file_that_is_not_as_archived_is_never_anything_else(by: CheckedBy) -> None:
    for row in KINDS:
        mark, note = marker(row, by, "altered").mark(row.state)
        assert (mark, note) == (FileMark.ALTERED, "It is gone.")


def test_what_is_in_quarantine_says_why_and_what_was_checked() -> None:
    row = KINDS[1]
    mark, note = marker(row, CheckedBy.READ).mark(row.state)
    assert mark is FileMark.QUARANTINED
    assert note.casefold().startswith(f"{REASON}. the file itself was read")
    _, note = marker(row, CheckedBy.SIZE).mark(row.state)
    assert "was not read" in note


def test_a_mark_says_when_by_what_and_against_which_head() -> None:
    words = marker(KINDS[0], CheckedBy.READ).words()
    assert set(words) == set(FileMark)
    green = words[FileMark.VERIFIED]
    assert green == {
        "level": "good",
        "short": "verified",
        "title": f"Verified against head 12:{HEAD.sha256[:12]}…",
        "text": "Every byte was read on 2026-11-22 06:30 UTC, by archiver 0.0.0: its SHA-256 is "
        "that of the chain.",
    }


def test_no_other_mark_is_worded_as_if_it_were_verified() -> None:
    words = marker(KINDS[0], CheckedBy.READ).words()
    said = {
        mark: " ".join(map(str, each.values())) if isinstance(each, dict) else ""
        for mark, each in words.items()
    }
    assert [mark for mark in said if "erified" in said[FileMark(mark)]] == [FileMark.VERIFIED]
    assert [mark for mark in said if said[FileMark(mark)].startswith("good")] == [
        FileMark.VERIFIED,
        FileMark.TOLD,
    ]
    assert "were not read" in said[FileMark.TOLD]


def test_there_is_no_mark_of_a_file_where_there_is_none() -> None:
    row = recording(3, outcome=Outcome.GONE, verdict=None)
    other = Marker(audit_of([row], CheckedBy.READ), {}, MADE, TOOL)
    assert other.mark(row.state) == (FileMark.NO_AUDIO, "")


def test_the_hash_of_the_made_recordings_is_theirs() -> None:
    assert KINDS[0].audio
    assert KINDS[0].audio.sha256 == hashlib.sha256(b"1").hexdigest()
