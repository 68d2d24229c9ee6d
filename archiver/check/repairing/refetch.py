"""Archiving one recording again, whose files are lost: its row is looked for, then judged anew."""

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.row.fingerprint import Fingerprint, Mark, are_two, mark_of
from archiver.domain.row.identity import alias_of
from archiver.domain.times import portal_zone as zone
from archiver.domain.times.window import Window
from archiver.get.from_portal import SearchTerms, find
from archiver.manifest.state import RecordingState
from archiver.portal.client import Client
from archiver.portal.proving.walk import Listed
from archiver.portal.session import PortalSession
from archiver.pull.job.done import Done
from archiver.pull.job.links import Links
from archiver.pull.job.services import Services
from archiver.pull.job.task import Task
from archiver.pull.plan import Work
from archiver.pull.recording import RecordingJob


class Portal(Struct, frozen=True):
    """A portal that may still serve what an archive has lost."""

    client: Client
    session: PortalSession
    services: Services

    def archive_again(self, known: RecordingState, told: Fingerprint | None) -> Done | None:
        """Bring a recording to its outcome once more; ``None`` when the portal doesn't list it.

        ``told`` is what the portal said of it last. Raises only what stops the whole run.
        """
        listed = self._find(known, Mark(known.at, told.object if told else None))
        if listed is None:
            return None
        links = Links(
            (listed,),
            fetch=self.client.fetch,
            behaviour=self.session.behaviour(),
            now=self.client.now,
        )
        row = listed.row
        task = Task(Work(listed, known), self.session.offset_of(row.at, row.id))
        return RecordingJob(task, links, self.services).run()

    def _find(self, known: RecordingState, mark: Mark) -> Listed | None:
        """Look for a row by its id: one of version 1 dates itself, others have their day.

        So has what goes by an alias, as its id dates another recording, and what isn't found by it.
        """
        served = alias_of(known.id) or known.id
        day = Window.day(known.at.date()) if known.at else None
        dates_itself = served == known.id and zone.moment(known.id) is not None
        windows = ([None] if dates_itself else []) + ([day] if day else [])

        def look(window: Window | None) -> list[Listed]:
            found = find(self.client, self.session, SearchTerms((served,), window=window)).listed
            return [each for each in found if not are_two(mark, mark_of(each.row))]

        same = next(filter(None, map(look, windows)), [])
        if not same:
            return None
        listed = max(same, key=lambda each: mark.likeness(mark_of(each.row)))
        if served == known.id:
            return listed
        return replace(listed, row=replace(listed.row, id=known.id, alias_of=served))
