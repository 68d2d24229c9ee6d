"""The laws without a fuzzer: every case that ever broke one, every seed, and mutants of the seeds.

A few seconds in all. ``python -m tests.campaigns.fuzz`` is the real thing.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import pytest

from archiver import json_documents
from archiver.audio.kinds import flac_header, raw_frames
from archiver.audio.kinds.chunks import Chunk
from archiver.audio.kinds.mp4.track import Track
from archiver.audio.kinds.ogg import OggStream
from archiver.audio.mpeg import frame_walk
from archiver.audio.mpeg.frame_walk import FrameWalk
from archiver.config import endpoints, template
from archiver.domain import layout
from archiver.domain.row import fields
from archiver.errors import UsageError
from archiver.manifest import codec
from archiver.media.allow_list import AllowList
from archiver.portal.wire import rows
from tests.campaigns import fuzz
from tests.conftest import Figure
from tests.fuzz.mutation import mutants
from tests.fuzz.targets import TARGETS

MUTANTS = 400


def _quoting(text: str) -> NoReturn:
    raise UsageError(text)


DEFECTS: tuple[tuple[str, object, str, object], ...] = (
    ("frames", frame_walk, "_LOOKAHEAD", 0),
    ("files", FrameWalk, "duration_ms", lambda *_, **__: -1),
    ("ogg", OggStream, "ms", property(lambda _: -1)),
    ("flac", flac_header, "SHORTEST_HEADER", 0),
    ("riff", Chunk, "end", property(lambda _: -1)),
    ("mp4", Track, "ms", property(lambda _: -1)),
    ("bare", raw_frames, "_FRAMES_A_SECOND", -50),
    ("pages", rows, "cleaned", lambda fields, _known: dict(fields)),
    ("links", AllowList, "permit", lambda *_: None),
    ("documents", json_documents, "MAX_DEPTH", 1_000),
    ("manifests", codec, "_moment_in", datetime.fromisoformat),
    ("sidecars", codec, "_text", str),
    ("names", layout, "_PLAIN_ID", re.compile(".*")),
    ("settings", endpoints, "normalise_endpoint", _quoting),
    ("variables", template, "_quoted", lambda text: f'"{text[1:]}"'),
    ("times", fields, "MAX_LENGTH_MS", 10**30),
)
"""For each target something that is broken in the product, to see that its law notices."""


def test_every_case_has_its_target() -> None:
    assert {folder.name for folder in fuzz.CASES.iterdir()} <= {*TARGETS}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("frames", "M9"),
        ("files", "M9"),
        ("ogg", "M9"),
        ("flac", "M9"),
        ("riff", "M9"),
        ("mp4", "M9"),
        ("bare", "M9"),
        ("pages", "A13"),
        ("links", "X2"),
        ("documents", "A13"),
        ("manifests", "D13"),
        ("sidecars", "D13"),
        ("names", "X9"),
        ("settings", "X6"),
        ("variables", "X6"),
        ("times", "A10"),
    ],
)
def test_no_case_seed_or_mutant_breaks_a_law(name: str, row: str, figure: Figure) -> None:
    target = TARGETS[name]
    cases = _cases(name)
    changed = [each for each in mutants(target, MUTANTS) if each not in target.seeds]
    assert len(changed) > MUTANTS * 0.9
    for data in (*cases, *target.seeds, *changed):
        target.law(data)
    told = f"{len(cases)} cases, {len(target.seeds)} seeds and {len(changed)} mutants"
    figure(row, f"{name}: no law broken by {told}")


@pytest.mark.parametrize(("name", "owner", "place", "defect"), DEFECTS)
def test_a_defect_breaks_its_law(
    name: str, owner: object, place: str, defect: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not _breaks(name)
    with monkeypatch.context() as patched:
        patched.setattr(owner, place, defect)
        _forget(owner)
        breaks = _breaks(name)
    _forget(owner)
    assert breaks


def _forget(owner: object) -> None:
    """Let what an owner keeps of its functions be worked out anew."""
    for each in vars(owner).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


def test_without_the_fuzzer_the_campaign_is_skipped_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fuzz, "find_spec", lambda _name: None)
    report = fuzz.campaign(TARGETS.values(), seconds=1, least=1, cases=tmp_path)
    assert (report.bad, report.figures) == ([], {})
    assert fuzz.LOCK in "".join(report.skipped)


def test_the_fuzzer_is_locked_as_a_wheel_for_its_machines_alone(root: Path) -> None:
    pins = [line for line in (root / fuzz.LOCK).read_text("utf-8").splitlines() if "==" in line]
    assert len(pins) == 1
    assert "sys_platform == 'linux'" in pins[0]
    assert "platform_machine == 'x86_64'" in pins[0]
    assert "atheris" not in (root / "requirements.lock").read_text("utf-8")


def _cases(name: str) -> list[bytes]:
    return [case.read_bytes() for case in sorted((fuzz.CASES / name).glob("*"))]


def _breaks(name: str) -> bool:
    target = TARGETS[name]
    try:
        for data in (*_cases(name), *target.seeds, *mutants(target, MUTANTS)):
            target.law(data)
    except Exception:  # noqa: BLE001 - whatever a law or the product raises is a breach
        return True
    return False
