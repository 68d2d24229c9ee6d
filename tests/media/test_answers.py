"""What a media server says is kept in its own form only, and never where it tells the link."""

import json

import pytest

from archiver.errors import Refused
from archiver.media.allow_list import AllowList
from archiver.media.error_answers import code_of, headers_of
from archiver.media.link import Link, parse
from archiver.secret import Secret
from tests.canaries import SIGNATURE
from tests.conftest import Figure
from tests.media.conftest import Bench
from tests.media.scripted import Scripted, always, whole

TARGET = (
    f"/k.mp3?X-Amz-Credential=AKIA0123456789ABCDEF%2F20210401&X-Amz-Signature={SIGNATURE}"
    "&response-content-type=application%2Foctet-stream&letters=ALetterSignatureAsItWere"
)
LINK = parse(Secret(f"https://b.s3.amazonaws.com{TARGET}"))
ECHOES = (
    SIGNATURE,
    f"a{SIGNATURE}b",
    "AKIA0123456789ABCDEF/20210401",
    "AKIA0123456789ABCDEF%2F20210401",
    f"X-Amz-Signature={SIGNATURE[:20]}",
    "access_token=0123",
)


def kept(name: str, text: str, link: Link = LINK) -> str | None:
    return headers_of([(name.encode(), text.encode("latin-1"))], link).get(name.lower())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"5d41402abc4b2a76b9719d911017c592"', '"5d41402abc4b2a76b9719d911017c592"'),
        (' W/"weak-1" ', 'W/"weak-1"'),
        ('"5d41402abc4b2a76b9719d911017c592-2"', '"5d41402abc4b2a76b9719d911017c592-2"'),
        (f'"{"e" * 256}"', f'"{"e" * 256}"'),
        (f'"{"e" * 257}"', None),
        ('""', None),
        ("unquoted", None),
        ('"two"quotes"', None),
        ('"a space"', None),
        ('"esc\x1b[2J"', None),
        ('"caf\xe9"', None),
    ],
)
def test_an_etag_is_kept_in_its_own_form_only(text: str, told: str | None) -> None:
    assert kept("ETag", text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("audio/mpeg", "audio/mpeg"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("application/octet-stream", "application/octet-stream"),
        (f"audio/mpeg; note={SIGNATURE}", "audio/mpeg"),
        ("audio/mpeg\x1b[2J", None),
        (f"audio/{'x' * 65}", None),
        ("audio", None),
        ("call from nobody/12345", None),
    ],
)
def test_a_content_type_is_a_kind_and_nothing_else(text: str, told: str | None) -> None:
    assert kept("Content-Type", text) == told


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("AccessDenied", "AccessDenied"),
        (" SlowDown\n", "SlowDown"),
        (SIGNATURE, None),
        ("ALetterSignatureAsItWere", None),
        ("A" * 65, None),
        ("12025550143", None),
        ("no", None),
    ],
)
def test_a_code_is_one_word(said: str, code: str | None) -> None:
    assert code_of(f"<Error><Code>{said}</Code></Error>".encode(), LINK) == code


def test_a_media_server_that_echoes_the_link_is_not_quoted(bench: Bench, figure: Figure) -> None:
    told = ""
    for echo in ECHOES:
        answer = whole(b"audio", etag=f'"{echo}"', content_type=f"audio/{echo}")
        with Scripted(always(answer)) as server:
            bench.transfer.reset()
            got = bench.fetch(server, TARGET)
        told += json.dumps([got.etag, got.content_type])
    hits = [echo for echo in ECHOES if echo in told]
    assert hits == []
    assert told == "[null, null]" * len(ECHOES)
    figure("X6", f"{len(ECHOES)} echoes of a link in ETag and Content-Type: kept {len(hits)}")


def test_a_host_is_no_longer_than_a_name_may_be() -> None:
    hosts = AllowList.of("https://portal.example/", [])
    with pytest.raises(Refused) as caught:
        hosts.permit(parse(Secret(f"https://{'a.' * 500}example/k")))
    assert len(caught.value.message + caught.value.advice) < 200
