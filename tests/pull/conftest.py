"""What the tests of runs share."""

from tests.nights import month, shape

__all__ = ["month", "shape"]
