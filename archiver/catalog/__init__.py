"""What the manifests add up to, in an SQLite file that can be deleted at any time."""

from archiver.catalog.catalog import Catalog, Found, OpenFindings, ReadSidecar

__all__ = ["Catalog", "Found", "OpenFindings", "ReadSidecar"]
