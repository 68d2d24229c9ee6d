"""Commands that a line advises, of the very archive that the command at hand was given.

Typed as they stand, they would be of the archive of the settings: a finding would be accepted in
another chain, a repair would find nothing to do.
"""

import re
from shlex import quote

_OF_AN_ARCHIVE = (
    *("get", "pull", "verify", "accept", "repair", "reconcile", "status", "find", "report"),
    *("export", "hold add", "hold list", "hold show", "hold release", "erase", "dispose", "doctor"),
)
_ADVISED = re.compile(
    rf"\barchiver (?:{'|'.join(_OF_AN_ARCHIVE)})\b(?! (?:-a|--archive|--account)\b)"
)


def placed(line: str, *, archive: str | None, account: str | None) -> str:
    """Return a line whose commands name the archive, or the account, that was named before.

    >>> placed("See: archiver find.", archive="./one day", account=None)
    "See: archiver find -a './one day'."
    """
    if account is None and archive is None:
        return line
    where = f"--account {quote(account)}" if account else f"-a {quote(archive or '')}"
    return _ADVISED.sub(lambda advised: f"{advised[0]} {where}", line)
