"""What the tests of runs share."""

from tests.nights import month

__all__ = ["month"]
