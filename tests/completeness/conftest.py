"""What the tests of certified nights share."""

from tests.nights import month, shape

__all__ = ["month", "shape"]
