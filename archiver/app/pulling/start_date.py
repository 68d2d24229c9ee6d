"""Entering the day that ``pull --since`` names, whether the portal answers or not.

A run may die before its first manifest, or the portal may not answer at all: the day is in the
chain before the run asks for anything that can wait. A date is entered before the portal is asked.
What the present or the zone decides, such as ``4d``, is worked out by the portal's clock. Where the
portal does not answer, the clock that is believed then tells, in the zone furthest west unless one
is set: a day too many is listed, and none is lost. So does the next run, where the first was killed
before it was answered: the day was noted.
"""

from datetime import date, timedelta

from msgspec import Struct

from archiver.app.opening.reason import checked_words
from archiver.app.pulling.start_note import StartNote
from archiver.domain.recordings import Report
from archiver.domain.times import time_input as times
from archiver.domain.times.portal_offsets import always
from archiver.domain.times.portal_zone import EASTMOST, WESTMOST
from archiver.errors import ArchiverError, UsageError
from archiver.manifest.builder import Statement
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import Head
from archiver.open_archive import OpenArchive
from archiver.portal.client import Client
from archiver.portal.session import PortalSession, open_session
from archiver.pull.events import Announce, StartNamed, unheard


class Start(Struct, frozen=True):
    """The ``text`` that was typed after ``--since``, by whom, and the archive it is entered in.

    ``note`` keeps the day until it is entered, which ``announce`` hears.
    """

    text: str
    archive: OpenArchive
    by: str
    note: StartNote
    announce: Announce = unheard

    def name(self, day: date) -> None:
        """Enter the day, and who named it in which words."""
        decision = Decision(self.by, _words(self.text))
        is_new = _enter(self.archive, day, decision)
        self.note.drop()
        if is_new:
            self.announce(StartNamed(self.text.strip(), day))

    def day_in(self, offset: int, client: Client) -> date:
        """Return the day in the zone of ``offset``, by the clock that is believed by now.

        Raises :class:`UsageError` for a text that names no time.
        """
        now = client.now().replace(tzinfo=None) + timedelta(minutes=offset)
        return times.day_of(self.text, now=now, offsets=always(offset))

    def is_sure(self, client: Client) -> bool:
        """Whether the day is the same in every zone and at every time."""
        days = {self.day_in(offset, client) for offset in (WESTMOST, EASTMOST)}
        return times.is_fixed(self.text) and len(days) == 1


def open_naming(start: Start | None, client: Client, utc_offset: int | None) -> PortalSession:
    """Open the portal; what ``start`` names is entered even if that fails.

    A day that has not been yet is not entered: only the portal's clock can tell that it has.
    """
    if start is None:
        return open_session(client, Report.RECORDINGS, utc_offset)
    zone = WESTMOST if utc_offset is None else utc_offset
    day = start.day_in(zone, client)
    has_been = day <= client.now().date()
    if has_been and start.is_sure(client):
        start.name(day)
    elif has_been:
        start.note.keep(day)
    try:
        return open_session(client, Report.RECORDINGS, utc_offset)
    except (ArchiverError, KeyboardInterrupt):
        if has_been:
            start.name(start.day_in(zone, client))
        raise


def _enter(archive: OpenArchive, day: date, decision: Decision) -> bool:
    """Enter that the archive answers for everything from ``day`` on, unless it does so already.

    Returns whether it was entered. A later day changes nothing: what was promised once stays
    promised.
    """
    since = archive.catalog.days.since()
    if since is not None and since <= day:
        return False
    statement = Statement(ManifestKind.ACCEPT, archive.id, decision, since=day)

    def decide(below: Head | None) -> tuple[Manifest, None]:
        return statement.on(below, (), archive.catalog.findings.standing()), None

    archive.enter(decide)
    return True


def _words(text: str) -> str:
    """Return the reason as it was typed; a date, whose digits no reason holds, is in ``since``."""
    try:
        return checked_words(f"pull --since {text.strip()}", "--since")
    except UsageError:
        return "pull --since"
