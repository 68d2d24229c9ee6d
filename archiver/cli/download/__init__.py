"""The commands that bring recordings home."""
