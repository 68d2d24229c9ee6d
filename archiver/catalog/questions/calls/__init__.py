"""Questions about calls: as they are archived, and beside recordings."""
