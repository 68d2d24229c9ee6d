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
    current = {
        day: file
        for day in days
        if (file := catalog.certified.certificate(day)) and catalog.certified.is_current(day)
    }
    read = {day: read_certificate(documents, file, day) for day, file in current.items()}
    return {day: certificate for day, certificate in read.items() if certificate}


def read_certificate(documents: Documents, file: ArchivedFile, day: date) -> Certificate | None:
    """Return a day's certificate; ``None`` where it is not there as it was written."""
    certificate = _read(documents, file)
    return certificate if certificate and certificate.day == day else None


def _read(documents: Documents, file: ArchivedFile) -> Certificate | None:
    text = documents.as_entered(file)
    try:
        return None if text is None else Certificate.from_json(text)
    except BadDocument:
        return None
