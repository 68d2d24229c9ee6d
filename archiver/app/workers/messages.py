"""What a run and its worker processes tell each other, pickled, through pipes of their own.

Each thread of a worker process has a pipe, on which the run sends a ``Task``. The worker answers
:class:`Taken`, then any number of :class:`LinkWanted`, each answered by :class:`LinkFound` or
:class:`LinkFailed`, and at last a ``Done`` or :class:`Failed`. One more pipe is for the process as
a whole: :class:`Opening`, answered by :class:`Ready` or :class:`NotReady`; then it may say lines
(:class:`Said`) and be told to :class:`WindUp` or :class:`End`, which :class:`Notes` answers. A pipe
that ends tells that the other side is gone.
"""

from collections.abc import Mapping

from msgspec import Struct

from archiver.config.settings import Settings
from archiver.domain.recordings import RecordingId
from archiver.errors import ArchiverError
from archiver.secret import Secret, Unshown


class Opening(Unshown, Struct, frozen=True):
    """What a worker process is to work with: the settings, and the id of the archive it must find.

    Neither the settings nor ``environ`` hold the portal's token: only the run speaks to the portal.
    """

    settings: Settings
    environ: Mapping[str, str]
    archive: str


class Ready(Struct, frozen=True):
    """The process has its store and its connections: tasks may come."""


class NotReady(Struct, frozen=True):
    """The process can't work there, and why; it ends."""

    reason: str


class Taken(Struct, frozen=True):
    """A task has arrived: from now on its files may lie in the archive."""


class LinkWanted(Struct, frozen=True):
    """A link of a recording is wanted: one to begin with, or another than ``stale``."""

    id: RecordingId
    stale: Secret | None = None


class LinkFound(Struct, frozen=True):
    """The link, ``None`` where the portal gives none."""

    link: Secret | None


class LinkFailed(Struct, frozen=True):
    """Why no link could be had."""

    error: ArchiverError


class Failed(Struct, frozen=True):
    """What a job raised: it stops the run, or it is a defect, told with its traceback."""

    error: ArchiverError | str


class Said(Struct, frozen=True):
    """A line for whoever listens to the run."""

    text: str
    event: str


class WindUp(Struct, frozen=True):
    """The run winds up: every wait and transfer is to end now."""


class End(Struct, frozen=True):
    """There are no more tasks."""


class Notes(Struct, frozen=True):
    """What the store has to say after all of it."""

    lines: tuple[str, ...]
