"""The media server: S3's manners, good and bad."""

import gzip
import socket
from datetime import timedelta

import httpx
import pytest

from archiver.sandbox import Faults, Sandbox, Trouble, Troubled
from archiver.sandbox.terms import BUCKET
from tests.clients import plain_client


def body_of(sandbox: Sandbox, link: str) -> bytes:
    stored = sandbox.world.stored(httpx.URL(link).path.removeprefix(f"/{BUCKET}/"))
    assert stored is not None
    return stored.body


def struck(sandbox: Sandbox, trouble: Trouble, times: int | None = None, at: float = 0.5) -> None:
    sandbox.faults = Faults(media=(Troubled(trouble, at=at, times=times),))


def taken(media: httpx.Client, link: str, limit: int = 1 << 22) -> tuple[bytes, str]:
    """Read raw, and return what came and the name of the error that ended it."""
    got = b""
    try:
        with media.stream("GET", link) as response:
            for piece in response.iter_raw():
                got += piece
                if len(got) > limit:
                    return got, "limit"
    except httpx.TransportError as error:
        return got, type(error).__name__
    return got, ""


def test_a_whole_object(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    answer = media.get(link)
    body = body_of(sandbox, link)
    assert answer.content == body
    assert int(answer.headers["Content-Length"]) == len(body)
    assert media.get(link, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert sandbox.counts["media"] == 2
    assert sandbox.counts.objects[httpx.URL(link).path.removeprefix(f"/{BUCKET}/")] == 2


@pytest.mark.parametrize(
    ("span", "part"),
    [
        ("bytes=100-199", slice(100, 200)),
        ("bytes=500-", slice(500, None)),
        ("bytes=-50", slice(-50, None)),
    ],
)
def test_a_range(sandbox: Sandbox, link: str, media: httpx.Client, span: str, part: slice) -> None:
    body = body_of(sandbox, link)
    answer = media.get(link, headers={"Range": span})
    start, end, _ = part.indices(len(body))
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(body)}"
    assert answer.content == body[part]


def test_a_range_that_is_beyond_or_not_understood(
    sandbox: Sandbox, link: str, media: httpx.Client
) -> None:
    size = len(body_of(sandbox, link))
    beyond = media.get(link, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert media.get(link, headers={"Range": "lines=1-2"}).status_code == 200


def test_if_range_protects_from_a_changed_object(
    sandbox: Sandbox, link: str, media: httpx.Client
) -> None:
    etag = media.get(link).headers["ETag"]
    resume = {"Range": "bytes=10-", "If-Range": etag}
    assert media.get(link, headers=resume).status_code == 206
    sandbox.world.store(httpx.URL(link).path.removeprefix(f"/{BUCKET}/"), b"another" * 9)
    changed = media.get(link, headers=resume)
    assert (changed.status_code, changed.content) == (200, b"another" * 9)


def test_head_is_refused(link: str, media: httpx.Client) -> None:
    assert media.head(link).status_code == 403


@pytest.mark.parametrize("header", [{"Authorization": "Bearer x"}, {"Cookie": "a=b"}])
def test_credentials_are_refused_and_remembered(
    sandbox: Sandbox, link: str, media: httpx.Client, header: dict[str, str]
) -> None:
    assert media.get(link).status_code == 200
    assert sandbox.counts["credentials"] == 0
    refused = media.get(link, headers=header)
    assert refused.status_code == 400
    assert sandbox.counts["credentials"] == 1
    ((name, value),) = header.items()
    assert (name.lower(), value) in sandbox.counts.media_headers


@pytest.mark.parametrize(
    ("trouble", "refusal"),
    [
        (Trouble.SLOW_DOWN, (503, "SlowDown")),
        (Trouble.SERVER_ERROR, (500, "InternalError")),
        (Trouble.NOT_FOUND, (404, "NoSuchKey")),
        (Trouble.GONE, (410, "Gone")),
        (Trouble.REFUSED, (403, "AccessDenied")),
        (Trouble.EXPIRED, (403, "Request has expired")),
        (Trouble.XML, (200, "InternalError")),
        (Trouble.HTML, (200, "<html>")),
    ],
)
def test_a_refusal_as_often_as_asked(
    sandbox: Sandbox, link: str, media: httpx.Client, trouble: Trouble, refusal: tuple[int, str]
) -> None:
    status, code = refusal
    struck(sandbox, trouble, times=2)
    answers = [media.get(link) for _ in range(3)]
    assert [each.status_code for each in answers] == [status, status, 200]
    assert code in answers[0].text
    assert answers[2].content == body_of(sandbox, link)
    assert sandbox.counts["troubled"] == 2


def test_a_missing_object_is_404(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    del sandbox.world.objects[httpx.URL(link).path.removeprefix(f"/{BUCKET}/")]
    assert media.get(link).status_code == 404


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble.CUT, "RemoteProtocolError"),
        (Trouble.CUT_UNSIZED, ""),
        (Trouble.CUT_CHUNKED, "RemoteProtocolError"),
        (Trouble.RESET, "ReadError"),
    ],
)
def test_a_body_cut_in_the_middle(
    sandbox: Sandbox, link: str, media: httpx.Client, trouble: Trouble, error: str
) -> None:
    struck(sandbox, trouble)
    got, ended = taken(media, link)
    body = body_of(sandbox, link)
    assert ended == error
    assert got == body[: len(got)]
    if trouble is not Trouble.RESET:  # a reset may throw away what was on its way
        assert len(got) == len(body) // 2


def test_a_slow_body_comes_in_pieces_and_does_not_hold_up_the_end(
    sandbox: Sandbox, link: str
) -> None:
    slow = Troubled(Trouble.SLOW, at=0.9, piece=64, interval=60)
    sandbox.faults = Faults(media=(slow,))
    body = body_of(sandbox, link)
    with plain_client(timeout=0.2) as media:
        got, ended = taken(media, link)
    assert (len(got), ended) == (int(len(body) * 0.9), "ReadTimeout")


def test_an_endless_body(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    struck(sandbox, Trouble.ENDLESS)
    got, ended = taken(media, link)
    assert ended == "limit"
    assert len(got) > 10 * len(body_of(sandbox, link))


def test_an_overlong_body(sandbox: Sandbox, link: str) -> None:
    struck(sandbox, Trouble.OVERLONG)
    address = httpx.URL(link)
    target, host = address.raw_path, address.netloc
    with socket.create_connection((address.host, address.port or 0)) as sock:
        sock.sendall(b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, host))
        sent = b"".join(iter(lambda: sock.recv(65_536), b""))
    head, _, body = sent.partition(b"\r\n\r\n")
    whole = body_of(sandbox, link)
    assert b"Content-Length: %d\r\n" % len(whole) in head + b"\r\n"
    assert body.startswith(whole)
    assert len(body) > len(whole)


def test_bodies_in_gzip(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    body = body_of(sandbox, link)
    struck(sandbox, Trouble.GZIP)
    raw, _ = taken(media, link)
    assert gzip.decompress(raw) == body
    struck(sandbox, Trouble.GZIP_CUT)
    cut, ended = taken(media, link)
    assert (cut, ended) == (raw[: len(raw) // 2], "")
    struck(sandbox, Trouble.GZIP_BOMB)
    bomb, _ = taken(media, link)
    assert 400_000 < len(bomb) < 600_000


def test_wrong_answers_to_a_range(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    ask = {"Range": "bytes=1000-1999"}
    struck(sandbox, Trouble.WHOLE_FOR_RANGE)
    assert media.get(link, headers=ask).status_code == 200
    struck(sandbox, Trouble.WRONG_RANGE)
    wrong = media.get(link, headers=ask)
    assert (wrong.status_code, wrong.headers["Content-Range"][:11]) == (206, "bytes 0-999")


def test_other_lies(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    body = body_of(sandbox, link)
    struck(sandbox, Trouble.FLIPPED)
    assert sum(a != b for a, b in zip(media.get(link).content, body, strict=True)) == 1
    struck(sandbox, Trouble.EMPTY)
    assert media.get(link).content == b""
    struck(sandbox, Trouble.REDIRECT)
    assert media.get(link).headers["Location"].startswith("http://169.254.169.254/")
    struck(sandbox, Trouble.HEADER_FLOOD)
    assert taken(media, link)[1] == "RemoteProtocolError"


def test_an_empty_object_has_no_bit_to_flip(
    sandbox: Sandbox, link: str, media: httpx.Client
) -> None:
    sandbox.world.store(httpx.URL(link).path.removeprefix(f"/{BUCKET}/"), b"")
    struck(sandbox, Trouble.FLIPPED)
    assert (media.get(link).status_code, media.get(link).content) == (200, b"")


def test_etags_that_are_no_md5(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    sandbox.faults = Faults(etags="multipart")
    assert media.get(link).headers["ETag"].endswith('-2"')
    sandbox.faults = Faults(etags="none")
    assert "ETag" not in media.get(link).headers


def test_a_share_of_requests_fails_by_the_seed(
    sandbox: Sandbox, link: str, media: httpx.Client
) -> None:
    sandbox.faults = Faults(media=(Troubled(Trouble.SLOW_DOWN, share=0.2),))
    codes = [media.get(link).status_code for _ in range(200)]
    assert 20 <= codes.count(503) <= 60
    assert codes.count(200) == 200 - codes.count(503)


def test_chosen_objects_fail_and_others_do_not(
    sandbox: Sandbox, portal: httpx.Client, media: httpx.Client
) -> None:
    rows = portal.get("voice/recordings").json()["data"]["data"]
    first, second = rows[0]["audio"], rows[1]["audio"]
    key = httpx.URL(first).path.removeprefix(f"/{BUCKET}/")
    sandbox.faults = Faults(media=(Troubled(Trouble.NOT_FOUND, keys=frozenset({key})),))
    assert (media.get(first).status_code, media.get(second).status_code) == (404, 200)


def test_latency_delays_the_first_byte(sandbox: Sandbox, link: str, media: httpx.Client) -> None:
    sandbox.faults = Faults(latency=0.05)
    assert media.get(link).elapsed > timedelta(seconds=0.05)
