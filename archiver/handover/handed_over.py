"""What is handed over, as values: a recording, what was left out, the whole, a part. Pure.

Lengths are milliseconds, sizes bytes, offsets minutes east of UTC. Paths are relative, with ``/``.
"""

from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from archiver.domain.export_form import ExportForm
from archiver.domain.times.window import Window
from archiver.manifest.records.files import Head

NO_SIDECAR = "no_sidecar"
"""What is said of a recording that is in a hand-over without its sidecar."""
WHOLE_DAY = "day"
"""What is said of a day of which there may be recordings that are in no hand-over."""
OPEN = "open: "
"""How a finding begins that nobody has accepted."""


class HandedOver(Struct, frozen=True):
    """A recording whose audio is in the hand-over, with the hash that its bytes were held against.

    ``at`` is the portal's own time, ``offset`` its minutes east of UTC where they are known. What
    the sidecar tells (``caller``, ``called``, ``agent``) is empty where there is none that can be
    read. ``manifest`` is the number of the manifest that names the audio, if one does. ``finding``
    says why a person had to look at it, and whether one has. ``holds`` are the numbers of the legal
    holds that bound it in the archive.
    """

    id: str
    path: str
    bytes: int
    sha256: str
    at: datetime | None
    offset: int | None
    manifest: int | None
    caller: str = ""
    called: str = ""
    agent: str = ""
    length_ms: int | None = None
    reported_ms: int | None = None
    verdict: str = ""
    finding: str = ""
    sidecar: str = ""
    sidecar_sha256: str = ""
    holds: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person has yet to look at it."""
        return self.finding.startswith(OPEN)

    @property
    def moment(self) -> datetime | None:
        """The time with its zone, or without one where that is not known."""
        return zoned(self.at, self.offset)


class LeftOut(Struct, frozen=True):
    """What was asked for and is not in the hand-over.

    ``what`` is a word for it, such as ``quarantined``, ``gone`` or ``damaged``; where that is
    :data:`NO_SIDECAR`, only the sidecar is not there, and where it is :data:`WHOLE_DAY`, there may
    be more of a day. ``at`` is portal time: the first second of such a day. ``reasons`` are
    sentences. A person has ``accepted`` that it is so.
    """

    what: str
    id: str = ""
    at: datetime | None = None
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    accepted: bool = False


class Handover(Struct, frozen=True):
    """What is true of a hand-over as a whole.

    The ``export`` of that id was ``started`` (UTC) by a person, on the machine ``host``, with the
    program ``tool``, from the archive of that id, which is of the portal at ``portal``. The
    manifests from number ``first`` up to the ``head`` go with it. A part may have ``part_bytes``.
    """

    export: str
    by: str
    started: datetime
    host: str
    tool: str
    archive: str
    portal: str
    first: int
    head: Head
    form: ExportForm
    part_bytes: int | None

    @property
    def window(self) -> Window | None:
        """The portal time that was asked for, either end of which may be open; ``None`` for any."""
        raise NotImplementedError

    @property
    def in_parts(self) -> bool:
        """Whether there may be several parts."""
        return self.part_bytes is not None


class PartFacts(Struct, frozen=True):
    """What is true of one part, and of the whole where there is one only.

    ``bytes`` and ``files`` are those of all that it holds beside tag files, ``csv_sha256`` is the
    hash of its ``recordings.csv``, ``listed_sha256`` that of the lists of hashes, but for the lines
    of the letter and the check. Of so many ``days`` there may be more, and so many ``sidecars`` are
    not with their recordings: neither is among what was ``left_out``.
    """

    number: int
    recordings: int
    left_out: int
    days: int
    sidecars: int
    bytes: int
    files: int
    csv_sha256: str
    is_last: bool
    listed_sha256: str = ""


def zoned(at: datetime | None, offset: int | None) -> datetime | None:
    """Return a portal's time with its zone, as far as that is known."""
    if at is None or offset is None:
        return at
    return at.replace(tzinfo=timezone(timedelta(minutes=offset)))


def utc_text(moment: datetime) -> str:
    """Return ``2019-06-11 06:04:21 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
