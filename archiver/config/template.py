"""The settings file as ``archiver config init`` writes it: every setting, explained.

A setting that was not chosen stands commented out with its default, or an example where there is
none, so the file also documents what else there is.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from archiver.config.registry import SETTINGS, Setting
from archiver.config.settings import DEFAULTS, Settings
from archiver.domain.outcomes import Tolerance
from archiver.domain.times.portal_zone import Offset
from archiver.errors import UsageError
from archiver.secret import Secret

HEAD = "# Settings of archiver. Options and ARCHIVER_* variables come before what stands here.\n"
EXAMPLES = {
    "token_file": "/etc/archiver/token",
    "token_command": "pass show portal",
    "token_keyring": "archiver/portal",
    "archive": "/srv/archive",
    "bwlimit": "2M",
    "proxy": "http://proxy.example.com:3128",
    "ca_bundle": "/etc/ssl/certs/company.pem",
    "media_hosts": "media.example.com, *.cdn.example.com",
    "s3_endpoint": "https://s3.example.com",
    "s3_region": "eu-west-1",
    "s3_profile": "archive",
    "s3_role": "arn:aws:iam::123456789012:role/archiver",
    "s3_owner": "123456789012",
    "s3_storage_class": "STANDARD_IA",
    "s3_encryption": "kms:alias/recordings",
    "s3_tags": "team=audit, kept=yes",
    "lock": "governance",
    "retain": "5y",
    "ping_url": "https://hc-ping.com/00000000-0000-0000-0000-000000000000",
    "metrics": "/var/lib/node_exporter/archiver.prom",
    "lock_after": "30d",
    "retention": '[{ period = "7y", action = "dispose" }]',
    "provider_keeps": "90d",
    "read_log": "1y",
    "not_recorded": "service:OUT, status:MISSED",
}
"""What the settings without a default may look like."""


def render(chosen: Mapping[str, str], accounts: Mapping[str, Mapping[str, str]] = {}) -> str:
    """Return the file's TOML, with the ``chosen`` settings in force, and a table an account."""
    parts = [HEAD]
    for setting in SETTINGS:
        text = chosen.get(setting.name)
        default = shown(setting, DEFAULTS)
        note = "" if text or default else "# There is no default. For example:\n"
        written = _quoted(text or default) if text or default else _example(setting.name)
        line = f"{setting.name} = {written}"
        parts.append(f"# {setting.meaning}\n{note}{'' if text else '# '}{line}\n")
    parts += (_table(name, own) for name, own in accounts.items())
    return "\n".join(parts)


def _table(account: str, chosen: Mapping[str, str]) -> str:
    lines = (
        f"{setting.name} = {_quoted(chosen[setting.name])}\n"
        for setting in SETTINGS
        if setting.name in chosen
    )
    return f"[account.{account}]\n{''.join(lines)}"


def _example(name: str) -> str:
    """Return an example as TOML has it: tables stand as they are."""
    text = EXAMPLES[name]
    return text if name == "retention" else _quoted(text)


def _quoted(text: str) -> str:
    """Return a TOML basic string: JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False)


def shown(setting: Setting, settings: Settings) -> str:
    """Return a setting's value as it would be written, a proxy without its password."""
    value = setting.of(settings)
    match setting.name, value:
        case "processes" | "utc_offset", None:
            text = "auto"
        case "utc_offset", int(minutes):
            text = str(Offset(minutes, "set"))
        case "file_mode" | "dir_mode", int(mode):
            text = f"0{mode:o}"
        case "same_audio" | "min_talk" | "slack", int(ms):
            text = f"{ms // 1000}s"
        case _, Tolerance(ms, permille):
            text = f"{ms / 1000:g}s, {permille / 10:g}%"
        case _, Secret():
            text = urlsplit(value.reveal()).netloc.rpartition("@")[2]
        case _, bool():
            text = "yes" if value else "no"
        case _, dict():
            text = ", ".join(f"{name}={its}" for name, its in value.items())
        case _, tuple():
            text = ", ".join(map(str, value))
        case _:
            text = "" if value is None else str(value)
    return text


def write(path: Path, text: str, *, replace: bool) -> None:
    """Write a file of mode 0600, whole or not at all; its folder is made for the user alone.

    Raises :class:`UsageError` when it is there already and not to be replaced, or cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            (os.replace if replace else os.link)(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except FileExistsError as error:
        taken = error.filename2 or error.filename
        raise UsageError(f"{taken} is there already.", advice="Choose another place.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
