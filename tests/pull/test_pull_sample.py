"""The provider's own sample answers, served as they stand: whatever is asked, rows of one day.

Both recordings lead to the same object, so at most one of their durations can be right. The call is
one that was recorded by no word of the portal.
"""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archiver.cli import main
from archiver.domain.outcomes import Outcome
from archiver.manifest.journal import Journal
from archiver.sandbox import Encoding
from archiver.sandbox.world.tones import Tone, render
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN
from tests.conftest import Figure

LONG, SHORT = "c136768e-8c0e-11e9-b795-6c2b59c79f5a", "066f0afa-8c0e-11e9-8b2f-6c2b59c79f5a"
ROWS = (
    (LONG, "447700900122", "00:01:33", "2019-06-11 06:04:21"),
    (SHORT, "447700900456", "00:00:47", "2019-06-11 05:59:07"),
)
CALL = {
    "id": "c839b4c4-8c0d-11e9-bb88-6c2b59c79f5a",
    "call_from": "447700900789",
    "call_to": "12025550143",
    "service": "IN",
    "bridge": "12025550143",
    "status": "RECEIVED",
    "duration": "00:00:12",
    "billing": "00:00:12",
    "pulsing": "30",
    "charges": "0.0150",
    "start_at": "2019-06-11 05:57:24",
    "end_at": "2019-06-11 05:57:36",
    "hangup_by": "caller",
    "dtmf": None,
    "location": "IN",
    "region": "AP",
    "provider": "RJ",
    "notes": "a fix",
    "audio": None,
    "name": "A customer",
}
OBJECT = "/s30m/rc/190624/c-12025550143012-11061911.mp3"
AUDIO = render(Tone(Encoding.CBR, 93)).body


class Sample(BaseHTTPRequestHandler):
    """Answers every report with the sample, and the object with 93 s of audio."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        if self.path.startswith(OBJECT):
            self._answer(AUDIO, "audio/mpeg")
            return
        type(self).asked += 1
        page = self._calls() if "/voice/calls" in self.path else self._page()
        self._answer(json.dumps({"status": "OK", "data": page}).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""

    def _page(self) -> dict[str, object]:
        names = ("id", "call_from", "duration", "created_at")
        rows = [
            {**dict(zip(names, row, strict=True)), "call_to": "12025550143", "agent": None}
            | {"audio": self._link()}
            for row in ROWS
        ]
        return {"current_page": 1, "data": rows, "last_page": 1, "per_page": 15, "total": 2}

    def _calls(self) -> dict[str, object]:
        return {"current_page": 1, "data": [CALL], "last_page": 1, "per_page": 15, "total": 1}

    def _link(self) -> str:
        host, signed = self.headers["Host"], datetime.now(UTC)
        return (
            f"http://{host}{OBJECT}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIDSANDBOXEXAMPLE00%2F20190813%2Fap-southeast-1%2Fs3%2Faws4_request"
            f"&X-Amz-Date={signed:%Y%m%dT%H%M%SZ}&X-Amz-SignedHeaders=host&X-Amz-Expires=3600"
            "&X-Amz-Signature=cab675aec80b0d2544232ee3b1c27221"
        )

    def _answer(self, body: bytes, content_type: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def endpoint() -> Iterator[str]:
    Sample.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Sample) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api/v2/"
        server.shutdown()
        thread.join()


@pytest.fixture
def pull(
    endpoint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> "Pull":
    for name, value in {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "ARCHIVER_TOKEN": TOKEN,
        "ARCHIVER_ENDPOINT": endpoint,
        "ARCHIVER_ARCHIVE": str(tmp_path / "archive"),
    }.items():
        monkeypatch.setenv(name, value)
    return Pull(capfd)


class Pull:
    """Pulls, and asks; returns the exit code with what was said."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *words: str) -> tuple[int, str]:
        return self.run("pull", "--rate", "60000", *words)

    def run(self, *words: str) -> tuple[int, str]:
        """Run any command."""
        code = main.run(words)
        out, err = self._capfd.readouterr()
        return code, out + err


def test_one_is_archived_and_the_other_quarantined(
    pull: Pull, tmp_path: Path, figure: Figure
) -> None:
    code, _said = pull("--day", "2019-06-11")
    journal = Journal(LocalStore(tmp_path / "archive"))
    entries = {str(e.id): e for _head, manifest in journal.manifests() for e in manifest.recordings}
    assert code == 3
    assert entries[LONG].outcome is Outcome.ARCHIVED
    assert entries[SHORT].outcome is Outcome.QUARANTINED
    # Whichever of both ends first: their links lead to one object.
    assert any(LONG in reason and "same audio" in reason for reason in entries[SHORT].reasons)
    figure(
        "1", f"the sample's day: 1 archived, 1 quarantined, {Sample.asked} requests, exit {code}"
    )


def test_a_filter_that_is_ignored_is_said(pull: Pull, tmp_path: Path, figure: Figure) -> None:
    code, said = pull("--since", "2021-04-01", "--until", "2021-04-12")
    (_head, manifest), *_ = Journal(LocalStore(tmp_path / "archive")).manifests()
    assert "ignores the filter" in said
    assert manifest.recordings == ()
    assert Sample.asked <= 68
    assert (code == 0) is all(window.proven for window in manifest.windows)
    figure("1", f"another window: said so, {Sample.asked} requests, 0 archived, exit {code}")


def rows(said: str) -> list[dict[str, str]]:
    """Return the JSON that a command printed before all else."""
    found: list[dict[str, str]] = json.JSONDecoder().raw_decode(said)[0]
    return found


def test_what_was_pulled_is_found_shown_and_handed_over_without_the_portal(
    pull: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    pull("--day", "2019-06-11")
    for name in ("ARCHIVER_TOKEN", "ARCHIVER_ENDPOINT"):
        monkeypatch.delenv(name)
    asked, out = Sample.asked, tmp_path / "handed over"
    day = ("--day", "2019-06-11")
    commands: dict[tuple[str, ...], int] = {
        ("status",): 3,
        ("find", "--json"): 3,
        ("find", "--number", "*5550143*", "--json"): 3,
        ("find", LONG[:8], "--paths"): 0,
        ("reconcile", *day): 3,
        ("report", "-o", str(tmp_path / "report.html")): 3,
        ("export", LONG, "-o", str(out)): 0,
        ("verify",): 0,
    }
    told = {words: pull.run(*words) for words in commands}
    assert {words: code for words, (code, _) in told.items()} == commands, told
    found, by_number = (told[words][1] for words in commands if "--json" in words)
    assert (
        [row["id"] for row in rows(found)]
        == [SHORT, LONG]
        == [row["id"] for row in rows(by_number)]
    )
    assert any(out.rglob("*.mp3"))
    assert Sample.asked == asked
    figure("1", f"the sample's day asked of the archive: {len(commands)} commands, 0 requests")
