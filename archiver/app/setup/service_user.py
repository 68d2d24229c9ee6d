"""What a service's user may not use of what its job needs, by owner and mode.

Access lists and whatever else decides besides are not looked at, so nothing here is refused.
"""

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from archiver.app.setup.schedule import Job
from archiver.errors import UsageError

_EMPTIED = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - none is made there
"""Of which a service with ``PrivateTmp=`` has its own."""


class ServiceUser(Struct, frozen=True):
    """A user and the groups that it is in, by their numbers."""

    name: str
    uid: int
    groups: frozenset[int]

    @classmethod
    def of(cls, name: str) -> "ServiceUser | None":
        """Return the user of a name, ``None`` of a number: systemd takes any.

        Raises :class:`UsageError` where nobody here has that name.
        """
        if name.isdecimal():
            return None
        try:
            entry = pwd.getpwnam(name)
        except KeyError as error:
            raise UsageError(
                f"--user: this machine has no user {name}.",
                advice="Make it first, such as by: useradd --system " + name,
            ) from error
        return cls(name, entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))

    def hindered(self, job: Job) -> Iterator[str]:
        """Yield a warning for each thing that the job needs and its user may not use."""
        needed = {job.program: 0o5, job.config: 0o4}
        if job.token_file is not None:
            needed[job.token_file] = 0o4
        needed |= dict.fromkeys(map(Path, job.writes), 0o7)
        for path, rights in needed.items():
            if barred := self._barred(path, rights):
                status = barred.stat()
                yield (
                    f"Warning: user {self.name} can't use {path}: {barred} is of user "
                    f"{status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o}."
                )

    def _barred(self, path: Path, rights: int) -> Path | None:
        """Return what keeps the user from a path: a folder above, or itself; else ``None``.

        What is not there, and what can't be seen from here, keeps nobody.
        """
        with suppress(OSError):
            for folder in reversed(path.parents):
                if not self._may(folder, 0o1):
                    return folder
            if not self._may(path, rights):
                return path
        return None

    def _may(self, path: Path, rights: int) -> bool:
        status = path.stat()
        is_in_group = status.st_gid in self.groups
        shift = 6 if status.st_uid == self.uid else 3 if is_in_group else 0
        return (status.st_mode >> shift) & rights == rights


def out_of_sight(job: Job) -> Iterator[str]:
    """Yield a warning for what lies where a service has an empty folder of its own."""
    token = () if job.token_file is None else (job.token_file,)
    for path in dict.fromkeys((job.program, job.config, *token, *map(Path, job.writes))):
        for folder in _EMPTIED:
            if path.is_relative_to(folder):
                yield (
                    f"Warning: {path} lies below {folder}, of which the service has one of its own "
                    "(PrivateTmp=yes). Keep it elsewhere."
                )
