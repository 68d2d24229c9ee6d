"""What is said of known vulnerabilities: clean only when every package was asked about."""

import json

import pytest

from tests.audit import CLEAN, FOUND, NOT_ASKED, verdict

FINE = {"name": "click", "version": "8.2", "vulns": []}
HOLE = {"name": "urllib3", "version": "2.5.0", "vulns": [{"id": "CVE-2025-66471"}]}
SKIPPED = {"name": "boto3", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([FINE], CLEAN, "1 packages were audited"),
        ([FINE, HOLE], FOUND, "urllib3 2.5.0: CVE-2025-66471"),
        ([FINE, SKIPPED], NOT_ASKED, "boto3"),
        ([], NOT_ASKED, "nothing to audit"),
    ],
)
def test_an_answer_is_clean_only_when_all_was_asked(
    packages: list[dict[str, object]], code: int, words: str
) -> None:
    told = verdict(json.dumps({"dependencies": packages}), "")
    assert told[0] == code
    assert words in told[1]


def test_a_database_that_cannot_be_asked_is_no_answer() -> None:
    code, words = verdict("", "ERROR: ConnectionError")
    assert (code, "ConnectionError" in words) == (NOT_ASKED, True)
