"""An archive brought back to what its chain says: its manifests, and its files."""
