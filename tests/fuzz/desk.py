"""Laws of what people write: settings in a file or in variables, and times."""

import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import IO

from archiver.app.opening.context import USUAL, Context, SettingsRequest, examine
from archiver.config.registry import BY_NAME, SETTINGS, SettingProblem, parse
from archiver.config.template import render
from archiver.domain.row.fields import MAX_LENGTH_MS, FieldNotUnderstood, length_ms
from archiver.domain.times.portal_offsets import always
from archiver.domain.times.portal_zone import moment
from archiver.domain.times.time_input import window
from archiver.errors import UsageError
from archiver.http.retry import retry_after
from archiver.media.allow_list import AllowList
from tests.fuzz.target import Target

PASSWORD = "zq-4711-hunter2"  # noqa: S105 - what no problem may repeat
NOBODY = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "", "ARCHIVER_CONFIG": ""}
NOW = datetime(2021, 4, 12, 5)  # noqa: DTZ001 - the portal's own clock has no zone


def settings(data: bytes) -> None:
    """Hold a settings file to be read, or its problems told in words without any value."""
    file = _file()
    file.seek(0)
    file.write(data)
    file.truncate()
    _is_told(*examine(SettingsRequest(config=file.name), {}))


def variables(data: bytes) -> None:
    """Hold variables, as lines of NAME=value, to the same; what is taken can be written."""
    lines = (line.partition("=") for line in data.decode("utf-8", "surrogateescape").split("\n"))
    environ = {name: value for name, _, value in lines if name and "\0" not in name + value}
    contexts, problems = examine(USUAL, {**environ, **NOBODY})
    _is_told(contexts, problems)
    if not problems:
        _can_be_written(environ)


def times(data: bytes) -> None:
    """Hold a time to be a window or refused; a duration, a wait, a moment sane or none."""
    text = data.decode("utf-8", "surrogateescape")
    for day, since, until in ((text, None, None), (None, text, None), (None, "today", text)):
        try:
            asked = window(since, until, day, now=NOW, offsets=always(330))
        except UsageError:
            continue
        assert asked.first <= asked.last
    wait = retry_after(text, NOW.replace(tzinfo=UTC))
    assert wait is None or wait >= 0
    for served in (text, float(len(text)), len(text) << 80):
        with suppress(FieldNotUnderstood):
            lasting = length_ms(served)
            assert lasting is None or 0 < lasting <= MAX_LENGTH_MS
    made = moment(text)
    assert made is None or made.tzinfo is UTC


def _is_told(contexts: tuple[Context, ...], problems: tuple[SettingProblem, ...]) -> None:
    assert not any(PASSWORD in str(problem) for problem in problems)
    assert contexts or problems
    if not problems:
        for context in contexts:
            AllowList.of(context.settings.portal.endpoint, [])


def _can_be_written(environ: Mapping[str, str]) -> None:
    """Hold a settings file that is rendered with these texts to set the same."""
    chosen = {name: text for name, each in BY_NAME.items() if (text := environ.get(each.variable))}
    written = parse(tomllib.loads(render(chosen)), str)
    assert written == parse(chosen, str)


@cache
def _file() -> IO[bytes]:
    """Return one file for all settings, left open: opening it each time takes ten times as long."""
    return tempfile.NamedTemporaryFile(suffix=".toml")


_EVERY = {
    "endpoint": "https://portal.example/api/v2/",
    "auth": "header",
    "token_command": "pass show 'the portal'",
    "archive": "/srv/archive",
    "workers": "4",
    "rate": "500",
    "tolerance": "3s, 1%",
    "utc_offset": "+05:30",
    "proxy": f"http://me:{PASSWORD}@proxy.example.com:3128",
    "ca_bundle": "/etc/ssl/certs/company.pem",
    "media_hosts": "media.example.com, *.cdn.example.com, http://minio.lan:9000",
    "file_mode": "0640",
    "dir_mode": "0750",
}
_WRONG = f'endpoint = "https://me:{PASSWORD}@portal.example/"\ntoken = "{PASSWORD}"\nworkers = 0\n'
_NAMES = tuple(each.name.encode() for each in SETTINGS)
SETTINGS_FILE = Target(
    settings,
    (
        render(_EVERY).encode(),
        _WRONG.encode(),
        f'[token]\n"x y" = [1, 2.5, {{a = "{PASSWORD}"}}]\n'.encode(),
        b'media_hosts = ["a.example", "b.example:8443"]\nfile_mode = 0o600\nworkers = 8\n',
    ),
    (
        *_NAMES,
        *(b" = ", b'"""', b"'''", b"[[", b"{a=", b"[", b"1979-05-27T07:32:00Z", b"inf", b"0x"),
        PASSWORD.encode(),
        b"9" * 20,
    ),
    longest=2_048,
)
VARIABLES = Target(
    variables,
    (
        "\n".join(f"ARCHIVER_{name.upper()}={text}" for name, text in _EVERY.items()).encode(),
        *(f"ARCHIVER_{name.upper()}={text}".encode() for name, text in _EVERY.items()),
        f"ARCHIVER_TOKEN={PASSWORD}\nARCHIVER_TOKEN_FIEL=/{PASSWORD}\n".encode(),
        b"ARCHIVER_TOKEN_FILE=/etc/token\nARCHIVER_UTC_OFFSET=auto",
    ),
    (*(b"ARCHIVER_" + name.upper() + b"=" for name in _NAMES), b"https://", b":0", b"*.", b"\xff"),
)
TIMES = Target(
    times,
    (
        *(b"2019-06-11", b"2019-06-11 06:04:21", b"2019-06-11T06:04:21.5+05:30", b"today", b"7d"),
        *(
            b"00:01:33",
            b"9999:59",
            b"93.25",
            b"1e999",
            b"120",
            b"1 h, 2 min 3,5 sec",
            b"P1DT2H3M4S",
            b"0001-01-01T00:00Z",
            b"999999h",
        ),
        *(b"Wed, 21 Oct 2015 07:28:00 GMT", b"Fri, 31 Dec 9999 23:59:59 -2359"),
        b"c136768e-8c0e-11e9-b795-6c2b59c79f5a",
    ),
    (b"-", b":", b"+14:00", b"Z", b"24:00", b"9999-12-31", b"0001-01-01", b" ", b"\xd9\xa1", b"d"),
)
