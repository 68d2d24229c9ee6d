"""An audit of the lock file that could not ask is no clean one."""

import json
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.known_holes import FINE, HOLES, NOT_CHECKED, Audit, main, pinned_in, verdict

FINE_ONE = {"name": "click", "version": "8.5.1", "vulns": []}
HOLED = {"name": "urllib3", "version": "2.5.0", "vulns": [{"id": "CVE-2025-66471"}]}
SKIPPED = {"name": "httpx", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def said(*dependencies: object) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


@pytest.mark.parametrize(
    ("text", "pinned", "code", "words"),
    [
        (said(FINE_ONE), 1, FINE, "1 of 1 packages checked: no known hole."),
        (said(FINE_ONE, HOLED), 2, HOLES, "urllib3 2.5.0: CVE-2025-66471"),
        (said(FINE_ONE, HOLED, SKIPPED), 3, HOLES, "NOT CHECKED: 1 of 3 packages"),
        (said(FINE_ONE, SKIPPED), 2, NOT_CHECKED, "NOT CHECKED: 1 of 2 packages, such as httpx."),
        (said(FINE_ONE), 80, NOT_CHECKED, "NOT CHECKED: 79 of 80 packages."),
        (said(SKIPPED, SKIPPED), 2, NOT_CHECKED, "NOT CHECKED: the database of known holes"),
        (said(), 80, NOT_CHECKED, "Nothing is known of 80 packages."),
        ("", 80, NOT_CHECKED, "Nothing is known of 80 packages."),
        ("No known vulnerabilities found", 80, NOT_CHECKED, "NOT CHECKED"),
        ("[]", 80, NOT_CHECKED, "NOT CHECKED"),
    ],
)
def test_what_was_not_looked_up_is_never_fine(
    text: str, pinned: int, code: int, words: str, figure: Figure
) -> None:
    ended, lines = verdict(Audit.of(text), pinned)
    assert (ended, words in "\n".join(lines)) == (code, True)
    assert (code == FINE) is ("no known hole." in lines[-1])
    figure("X14", f"audit of {pinned} packages: {ended}, {lines[-1]}")


def test_a_program_that_is_not_there_is_no_clean_audit(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    assert main(["/no/such/pip-audit"]) == NOT_CHECKED
    assert "NOT CHECKED" in capsys.readouterr().out
    assert pinned_in(root / "requirements.lock") > 50
