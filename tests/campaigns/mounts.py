"""Doing something where other disks are mounted, in a mount namespace of its own.

Root may mount anything there; anybody else what user_namespaces(7) allow, such as a tmpfs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NOT_MOUNTED = 99
_SHELL = '{{ {mounting}; }} >&2 || exit {code}; shift; exec "$@"'


class NotHereError(Exception):
    """This machine can't do that; the message is the reason."""


def mounted(mounting: str, place: Path, module: str, *words: str) -> str:
    """Run ``python -m module place words`` after ``mounting`` and return what it printed.

    ``mounting`` is a shell's command, with ``place`` as ``$1``. Raises :class:`NotHereError`.
    """
    if shutil.which("unshare") is None:
        raise NotHereError("unshare is missing: apt-get install util-linux")
    flags = "-m" if os.geteuid() == 0 else "-rm"
    shell = _SHELL.format(mounting=mounting, code=NOT_MOUNTED)
    inside = (sys.executable, "-m", module, str(place), *words)
    done = subprocess.run(
        ["unshare", flags, "sh", "-c", shell, "sh", str(place), *inside],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == NOT_MOUNTED or done.stderr.startswith("unshare"):
        raise NotHereError(" ".join(done.stderr.split()))
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout
