"""A small portal, and machines that archive from it, before and after their first pull."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.sandbox import Sandbox
from tests.pulls import portal
from tests.s3.direct import Direct
from tests.s3.fixtures import new_bucket, new_versioned_bucket
from tests.s3.guard import Guard
from tests.s3.machines import Machine
from tests.s3.pulled import PulledOnce

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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


@pytest.fixture(scope="session")
def _once(
    _running: tuple[Guard, "S3Client", Direct], tmp_path_factory: pytest.TempPathFactory
) -> PulledOnce:
    """Keep what was pulled once into each kind of bucket."""
    return PulledOnce(_running[0], tmp_path_factory.mktemp("pulled"), FEW)


@pytest.fixture
def pulled(_once: PulledOnce, guard: Guard, s3: "S3Client", tmp_path: Path) -> Iterator[Machine]:
    """Return a machine that has made its first pull, into a bucket that keeps versions."""
    bucket = partial(new_versioned_bucket, guard, s3)
    with _once.machine("versioned", bucket, tmp_path / "one") as machine:
        yield machine


@pytest.fixture
def unversioned(
    _once: PulledOnce, guard: Guard, s3: "S3Client", tmp_path: Path
) -> Iterator[Machine]:
    """Return one whose bucket keeps no versions."""
    bucket = partial(new_bucket, guard, s3, locked=False)
    with _once.machine("unversioned", bucket, tmp_path / "one") as machine:
        yield machine


@pytest.fixture
def lockable(_once: PulledOnce, guard: Guard, s3: "S3Client", tmp_path: Path) -> Iterator[Machine]:
    """Return one whose bucket can lock, and keeps versions."""
    bucket = partial(new_bucket, guard, s3, locked=True)
    with _once.machine("lockable", bucket, tmp_path / "one") as machine:
        yield machine
