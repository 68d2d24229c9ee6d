"""A recording, its sidecar and its manifest, with the power pulled between any two steps."""

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from archiver.check.audit import audit
from archiver.store.local import LocalStore
from tests.archives import store_once
from tests.conftest import Figure
from tests.crash import killed_at


def violations(root: Path) -> int:
    """Count what breaks a promise: a partial final file, or a manifest that names what isn't."""
    store, bad = LocalStore(root), 0
    if any(store.items("manifests/")):
        bad += not audit(store).is_clean
    store_once(store)
    report = audit(store)
    left = list((root / ".archiver/parts").iterdir())
    return bad + (not report.is_clean) + len(left) + (report.ok != 4)


def _store_in(root: Path) -> None:
    store_once(LocalStore(root))


def test_killed_at_every_step(tmp_path: Path, figure: Figure) -> None:
    points = 0
    for after, each in ((False, 3), (True, 7)):
        for point in range(1, 1000, each):
            root = tmp_path / f"{point}-{after}"
            if not killed_at(point, partial(_store_in, root), after=after):
                break
            points += 1
            assert violations(root) == 0, f"killed at step {point}"
            shutil.rmtree(root)
    assert points > 40
    figure("D1", f"killed at {points} moments, before and after some steps: violations 0")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_a_disk_that_is_full(tmp_path: Path, root: Path, figure: Figure) -> None:
    shell = 'set -e; mount -t tmpfs -o size=1m,nr_inodes=200 none "$1"; exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", shell, "sh", str(tmp_path), sys.executable, FULL],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode and "unshare" in done.stderr + done.stdout:
        pytest.skip("an own mount namespace is not permitted here")
    if "mount:" in done.stderr:
        pytest.skip("mounting is not permitted here")
    assert done.returncode == 0, done.stderr
    figure("D4", done.stdout.strip())


FULL = """
import os, pathlib, sys
from archiver.errors import DestinationError
from archiver.store.local import LocalStore
root = pathlib.Path(sys.argv[1])
store, refused, stored, partial = LocalStore(root / "archive"), 0, 0, 0
store.put("manifests/00000001.json", b"{}")
for free in range(0, 65536 + 1, 4096):
    room = store.free().bytes - free
    (root / "ballast").write_bytes(bytes(room))
    before = store.free().bytes
    key = f"recordings/undated/{free}.000000000000.mp3"
    try:
        store.put(key, bytes(32768))
        stored += 1
    except DestinationError as error:
        assert "full" in error.message, error.message
        refused += 1
        assert store.free().bytes >= before - 8192, (before, store.free().bytes)
    assert not any((root / "archive/.archiver/parts").iterdir())
    (root / "ballast").unlink()
partial = sum(item.bytes != 32768 for item in store.items("recordings/"))
assert refused >= 8 and stored >= 4 and partial == 0, (refused, stored, partial)
print(f"tmpfs, 17 fills from 0 to 64 KiB free: refused {refused}, stored {stored}, partial 0")
"""
