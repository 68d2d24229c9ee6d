"""Every setting: its name, what it means, how it is read and where it goes.

Nothing here reads a file or the environment: ``archiver.app.opening.context`` does, and lays what
it found over :data:`~archiver.config.settings.DEFAULTS`, one layer after the other.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from archiver.config import endpoints, readers
from archiver.config.archive_address import FORMS
from archiver.config.s3_options import Checksums, Style, encryption, owner, tags
from archiver.config.settings import DEFAULTS, Auth, FromFile, LogFormat, Settings
from archiver.domain.expectation import Expect
from archiver.domain.retention import LockMode, Period
from archiver.domain.times.clocks import Trust
from archiver.errors import UsageError

TOKEN_SETTINGS = ("token_file", "token_command", "token_keyring")
_SHOWABLE = re.compile("(s3_)?[a-z_]{1,24}")
"""A name that may be shown: one that is longer, or has other letters, may be a secret."""


class SettingProblem(Struct, frozen=True):
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
    problems: list[SettingProblem] = []
    for name, value in values.items():
        setting = BY_NAME.get(name)
        if setting is None:
            problems.append(SettingProblem(place(name), unknown(name)))
            continue
        try:
            base = over(base, setting.path, setting.read(value))
        except UsageError as error:
            problems.append(SettingProblem(place(name), f"{name} {error.message}"))
    kept = [name for name in TOKEN_SETTINGS if name in values]
    problems += (
        SettingProblem(place(name), f"{kept[0]} is set as well: keep one") for name in kept[1:]
    )
    return base, tuple(problems)


def unknown(name: str) -> str:
    """Return what to say of a name that is no setting, with the one that was probably meant."""
    if name in {"token", "access_token"}:
        return "the token is not kept among the settings: use token_file, or ARCHIVER_TOKEN"
    near = "".join(difflib.get_close_matches(name, BY_NAME, n=1))
    named = name if _SHOWABLE.fullmatch(name) else "this"
    return f"{named} is no setting{f': did you mean {near}?' if near else ''}"


class Setting(Struct, frozen=True):
    """One setting: its name in the file, what it means, how it is read, and where it goes."""

    name: str
    meaning: str
    read: Callable[[object], object]
    path: str

    @property
    def key(self) -> str:
        """Its name, and one for all that say where the token is kept."""
        return "token" if self.name in TOKEN_SETTINGS else self.name

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"ARCHIVER_{self.name.upper()}"

    def of(self, settings: Settings) -> object:
        """Return its value."""
        return attrgetter(self.path)(settings)


def over(settings: Settings, path: str, value: object) -> Settings:
    """Return the settings with another value at a path such as ``portal.endpoint``."""
    group, _, name = path.rpartition(".")
    changed = {name: value}
    if group:
        changed = {group: replace(getattr(settings, group), **changed)}
    return replace(settings, **changed)


SETTINGS = (
    Setting(
        "endpoint",
        "The portal's address, with or without api/v2/.",
        lambda url: endpoints.normalise_endpoint(readers.one_line(url)),
        "portal.endpoint",
    ),
    Setting(
        "auth", "How the token is sent: auto, header or query.", readers.one_of(Auth), "portal.auth"
    ),
    Setting(
        "token_file",
        "A 0600 file with the token.",
        lambda at: FromFile(readers.token_file(at)),
        "portal.token",
    ),
    Setting(
        "token_command",
        "A command whose first line is the token.",
        readers.token_command,
        "portal.token",
    ),
    Setting(
        "token_keyring",
        "Service and user in the system's keyring.",
        readers.token_keyring,
        "portal.token",
    ),
    Setting(
        "archive",
        f"The archive: an absolute {FORMS}.",
        readers.archive,
        "archive",
    ),
    Setting("calls", "Archive the call log as well: yes or no.", readers.yes_or_no, "calls"),
    Setting(
        "workers", "Downloads at the same time.", readers.whole_number(1, 64), "network.workers"
    ),
    Setting(
        "processes",
        "Processes to spread them over: auto, or a number.",
        readers.processes,
        "network.processes",
    ),
    Setting(
        "rate", "Requests a minute to the portal.", readers.whole_number(1, 60_000), "network.rate"
    ),
    Setting(
        "bwlimit", "The most bytes a second to download: 2M.", readers.bwlimit, "network.bwlimit"
    ),
    Setting(
        "tolerance",
        "How far lengths may differ: the larger of both.",
        readers.tolerance,
        "tolerance",
    ),
    Setting(
        "same_audio",
        "Audio up to so long may be that of many calls.",
        readers.length,
        "same_audio",
    ),
    Setting(
        "four_eyes",
        "Only two people together erase: yes or no.",
        readers.yes_or_no,
        "four_eyes",
    ),
    Setting(
        "expect",
        "Which calls must have a recording: answered, or said (the portal says that it has audio).",
        readers.one_of(Expect),
        "reconcile.expect",
    ),
    Setting(
        "min_talk",
        "Calls shorter than this need no recording.",
        readers.length,
        "reconcile.min_talk_ms",
    ),
    Setting(
        "not_recorded",
        "Numbers, service:NAME or status:NAME whose calls are not recorded at all.",
        readers.not_recorded,
        "reconcile.not_recorded",
    ),
    Setting(
        "slack",
        "How far a recording's ends may be from its call's, both together.",
        readers.length,
        "reconcile.slack_ms",
    ),
    Setting(
        "utc_offset",
        "The portal's clock: auto, or an offset from UTC.",
        readers.utc_offset,
        "portal.utc_offset",
    ),
    Setting(
        "clock",
        "Which clock is believed: auto, portal or machine.",
        readers.one_of(Trust),
        "portal.clock",
    ),
    Setting(
        "proxy",
        "A proxy for everything, over HTTPS_PROXY.",
        endpoints.proxy_address,
        "network.proxy",
    ),
    Setting(
        "ca_bundle",
        "Certificates to trust instead of the usual, as PEM.",
        readers.absolute_path,
        "network.ca_bundle",
    ),
    Setting(
        "media_hosts",
        "Hosts of recordings besides *.amazonaws.com and the portal.",
        endpoints.hosts,
        "network.media_hosts",
    ),
    Setting(
        "file_mode", "Permissions of the archive's files.", readers.mode(0o600, 0o640), "file_mode"
    ),
    Setting(
        "dir_mode", "Permissions of the archive's folders.", readers.mode(0o700, 0o750), "dir_mode"
    ),
    Setting(
        "s3_endpoint",
        "The bucket's server, where it isn't AWS.",
        readers.saying(endpoints.server),
        "s3.endpoint",
    ),
    Setting(
        "s3_region",
        "The bucket's region.",
        readers.fitting("[a-z0-9-]{1,40}", "eu-west-1"),
        "s3.region",
    ),
    Setting(
        "s3_style",
        "Where its name stands: auto, path or virtual.",
        readers.one_of(Style),
        "s3.style",
    ),
    Setting(
        "s3_profile", "A profile of ~/.aws, over the usual chain.", readers.one_line, "s3.profile"
    ),
    Setting(
        "s3_role",
        "A role to take before writing.",
        readers.fitting(
            r"arn:[a-z-]+:iam::[0-9]{12}:role/[!-~]+", "arn:aws:iam::123456789012:role/name"
        ),
        "s3.role",
    ),
    Setting(
        "s3_owner",
        "Whom the bucket must belong to: an account's digits, or a name elsewhere.",
        readers.saying(owner),
        "s3.owner",
    ),
    Setting(
        "s3_storage_class",
        "The class of what is stored.",
        readers.fitting("[A-Z0-9_-]{1,40}", "STANDARD_IA"),
        "s3.storage_class",
    ),
    Setting(
        "s3_encryption",
        "Encryption by the server: s3, kms or kms:KEY.",
        readers.saying(encryption),
        "s3.encryption",
    ),
    Setting("s3_tags", "Tags of every object.", readers.saying(tags), "s3.tags"),
    Setting(
        "s3_checksums",
        "When boto3 adds a checksum of its own: when_required or when_supported.",
        readers.one_of(Checksums),
        "s3.checksums",
    ),
    Setting(
        "s3_public",
        "Archive even if the bucket is public: yes or no.",
        readers.yes_or_no,
        "s3.public",
    ),
    Setting(
        "lock",
        "Object Lock in a bucket: governance or compliance.",
        readers.one_of(LockMode),
        "retention.mode",
    ),
    Setting(
        "retain",
        "How long, from the call: 5y or 90d.",
        readers.saying(Period.of),
        "retention.period",
    ),
    Setting(
        "legal_hold",
        "A legal hold on what is stored: yes or no.",
        readers.yes_or_no,
        "retention.legal_hold",
    ),
    Setting(
        "lock_after",
        "Lock only so long after the call.",
        readers.saying(Period.of),
        "retention.lock_after",
    ),
    Setting(
        "max_retain",
        "No lock reaches further from now than this.",
        readers.saying(Period.of),
        "retention.most",
    ),
    Setting(
        "retention",
        "What is kept how long and then disposed of: [[retention]] tables, see docs/settings.md.",
        readers.retention_rules,
        "disposal.rules",
    ),
    Setting(
        "max_dispose",
        "The most recordings that are disposed of at a time.",
        readers.whole_number(1, 10_000),
        "disposal.most",
    ),
    Setting(
        "provider_keeps",
        "How long the provider keeps recordings: 90d or 1y. What it deletes soonest comes first.",
        readers.saying(Period.of),
        "portal.provider_keeps",
    ),
    Setting(
        "read_log",
        "Keep a log of who found, got or exported what, for so long: 1y or 90d.",
        readers.saying(Period.of),
        "read_log",
    ),
    Setting(
        "ping_url",
        "A check to ping, as Healthchecks.io has them; a secret.",
        endpoints.ping_url,
        "notify.ping_url",
    ),
    Setting(
        "metrics",
        "A .prom file for Prometheus' textfile collector, as an absolute path.",
        readers.metrics_file,
        "notify.metrics",
    ),
    Setting(
        "log_format",
        "How a run speaks: text or json.",
        readers.one_of(LogFormat),
        "notify.log_format",
    ),
    Setting(
        "silent_days",
        "Say so after so many days without a recording, where that is new; 0 never does.",
        readers.whole_number(0, 28),
        "notify.silent_days",
    ),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
