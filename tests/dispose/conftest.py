"""What disposals are tested with: seals of rules that take no time."""

from collections.abc import Iterator
from unittest import mock

import pytest

from archiver.app.disposing import rules


@pytest.fixture(autouse=True)
def quick_seals() -> Iterator[None]:
    """Let a seal cost nothing: its price is for whoever tries all numbers."""
    with mock.patch.object(rules, "_SCRYPT_N", 2):
        yield
