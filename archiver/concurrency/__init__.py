"""Work on several threads, and how it is stopped."""
