"""The plan of an export, fixed when it begins."""
