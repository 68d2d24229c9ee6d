"""The world that a sandbox serves, and what can be wrong in it."""
