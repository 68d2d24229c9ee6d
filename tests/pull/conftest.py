"""What the tests of runs share."""

from collections.abc import Iterator

import pytest

from tests.nights import month, shape
from tests.patience import impatient

__all__ = ["month", "shape"]


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    with impatient():
        yield
