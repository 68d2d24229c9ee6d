"""The certificates of days, as the archive has them now: each held against the chain's hash."""

from collections.abc import Iterable
from datetime import date

from archiver.catalog import Catalog
from archiver.completeness.certificate import Certificate
from archiver.json_documents import BadDocument
from archiver.manifest.documents import Documents
from archiver.manifest.records.files import ArchivedFile


def certificates_of(
    catalog: Catalog, documents: Documents, days: Iterable[date]
) -> dict[date, Certificate]:
    """Return the certificates of those days whose own is current, there, and as it was written.

    A day of which a manifest has named something since has none that counts.
    """
    found = {}
    for day in days:
        file = catalog.certified.certificate(day) if catalog.certified.is_current(day) else None
        certificate = _read(documents, file) if file else None
        if certificate is not None and certificate.day == day:
            found[day] = certificate
    return found


def _read(documents: Documents, file: ArchivedFile) -> Certificate | None:
    text = documents.as_entered(file)
    try:
        return None if text is None else Certificate.from_json(text)
    except BadDocument:
        return None
