"""What a run and its worker processes tell each other, pickled, through pipes of their own.

Each thread of a worker process has a pipe, on which the run sends a ``Task``. The worker answers
:class:`Taken`, then any number of :class:`LinkWanted`, each answered by :class:`LinkFound` or
:class:`LinkFailed`, and at last a ``Done`` or :class:`Failed`. One more pipe is for the process as
a whole: :class:`Opening`, answered by :class:`Ready` or :class:`NotReady`; then it may say lines
(:class:`Said`) and be told to :class:`WindUp` or :class:`End`, which :class:`Notes` answers. A pipe
that ends tells that the other side is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from archiver.config.settings import Settings
from archiver.domain.recordings import RecordingId
from archiver.errors import ArchiverError
from archiver.secret import Secret


@dataclass(frozen=True, slots=True)
class Opening:
    """What a worker process is to work with: the settings, and the id of the archive it must find.

    Neither the settings nor ``environ`` hold the portal's token: only the run speaks to the portal.
    """

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    archive: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The process has its store and its connections: tasks may come."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """The process can't work there, and why; it ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A task has arrived: from now on its files may lie in the archive."""


@dataclass(frozen=True, slots=True)
class LinkWanted:
    """A link of a recording is wanted: one to begin with, or another than ``stale``."""

    id: RecordingId
    stale: Secret | None = None


@dataclass(frozen=True, slots=True)
class LinkFound:
    """The link, ``None`` where the portal gives none."""

    link: Secret | None


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """Why no link could be had."""

    error: ArchiverError


@dataclass(frozen=True, slots=True)
class Failed:
    """What a job raised: it stops the run, or it is a defect, told with its traceback."""

    error: ArchiverError | str


@dataclass(frozen=True, slots=True)
class Said:
    """A line for whoever listens to the run."""

    text: str
    event: str


@dataclass(frozen=True, slots=True)
class WindUp:
    """The run winds up: every wait and transfer is to end now."""


@dataclass(frozen=True, slots=True)
class End:
    """There are no more tasks."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What the store has to say after all of it."""

    lines: tuple[str, ...]
