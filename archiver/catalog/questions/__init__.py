"""What the catalog can be asked: of recordings, days, findings and portal rows, and by search."""
