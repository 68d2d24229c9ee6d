"""A pull that is asked to stop, that another one locks out, or whose disk fails or lies."""

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.cli.interruption import handled
from archiver.domain.outcomes import Outcome
from archiver.listing import slices
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.sandbox import Faults, PageFaults, Sandbox, Trouble, Troubled
from archiver.store.free_space import RESERVE_BYTES
from archiver.store.local import LocalStore
from tests.conftest import Figure
from tests.programs import Running
from tests.pulls import DAY, Archive, ignored, not_ignored, portal

STOP_S = 5.0
SLOW = Troubled(Trouble.SLOW, at=0.1, piece=1, interval=0.5)
BRIEF = Troubled(Trouble.SLOW, at=0.1, piece=200, interval=0.03)
"""Downloads that take a third of a second."""
HANGING = Faults(media=(Troubled(Trouble.EXPIRED),), report_latency=60.0)
"""Every link has died, and the portal is in no hurry to give others."""
WORKERS = 16


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with portal(40) as sandbox:
        yield sandbox


@pytest.fixture
def archive(sandbox: Sandbox, tmp_path: Path) -> Archive:
    return Archive(sandbox, tmp_path / "archive")


def last_manifest(archive: Archive) -> Manifest:
    *_, (_head, last) = Journal(LocalStore(archive.folder)).manifests()
    return last


def hold_up(sandbox: Sandbox, keep: int) -> None:
    """Let all but the ``keep`` newest come in at two bytes a second."""
    keys = [each.key for each in sandbox.world.recordings if each.key]
    slow = replace(SLOW, keys=frozenset(keys[: len(keys) - keep]))
    sandbox.faults = replace(sandbox.faults, media=(slow,))


def asked_for(process: Running, sandbox: Sandbox, media: int) -> None:
    """Wait until so many downloads began."""
    while sandbox.counts["media"] < media:
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert process.wait(0.01) is None, "the pull ended too soon"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop(
    sandbox: Sandbox, archive: Archive, number: signal.Signals, figure: Figure
) -> None:
    hold_up(sandbox, keep=20)
    with contextlib.ExitStack() as running:
        with not_ignored(number):
            process = running.enter_context(archive.pulling())
        asked_for(process, sandbox, 25)
        began = time.monotonic()
        process.send_signal(number)
        ended = archive.ended(process)
        seconds = time.monotonic() - began

    assert ended.code == 130, ended.err
    assert seconds < STOP_S
    last = last_manifest(archive)
    assert (last.run.closed, last.accounted, last.clean) == (True, False, False)
    entered = archive.known()
    assert entered.keys() == archive.stored(), "all that was stored is entered"
    assert Outcome.FAILED not in {known.outcome for known in entered.values()}
    assert archive.verified().is_clean
    assert archive.parts() == []
    assert "Traceback" not in ended.err
    held = archive.fetches()
    sandbox.faults = replace(sandbox.faults, media=())
    again = archive.pull_here()
    assert again.code == 0, again.err
    assert again.told["outcomes"]["held"] == len(entered)
    assert all(archive.fetches()[id_] == held[id_] for id_ in entered)
    figure(
        "D7",
        f"{number.name}: stopped in {seconds:.1f} s, exit 130, {len(entered)} stored and entered,"
        " left half 0, fetched again 0",
    )


NOHUP = """
import signal
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
from archiver.cli.main import main
main()
"""
"""As ``nohup archiver … &`` in a script starts it."""


def test_what_it_was_started_to_ignore_does_not_stop_it(
    sandbox: Sandbox, archive: Archive, figure: Figure
) -> None:
    archive.program = ("-c", NOHUP)
    hold_up(sandbox, keep=20)
    with archive.pulling() as process:
        asked_for(process, sandbox, 25)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        ended = archive.ended(process)
    assert ended.code == 130, "had it heard another before, SIGTERM had killed it"
    assert last_manifest(archive).run.closed
    assert archive.known().keys() == archive.stored() != set()
    figure("R16", "SIGHUP and SIGINT inherited as ignored: not heard; SIGTERM: exit 130")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_is_heard_unless_it_is_ignored(number: signal.Signals, figure: Figure) -> None:
    heard = []
    with not_ignored(number), handled(lambda number, _frame: heard.append(number)):
        signal.raise_signal(number)
    assert heard == [number]
    with ignored(number), handled(lambda number, _frame: heard.append(number)):
        signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    assert heard == [number]
    figure("R16", f"{number.name}: heard; inherited as ignored: left so")


def test_asked_twice(sandbox: Sandbox, archive: Archive, figure: Figure) -> None:
    hold_up(sandbox, keep=20)
    with archive.pulling() as process:
        asked_for(process, sandbox, 25)
        began = time.monotonic()
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        seconds = time.monotonic() - began
    assert process.returncode == -signal.SIGTERM
    assert seconds < STOP_S
    left = archive.stored()
    before = archive.fetches()
    sandbox.faults = replace(sandbox.faults, media=())
    again = archive.pull_here()
    assert (again.code, again.told["adopted"]) == (0, len(left)), again.err
    assert all(archive.fetches()[id_] == before[id_] for id_ in left)
    assert archive.verified().is_clean
    figure("D7", f"asked twice: gone in {seconds:.1f} s, {len(left)} stored, all adopted later")


@pytest.mark.parametrize(("link_life", "pending"), [(2, WORKERS), (3_600, 1)])
def test_asked_while_the_portal_hangs(
    tmp_path: Path, link_life: int, pending: int, figure: Figure
) -> None:
    """Workers renew links that live for seconds alone; an hour's links one of them for all."""
    with portal(40, link_life=link_life) as sandbox:
        archive = Archive(sandbox, tmp_path / "archive")
        sandbox.faults = replace(sandbox.faults, media=(BRIEF,))
        with archive.pulling() as process:
            archive.wait_for(process, "media", WORKERS)
            sandbox.faults = HANGING
            archive.wait_for(process, "delayed", pending)
            assert process.poll() is None, "the pull ended too soon"
            asked = sandbox.counts["delayed"]
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            ended = archive.ended(process)
            seconds = time.monotonic() - began
    assert ended.code == 130, ended.err
    assert asked >= pending
    assert seconds < STOP_S
    assert last_manifest(archive).run.closed
    entered = archive.known()
    assert entered.keys() == archive.stored() != set()
    assert Outcome.FAILED not in {known.outcome for known in entered.values()}
    assert archive.parts() == []
    figure(
        "D7",
        f"links of {link_life} s, a portal that hangs with {asked} requests pending: stopped in "
        f"{seconds:.1f} s, {len(entered)} stored and entered",
    )


def test_two_at_once(sandbox: Sandbox, archive: Archive, figure: Figure) -> None:
    hold_up(sandbox, keep=20)
    with archive.pulling() as first:
        asked_for(first, sandbox, 25)
        second = archive.pull_here()
        assert second.code == 5, second.err
        assert "Another run" in second.err
        sandbox.faults = replace(sandbox.faults, media=())
        first.kill()
        first.communicate()
    assert archive.pull_here().code == 0, "the lock died with its holder"
    manifests = [m for _, m in Journal(LocalStore(archive.folder)).manifests()]
    entries = [entry.id for manifest in manifests for entry in manifest.recordings]
    assert len(entries) == len(set(entries)) == 40
    assert archive.verified().is_clean
    figure("D8", "two pulls at once: the second exits 5, entries doubled 0, finals doubled 0")


def test_a_token_that_dies_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """A day is listed in parts, and what the first of them shows is fetched meanwhile."""
    monkeypatch.setattr(slices, "SLICE_ROWS", 30)
    with portal(90) as sandbox:
        archive = Archive(sandbox, tmp_path / "archive")
        whole = sandbox.faults
        sandbox.faults = replace(whole, pages=PageFaults(token_dies_after=15))
        ended = archive.pull_here()
        assert ended.code == 4, ended.err
        assert "token" in ended.err
        entered = archive.known()
        assert entered.keys() == archive.stored()
        assert 0 < len(entered) < 90
        assert last_manifest(archive).run.closed
        assert archive.parts() == []
        sandbox.faults = whole
        again = archive.pull_here()
        assert again.code == 0, again.err
        assert again.told["outcomes"]["held"] == len(entered)
    figure("N21", f"token revoked: exit 4, {len(entered)} stored and entered, half items 0")


def test_damaged_before_it_was_entered(sandbox: Sandbox, archive: Archive, figure: Figure) -> None:
    hold_up(sandbox, keep=20)
    with archive.pulling() as process:
        asked_for(process, sandbox, 25)
        process.kill()
        process.communicate()
    left = sorted(archive.stored())
    victim = next(p for p in (archive.folder / "recordings").rglob("*.mp3") if left[0] in p.name)
    sound = victim.read_bytes()
    damaged = b"\0" * 64 + sound[64:]
    victim.write_bytes(damaged)
    assert victim.read_bytes() != sound
    before = archive.fetches()
    sandbox.faults = replace(sandbox.faults, media=())

    ended = archive.pull_here()

    assert ended.code == 0, ended.err
    assert ended.told["adopted"] == len(left) - 1
    assert victim.read_bytes() == sound, "fetched again under its name"
    assert archive.fetches()[left[0]] == before[left[0]] + 1
    assert all(archive.fetches()[id_] == before[id_] for id_ in left[1:])
    aside = [p for p in (archive.folder / "quarantine").rglob("*") if p.is_file()]
    assert [path.read_bytes() for path in aside] == [damaged], "nothing is lost, damaged or not"
    report = archive.verified()
    assert report.is_clean
    assert [archive.folder / one.path for one in report.aside] == aside
    figure("D11", f"damaged before adoption: set aside 1, fetched again 1, adopted {len(left) - 1}")


def test_a_sidecar_that_was_left_alone_is_used(
    sandbox: Sandbox, archive: Archive, figure: Figure
) -> None:
    hold_up(sandbox, keep=20)
    with archive.pulling() as process:
        asked_for(process, sandbox, 25)
        process.kill()
        process.communicate()
    sidecar = min((archive.folder / "recordings").rglob("*.json"))
    (audio,) = sidecar.parent.glob(f"{sidecar.name.partition('.')[0]}.*.mp3")
    audio.unlink()
    sandbox.faults = replace(sandbox.faults, media=())

    ended = archive.pull_here()

    assert ended.code == 0, ended.err
    assert archive.verified().is_clean, "it belongs to the audio that came again"
    assert audio.exists()
    figure("D11", "a sidecar without its audio: used for what is fetched again, extra 0")


def test_damaged_under_the_name_of_what_comes_again(tmp_path: Path, figure: Figure) -> None:
    with portal(20, wrong=2) as sandbox:
        archive = Archive(sandbox, tmp_path / "archive")
        assert archive.pull_here().code == 3
        victim = next((archive.folder / "quarantine").rglob("*.mp3"))
        sound = victim.read_bytes()
        damaged = b"\0" + sound[1:]
        victim.write_bytes(damaged)
        assert victim.read_bytes() != sound

        again = archive.pull_here()

        assert again.code == 3, again.err
        assert again.told["outcomes"]["quarantined"] == 2
        assert victim.read_bytes() == sound
        report = archive.verified()
        assert report.is_clean
        assert [(archive.folder / one.path).read_bytes() for one in report.aside] == [damaged]
    figure("D11", "damaged under the name of what is stored again: overwritten 0, lost 0")


FULL = """
import os, pathlib, sys
from archiver.cli.main import run
from archiver.domain.layout import parse
from archiver.manifest.journal import Journal
from archiver.store import free_space as kept_back
from archiver.check.audit import audit
from archiver.store.local import LocalStore
root, reserve = pathlib.Path(sys.argv[1]), int(sys.argv[2])
kept_back.RESERVE_BYTES = reserve
entered_sum = stored_sum = 0
for room in (280, 400):
    archive = root / str(room)
    words = ["pull", "--quiet", "--archive", str(archive), *sys.argv[3:]]
    store = LocalStore(archive)
    with (root / "ballast").open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, store.free().bytes - reserve - room * 1024)
    assert run(words) == 4, room
    left = [item.key for item in store.items("") if parse(item.key)]
    names = {parse(key).safe_id for key in left if not key.endswith(".json")}
    entered = {e.id for _, m in Journal(store).manifests() for e in m.recordings if e.audio}
    report = audit(store)
    assert not (report.missing or report.differ or report.chain or report.unreadable), report
    assert entered <= names
    assert not any((archive / ".archiver/parts").iterdir())
    entered_sum, stored_sum = entered_sum + len(entered), stored_sum + len(names)
    (root / "ballast").unlink()
    assert run(words) == 0
    report = audit(store)
    assert report.is_clean and report.ok == 80 + 1 + report.head.number, report
    for path in sorted(archive.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
print(stored_sum, entered_sum)
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
@pytest.mark.parametrize("reserve", [RESERVE_BYTES, 0])
def test_the_disk_fills_up(sandbox: Sandbox, tmp_path: Path, reserve: int, figure: Figure) -> None:
    shell = (
        'mount -t tmpfs -o size=34m,nr_inodes=2000 none "$1" || exit 99; '
        'folder=$1 python=$2 script=$3; shift 3; exec "$python" -c "$script" "$folder" "$@"'
    )
    day = f"{DAY:%Y-%m-%d}"
    done = subprocess.run(
        [
            *("unshare", "-rm", "sh", "-c", shell, "sh", str(tmp_path), sys.executable, FULL),
            str(reserve),
            *("--day", day, "--rate", "60000"),
        ],
        env=Archive(sandbox, tmp_path).environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    if done.returncode == 99 or (done.returncode and done.stderr.startswith("unshare")):
        pytest.skip("an own mount namespace is not permitted here")
    assert done.returncode == 0, done.stderr
    stored, entered = map(int, done.stdout.split())
    assert stored > 0
    assert entered == stored or not reserve, "room was kept for the manifest"
    figure(
        "D4",
        f"2 disks that fill up with {reserve} bytes kept back: exit 4, stored {stored}, entered "
        f"{entered}, the rest adopted; partial finals 0; then exit 0, verify clean",
    )
