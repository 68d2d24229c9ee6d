"""Checking an archive, mending it, and keeping a second one."""
