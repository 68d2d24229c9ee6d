"""The search for secrets and numbers finds what is planted, and fails the run for it."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.canaries import CANARIES, TOKEN, Canary, Search
from tests.conftest import Figure

PLANTED = {
    "a token in an address": b"sesame99",
    "a signature": b"=0123456789abcdef",
    "a signature of older schemes": b"0123456789abcdef",
    "a shared access signature": b"0123456789abcdef",
    "a key pair's id": b"APKA0123",
    "a sandbox's caller": b"123",
    "a sandbox's called": b"43",
}
SIDECAR = "recordings/2021/04/06/20210406-010203_1.0123456789ab.json"


def planted(canary: Canary) -> bytes:
    return b"..." + canary.start + PLANTED.get(canary.name, b"") + b"..."


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_every_canary_is_found(canary: Canary) -> None:
    search = Search()
    search.text("a text", planted(canary))
    assert search.hits == [f"{canary.name} in a text"]


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
@pytest.mark.parametrize("name", [SIDECAR, ".archiver/catalog.sqlite-wal", "calls/2021/x.jsonl"])
def test_personal_files_may_hold_numbers_and_no_secrets(canary: Canary, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.parent.mkdir(parents=True)
        path.write_bytes(planted(canary))
        search = Search()
        search.folder(Path(folder))
    assert search.files == 1
    assert bool(search.hits) == canary.is_secret


def test_other_files_may_hold_neither(figure: Figure) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for turn, canary in enumerate(CANARIES):
            Path(folder, f"{turn}.txt").write_bytes(planted(canary))
        Path(folder, "token").write_text(TOKEN)
        search = Search()
        search.folder(Path(folder))
    assert len(search.hits) == search.files == len(CANARIES)
    figure("X6", f"canaries planted {len(CANARIES)}, found {len(search.hits)}")


def test_a_hit_fails_the_run(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder, "test_leak.py")
        test.write_text(f"def test_leak():\n    print({TOKEN[:6]!r} + {TOKEN[6:]!r})\n")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "tests.canaries", "-c", "/dev/null", test],
            cwd=root, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "hits 1" in done.stdout
