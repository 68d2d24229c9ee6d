"""Laws of what the portal says: its answers, the links in them, and JSON at large."""

import json
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from archiver.domain.layout import Shelf, audio_key
from archiver.domain.layout import parse as parse_key
from archiver.domain.recordings import Essential, Report, Row
from archiver.domain.row.fields import MAX_LENGTH_MS
from archiver.errors import Refused
from archiver.json_documents import MAX_DEPTH, BadDocument, Json, dumps, loads
from archiver.manifest.named_files.sidecar import FetchRecord, read_sidecar, sidecar_document
from archiver.media.allow_list import AllowList
from archiver.media.link import parse
from archiver.portal.wire.answers import BadAnswer, Failure, Page, failure_in, parse_page
from archiver.scrubbing import clean, without_queries
from archiver.secret import Secret
from tests.fuzz.target import Target
from tests.portal.shapes import ANSWERS, ROW

NOW = datetime(2021, 4, 12, 5, tzinfo=UTC)
ENDPOINT = "https://portal.example/api/v2/"
ALLOWED = AllowList.of(ENDPOINT, [])
SHA256 = "0" * 64
_MOST_WORDS = 200
_HOST = re.compile(r"portal\.example|[a-z0-9_-]+(\.[a-z0-9_-]+)*\.amazonaws\.com")
_ANY_QUERY = re.compile(r"[?]|%(25)*3f|\\u003f", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{5}")


def pages(data: bytes) -> None:
    """Hold an answer to be a page of sound rows, or refused in short words without addresses."""
    for report in Report:
        try:
            page = parse_page(data, report)
        except (BadAnswer, Failure) as refused:
            _is_fit_to_print(str(refused))
        else:
            _is_sound(page)
    if failure := failure_in(data):
        _is_fit_to_print(failure.text)
        assert failure.code is None or 400 <= failure.code < 600


def links(data: bytes) -> None:
    """Hold a permitted link to lead where other parsers read it to, and none to show its query.

    Behind a blank, which ends an address in a text, other words may ask what they like.
    """
    text = data.decode("utf-8", "surrogateescape")
    link = parse(Secret(text))
    assert repr(link) == "<link>"
    assert "?" not in link.object
    assert link.deadline is None or link.deadline.tzinfo is UTC
    link.is_fresh(NOW)
    kept = clean(text)
    assert clean(kept) == kept
    assert not link.host or not _ANY_QUERY.search("".join(kept.split()[:1]))
    try:
        ALLOWED.permit(link)
    except Refused as refused:
        words = refused.message + refused.advice
        assert words.isprintable()
        assert "?" not in words
        return
    read = urlsplit(text)
    assert (link.scheme, link.port, read.port or 443) == ("https", 443, 443)
    assert _HOST.fullmatch(link.host)
    assert read.hostname == link.host
    assert link.target.startswith("/")


def documents(data: bytes) -> None:
    """Hold JSON to be refused in short words, or to say the same once written and read again."""
    try:
        document = loads(data, max_bytes=1 << 20)
    except BadDocument as refused:
        _is_fit_to_print(str(refused))
        return
    assert _depth(document) <= MAX_DEPTH
    for indent in (None, 2):
        assert loads(dumps(document, indent=indent), max_bytes=1 << 24) == document


def _is_fit_to_print(words: str) -> None:
    assert words.isprintable()
    assert len(words) <= _MOST_WORDS
    assert "//" not in words
    assert not _NUMBER.search(words)


def _is_sound(page: Page) -> None:
    for count in (page.last, page.total, page.per_page):
        assert count is None or count >= 0
    for row in page.rows:
        _is_sound_row(row)


def _is_sound_row(row: Row) -> None:
    """Hold a row to have a name and a sidecar, and to keep no query of an address."""
    assert row.id
    assert row.reported_ms is None or 0 < row.reported_ms <= MAX_LENGTH_MS
    assert row.at is None or (row.at.tzinfo is None and not row.at.microsecond)
    assert without_queries(dict(row.fields)) == row.fields
    said = {Essential.TIME: row.at, Essential.LENGTH: row.reported_ms, Essential.AUDIO: row.link}
    for what, sentence in row.unread.items():
        assert said[what] is None
        _is_fit_to_print(sentence)
    assert parse_key(audio_key(Shelf.RECORDINGS, row.id, row.at, SHA256, "mp3"))
    if row.link and parse(row.link).host:
        assert "?" not in str(row.fields["audio"])
    sidecar = sidecar_document(
        row,
        utc_offset_minutes=None,
        offset_from=None,
        facts=None,
        judgement=None,
        fetched=FetchRecord(NOW, ENDPOINT, SHA256),
    )
    told = read_sidecar(sidecar)
    assert (told.id, told.created_at, told.row) == (row.id, row.at, row.fields)


def _depth(document: Json) -> int:
    match document:
        case dict():
            return 1 + max(map(_depth, document.values()), default=0)
        case list():
            return 1 + max(map(_depth, document), default=0)
        case _:
            return 0


_LINK = "https://b.s3.ap-south-1.amazonaws.com/k.mp3"
_SIGNED = f"{_LINK}?X-Amz-Date=20210412T045621Z&X-Amz-Expires=3600&X-Amz-Signature=00ff00ff"
_JSON = (b'{"', b'":', b'"id"', b"null", b"1e999", b"-0.0", b"NaN", b"\\ud800", b"\\u0000", b"[[")

PAGES = Target(
    pages,
    (
        *(
            json.dumps(answer).replace(str(ROW["call_from"]), "7").encode()
            for answer in ANSWERS.values()
        ),
        json.dumps({"status": "OK", "data": [{"id": 7, "audio": _SIGNED}]}).encode(),
        b'{"status": 422, "message": "see https://portal.example/?a=b or 1 2 3 4 5"}',
        b"<html>",
    ),
    (
        *_JSON,
        *(b'"status":"OK"', b'"data":[', b'"meta":{', b'"total":', b'"created_at":', b'"audio":'),
        *(b"https://", b"?access_", b"\\/\\/", b"99:59:59", b"2019-W01-1", b"0001-01-01"),
    ),
)
LINKS = Target(
    links,
    (
        _SIGNED.encode(),
        f"{_LINK}?AWSAccessKeyId=x&Expires=1618203381&Signature=00ff00ff".encode(),
        b"https://portal.example:443/a/../b%2F?secret-of-it",
        b"https://portal.example@evil.example/a?secret-of-it",
        b"see https:\\/\\/h.example\\/k?secret-of-it",
        b"https://[::ffff:169.254.169.254]/",
        b"https://portal.example/play/https%3A%2F%2Fh.example%2Fk%3Fa%3Db%26secret-of-it",
        b"h.example/k?a=1&X-Goog-Signature=secret-of-it&Policy=secret-of-it",
        b"see https:\\\\/\\\\/h.example\\\\/k?sig=secret-of-it",
    ),
    (
        *(b"%3F", b"%253f", b"%2F%2F", b"\\u003f", b"\\u0026", b"&amp;", b"sig="),
        b"Key-Pair-Id%3D",
        *(b"https://", b".amazonaws.com", b"portal.example", b":443", b"@", b"\\", b"%2e", b"#"),
        *(b"?", b"&X-Amz-Expires=", b"&X-Amz-Date=", b"&Expires=", b"9" * 12, b"\xef\xbc\x8f"),
    ),
)
DOCUMENTS = Target(
    documents,
    (
        b'{"a": [1, -2.5e3, true, null, "\\u00e9\\ud83d\\ude00"], "b": {"": 1e999}}',
        b"[" * 33 + b"]" * 33,
        b'{"n": 123456789012345678901, "m": -0.0}',
        '["\u00e9", "\\ud800"]'.encode(),
    ),
    (*_JSON, b"]", b"}", b"\\", b"\xef\xbb\xbf", b"1234567890" * 2),
)
