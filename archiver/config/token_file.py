"""Reading a token file, where nobody else may have it open.

It is the user's own, or root's, closed to everyone else. Root may open its own to a group: so do
systemd (``LoadCredential=``) and Kubernetes (``fsGroup``). What containers mount as secrets may be
open to all: root's files on a read-only tmpfs, or mounted one by one. Who gets into the container
is decided elsewhere, and inside nobody can change the rights of what is mounted.
"""

import codecs
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from archiver.config.settings import CREDENTIALS
from archiver.errors import NoToken

MAX_BYTES = 65_536
MOUNTS = Path("/proc/self/mountinfo")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(path: Path, environ: Mapping[str, str]) -> str:
    """Return the file's text. Raises :class:`NoToken` where it can't be had, or not safely."""
    path = _placed(path, environ)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise NoToken(f"The token file {path} is not a file.")
            _see_closed(path, status)
            data = file.read(MAX_BYTES)
    except PermissionError as error:
        raise NoToken(
            f"The token file {path} cannot be read by user {os.geteuid()}: permission denied.",
            advice=_give_it(path),
        ) from error
    except OSError as error:
        raise NoToken(f"The token file {path} cannot be read: {error.strerror}.") from error
    if wrong := encoding_fault(data):
        raise NoToken(f"The token file {path} can't be used: {wrong}.")
    return data.decode("utf-8", "replace")


def encoding_fault(data: bytes) -> str:
    """Say what an editor did to the bytes of a text, or nothing."""
    if data.startswith(codecs.BOM_UTF8):
        return "it begins with a byte order mark (BOM): save it as UTF-8 without one"
    if data.startswith(_UTF_16):
        return "it is UTF-16: save it as UTF-8"
    return ""


def _placed(path: Path, environ: Mapping[str, str]) -> Path:
    """Return where the file is: a service's credentials lie where systemd says."""
    if path.parts[0] != CREDENTIALS:
        return path
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        name = path.name
        raise NoToken(
            f"token_file is {path}, and CREDENTIALS_DIRECTORY is not set here.",
            advice=f"Only a systemd service has it, with LoadCredential={name}:FILE.",
        )
    return Path(folder, *path.parts[1:])


def _see_closed(path: Path, status: os.stat_result) -> None:
    """Raise :class:`NoToken` when others than the user and root have the file open."""
    mode, owner, user = stat.S_IMODE(status.st_mode), status.st_uid, os.geteuid()
    if owner not in {user, 0}:
        raise NoToken(
            f"The token file {path} belongs to user {owner}; archiver runs as {user}.",
            advice=_give_it(path),
        )
    given = 0o040 if owner == 0 and user != 0 else 0
    if mode & 0o077 & ~given and not (owner == 0 and _is_a_secrets_mount(path, status)):
        can_close = owner == user and not _is_fixed(path)
        raise NoToken(
            f"The token file {path} is open to others than its owner (mode {mode:04o}).",
            advice=f"Close it: chmod 600 {path}" if can_close else _give_it(path),
        )


def _give_it(path: Path) -> str:
    """Say how the file becomes one that this user, and nobody else, can read."""
    user, group = os.geteuid(), os.getegid()
    if _is_fixed(path):
        return (
            "It lies on a read-only file system: give it its rights where it comes from. Of a "
            f"docker or podman secret, set uid={user} and mode=0400. For a file that compose "
            f"mounts, run outside: chown {user} FILE && chmod 400 FILE. Or set ARCHIVER_TOKEN."
        )
    return (
        f"As root: chown {user} {path} && chmod 400 {path}. A file that stays root's may be open "
        f"to the group alone: chgrp {group} {path} && chmod 440 {path}."
    )


def _is_fixed(path: Path) -> bool:
    """Whether what a file lies on is read-only, so that nobody can change its rights there."""
    with suppress(OSError):
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    return False


def _is_a_secrets_mount(path: Path, status: os.stat_result) -> bool:
    """Whether a file was mounted as containers get their secrets.

    By itself, and nobody but its owner may write to it; or on a read-only file system in memory.
    """
    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    try:
        mounts = [line.split() for line in MOUNTS.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return False
    found = [mount for mount in mounts if mount[2] == device and "-" in mount[6:]]
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not others_write and any(mount[4] == os.path.realpath(path) for mount in found):
        return True
    return bool(found) and all(_is_read_only_memory(mount) for mount in found)


def _is_read_only_memory(mount: list[str]) -> bool:
    """Read one line of mountinfo (proc(5)): its options, and behind a dash its kind."""
    kind = mount[mount.index("-", 6) + 1]
    return kind in _IN_MEMORY and "ro" in mount[5].split(",")
