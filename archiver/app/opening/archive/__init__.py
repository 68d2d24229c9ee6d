"""The archive that the settings name: its place, its chain, and what is kept beside it."""
