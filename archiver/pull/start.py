"""The first portal day that an archive answers for: it is entered when a person first names it.

A run may die before its first manifest, or the portal may not answer at all. So the day is in the
chain before the run asks for anything that can wait, as a decision of whoever named it.
"""

from datetime import date

from archiver.catalog import Catalog
from archiver.manifest.builder import Statement
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import Head
from archiver.open_archive import OpenArchive


def name_start(archive: OpenArchive, day: date, decision: Decision) -> bool:
    """Enter that the archive answers for everything from ``day`` on, unless it does so already.

    Returns whether it was entered. A later day changes nothing: what was promised once stays
    promised.
    """
    if _answers_for(archive.catalog, day):
        return False
    statement = Statement(ManifestKind.ACCEPT, archive.id, decision, since=day)

    def decide(below: Head | None) -> tuple[Manifest, None]:
        return statement.on(below, (), archive.catalog.findings.standing()), None

    archive.enter(decide)
    return True


def _answers_for(catalog: Catalog, day: date) -> bool:
    since = catalog.days.since()
    return since is not None and since <= day
