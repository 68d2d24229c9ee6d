"""The commands that need no portal of one's own."""
