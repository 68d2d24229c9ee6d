"""What the manifests add up to, in an SQLite file that can be deleted at any time."""

from archiver.catalog.catalog import Catalog, ReadSidecar
from archiver.catalog.findings import OpenFindings
from archiver.catalog.search import Found

__all__ = ["Catalog", "Found", "OpenFindings", "ReadSidecar"]
