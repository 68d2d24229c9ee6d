"""The commands of the section Find and hand over."""
