"""One guard for a worker, and for each test a bucket of its own and a client for it."""

import itertools
import logging
import os
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.hooks
import botocore.regions
import botocore.session
import botocore.utils
import pytest
from botocore import handlers
from botocore.endpoint_provider import EndpointProvider
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.loaders import create_loader

from archiver.config.s3_options import Options
from archiver.sandbox.media.presigned import REGION
from archiver.store.s3 import bucket_site
from archiver.store.s3.connecting import service_models
from archiver.store.s3.connecting.s3_client import connect
from tests.s3.account import ENVIRONMENT, client
from tests.s3.direct import Direct
from tests.s3.guard import Guard

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_numbers = itertools.count(1)
_loader, _models = cache(create_loader), cache(service_models.service_models)
"""Keep what is known of S3: reading that is most of the time that making a client takes."""
_alias = vars(EventAliaser)["_alias_event_name"]
_aliaser = EventAliaser(HierarchicalEmitter())
"""Keeps what events are called now: each session looks hundreds of names up anew otherwise."""
_timestamp = cache(vars(botocore.utils)["_parse_timestamp_with_tzinfo"])
"""Keeps what a time's text says: a listing tells one and the same of many objects, often."""
_takes_keywords = cache(vars(botocore.hooks)["accepts_kwargs"])
"""Keeps what handlers take: each client looks at the signatures of a hundred and fifty."""
_providers: dict[tuple[int, ...], tuple[dict[str, Any], EndpointProvider]] = {}


def _provider(**told: Any) -> EndpointProvider:  # noqa: ANN401 - as botocore makes it
    """Return what knows the addresses of S3, made once: its rules are read anew for each client."""
    by = tuple(map(id, told.values()))
    if by not in _providers:
        _providers[by] = told, EndpointProvider(**told)
    return _providers[by][1]


class _Clients:
    """Makes the clients of one test: a command has that of the one before, if all is set alike."""

    def __init__(self) -> None:
        self._made: list[tuple[Options, dict[str, str], S3Client]] = []

    def connect(self, options: Options) -> "S3Client":
        """Return a client as the product makes it."""
        of_aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        for known, by, made in self._made:
            if (known, by) == (options, of_aws):
                return made
        made = connect(options)
        self._made.append((options, of_aws, made))
        return made


def _remember(patched: pytest.MonkeyPatch) -> None:
    """Let clients be made of what earlier ones have read and worked out."""
    patched.setattr(botocore.session, "create_loader", _loader)
    patched.setattr(service_models, "service_models", _models)
    patched.setattr(EventAliaser, "_alias_event_name", lambda _, name: _alias(_aliaser, name))
    patched.setattr(botocore.utils, "_parse_timestamp_with_tzinfo", _timestamp)
    patched.setattr(botocore.hooks, "accepts_kwargs", _takes_keywords)
    patched.setattr(botocore.regions, "EndpointProvider", _provider)


def _settle(patched: pytest.MonkeyPatch, direct: Direct) -> None:
    """Take the machine's own AWS settings away, and put the account's in their place."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patched.delenv(name)
    for name, value in ENVIRONMENT.items():
        patched.setenv(name, value)
    _remember(patched)
    every = [*handlers.BUILTIN_HANDLERS, ("before-send.s3", direct)]
    patched.setattr(handlers, "BUILTIN_HANDLERS", every)


@pytest.fixture(scope="session")
def _running() -> Iterator[tuple[Guard, "S3Client", Direct]]:
    """Run a guard; its client is made once, for that takes as long as ten tests."""
    with Guard() as guard:
        direct = Direct(guard)
        with pytest.MonkeyPatch.context() as patched:
            _settle(patched, direct)
            s3 = client(guard.endpoint)
        yield guard, s3, direct


@pytest.fixture
def guard(
    _running: tuple[Guard, "S3Client", Direct],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Guard]:
    """Yield the guard, with no fault on and nothing counted, in the account's environment."""
    guard, _, direct = _running
    _settle(monkeypatch, direct)
    monkeypatch.setattr(bucket_site, "connect", _Clients().connect)
    caplog.set_level(logging.INFO, "botocore")  # most of the tests' time would go into its log
    guard.reset()
    yield guard
    guard.reset()


@pytest.fixture
def quick_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clients that a test makes itself be made quickly."""
    _remember(monkeypatch)


@pytest.fixture
def wire(_running: tuple[Guard, "S3Client", Direct], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every request of the test take the wire."""
    monkeypatch.setattr(_running[2], "is_on", False)


@pytest.fixture
def s3(_running: tuple[Guard, "S3Client", Direct]) -> "S3Client":
    """Return the account's client."""
    return _running[1]


def new_bucket(guard: Guard, s3: "S3Client", *, locked: bool) -> str:
    name = f"bucket-{next(_numbers):04}"
    s3.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=locked,
    )
    guard.reset()
    return name


@pytest.fixture
def bucket(guard: Guard, s3: "S3Client") -> str:
    """Return an empty bucket without versions."""
    return new_bucket(guard, s3, locked=False)


def new_versioned_bucket(guard: Guard, s3: "S3Client") -> str:
    name = new_bucket(guard, s3, locked=False)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    guard.reset()
    return name


@pytest.fixture
def versioned_bucket(guard: Guard, s3: "S3Client") -> str:
    """Return an empty bucket that keeps versions."""
    return new_versioned_bucket(guard, s3)


@pytest.fixture
def second_bucket(guard: Guard, s3: "S3Client") -> str:
    """Return another empty bucket that keeps versions."""
    return new_versioned_bucket(guard, s3)


@pytest.fixture
def locked_bucket(guard: Guard, s3: "S3Client") -> str:
    """Return an empty bucket that keeps versions and can lock them."""
    return new_bucket(guard, s3, locked=True)
