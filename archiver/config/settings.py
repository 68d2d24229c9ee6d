"""Settings: what can be set, what each may be, and what holds when nothing is.

Nothing here reads a file or the environment: ``archiver.app.opening.context`` does, and lays what
it found over :data:`DEFAULTS`, one layer after the other. The token itself is never a setting; only
where it is kept is.
"""

import difflib
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from archiver.config.addresses import FORMS, folder_of, read_address
from archiver.config.s3_options import (
    Checksums,
    Encryption,
    Style,
    encryption,
    owner,
    tags,
)
from archiver.domain.clocks import Trust
from archiver.domain.outcomes import Tolerance
from archiver.domain.quantities import size
from archiver.domain.retention import LockMode, Period
from archiver.errors import UsageError
from archiver.secret import Secret

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)
API = "api/v2"
CREDENTIALS = "$CREDENTIALS_DIRECTORY"
"""Begins the path of a token file that systemd gives a service (LoadCredential=)."""
LEAST_BYTES_PER_S = 64_000
"""Any slower, and the transfers that share it would each look like one that is stuck."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_PLACE = re.compile(r"(https?://)?(\*\.)?[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*(:[0-9]{1,5})?")
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_ALLOWANCE = re.compile(r"([0-9]{1,4}(?:\.[0-9])?)\s*(s|%)")
_LENGTH = re.compile(r"([0-9]{1,4})\s*([sm])|0")
_ESCAPED = re.compile("[\ud800-\udfff]")
"""How Python writes the bytes of a name, a word or a variable that it can't decode (PEP 383)."""
_SETTING = re.compile("(s3_)?[a-z_]{1,24}")
"""A name that may be shown: one that is longer, or has other letters, may be a secret."""
_OFFSET = re.compile(r"([+-])([01][0-9]):(00|15|30|45)")


class Auth(StrEnum):
    """How the token is sent: a header, the query, or a header first and then what works."""

    AUTO = "auto"
    HEADER = "header"
    QUERY = "query"


class LogFormat(StrEnum):
    """How a run speaks: to people, or a JSON object a line."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """The token is the value of ``ARCHIVER_TOKEN``."""


@dataclass(frozen=True, slots=True)
class FromFile:
    """The token is the first line of a file that only its owner can read."""

    path: Path


@dataclass(frozen=True, slots=True)
class FromCommand:
    """The token is the first line that a command prints."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FromKeyring:
    """The token is what the system's keyring keeps for a user of a service."""

    service: str
    user: str


TokenSource = FromEnvironment | FromFile | FromCommand | FromKeyring
TOKEN_SETTINGS = ("token_file", "token_command", "token_keyring")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, as the program uses it.

    ``endpoint`` ends in ``api/v2/``; ``rate`` is requests a minute; ``same_audio`` is milliseconds;
    ``utc_offset`` is minutes east of UTC, ``None`` to work it out; ``archive`` is an absolute
    folder or ``s3://bucket/prefix``; ``media_hosts`` are ``host``, ``host:port``, ``*.suffix`` or
    ``http://host:port``, lower-case.
    """

    endpoint: str = "https://portal.thundersms.com/api/v2/"
    auth: Auth = Auth.AUTO
    token: TokenSource | None = None
    archive: str | None = None
    calls: bool = True
    workers: int = 16
    rate: int = 500
    bwlimit: int | None = None
    tolerance: Tolerance = field(default_factory=Tolerance)
    same_audio: int = 10_000
    utc_offset: int | None = None
    clock: Trust = Trust.AUTO
    proxy: Secret | None = None
    ca_bundle: Path | None = None
    media_hosts: tuple[str, ...] = ()
    file_mode: int = 0o600
    dir_mode: int = 0o700
    s3_endpoint: str | None = None
    s3_region: str | None = None
    s3_style: Style = Style.AUTO
    s3_profile: str | None = None
    s3_role: str | None = None
    s3_owner: str | None = None
    s3_storage_class: str | None = None
    s3_encryption: Encryption | None = None
    s3_tags: Mapping[str, str] = field(default_factory=dict)
    s3_checksums: Checksums = Checksums.REQUIRED
    s3_public: bool = False
    lock: LockMode | None = None
    retain: Period | None = None
    legal_hold: bool = False
    lock_after: Period | None = None
    max_retain: Period = field(default_factory=lambda: Period(years=10))
    ping_url: Secret | None = None
    metrics: Path | None = None
    log_format: LogFormat = LogFormat.TEXT
    provider_keeps: Period | None = None
    silent_days: int = 4

    @property
    def in_the_clear(self) -> bool:
        """Whether the token would cross a network unencrypted."""
        parts = urlsplit(self.endpoint)
        return parts.scheme == "http" and parts.hostname not in LOOPBACK


DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """Something wrong with one setting: where (``file:line``, a variable, an option) and what."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def parse(
    values: Mapping[str, object], place: Callable[[str], str], base: Settings = DEFAULTS
) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """Lay ``values`` over ``base``; return the result and every problem, in the order given.

    Values are texts (environment, options) or TOML's types. ``place`` tells where a name was set.
    A message never repeats a value, which may be a secret put in the wrong line.
    """
    changes: dict[str, object] = {}
    problems: list[SettingProblem] = []
    for name, value in values.items():
        setting = BY_NAME.get(name)
        if setting is None:
            problems.append(SettingProblem(place(name), unknown(name)))
            continue
        try:
            changes[setting.field] = setting.read(value)
        except UsageError as error:
            problems.append(SettingProblem(place(name), f"{name} {error.message}"))
    kept = [name for name in TOKEN_SETTINGS if name in values]
    problems += (
        SettingProblem(place(name), f"{kept[0]} is set as well: keep one") for name in kept[1:]
    )
    return replace(base, **changes), tuple(problems)  # type: ignore[arg-type]  # readers give each field its type


def unknown(name: str) -> str:
    """Return what to say of a name that is no setting, with the one that was probably meant."""
    if name in {"token", "access_token"}:
        return "the token is not kept among the settings: use token_file, or ARCHIVER_TOKEN"
    near = "".join(difflib.get_close_matches(name, BY_NAME, n=1))
    named = name if _SETTING.fullmatch(name) else "this"
    return f"{named} is no setting{f': did you mean {near}?' if near else ''}"


def normalise_endpoint(text: str) -> str:
    """Return ``scheme://host[:port]/[path/]api/v2/``, whichever way the endpoint was written.

    Raises :class:`UsageError` for anything but an http(s) address of a host and a plain path.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError("is not an address") from error
    if parts.scheme not in {"http", "https"}:
        raise UsageError("must begin with https://")
    if "@" in parts.netloc:
        raise UsageError("must not hold a user name or password")
    if "?" in text or "#" in text:
        raise UsageError("must end before any ? or #; the token does not belong in it")
    if not (_HOST.fullmatch(host) or host == "::1") or not _PATH.fullmatch(parts.path) or port == 0:
        raise UsageError("must be https://, a host name and at most a plain path")
    where = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
    stem = parts.path.strip("/").removesuffix(API).strip("/")
    return f"{parts.scheme}://{where}/" + "/".join(filter(None, (stem, API))) + "/"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UsageError("must be text")
    if _ESCAPED.search(value):
        raise UsageError(_not_decoded(sys.getfilesystemencoding()))
    if not value.isprintable():
        raise UsageError("must be text in one line, without control characters")
    if not value.strip():
        raise UsageError("must not be empty")
    return value.strip()


def _not_decoded(encoding: str) -> str:
    """Say why what was typed, or lies in the environment, is no text, and what to do."""
    if encoding == "utf-8":
        return "holds bytes that are not UTF-8: rename it, or name a link to it in UTF-8"
    return f"holds what the locale's encoding ({encoding}) lacks: run with LC_ALL=C.UTF-8"


def _path(value: object) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise UsageError("must be an absolute path")
    return path


def _token_file(value: object) -> Path:
    text = _text(value)
    return Path(text) if text.startswith(f"{CREDENTIALS}/") else _path(text)


def _command(value: object) -> FromCommand:
    try:
        argv = value if isinstance(value, list) else shlex.split(_text(value))
    except ValueError as error:
        raise UsageError("has an open quotation mark") from error
    if not argv:
        raise UsageError("must name a command")
    return FromCommand(tuple(_text(word) for word in argv))


def _keyring(value: object) -> FromKeyring:
    service, _, user = _text(value).rpartition("/")
    if not service or not user:
        raise UsageError("must be a service and a user, such as archiver/portal")
    return FromKeyring(service, user)


def _archive(value: object) -> str:
    """Read a folder or an address; which kinds of places there are, the stores know."""
    text = _text(value)
    return read_address(text) if folder_of(text) is None else str(_path(text))


def _saying(read: Callable[[str], T]) -> Callable[[object], T]:
    """Return a reader of text whose ``ValueError`` is told to the person."""

    def told(value: object) -> T:
        try:
            return read(_text(value))
        except ValueError as error:
            raise UsageError(str(error)) from error

    return told


def _one_of(choices: type[Choice]) -> Callable[[object], Choice]:
    def read(value: object) -> Choice:
        if value not in list(choices):
            raise UsageError(f"must be one of {', '.join(choices)}")
        return choices(_text(value))

    return read


def _fitting(pattern: str, like: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = _text(value)
        if not re.fullmatch(pattern, text):
            raise UsageError(f"must be such as {like}")
        return text

    return read


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in {"yes", "no"}:
        raise UsageError("must be yes or no")
    return value == "yes"


def _server(text: str) -> str:
    parts = urlsplit(text)
    is_plain = parts.scheme in {"http", "https"} and parts.path in {"", "/"} and parts.port != 0
    if not is_plain or not parts.hostname or "@" in text or parts.query or parts.fragment:
        raise ValueError("must be https:// and a host, with a port at most")
    return text.rstrip("/")


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value.strip()):
            value = int(value.strip())  # int leaves some of what strip takes away
        if type(value) is not int or not low <= value <= high:
            raise UsageError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _bwlimit(value: object) -> int:
    limit = size(_text(value))
    if limit < LEAST_BYTES_PER_S:
        raise UsageError(f"must be at least {LEAST_BYTES_PER_S // 1000}k")
    return limit


def _tolerance(value: object) -> Tolerance:
    parts = [_ALLOWANCE.fullmatch(part.strip()) for part in _text(value).split(",")]
    allowed = {part[2]: float(part[1]) for part in parts if part}
    if len(allowed) != len(parts) or allowed.get("%", 0) > 100:  # noqa: PLR2004  # per cent
        raise UsageError('must be seconds, a percentage or both, such as "3s, 1%"')
    return Tolerance(ms=round(allowed.get("s", 0) * 1000), permille=round(allowed.get("%", 0) * 10))


def _same_audio(value: object) -> int:
    length = _LENGTH.fullmatch(_text(value))
    if not length:
        raise UsageError('must be seconds or minutes, such as "10s" or "2m", or "0"')
    return int(length[1] or 0) * (60_000 if length[2] == "m" else 1_000)


def _utc_offset(value: object) -> int | None:
    text = _text(value)
    if text == "auto":
        return None
    match = _OFFSET.fullmatch(text)
    minutes = int(f"{match[1]}{int(match[2]) * 60 + int(match[3])}") if match else None
    if minutes is None or not -12 * 60 <= minutes <= 14 * 60:
        raise UsageError('must be "auto" or an offset such as "+05:30", from -12:00 to +14:00')
    return minutes


def proxy_address(value: object) -> Secret:
    """Read a proxy's address; a secret, since it may hold a password. Raises UsageError."""
    text = _text(value)
    parts = _web_address(text)
    if parts is None or parts.port is None:
        raise UsageError("must be http://host:port or https://host:port")
    return Secret(text)


def _ping_url(value: object) -> Secret:
    text = _text(value)
    parts = _web_address(text)
    has_more = parts is None or parts.query or parts.fragment or "@" in parts.netloc
    if has_more or " " in text or not text.isascii():
        raise UsageError(
            "must be https:// and the address of a check, without a query, user name or password"
        )
    return Secret(text)


def _web_address(text: str) -> SplitResult | None:
    """Return the parts of an http(s) address, ``None`` of anything else."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        (parts.hostname or "").encode("idna")  # as a connection does: it knows of empty labels
    except ValueError:
        return None
    return parts if usable else None


def _metrics(value: object) -> Path:
    path = _path(value)
    if path.suffix != ".prom":
        raise UsageError("must end in .prom: the collector reads no other files")
    return path


def _hosts(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else _text(value).split(",")
    hosts = tuple(_text(name).lower() for name in names)
    if not hosts or not all(_PLACE.fullmatch(host) for host in hosts):
        raise UsageError('must be such as "media.example.com", "host:8443" or "*.example.com"')
    return hosts


def _mode(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch("0?[0-7]{3}", value.strip()):
            value = int(value.strip(), 8)
        if type(value) is not int or value & least != least or value | most != most:
            raise UsageError(f'must be from "0{least:o}" to "0{most:o}"')
        return value

    return read


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in the file, what it means, how it is read and which field it sets."""

    name: str
    meaning: str
    read: Callable[[object], object]
    sets: str | None = None

    @property
    def field(self) -> str:
        """The field of :class:`Settings` that it sets."""
        return self.sets or self.name

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"ARCHIVER_{self.name.upper()}"


SETTINGS = (
    Setting(
        "endpoint",
        "The portal's address, with or without api/v2/.",
        lambda url: normalise_endpoint(_text(url)),
    ),
    Setting("auth", "How the token is sent: auto, header or query.", _one_of(Auth)),
    Setting(
        "token_file", "A 0600 file with the token.", lambda at: FromFile(_token_file(at)), "token"
    ),
    Setting("token_command", "A command whose first line is the token.", _command, "token"),
    Setting("token_keyring", "Service and user in the system's keyring.", _keyring, "token"),
    Setting("archive", f"The archive: an absolute {FORMS}.", _archive),
    Setting("calls", "Archive the call log as well: yes or no.", _yes_or_no),
    Setting("workers", "Downloads at the same time.", _whole(1, 64)),
    Setting("rate", "Requests a minute to the portal.", _whole(1, 60_000)),
    Setting("bwlimit", "The most bytes a second to download: 2M.", _bwlimit),
    Setting("tolerance", "How far lengths may differ: the larger of both.", _tolerance),
    Setting("same_audio", "Audio up to so long may be that of many calls.", _same_audio),
    Setting("utc_offset", "The portal's clock: auto, or an offset from UTC.", _utc_offset),
    Setting("clock", "Which clock is believed: auto, portal or machine.", _one_of(Trust)),
    Setting("proxy", "A proxy for everything, over HTTPS_PROXY.", proxy_address),
    Setting("ca_bundle", "Certificates to trust instead of the usual, as PEM.", _path),
    Setting("media_hosts", "Hosts of recordings besides *.amazonaws.com and the portal.", _hosts),
    Setting("file_mode", "Permissions of the archive's files.", _mode(0o600, 0o640)),
    Setting("dir_mode", "Permissions of the archive's folders.", _mode(0o700, 0o750)),
    Setting("s3_endpoint", "The bucket's server, where it isn't AWS.", _saying(_server)),
    Setting("s3_region", "The bucket's region.", _fitting("[a-z0-9-]{1,40}", "eu-west-1")),
    Setting("s3_style", "Where its name stands: auto, path or virtual.", _one_of(Style)),
    Setting("s3_profile", "A profile of ~/.aws, over the usual chain.", _text),
    Setting(
        "s3_role",
        "A role to take before writing.",
        _fitting(r"arn:[a-z-]+:iam::[0-9]{12}:role/[!-~]+", "arn:aws:iam::123456789012:role/name"),
    ),
    Setting(
        "s3_owner",
        "Whom the bucket must belong to: an account's digits, or a name elsewhere.",
        _saying(owner),
    ),
    Setting(
        "s3_storage_class",
        "The class of what is stored.",
        _fitting("[A-Z0-9_-]{1,40}", "STANDARD_IA"),
    ),
    Setting(
        "s3_encryption",
        "Encryption by the server: s3, kms or kms:KEY.",
        _saying(encryption),
    ),
    Setting("s3_tags", "Tags of every object.", _saying(tags)),
    Setting(
        "s3_checksums",
        "When boto3 adds a checksum of its own: when_required or when_supported.",
        _one_of(Checksums),
    ),
    Setting("s3_public", "Archive even if the bucket is public: yes or no.", _yes_or_no),
    Setting("lock", "Object Lock in a bucket: governance or compliance.", _one_of(LockMode)),
    Setting("retain", "How long, from the call: 5y or 90d.", _saying(Period.of)),
    Setting("legal_hold", "A legal hold on what is stored: yes or no.", _yes_or_no),
    Setting("lock_after", "Lock only so long after the call.", _saying(Period.of)),
    Setting("max_retain", "No lock reaches further from now than this.", _saying(Period.of)),
    Setting(
        "provider_keeps",
        "How long the provider keeps recordings: 90d or 1y. What it deletes soonest comes first.",
        _saying(Period.of),
    ),
    Setting("ping_url", "A check to ping, as Healthchecks.io has them; a secret.", _ping_url),
    Setting(
        "metrics",
        "A .prom file for Prometheus' textfile collector, as an absolute path.",
        _metrics,
    ),
    Setting("log_format", "How a run speaks: text or json.", _one_of(LogFormat)),
    Setting(
        "silent_days",
        "Say so after so many days without a recording, where that is new; 0 never does.",
        _whole(0, 28),
    ),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
