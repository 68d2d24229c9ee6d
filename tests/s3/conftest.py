"""A small portal, and a machine that archives from it into a bucket that keeps versions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.sandbox import Sandbox
from tests.pulls import portal
from tests.s3.guard import Guard
from tests.s3.machines import Machine

FEW = 3


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a day of a few recordings."""
    with portal(FEW) as sandbox:
        yield sandbox


@pytest.fixture
def machine(sandbox: Sandbox, guard: Guard, versioned_bucket: str, tmp_path: Path) -> Machine:
    """Return a machine that has not archived anything yet."""
    return Machine(sandbox, guard, versioned_bucket, tmp_path / "one")
