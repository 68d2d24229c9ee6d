"""Audio: of the length it claims, by three judges."""

import hashlib
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mutagen.mp3 import MPEGInfo
from mutagen.wave import WAVE

from archiver.audio.measure import measure
from archiver.sandbox import Encoding, Tone
from archiver.sandbox.world.tones import render

SECONDS = (1, 7, 93)
MP3 = tuple(kind for kind in Encoding if kind is not Encoding.WAV)


@pytest.mark.parametrize("kind", Encoding)
@pytest.mark.parametrize("seconds", SECONDS)
def test_the_walk_finds_it_whole_and_of_its_length(
    kind: Encoding, seconds: int, tmp_path: Path
) -> None:
    tone = Tone(kind, seconds)
    path = tmp_path / "tone"
    path.write_bytes(render(tone).body)
    facts = measure(path)
    assert facts.flaws == ()
    assert facts.duration_ms == tone.ms
    assert facts.frames == tone.frames
    assert abs(tone.ms - seconds * 1000) <= 36
    assert facts.extension == tone.extension


@pytest.mark.parametrize("kind", MP3)
def test_mutagen_reads_the_same_length(kind: Encoding) -> None:
    tone = Tone(kind, 93)
    info = MPEGInfo(io.BytesIO(render(tone).body))
    assert info.length * 1000 == pytest.approx(tone.ms, abs=1)
    assert info.sketchy is False


def test_mutagen_reads_the_wav() -> None:
    read: Any = WAVE  # mutagen types neither its constructor nor what it finds
    assert read(io.BytesIO(render(Tone(Encoding.WAV, 5)).body)).info.length == 5


@pytest.mark.parametrize("kind", Encoding)
def test_ffmpeg_decodes_it_without_an_error(kind: Encoding) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    done = subprocess.run(
        [ffmpeg, "-v", "error", "-i", "-", "-f", "null", "-"],
        input=render(Tone(kind, 7)).body,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""


def test_an_etag_is_the_md5_of_the_bytes() -> None:
    stored = render(Tone(Encoding.CBR, 3))
    assert stored.etag == f'"{hashlib.md5(stored.body, usedforsecurity=False).hexdigest()}"'
