"""A run's books: each outcome counted once, each day as it was seen, written in time."""
