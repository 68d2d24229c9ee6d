"""What the manifests add up to, in an SQLite file that can be deleted at any time."""

from archiver.catalog.catalog import Catalog, ReadSidecar
from archiver.catalog.questions.open_findings import OpenFindings
from archiver.catalog.questions.search_sql import Found

__all__ = ["Catalog", "Found", "OpenFindings", "ReadSidecar"]
