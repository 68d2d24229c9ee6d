"""Files that manifests name by their hash: sidecars, rows of calls, what was asked for."""
