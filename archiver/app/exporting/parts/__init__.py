"""The parts of an export, written by its plan."""
