"""Archiving one recording again, whose files are lost: its row is looked for, then judged anew."""

from dataclasses import dataclass

from archiver import zone
from archiver.manifest.book import Known
from archiver.portal.client import Client
from archiver.portal.paging import Listed
from archiver.run.get import Wanted, find
from archiver.run.links import Links
from archiver.run.opening import Opening
from archiver.run.pipeline import Done, Pipeline, Tools
from archiver.run.plan import Work
from archiver.windows import Window


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal that may still serve what an archive has lost."""

    client: Client
    opening: Opening
    tools: Tools

    def archive_again(self, known: Known) -> Done | None:
        """Bring a recording to its outcome once more; ``None`` when the portal doesn't list it.

        Raises only what stops the whole run.
        """
        listed = self._find(known)
        if listed is None:
            return None
        links = Links(
            (listed,),
            fetch=self.client.fetch,
            manners=self.opening.manners(),
            now=self.client.now,
        )
        return Pipeline(Work(listed, known), links, self.tools).run()

    def _find(self, known: Known) -> Listed | None:
        """Look for a row by its id: one of version 1 dates itself, others have their day."""
        dates_itself = zone.moment(known.id) is not None
        window = None if dates_itself or known.at is None else Window.day(known.at.date())
        if window is None and not dates_itself:
            return None
        found = find(self.client, self.opening, Wanted((known.id,), window=window)).listed
        return found[0] if found else None
