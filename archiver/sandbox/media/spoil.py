"""What a trouble makes of a good answer: values in, values out."""

import gzip
from collections.abc import Callable
from functools import cache
from http import HTTPStatus

from msgspec.structs import replace

from archiver.sandbox.faults import Trouble, Troubled
from archiver.sandbox.wire import Pace, Response
from archiver.sandbox.world.tones import StoredObject

_Spoiler = Callable[[Response, Troubled], Response]

_HTML = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>\n"
_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InternalError</Code></Error>'
_FLOOD = tuple((f"X-Flood-{n:05}", "x" * 12) for n in range(10_000))
_OVERLONG = b"and there is more" * 64
_ELSEWHERE = "http://169.254.169.254/latest/meta-data/"
_GZIPPED = ("Content-Encoding", "gzip")


def spoilt(good: Response, troubled: Troubled) -> Response:
    """Return ``good`` as the client meets it under ``troubled``."""
    return _SPOILT[troubled.trouble](good, troubled)


def _cut(good: Response, troubled: Troubled) -> Response:
    start = int(len(good.body) * troubled.at)
    return replace(good, body=good.body[:start], promised=len(good.body), ending="close")


def _slow(good: Response, troubled: Troubled) -> Response:
    start = int(len(good.body) * troubled.at)
    return replace(good, pace=Pace(start, troubled.piece, troubled.interval))


def _overlong(good: Response, _: Troubled) -> Response:
    size = len(good.body)
    return replace(good, body=good.body + _OVERLONG, promised=size, ending="close")


def _gzip_cut(good: Response, troubled: Troubled) -> Response:
    packed = gzip.compress(good.body, 1, mtime=0)
    return _encoded(good, packed[: int(len(packed) * troubled.at)])


def _flipped(good: Response, troubled: Troubled) -> Response:
    if not good.body:
        return good
    body = bytearray(good.body)
    body[min(int(len(body) * troubled.at), len(body) - 1)] ^= 1
    return replace(good, body=bytes(body))


def _lying_etag(good: Response, _: Troubled) -> Response:
    honest = (each for each in good.headers if each[0] != "ETag")
    return replace(good, headers=(("ETag", StoredObject.of(good.body[::-1]).etag), *honest))


def _elsewhere(good: Response, _: Troubled) -> Response:
    """Return as many bytes as the part has, but not those asked for, and say so."""
    if good.status != HTTPStatus.PARTIAL_CONTENT:
        return good
    size = good.headers[0][1].rpartition("/")[2]
    place = ("Content-Range", f"bytes 0-{len(good.body) - 1}/{size}")
    return replace(good, headers=(place, *good.headers[1:]), body=good.body[::-1])


def _encoded(good: Response, body: bytes) -> Response:
    return replace(good, headers=(*good.headers, _GZIPPED), body=body)


@cache
def _bomb() -> bytes:
    """Return 0.5 MB that open to 500 MB: members of the same zeroes, quickly made."""
    return gzip.compress(bytes(10_000_000)) * 50


def _page(content_type: str, body: bytes) -> _Spoiler:
    return lambda _, __: Response(200, (("Content-Type", content_type),), body)


_SPOILT: dict[Trouble, _Spoiler] = {
    Trouble.CUT: _cut,
    Trouble.CUT_UNSIZED: lambda good, how: replace(_cut(good, how), framing="close"),
    Trouble.CUT_CHUNKED: lambda good, how: replace(_cut(good, how), framing="chunks"),
    Trouble.RESET: lambda good, how: replace(_cut(good, how), ending="reset"),
    Trouble.SLOW: _slow,
    Trouble.ENDLESS: lambda good, _: replace(good, framing="close", ending="close", endless=True),
    Trouble.OVERLONG: _overlong,
    Trouble.GZIP: lambda good, _: _encoded(good, gzip.compress(good.body, 1, mtime=0)),
    Trouble.GZIP_BOMB: lambda good, _: _encoded(good, _bomb()),
    Trouble.GZIP_CUT: _gzip_cut,
    Trouble.HEADER_FLOOD: lambda good, _: replace(good, headers=good.headers + _FLOOD),
    Trouble.HTML: _page("text/html", _HTML),
    Trouble.XML: _page("application/xml", _XML),
    Trouble.EMPTY: lambda good, _: Response(200, good.headers),
    Trouble.REDIRECT: lambda _, __: Response(302, (("Location", _ELSEWHERE),)),
    Trouble.WRONG_RANGE: _elsewhere,
    Trouble.FLIPPED: _flipped,
    Trouble.LYING_ETAG: _lying_etag,
}
