"""The settings as the program uses them, in groups, and what holds when nothing is set.

What can be set under which name is in :mod:`archiver.config.registry`; where the values come from
is the business of ``archiver.app.opening.context``. The token itself is never a setting; only where
it is kept is.
"""

from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.config.s3_options import Options
from archiver.domain.disposal import Term
from archiver.domain.expectation import Expectation
from archiver.domain.outcomes import Tolerance
from archiver.domain.retention import Period, Retention
from archiver.domain.times.clocks import Trust
from archiver.errors import UsageError
from archiver.secret import Secret

CREDENTIALS = "$CREDENTIALS_DIRECTORY"
"""Begins the path of a token file that systemd gives a service (LoadCredential=)."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Auth(StrEnum):
    """How the token is sent: a header, the query, or a header first and then what works."""

    AUTO = "auto"
    HEADER = "header"
    QUERY = "query"


class LogFormat(StrEnum):
    """How a run speaks: to people, or a JSON object a line."""

    TEXT = "text"
    JSON = "json"


class FromEnvironment(Struct, frozen=True):
    """The token is the value of ``ARCHIVER_TOKEN``."""


class Typed(FromEnvironment, frozen=True):
    """The token was typed just now, and is handed on as if the environment had it."""


class FromFile(Struct, frozen=True):
    """The token is the first line of a file that only its owner can read."""

    path: Path


class FromCommand(Struct, frozen=True):
    """The token is the first line that a command prints."""

    argv: tuple[str, ...]


class FromKeyring(Struct, frozen=True):
    """The token is what the system's keyring keeps for a user of a service."""

    service: str
    user: str


TokenSource = FromEnvironment | FromFile | FromCommand | FromKeyring


class PortalSettings(Struct, frozen=True):
    """The portal, and what is known of it.

    ``endpoint`` ends in ``api/v2/``; ``utc_offset`` is minutes east of UTC, ``None`` to work it
    out; ``provider_keeps`` is how long recordings stay at the provider.
    """

    endpoint: str = "https://portal.thundersms.com/api/v2/"
    auth: Auth = Auth.AUTO
    token: TokenSource | None = None
    utc_offset: int | None = None
    clock: Trust = Trust.AUTO
    provider_keeps: Period | None = None

    @property
    def in_the_clear(self) -> bool:
        """Whether the token would cross a network unencrypted."""
        parts = urlsplit(self.endpoint)
        return parts.scheme == "http" and parts.hostname not in LOOPBACK


class NetworkSettings(Struct, frozen=True):
    """The way to the portal and its media: ``rate`` a minute, ``bwlimit`` in bytes a second.

    ``workers`` downloads at once are spread over ``processes``, ``None`` for as many as pay.
    ``media_hosts`` are ``host``, ``host:port``, ``*.suffix`` or ``http://host:port``, lower-case.
    """

    workers: int = 16
    processes: int | None = None
    rate: int = 500
    bwlimit: int | None = None
    proxy: Secret | None = None
    ca_bundle: Path | None = None
    media_hosts: tuple[str, ...] = ()


class RetentionRule(Struct, frozen=True):
    """A rule of how long recordings are kept.

    ``filters`` say which, as they are typed, by the names of the options of ``find``; none mean
    every recording. What they mean is not known here.
    """

    term: Term
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __str__(self) -> str:
        names = ", ".join(name for name, _ in self.filters)
        return f"{self.term.action} {self.term.period}{f' ({names})' if names else ''}"


class DisposalSettings(Struct, frozen=True):
    """The rules of what is kept how long, and how many recordings are disposed of at a time."""

    rules: tuple[RetentionRule, ...] = ()
    most: int = 1_000


class NotifySettings(Struct, frozen=True):
    """Who else is told of a run, how it speaks, and after how many silent days it says so."""

    ping_url: Secret | None = None
    metrics: Path | None = None
    log_format: LogFormat = LogFormat.TEXT
    silent_days: int = 4


class Settings(Struct, frozen=True):
    """Everything that can be set.

    ``archive`` is an absolute folder or ``s3://bucket/prefix``; ``same_audio`` is milliseconds;
    ``reconcile`` says which calls must have a recording. With ``four_eyes``, a second person must
    agree before anything is erased. ``read_log`` is how long it is kept who read what, ``None`` for
    not at all.
    """

    archive: str | None = None
    calls: bool = True
    tolerance: Tolerance = field(default_factory=Tolerance)
    same_audio: int = 10_000
    four_eyes: bool = False
    file_mode: int = 0o600
    dir_mode: int = 0o700
    read_log: Period | None = None
    portal: PortalSettings = field(default_factory=PortalSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    s3: Options = field(default_factory=Options)
    retention: Retention = field(default_factory=Retention)
    disposal: DisposalSettings = field(default_factory=DisposalSettings)
    reconcile: Expectation = field(default_factory=Expectation)
    notify: NotifySettings = field(default_factory=NotifySettings)

    def without_token(self) -> "Settings":
        """Return the settings for whoever does not speak to the portal."""
        return replace(self, portal=replace(self.portal, token=None))

    def checked_retention(self) -> Retention:
        """Return what is to be locked. Raises :class:`UsageError` for what makes no sense."""
        if (self.retention.mode is None) != (self.retention.period is None):
            raise UsageError(
                "lock and retain belong together: how, and how long.",
                advice="Give both, such as --lock governance --retain 5y, or neither.",
            )
        return self.retention


DEFAULTS = Settings()
