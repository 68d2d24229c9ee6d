"""The commands that set an installation up and check it."""
