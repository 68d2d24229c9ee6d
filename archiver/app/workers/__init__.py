"""Worker processes: they do the jobs of recordings, beside the one that lists and enters them."""
