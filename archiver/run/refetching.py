"""Archiving one recording again, whose files are lost: its row is looked for, then judged anew."""

from dataclasses import dataclass, replace

from archiver import zone
from archiver.identity import alias_of
from archiver.manifest.book import Known
from archiver.portal.client import Client
from archiver.portal.paging import Listed
from archiver.run.get import Wanted, find
from archiver.run.links import Links
from archiver.run.opening import Opening
from archiver.run.pipeline import Done, Pipeline, Tools
from archiver.run.plan import Work
from archiver.versions import Fingerprint, Mark, are_two, mark_of
from archiver.windows import Window


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal that may still serve what an archive has lost."""

    client: Client
    opening: Opening
    tools: Tools

    def archive_again(self, known: Known, told: Fingerprint | None) -> Done | None:
        """Bring a recording to its outcome once more; ``None`` when the portal doesn't list it.

        ``told`` is what the portal said of it last. Raises only what stops the whole run.
        """
        listed = self._find(known, Mark(known.at, told.object if told else None))
        if listed is None:
            return None
        links = Links(
            (listed,),
            fetch=self.client.fetch,
            manners=self.opening.manners(),
            now=self.client.now,
        )
        return Pipeline(Work(listed, known), links, self.tools).run()

    def _find(self, known: Known, mark: Mark) -> Listed | None:
        """Look for a row by its id: one of version 1 dates itself, others have their day.

        What goes by an alias has its day as well, as its id dates another recording.
        """
        served = alias_of(known.id) or known.id
        dates_itself = served == known.id and zone.moment(known.id) is not None
        window = None if dates_itself or known.at is None else Window.day(known.at.date())
        if window is None and not dates_itself:
            return None
        found = find(self.client, self.opening, Wanted((served,), window=window)).listed
        same = [each for each in found if not are_two(mark, mark_of(each.row))]
        if not same:
            return None
        listed = max(same, key=lambda each: mark.likeness(mark_of(each.row)))
        if served == known.id:
            return listed
        return replace(listed, row=replace(listed.row, id=known.id, alias_of=served))
