"""The tables, against the standards' own numbers and against mutagen's independent ones."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.mp3 import HeaderNotFoundError, MPEGFrame

from archiver.audio.mpeg.frame_header import (
    CANDIDATE,
    MAX_FRAME_BYTES,
    SideInfo,
    is_free_format,
    parse,
)
from tests.conftest import Figure


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("fffb9064", ("mp3", 44_100, 2, 417, 1152)),
        ("fffb9264", ("mp3", 44_100, 2, 418, 1152)),
        ("ffe318c4", ("mp3", 8_000, 1, 72, 576)),
        ("fff348c4", ("mp3", 16_000, 1, 144, 576)),
        ("fffd8404", ("mp2", 48_000, 2, 384, 1152)),
        ("ffff18c0", ("mp1", 32_000, 1, 48, 384)),
        ("ffe5eac0", ("mp2", 8_000, 1, 2881, 1152)),
    ],
)
def test_headers_of_every_version_and_layer(
    word: str, expected: tuple[str, int, int, int, int]
) -> None:
    frame = parse(bytes.fromhex(word))
    assert frame is not None
    kind = frame.kind
    found = (kind.codec, kind.sample_rate, kind.channels, frame.size, kind.samples)
    assert found == expected


def test_every_header_that_there_is_agrees_with_a_second_reader(figure: Figure) -> None:
    seen = refused = 0
    for second in range(0xE0, 0x100):
        for third in range(256):
            for fourth in (0x00, 0x44, 0xC0):
                word = bytes([0xFF, second, third, fourth])
                frame = parse(word)
                try:
                    theirs = MPEGFrame(io.BytesIO(word + bytes(3000)))  # type: ignore[no-untyped-call]  # mutagen's own gap
                except HeaderNotFoundError:
                    assert frame is None
                    refused += 1
                    continue
                assert frame is not None
                assert 0 < frame.size <= MAX_FRAME_BYTES
                kind = frame.kind
                ours = (kind.version, kind.layer, kind.sample_rate, kind.channels, frame.protected)
                assert ours == (
                    theirs.version,
                    theirs.layer,
                    theirs.sample_rate,
                    theirs.channels,
                    theirs.protected,
                )
                assert CANDIDATE.match(word)
                seen += 1
    assert (seen + refused) == 32 * 256 * 3
    figure("audio", f"headers read as by mutagen: {seen}, refused by both {refused}")


@given(st.binary(min_size=4, max_size=4))
def test_nothing_that_is_no_candidate_is_a_header(word: bytes) -> None:
    if not CANDIDATE.match(word):
        assert parse(word) is None


def test_free_format_is_told_from_nonsense() -> None:
    assert is_free_format(bytes.fromhex("fffb00c4"))
    assert parse(bytes.fromhex("fffb00c4")) is None
    for word in ("fffb90c4", "ffeb00c4", "fff900c4", "fffb0cc4", "00000000", "fffb00"):
        assert not is_free_format(bytes.fromhex(word))


def test_side_information_is_laid_out_as_the_standards_do() -> None:
    assert SideInfo.of(full_rate=True, mono=False).bytes == 32
    mono = SideInfo.of(full_rate=False, mono=True)
    assert mono.bytes == 9
    side = int.from_bytes(bytes([7, 0b0_1111111, 0b11111_000]) + bytes(6))
    assert side >> mono.begin == 7
    assert side >> mono.parts[0] & 0xFFF == 0xFFF
