"""The certificates of days, as the archive has them now: each held against the chain's hash."""

from collections.abc import Iterable, Mapping
from datetime import date

from archiver.catalog import Catalog
from archiver.completeness.certificate import Certificate
from archiver.manifest.documents import Documents
from archiver.manifest.records.files import ArchivedFile


def current_certificates(catalog: Catalog, days: Iterable[date]) -> dict[date, ArchivedFile]:
    """Return the files of the certificates of those days whose own is current.

    A day of which a manifest has named something since has none that counts.
    """
    return {
        day: file
        for day in days
        if (file := catalog.certified.certificate(day)) and catalog.certified.is_current(day)
    }


def read_certificates(
    documents: Documents, files: Mapping[date, ArchivedFile]
) -> dict[date, Certificate]:
    """Return the certificates of those days whose own is there as it was written."""
    read = {day: read_certificate(documents, file, day) for day, file in files.items()}
    return {day: certificate for day, certificate in read.items() if certificate}


def read_certificate(documents: Documents, file: ArchivedFile, day: date) -> Certificate | None:
    """Return a day's certificate; ``None`` where it is not there as it was written."""
    certificate = documents.parsed(file, Certificate.from_json)
    return certificate if certificate and certificate.day == day else None
