"""What the manifests add up to, in an SQLite file that can be deleted at any time."""

from archiver.catalog.catalog import ASKED_FOR, Catalog, ReadSidecar
from archiver.catalog.questions.open_findings import OpenFindings
from archiver.catalog.questions.search_sql import Found

__all__ = ["ASKED_FOR", "Catalog", "Found", "OpenFindings", "ReadSidecar"]
