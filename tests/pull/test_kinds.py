"""G10 through a whole pull: recordings of every kind, and what an older measuring refused."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from archiver.audio import measure as probe
from archiver.domain.audio_facts import Facts, Flaw
from archiver.domain.outcomes import Outcome, Verdict
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.pull.job import judging
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.audio.conftest import CONTAINERS, FOLDER, NAMED, decoded_ms
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
WHOLE = [name for name in CONTAINERS if decoded_ms(name) > 2_000]


@pytest.fixture
def world() -> World:
    """Return a day of one recording for each file that is whole, or can only be named."""
    world, count = World(seed=10), len(WHOLE) + len(NAMED)
    last = DAY + timedelta(hours=23)
    world.add(count=count, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(3,))
    for recording, name in zip(world.recordings, (*WHOLE, *NAMED), strict=True):
        world.store(recording.key or "", (FOLDER / name).read_bytes())
        world.edit(recording.id, duration=round(decoded_ms(name) / 1000))
    return world


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """Return a portal that serves it."""
    with Sandbox(world, token=TOKEN) as sandbox:
        yield sandbox


def pulled(sandbox: Sandbox, home: Path) -> tuple[int, dict[str, Any], list[Entry]]:
    """Pull; return the exit code, the summary and what the newest entry of each says."""
    words = ("pull", "--json", "--day", f"{DAY:%Y-%m-%d}", "--no-calls", "-a", str(home / "a"))
    ran = Desk(sandbox, home).run(*words)
    entries = {
        entry.id: entry
        for _head, manifest in Journal(LocalStore(home / "a")).manifests()
        for entry in manifest.recordings
    }
    return ran.code, json.loads(ran.out), [*entries.values()]


def extension(entry: Entry) -> str:
    assert entry.audio is not None
    return entry.audio.path.rpartition(".")[2]


def test_whole_ones_are_archived_and_what_can_only_be_named_is_a_finding(
    sandbox: Sandbox, tmp_path: Path, figure: Figure
) -> None:
    code, told, entries = pulled(sandbox, tmp_path)
    by_verdict = Counter(entry.verdict for entry in entries)
    assert by_verdict == {Verdict.VERIFIED: len(WHOLE), Verdict.UNMEASURED: len(NAMED)}
    assert (code, told["findings"]["open"]) == (3, len(NAMED))
    unmeasured = [entry for entry in entries if entry.verdict is Verdict.UNMEASURED]
    assert {extension(entry) for entry in unmeasured} == {
        *("webm", "mka", "caf", "w64", "wma", "ts", "wav")
    }
    assert all(entry.outcome is Outcome.QUARANTINED for entry in unmeasured)
    ran = Desk(sandbox, tmp_path).run(
        *("accept", "-a", str(tmp_path / "a"), "--verdict", "unmeasured"),
        *("--reason", "each of them was listened to"),
    )
    assert ran.code == 0, ran.err
    assert pulled(sandbox, tmp_path)[0] == 0
    figure("G10", f"pulled: {len(WHOLE)} whole ones archived, {len(NAMED)} unmeasured and accepted")


def test_holed_ones_are_never_clean(
    world: World, sandbox: Sandbox, tmp_path: Path, figure: Figure
) -> None:
    for recording, name in zip(world.recordings, WHOLE, strict=False):
        audio = (FOLDER / name).read_bytes()
        at = len(audio) // 3
        world.store(recording.key or "", audio[:at] + audio[-at:])
        world.edit(recording.id, duration=60)
    code, _, entries = pulled(sandbox, tmp_path)
    assert code == 3
    assert not [entry for entry in entries if entry.outcome is Outcome.ARCHIVED]
    figure("G10", f"pulled: {len(WHOLE)} without their middle: archived 0")


def older(measure: Callable[[Path], Facts]) -> Callable[[Path], Facts]:
    """Return what measured before its rules knew any of these kinds."""

    def measured(path: Path) -> Facts:
        cut = ("it needs more bytes",)
        return replace(measure(path), edition=1, flaws=(Flaw.CUT_CONTAINER,), details=cut)

    return measured


def test_what_older_rules_refused_is_measured_again_where_it_lies(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(judging, "measure", older(probe.measure))
        code, _, entries = pulled(sandbox, tmp_path)
        assert code == 3
        assert {entry.verdict for entry in entries} == {Verdict.TRUNCATED}
    fetched = sandbox.counts["media"]
    _, _, entries = pulled(sandbox, tmp_path)
    by_verdict = Counter(entry.verdict for entry in entries)
    assert by_verdict == {Verdict.VERIFIED: len(WHOLE), Verdict.UNMEASURED: len(NAMED)}
    assert sandbox.counts["media"] == fetched
    third, _, _ = pulled(sandbox, tmp_path)
    assert third == 3, "what can only be named waits for a person"
    assert Desk(sandbox, tmp_path).run("verify", "-a", str(tmp_path / "a")).code == 0
    figure("G10", f"refused by older rules: {len(WHOLE)}, archived later {len(WHOLE)}, fetched 0")
