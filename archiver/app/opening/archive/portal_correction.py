"""Entering that an archive is of another portal than it was begun for, while nothing has come."""

from archiver.manifest.builder import Statement
from archiver.manifest.model import FindingCounts, Manifest, ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import Head
from archiver.open_archive import OpenArchive

REASON = "nothing had come from the endpoint that it was begun for"


def correct_portal(archive: OpenArchive, endpoint: str, by: str) -> str | None:
    """Enter that the archive is of ``endpoint``, unless it is; return the former one, if another.

    Raises :class:`archiver.errors.UsageError` where something has come from that by now.
    """
    journal = archive.journal
    former = journal.portal().endpoint
    if former == endpoint:
        return None
    decision = Decision(by, REASON)
    statement = Statement(ManifestKind.ACCEPT, archive.id, decision, portal=endpoint)

    def build(below: Head | None) -> Manifest:
        journal.matching(endpoint)
        return statement.on(below, (), FindingCounts(0, 0))

    journal.append(build)
    archive.follow()
    return former
