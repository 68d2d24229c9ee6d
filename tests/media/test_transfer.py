"""The transfer's laws: whatever a server does, a finished transfer is one whole object."""

import hashlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import Refused, TryAgain
from archiver.media.transfer import FetchedBody, Transfer, byte_cap

BODY = bytes(range(256)) * 8
ETAG = '"strong-1"'
MD5 = f'"{hashlib.md5(BODY, usedforsecurity=False).hexdigest()}"'


def head(length: int | None = len(BODY), etag: str | None = ETAG, **more: str) -> dict[str, str]:
    headers = {} if length is None else {"content-length": str(length)}
    headers |= {} if etag is None else {"etag": etag}
    return headers | {name.replace("_", "-"): text for name, text in more.items()}


def part(first: int, last: int, total: int, etag: str | None = ETAG) -> dict[str, str]:
    return head(None, etag, content_range=f"bytes {first}-{last}/{total}")


def cut_at(offset: int, etag: str | None = ETAG) -> Transfer:
    transfer = Transfer(len(BODY))
    transfer.request()
    transfer.accept(200, head(etag=etag))
    transfer.take(BODY[:offset])
    with pytest.raises(TryAgain):
        transfer.finish()
    return transfer


@given(st.lists(st.integers(0, 400), max_size=20))
def test_any_cuts_add_up_to_the_object(cuts: list[int]) -> None:
    transfer = Transfer(len(BODY))
    for keep in [*cuts, len(BODY)]:
        asked = transfer.request()
        first = transfer.offset
        if "Range" in asked:
            assert asked["Range"] == f"bytes={first}-"
            assert asked["If-Range"] == ETAG
            transfer.accept(206, part(first, len(BODY) - 1, len(BODY)))
        else:
            assert first == 0
            transfer.accept(200, head())
        transfer.take(BODY[first : min(first + keep, len(BODY) - (keep < len(BODY)))])
        if transfer.offset < len(BODY):
            with pytest.raises(TryAgain):
                transfer.finish()
    done = transfer.finish()
    assert (done.bytes, done.sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert done.attempts == len(cuts) + 1


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (206, part(99, 2047, 2048)),
        (206, part(101, 2047, 2048)),
        (206, part(100, 2046, 2048)),
        (206, part(100, 2047, 2049)),
        (206, part(100, 4095, 4096)),
        (206, part(100, 2047, 2048, '"strong-2"')),
        (206, part(100, 2047, 2048, None)),
        (206, head(None, content_range="bytes 100-2047/*")),
        (206, head(None, content_range="bytes=100-2047/2048")),
        (206, head(None)),
        (416, head(None, content_range="bytes */2048")),
    ],
)
def test_a_part_that_is_not_the_missing_one_starts_over(
    status: int, headers: Mapping[str, str]
) -> None:
    transfer = cut_at(100)
    with pytest.raises(TryAgain):
        transfer.accept(status, headers)
    assert transfer.offset == 0
    assert "Range" not in transfer.request()


def test_the_whole_object_for_a_range_starts_over() -> None:
    transfer = cut_at(100)
    transfer.accept(200, head(etag='"strong-2"'))
    assert transfer.offset == 0
    transfer.take(BODY)
    assert transfer.finish().etag == '"strong-2"'


LONG = "x" * 300


@pytest.mark.parametrize("etag", [None, 'W/"weak"', "bare", '"a"b"', '"\x7f"', f'"{LONG}"'])
def test_without_a_strong_etag_nothing_is_resumed(etag: str | None) -> None:
    assert "Range" not in cut_at(100, etag).request()


def test_a_part_that_was_never_asked_for_is_not_taken() -> None:
    with pytest.raises(TryAgain):
        Transfer(10).accept(206, part(0, 9, 10))


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "identity, gzip", "x"])
def test_any_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(Refused):
        Transfer(10).accept(200, {"content-encoding": encoding})


def test_the_cap_holds_for_what_is_announced_and_for_what_comes() -> None:
    with pytest.raises(Refused):
        Transfer(10).accept(200, head(11))
    transfer = Transfer(10)
    transfer.accept(200, head(None))
    transfer.take(b"x" * 10)
    with pytest.raises(Refused):
        transfer.take(b"x")
    assert transfer.offset == 10


@pytest.mark.parametrize(
    ("reported_ms", "cap"),
    [(None, 64_000_000), (0, 64_000_000), (93_000, 64_000_000), (3_600_000, 721_000_000)],
)
def test_the_cap_grows_with_the_reported_length(reported_ms: int | None, cap: int) -> None:
    assert byte_cap(reported_ms) == cap


def finish(headers: Mapping[str, str], transfer: Transfer | None = None) -> FetchedBody:
    transfer = transfer or Transfer(len(BODY))
    transfer.accept(200, headers)
    transfer.take(BODY)
    return transfer.finish()


def test_what_is_proven_is_said() -> None:
    assert finish(head()).length_proven
    assert finish(head(None, transfer_encoding="chunked")).length_proven
    assert not finish(head(None)).length_proven
    assert finish(head(etag=MD5)).md5_proven
    assert finish(head(None, etag=MD5)).length_proven
    assert not finish(head(etag=f'{MD5[:-1]}-2"')).md5_proven
    assert not finish(head(None, etag=f'{MD5[:-1]}-2"')).length_proven


@pytest.mark.parametrize(
    "encrypted",
    [
        {"x-amz-server-side-encryption": "aws:kms"},
        {"x-amz-server-side-encryption": "aws:kms:dsse"},
        {"x-amz-server-side-encryption-customer-algorithm": "AES256"},
    ],
)
def test_an_etag_under_a_key_is_not_taken_for_an_md5(encrypted: dict[str, str]) -> None:
    assert not finish(head(etag=f'"{"0" * 32}"') | encrypted).md5_proven


def test_a_part_that_is_resumed_tells_the_length() -> None:
    transfer = Transfer(len(BODY))
    transfer.accept(200, head(None, etag='"v1"'))
    transfer.take(BODY[:40])
    transfer.request()
    whole = len(BODY)
    transfer.accept(206, head(None, etag='"v1"', content_range=f"bytes 40-{whole - 1}/{whole}"))
    transfer.take(BODY[40:])
    assert transfer.finish().length_proven


def test_an_etag_that_is_an_md5_finds_a_flipped_bit() -> None:
    transfer = Transfer(len(BODY))
    transfer.accept(200, head(etag=MD5))
    transfer.take(BODY[:-1] + bytes([BODY[-1] ^ 1]))
    with pytest.raises(TryAgain):
        transfer.finish()
    assert transfer.offset == 0
    assert finish(head(etag=MD5), transfer).md5_proven


def test_an_etag_that_twice_contradicts_the_same_bytes_proves_nothing() -> None:
    transfer = Transfer(len(BODY))
    with pytest.raises(TryAgain):
        finish(head(etag=f'"{"0" * 32}"'), transfer)
    assert not finish(head(etag=f'"{"0" * 32}"'), transfer).md5_proven


def test_an_etag_is_believed_where_nothing_else_told_the_end() -> None:
    transfer = Transfer(len(BODY))
    cut = BODY[:-1]
    for _ in range(3):
        transfer.accept(200, head(None, etag=MD5))
        transfer.take(cut)
        with pytest.raises(TryAgain):
            transfer.finish()
    assert finish(head(None, etag=MD5), transfer).md5_proven
