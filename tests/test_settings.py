"""What each setting may be, and how problems are told."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config.endpoints import normalise_endpoint
from archiver.config.registry import BY_NAME, SETTINGS, parse
from archiver.config.settings import (
    DEFAULTS,
    Auth,
    FromCommand,
    FromFile,
    NetworkSettings,
    PortalSettings,
    Settings,
)
from archiver.domain.outcomes import Tolerance
from archiver.domain.times.clocks import Trust
from archiver.errors import UsageError
from tests.conftest import Figure

CANARY = "canary-4711-value"


def place(name: str) -> str:
    return f"archiver.toml:{name}"


def problems(**values: object) -> list[str]:
    return [problem.message for problem in parse(values, place)[1]]


@pytest.mark.parametrize(
    "text",
    [
        "https://portal.thundersms.com",
        "https://portal.thundersms.com/",
        "https://portal.thundersms.com/api/v2",
        "https://portal.thundersms.com/api/v2/",
        "HTTPS://Portal.ThunderSMS.com/api/v2/",
    ],
)
def test_an_endpoint_may_be_written_as_the_provider_does(text: str) -> None:
    assert normalise_endpoint(text) == DEFAULTS.portal.endpoint


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v2/"),
        ("http://[::1]:80/x/", "http://[::1]:80/x/api/v2/"),
        ("https://voice.example/a/b/api/v2", "https://voice.example/a/b/api/v2/"),
    ],
)
def test_an_endpoint_keeps_port_and_path(text: str, endpoint: str) -> None:
    assert normalise_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "portal.example",
        "ftp://portal.example/",
        "file:///etc/passwd",
        f"https://user:{CANARY}@portal.example/",
        "https://good.example@evil.example/",
        f"https://portal.example/?access_token={CANARY}",
        f"https://portal.example/#{CANARY}",
        "https://portal.example/../x",
        "https://portal.example/%2e%2e/",
        "https://portal.example/a//b",
        "https://portal.example:port/",
        "https://portal.example:99999/",
        "https://portal.example:0/",
        f"https://{'x' * 64}.example/",
        "https://\uff50ortal.example/",
        "https://portal.example\\@evil.example/",
        "https://portal .example/",
        "https://[fe80::1/",
        "https:///x",
    ],
)
def test_an_endpoint_is_a_host_and_a_plain_path(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        normalise_endpoint(text)
    assert CANARY not in refusal.value.message


@given(
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z0-9]{1,9}(\.[a-z]{2,5}){0,2}", fullmatch=True),
    st.lists(st.from_regex(r"[A-Za-z0-9_]{1,8}", fullmatch=True), max_size=3),
)
def test_normalising_twice_changes_nothing(scheme: str, host: str, path: list[str]) -> None:
    once = normalise_endpoint("/".join([f"{scheme}://{host}", *path]))
    assert once.endswith("/api/v2/")
    assert normalise_endpoint(once) == normalise_endpoint(once.removesuffix("api/v2/")) == once


def test_texts_and_toml_say_the_same() -> None:
    toml: dict[str, object] = {
        "workers": 4,
        "media_hosts": ["*.example.com", "http://Media.example:81"],
        "token_command": ["pass", "show", "portal token"],
        "file_mode": 0o640,
    }
    texts: dict[str, object] = {
        "workers": "4",
        "media_hosts": "*.example.com, http://media.example:81",
        "token_command": "pass show 'portal token'",
        "file_mode": "0640",
    }
    expected = Settings(
        file_mode=0o640,
        portal=PortalSettings(token=FromCommand(("pass", "show", "portal token"))),
        network=NetworkSettings(
            workers=4, media_hosts=("*.example.com", "http://media.example:81")
        ),
    )
    assert parse(toml, place) == parse(texts, place) == (expected, ())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("auth", "query", Auth.QUERY),
        ("tolerance", "5s", Tolerance(5_000, 0)),
        ("tolerance", "2%", Tolerance(0, 20)),
        ("tolerance", "1.5 s, 0.5 %", Tolerance(1_500, 5)),
        ("clock", "machine", Trust.MACHINE),
        ("utc_offset", "auto", None),
        ("utc_offset", "+05:30", 330),
        ("utc_offset", "-03:30", -210),
        ("archive", "/srv/archive", "/srv/archive"),
        ("ca_bundle", "/etc/ssl/own.pem", Path("/etc/ssl/own.pem")),
        ("token_file", "/run/token", FromFile(Path("/run/token"))),
        ("dir_mode", "750", 0o750),
    ],
)
def test_a_good_value_is_read(name: str, value: str, expected: object) -> None:
    settings, wrong = parse({name: value}, place)
    assert (BY_NAME[name].of(settings), wrong) == (expected, ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("endpoint", 5),
        ("auth", CANARY),
        ("token_file", "token"),
        ("token_command", []),
        ("token_command", "pass 'show"),
        ("archive", "recordings"),
        ("archive", "https://bucket/"),
        ("archive", "s3://Bucket/prefix"),
        ("archive", "s3://bucket/a/../b"),
        ("archive", f"s3://bucket/{'a' * 879}"),
        ("archive", "s3://bucket/.archiver"),
        ("archive", "s3://bucket/2026/manifests"),
        ("archive", "s3://bucket/quarantine/new"),
        ("s3_endpoint", "https://s3.example/path"),
        ("s3_endpoint", "s3.example"),
        ("s3_role", "archiver"),
        ("s3_owner", "two words"),
        ("s3_encryption", "aes"),
        ("s3_tags", "a=1,a=2"),
        ("s3_style", "dns"),
        ("s3_public", "true"),
        ("lock", "forever"),
        ("retain", "5"),
        ("retain", "0y"),
        ("legal_hold", 1),
        ("archive", ""),
        ("workers", 0),
        ("workers", 65),
        ("workers", "\x1f500"),
        ("file_mode", "\x1f644"),
        ("workers", True),
        ("workers", 1.5),
        ("rate", "fast"),
        ("rate", 60_001),
        ("tolerance", "3"),
        ("tolerance", "3s, 4s"),
        ("tolerance", "101%"),
        ("clock", "mine"),
        ("utc_offset", "+5"),
        ("utc_offset", "+14:15"),
        ("utc_offset", "-12:15"),
        ("proxy", f"socks5://user:{CANARY}@proxy:1080"),
        ("proxy", f"http://{CANARY}"),
        ("proxy", f"http://{CANARY * 9}.example:3128"),
        ("ca_bundle", "\x1b[2J"),
        ("media_hosts", "https://media.example/"),
        ("media_hosts", "*"),
        ("media_hosts", []),
        ("file_mode", "0644"),
        ("file_mode", 640),
        ("file_mode", "0700"),
        ("dir_mode", "0755"),
        ("dir_mode", "0600"),
    ],
)
def test_a_bad_value_is_a_problem_that_does_not_repeat_it(name: str, value: object) -> None:
    settings, wrong = parse({name: value}, place)
    assert settings == DEFAULTS
    assert [problem.place for problem in wrong] == [place(name)]
    assert wrong[0].message.startswith(f"{name} ")
    assert CANARY not in str(wrong[0])


def test_what_is_no_text_is_named_with_what_helps(
    monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """A path in Latin-1, and one in UTF-8 where the locale is POSIX's."""
    for encoding, helps in (("utf-8", "rename it, or name a link"), ("ascii", "LC_ALL=C.UTF-8")):
        monkeypatch.setattr(sys, "getfilesystemencoding", lambda encoding=encoding: encoding)
        for name in ("archive", "token_file", "metrics"):
            _, (problem,) = parse({name: "/srv/b\udce4r"}, str)
            assert helps in str(problem)
        figure("R17", f"a path that is no text, where names are {encoding}: {helps}")
    _, (problem,) = parse({"archive": "/srv/a\nb"}, str)
    assert "in one line, without control characters" in str(problem)


def test_all_problems_are_told_at_once_and_the_rest_is_kept() -> None:
    settings, wrong = parse({"workers": 0, "rate": 100, "worker": 1, "auth": "x"}, place)
    assert settings == Settings(network=NetworkSettings(rate=100))
    assert [problem.place.partition(":")[2] for problem in wrong] == ["workers", "worker", "auth"]


def test_a_name_that_is_none_gets_the_near_one() -> None:
    assert problems(worker=1) == ["worker is no setting: did you mean workers?"]
    assert problems(zzzz=1) == ["zzzz is no setting"]
    assert problems(a1b2c3=1) == ["this is no setting"], "it may be a token in the wrong place"


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_the_token_is_no_setting(name: str) -> None:
    (message,) = problems(**{name: CANARY})
    assert "token_file" in message
    assert CANARY not in message


def test_one_way_to_the_token_in_one_place() -> None:
    assert problems(token_file="/x", token_command="y") == ["token_file is set as well: keep one"]  # noqa: S106  # no token


@pytest.mark.parametrize(
    ("endpoint", "clear"),
    [
        ("https://portal.example/", False),
        ("http://portal.example/", True),
        ("http://127.0.0.1:8080/", False),
        ("http://[::1]/", False),
    ],
)
def test_plain_http_is_noticed_beyond_loopback(endpoint: str, *, clear: bool) -> None:
    assert PortalSettings(endpoint=normalise_endpoint(endpoint)).in_the_clear is clear


def test_a_proxys_password_is_not_in_a_repr() -> None:
    settings, wrong = parse({"proxy": f"http://user:{CANARY}@proxy.example:3128"}, place)
    assert wrong == ()
    assert settings.network.proxy is not None
    assert CANARY not in repr(settings)


@given(value=st.none() | st.integers() | st.floats() | st.text() | st.lists(st.text()))
def test_a_reader_reads_or_refuses(value: object) -> None:
    for setting in SETTINGS:
        settings, wrong = parse({setting.name: value}, place)
        assert (settings == DEFAULTS) or not wrong, setting.name
