"""AU, the sound files of Sun and NeXT: a header, and samples or codes up to the end.

Source: the manual page ``audio(5)`` of SunOS and ``<audio/au.h>``.
"""

from typing import Final

from archiver.audio.measured import AudioSpan, behind, cut_short, short, told, unmeasured, unsized
from archiver.audio.zeroes import run_of_zeroes
from archiver.domain.audio_facts import Facts

_HEADER: Final = 24
_UNTOLD: Final = 0xFFFF_FFFF
_BITS: Final = {1: 8, 2: 8, 3: 16, 4: 24, 5: 32, 6: 32, 7: 64, 23: 4, 24: 4, 25: 3, 26: 5, 27: 8}
"""Bits of a sample: mu-law, PCM and floats, G.721, G.722, G.723 in two rates, A-law."""
_NEVER_ZERO: Final = {1, 23, 24, 25, 26, 27}


def measure(part: AudioSpan) -> Facts:
    """Measure the AU file in ``part``."""
    head = part.read(part.start, _HEADER)
    if len(head) < _HEADER:
        return cut_short("au", part, part.start + _HEADER)
    begin, size, encoding, rate, channels = (
        int.from_bytes(head[at : at + 4]) for at in range(4, _HEADER, 4)
    )
    begin += part.start
    bits = _BITS.get(encoding, 0) * channels
    if not bits or not rate:
        return unmeasured("au", part, f"AU of encoding {encoding}, which cannot be measured")
    is_told = size != _UNTOLD
    end = min(part.end, begin + size) if is_told else part.end
    samples = max(0, end - begin) * 8 // bits
    duration_ms = round(samples * 1000 / rate)
    rest = part.end - end
    oddities = list(behind(rest, end - begin, duration_ms, complete=True, may_be_sound=True))
    if is_told and begin + size > part.size:
        oddities.append(short(begin + size, part.size))
    if not is_told:
        oddities.append(unsized("it was written as a stream"))
    if encoding in _NEVER_ZERO:
        oddities += run_of_zeroes(part.read, begin, end)
    return told("au", part, oddities, duration_ms=duration_ms, sample_rate=rate, channels=channels)
