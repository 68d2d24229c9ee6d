"""What ``Content-Encoding`` says of a body: whether its bytes are those of the thing itself. Pure.

Servers write much there that encodes nothing: how a file was uploaded, its character set, "none".

>>> coding_of("aws-chunked"), coding_of("UTF-8"), coding_of("aws-chunked, gzip"), coding_of("x")
(None, None, 'gzip', 'an unknown coding')
"""

import re
import zlib

_NOTHING = re.compile(
    r"|identity|aws-chunked|none|null|raw|plain|[78]bit|binary"
    r"|utf-?8|us-ascii|ascii|iso-8859-[0-9]{1,2}|latin-?1|windows-12[0-9]{2}"
)
"""Words that mean that a body is as it is, and sets of characters, which belong elsewhere."""
_KNOWN = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"})
_GZIP = b"\x1f\x8b"
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS


class Undecodable(ValueError):
    """A body can't be decoded; the message says why in a few words."""


def coding_of(header: str | None) -> str | None:
    """Return the coding that a header names, ``None`` where it names none that encodes anything.

    Only names that are known are returned: a header may tell secrets.
    """
    words = [word.strip().strip("\"'").lower() for word in (header or "").split(",")]
    real = [word for word in words if not _NOTHING.fullmatch(word)]
    if not real:
        return None
    return ", ".join(real) if _KNOWN.issuperset(real) else "an unknown coding"


def decoded(body: bytes, coding: str | None, *, max_bytes: int) -> bytes:
    """Return what a body says once its coding is undone. Raises :class:`Undecodable`.

    A body says best itself whether it is gzip: some caches keep the header and not the coding, and
    some the other way round.
    """
    is_gzip = body.startswith(_GZIP)
    if not is_gzip and coding in {None, "gzip", "x-gzip"}:
        return body
    if not is_gzip and coding != "deflate":
        raise Undecodable(f"it is encoded ({coding}), though that was not asked for")
    text = bytearray()
    while body:
        inflating = zlib.decompressobj(_ZLIB_OR_GZIP)
        try:
            text += inflating.decompress(body, max_bytes + 1 - len(text))
        except zlib.error as error:
            raise Undecodable("it is damaged") from error
        if len(text) > max_bytes:
            raise Undecodable(f"it is larger than {max_bytes} bytes")
        if not inflating.eof:
            raise Undecodable("it is cut off")
        body = inflating.unused_data
    return bytes(text)
