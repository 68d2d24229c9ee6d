"""The page as a file: its HTML, CSS and JavaScript stand here as they are, and are put together."""
