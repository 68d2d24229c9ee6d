"""The allow-list (X1, X2): what may be fetched from, and what only looks like it."""

import pytest

from archiver.errors import Refused, UsageError
from archiver.media.allow_list import AllowList
from archiver.media.link import parse
from archiver.secret import Secret
from tests.conftest import Figure

GOOD = "media.example"
HOSTILE = [
    f"https://{GOOD}@evil.example/",
    f"https://evil.example@{GOOD}/",
    f"https://user:pw@{GOOD}/",
    f"https://{GOOD}.evil.example/",
    f"https://not{GOOD}/",
    f"https://{GOOD}../",
    f"https://.{GOOD}/",
    f"https://{GOOD}%2eevil.example/",
    "https://media%2eexample/",
    "https://\uff4d\uff45\uff44\uff49\uff41.example/",
    "https://media\u3002example/",
    "https://m\u0435dia.example/",
    f"https://{GOOD}:22/",
    f"https://{GOOD}:0/",
    f"https://{GOOD}:99999/",
    f"https://{GOOD}:443:22/",
    f"http://{GOOD}/",
    f"http://{GOOD}:443/",
    f"ftp://{GOOD}/",
    f"//{GOOD}/",
    f"https:/{GOOD}/",
    f"https://{GOOD}\\@evil.example/",
    f"https://evil.example\\.{GOOD}/",
    f"https://evil.example#.{GOOD}/",
    f"https://evil.example?.{GOOD}/",
    f"https://{GOOD}\t/",
    f"h ttps://{GOOD}/",
    f"https://{GOOD}/\r\nHost: evil.example",
    f"https://{GOOD} /a",
    f"https://{GOOD}.#/",
    f"/{GOOD}/",
    "https://amazonaws.com/",
    "https://evilamazonaws.com/",
    "https://s3.amazonaws.com.evil.example/",
    "http://s3.amazonaws.com/",
    "https://s3.amazonaws.com:22/",
]
ADDRESSES = [
    "127.1",
    "127.0.0.1",
    "0x7f000001",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "169.254.169.254",
    "[::1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fe80::1]",
    "8.8.8.8",
]


def hosts(*listed: str, endpoint: str = "https://portal.example/api/v2/") -> AllowList:
    return AllowList.of(endpoint, listed)


def allowed(url: str, rules: AllowList) -> bool:
    try:
        rules.permit(parse(Secret(url)))
    except Refused:
        return False
    return True


def test_none_of_the_hostile_list_is_accepted(figure: Figure) -> None:
    rules = hosts(GOOD)
    assert allowed(f"https://{GOOD}/a", rules), "the list itself must be at fault, not the host"
    accepted = [url for url in HOSTILE if allowed(url, rules)]
    assert accepted == []
    figure("X2", f"{len(accepted)} of {len(HOSTILE)} hostile addresses accepted")


def test_no_spelling_of_an_address_passes_unless_listed(figure: Figure) -> None:
    urls = [f"https://{address}/" for address in ADDRESSES]
    accepted = [url for url in urls if allowed(url, hosts(GOOD))]
    assert accepted == []
    assert all(allowed(f"https://{address}/", hosts(address)) for address in ADDRESSES)
    figure("X1", f"{len(accepted)} of {len(urls)} spellings of an address accepted by name")


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ((), "https://bucket.s3.ap-south-1.amazonaws.com/a"),
        ((), "https://BUCKET.s3.amazonaws.com:443/a"),
        ((), "https://portal.example/a"),
        (("media.example",), "https://media.example/a"),
        (("media.example:8443",), "https://media.example:8443/a"),
        (("*.media.example",), "https://a.b.media.example/a"),
        (("http://minio.lan:9000",), "http://minio.lan:9000/a"),
        (("http://minio.lan",), "http://minio.lan/a"),
        (("[fd00::1]:9000",), "https://[fd00::1]:9000/a"),
    ],
)
def test_what_is_allowed(listed: tuple[str, ...], url: str) -> None:
    assert allowed(url, hosts(*listed))


def test_a_refusal_says_which_rule_and_what_to_set(figure: Figure) -> None:
    rules = hosts("media.example", "*.cdn.example")
    told = []
    for url in ("http://media.example/k", "https://a.cdn.example:8443/k", "https://x.example/k"):
        with pytest.raises(Refused) as refused:
            rules.permit(parse(Secret(url)))
        told += [refused.value.message.partition(": ")[2], refused.value.advice.partition("= ")[2]]
    assert told == [
        "media.example by http, port 80 (but by https, port 443).",
        '["http://media.example"].',
        "a.cdn.example by https, port 8443 (but by https, port 443).",
        '["a.cdn.example:8443"].',
        "x.example.",
        '["x.example"].',
    ]
    figure("R5", f"refusals with their rule and the setting: {len(told) // 2} of 3")


def test_the_endpoint_brings_its_own_scheme_and_port() -> None:
    rules = hosts(endpoint="http://portal.example:8080/api/v2/")
    assert allowed("http://portal.example:8080/a", rules)
    assert allowed("https://portal.example/a", rules)
    assert not allowed("http://portal.example/a", rules)
    assert rules.private == frozenset()


def test_a_loopback_endpoint_allows_any_port_of_itself() -> None:
    rules = hosts(endpoint="http://127.0.0.1:8080/api/v2/")
    assert allowed("http://127.0.0.1:9000/a", rules)
    assert not allowed("http://localhost:9000/a", rules)
    assert rules.private == {"127.0.0.1"}


def test_a_refusal_says_which_setting_would_allow_it_and_it_does() -> None:
    for url in ("https://new.example/a?secret=1", "http://new.example:9000/a?secret=1"):
        with pytest.raises(Refused) as caught:
            hosts().permit(parse(Secret(url)))
        entry = caught.value.advice.split('"')[1]
        assert allowed(url, hosts(entry))
        assert "secret" not in str(caught.value) + caught.value.advice


@pytest.mark.parametrize("entry", ["", "a/b", "user@host", "*.", "*.1", "ftp://a", "a b", "*"])
def test_an_entry_that_is_no_host_is_a_usage_error(entry: str) -> None:
    with pytest.raises(UsageError):
        hosts(entry)


def test_an_endpoint_that_is_no_address_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        hosts(endpoint="portal")
