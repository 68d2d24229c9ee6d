"""Archives in buckets that were pulled once and are put back, for tests that begin with one."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from archiver.sandbox import Sandbox
from tests.pulls import portal
from tests.s3.guard import Guard
from tests.s3.machines import Machine

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket


class _Kept(Struct):
    """What a first pull has left, and the port of the portal, which the archive knows."""

    port: int
    bucket: "FakeBucket"
    home: Path


class PulledOnce:
    """Pulls a day of a few recordings once into each kind of bucket, and keeps it in a folder."""

    def __init__(self, guard: Guard, folder: Path, count: int) -> None:
        self._guard = guard
        self._folder = folder
        self._count = count
        self._kept: dict[str, _Kept] = {}

    @contextmanager
    def machine(self, kind: str, new_bucket: Callable[[], str], home: Path) -> Iterator[Machine]:
        """Yield a machine that has just made its first pull, into a bucket of that kind."""
        with ExitStack() as opened:
            sandbox = self._reopened(kind, opened)
            if sandbox is None:
                sandbox = opened.enter_context(portal(self._count))
                self._pull(kind, sandbox, new_bucket())
            kept = self._kept[kind]
            self._guard.buckets.put_back(kept.bucket)
            shutil.copytree(kept.home, home)
            self._guard.reset()
            yield Machine(sandbox, self._guard, kept.bucket.name, home)

    def _reopened(self, kind: str, opened: ExitStack) -> Sandbox | None:
        """Return the portal that was pulled; ``None`` if there is none, or its port is taken."""
        if kind in self._kept:
            with suppress(OSError):
                return opened.enter_context(portal(self._count, port=self._kept[kind].port))
        return None

    def _pull(self, kind: str, sandbox: Sandbox, bucket: str) -> None:
        home = self._folder / bucket
        machine = Machine(sandbox, self._guard, bucket, home)
        assert machine.pull()[0] == 0
        port = urlsplit(sandbox.endpoint).port
        assert port is not None
        self._kept[kind] = _Kept(port, self._guard.buckets.kept(bucket), home)
