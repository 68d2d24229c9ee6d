"""A second copy of an archive: its files first, then the manifests that name them, in order."""
