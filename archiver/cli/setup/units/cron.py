r"""A line for the crontab of the user who is to run it, as crontab(5) has it. Pure.

Cron reads ``%`` as the end of the command before any shell sees it; only a backslash before it
helps. A backslash itself is read in two ways by two crons, so none may stand in the line.

>>> escaped("/srv/50% off")
"'/srv/50\\% off'"
"""

import shlex

from archiver.app.setup.schedule import Job
from archiver.cli.setup.units.refusal import refuse


def line(job: Job) -> str:
    """Return comments and the line. Raises :class:`UsageError` for a name with a backslash."""
    words = (str(job.program), *job.pull(), "--quiet")
    for word in words:
        refuse(word, "\\", "a crontab")
    hour, minute = job.begins
    return (
        "# Archives the call recordings that are due; a mail comes only when there is something to"
        " read.\n# A night that was missed is made up for by the next.\n"
        f"{minute} {hour} * * * {' '.join(map(escaped, words))}\n"
    )


def escaped(word: str) -> str:
    """Return what both cron and its shell read as one word."""
    return shlex.quote(word).replace("%", r"\%")
