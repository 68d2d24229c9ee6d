"""What a run and the workers of a cluster send each other: plain values, a few recordings at once.

A worker opens the archive once for a run, by its :class:`ClusterOpening`. Then it gets one
:class:`Batch` after another, and answers each with :class:`Came`. It can't ask anything meanwhile:
links go with a recording, and one that needs another comes back as a wish for it, and is sent anew
with that.

Nothing here shows what is in it: a cluster logs the arguments of what fails.
"""

from dataclasses import dataclass, field

from archiver.app.workers.answering import LinkAnswer
from archiver.app.workers.messages import Failed, LinkWanted, Said
from archiver.config.settings import Settings
from archiver.pull.job.done import Done
from archiver.pull.job.task import Task


@dataclass(frozen=True, slots=True)
class ClusterOpening:
    """What a worker is to work with for a ``run``: the settings, and the id of the archive.

    The settings have no token. In a folder, the part file that is called ``shown`` lies there only
    as long as the run does: where it is, that is the very folder. A bucket has none.
    """

    run: str
    settings: Settings = field(repr=False)
    archive: str
    shown: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Handed:
    """A task, and the answers to what its job asks, in the order in which it does."""

    task: Task = field(repr=False)
    answers: tuple[LinkAnswer, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a thread of a worker is handed at once."""

    run: str
    handed: tuple[Handed, ...] = field(repr=False)


Outcome = Done | Failed | LinkWanted


@dataclass(frozen=True, slots=True)
class Came:
    """What came of each of a batch, in its order, and lines for whoever listens to the run."""

    outcomes: tuple[Outcome, ...] = field(repr=False)
    said: tuple[Said, ...] = field(default=(), repr=False)
