"""What a command and the workers of a cluster send each other: plain values, a few at once.

A worker opens the archive once for a run, by a :class:`ClusterOpening`. Then it gets one
:class:`Batch` after another, and answers each with :class:`Came`. It can't ask anything meanwhile:
links go with a recording, and one that needs another comes back as a wish for it, and is sent anew
with that.

Nothing here shows what is in it: a cluster logs the arguments of what fails.
"""

from msgspec import Struct

from archiver.app.workers.answering import LinkAnswer
from archiver.app.workers.messages import Said
from archiver.check.audit_report import Depth
from archiver.check.expected_files import ExpectedFile
from archiver.check.file_check import FileLayers
from archiver.config.settings import Settings
from archiver.pull.job.task import Task
from archiver.secret import Unshown


class ClusterOpening(Unshown, Struct, frozen=True):
    """What a worker is to work with for a ``run``: the settings, without the token.

    What is ``shown`` (a name in the archive) lies there only as long as the run does: where it is,
    that is the very folder, or the very bucket.
    """

    run: str
    settings: Settings
    shown: str


class PullOpening(ClusterOpening, frozen=True):
    """A run archives into the archive of that id."""

    archive: str


class AuditOpening(ClusterOpening, frozen=True):
    """A run reads an archive, as deep as that.

    ``document`` is the SHA-256 of its own file as the run reads it, ``None`` where it can't.
    """

    depth: Depth
    document: str | None


class Handed(Unshown, Struct, frozen=True):
    """A task, and the answers to what its job asks, in the order in which it does."""

    task: Task
    answers: tuple[LinkAnswer, ...]


class HandedFiles(Unshown, Struct, frozen=True):
    """Files to be checked; answered by :class:`CheckedFiles`."""

    files: tuple[ExpectedFile, ...]


class CheckedFiles(Unshown, Struct, frozen=True):
    """How each of some files fared, in their order."""

    results: tuple[FileLayers, ...]


class Batch(Unshown, Struct, frozen=True):
    """What a thread of a worker is handed at once."""

    run: str
    handed: tuple[object, ...]


class Came(Unshown, Struct, frozen=True):
    """What came of each of a batch, in its order, and lines for whoever listens to the run."""

    outcomes: tuple[object, ...]
    said: tuple[Said, ...] = ()
