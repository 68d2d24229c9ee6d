"""The corpus (see ``tests/corpus/make.py``) and ways to hurt it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from archiver.audio.measure import measure
from archiver.audio.mpeg import vbr_header as header
from archiver.audio.mpeg.frame_header import parse
from archiver.audio.mpeg.frame_walk import FrameWalk
from archiver.audio.verdict import judge
from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judgement, Tolerance, Verdict

FOLDER = Path(__file__).parent.parent / "corpus"
INDEX: dict[str, dict[str, int]] = json.loads((FOLDER / "index.json").read_text("utf-8"))
CONTAINERS = sorted(name for name in INDEX if name.startswith("tiny"))
NAMED = sorted(name for name in INDEX if name.startswith("named"))
STREAMS = sorted(set(INDEX) - set(CONTAINERS) - set(NAMED))
TAG_FREE = [
    name
    for name in STREAMS
    if name.startswith(("lame-", "sox-", "hand-vbri", "ffmpeg-shine", "ffmpeg-twolame"))
    and "tagged" not in name
]
"""Streams that end with their last frame, so that every byte cut off is audio."""


Corpus = Callable[[str], bytes]
BAD = {Verdict.TRUNCATED, Verdict.DAMAGED}


def decoded_ms(name: str) -> float:
    return INDEX[name]["samples"] * 1000 / INDEX[name]["rate"]


def frame_ends(audio: bytes) -> list[int]:
    """Return where frames end, told by feeding the walk frame by frame."""
    walk = FrameWalk()
    walk.feed(audio)
    walk.finish()
    ends, at = [], walk.begin
    while frame := parse(audio[at : at + 4]):
        at += frame.size
        ends.append(at)
    return ends


def header_of(audio: bytes) -> header.VbrHeader | None:
    frame = parse(audio[:4])
    return header.read(audio[: frame.size], frame.kind) if frame else None


class Judge(Struct, frozen=True):
    """Writes bytes to a file, measures and judges them."""

    path: Path

    def facts(self, audio: bytes) -> Facts:
        self.path.write_bytes(audio)
        return measure(self.path)

    def __call__(self, audio: bytes, reported_ms: int | None = None) -> Judgement:
        return judge(self.facts(audio), reported_ms, Tolerance())


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """Return what judges bytes."""
    return Judge(tmp_path / "audio")


@pytest.fixture(scope="session")
def corpus() -> Callable[[str], bytes]:
    """Return the bytes of a file of the corpus by its name."""
    kept = {name: (FOLDER / name).read_bytes() for name in INDEX}
    return kept.__getitem__
