"""The page of ``archiver report`` in a real browser. To be asked for by name: ``make test-web``."""
