"""What changes in the catalog: by a manifest, and by what is noted that no manifest tells."""
