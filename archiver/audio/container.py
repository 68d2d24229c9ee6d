"""Which kind of file it is, by its first bytes, and who measures it.

What has a name here and nobody to measure it is audio all the same: whether it is whole is not
known, and that is what is said of it.

>>> kind_of(b"RIFF" + bytes(4) + b"WAVEfmt ").name
'wav'
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from archiver.audio.kinds import aiff, au, flac, ogg, riff
from archiver.audio.kinds.mp4 import mp4
from archiver.audio.measured import AudioSpan, unmeasured
from archiver.domain.audio_facts import Facts

NAMING_BYTES: Final = 400
"""So many bytes tell a kind."""
_TS_PACKET: Final = 188


class FileKind(Struct, frozen=True):
    """A kind of file: its name, which is its extension, what it is called, and how it begins.

    ``measure`` is ``None`` where nobody can. ``marks`` are bytes and where they stand.
    """

    name: str
    called: str
    marks: tuple[tuple[int, bytes], ...]
    measure: Callable[[AudioSpan], Facts] | None = None


def kind_of(head: bytes) -> FileKind | None:
    """Return the kind of a file that begins so, if it is one of those."""
    for kind in _KINDS:
        (at, mark), *more = kind.marks
        if head.startswith(mark, at) and all(head.startswith(mark, at) for at, mark in more):
            return kind
    return None


def measure(kind: FileKind, part: AudioSpan) -> Facts:
    """Measure the file in ``part``, which is of that kind."""
    if kind.measure:
        return kind.measure(part)
    return unmeasured(kind.name, part, f"{kind.called}, which cannot be measured")


_WAVE, _EBML = (8, b"WAVE"), b"\x1a\x45\xdf\xa3"
_TS: Final = tuple((at, b"G") for at in (0, _TS_PACKET, 2 * _TS_PACKET))
_KINDS: Final = (
    FileKind("wav", "WAV", ((0, b"RIFF"), _WAVE), riff.measure),
    FileKind("wav", "RF64", ((0, b"RF64"), _WAVE), riff.measure),
    FileKind("wav", "BW64", ((0, b"BW64"), _WAVE), riff.measure),
    FileKind("ogg", "Ogg", ((0, b"OggS"),), ogg.measure),
    FileKind("flac", "FLAC", ((0, b"fLaC"),), flac.measure),
    FileKind("m4a", "MP4", ((4, b"ftyp"),), mp4.measure),
    FileKind("aiff", "AIFF", ((0, b"FORM"), (8, b"AIFF")), aiff.measure),
    FileKind("aiff", "AIFF-C", ((0, b"FORM"), (8, b"AIFC")), aiff.measure),
    FileKind("au", "AU", ((0, b".snd"),), au.measure),
    FileKind("wav", "big-endian WAV", ((0, b"RIFX"), _WAVE)),
    FileKind("w64", "Wave64", ((0, b"riff\x2e\x91\xcf\x11"),)),
    FileKind("caf", "Core Audio", ((0, b"caff"),)),
    FileKind("webm", "WebM", ((0, _EBML), (24, b"webm"))),
    FileKind("webm", "WebM", ((0, _EBML), (31, b"webm"))),
    FileKind("mka", "Matroska", ((0, _EBML),)),
    FileKind("wma", "Windows Media", ((0, bytes.fromhex("3026b2758e66cf11")),)),
    FileKind("ts", "an MPEG transport stream", _TS),
    FileKind("amr", "AMR of several channels", ((0, b"#!AMR_MC1.0\n"),)),
    FileKind("amr", "AMR of several channels", ((0, b"#!AMR-WB_MC1.0\n"),)),
    FileKind("silk", "SILK", ((0, b"#!SILK_V3"),)),
    FileKind("silk", "SILK", ((0, b"\x02#!SILK_V3"),)),
    FileKind("ra", "RealAudio", ((0, b".ra\xfd"),)),
    FileKind("ra", "RealMedia", ((0, b".RMF"),)),
    FileKind("voc", "Creative Voice", ((0, b"Creative Voice File\x1a"),)),
    FileKind("sph", "NIST SPHERE", ((0, b"NIST_1A\n"),)),
    FileKind("dss", "Digital Speech Standard", ((0, b"\x02dss"),)),
    FileKind("ds2", "Digital Speech Standard", ((0, b"\x03ds2"),)),
    FileKind("flv", "Flash Video", ((0, b"FLV\x01"),)),
)
