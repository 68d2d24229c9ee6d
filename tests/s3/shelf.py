"""A bucket with versions that lets all create-only PUTs through that come at once, as Ceph 20 does.

A model of the few operations that a store uses, with a turn before each of their parts: a PUT is
judged in one and done in another, and its answer may be lost. It is for races by the hundred; what
requests look like, the guard in front of moto tells.
"""

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Protocol

from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.response import StreamingBody
from msgspec import Struct, field

Reply = dict[str, Any]


class Turn(Protocol):
    """Waits until it may go on."""

    def __call__(self, *, late: bool = False) -> None:
        """Wait."""
        ...


class Kept(Struct, frozen=True):
    """A version of an object."""

    id: str
    body: bytes

    def told(self) -> Reply:
        """Return what HEAD tells of it."""
        digest = hashlib.sha256(self.body).digest()
        return {
            "ContentLength": len(self.body),
            "VersionId": self.id,
            "ETag": f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"',
            "ChecksumSHA256": base64.b64encode(digest).decode(),
        }


class Shelf(Struct):
    """The bucket, as boto3's client of it. ``turn`` is taken before whatever is seen or done.

    ``loses`` says of each PUT that was done whether its answer gets lost. One that doesn't
    ``refuse`` lets every PUT through, as Ceph 16 does.
    """

    turn: Turn
    loses: Callable[[], bool] = lambda: False
    refuses: bool = True
    kept: dict[str, list[Kept]] = field(default_factory=dict)
    doubled: int = 0
    taken_back: int = 0
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def put_object(self, *, Key: str, Body: Any, **_: object) -> Reply:  # noqa: N803, ANN401 - boto3's names
        """Judge, then do: others may do so between."""
        self.turn()
        if self.refuses and self.kept.get(Key):
            raise _refused(412, "PreconditionFailed", "PutObject")
        self.turn(late=True)
        versions = self.kept.setdefault(Key, [])
        self.doubled += bool(versions)
        new = Kept(f"v{next(self._ids)}", Body.read())
        versions.append(new)
        self.turn()
        if self.loses():
            raise ConnectionClosedError(endpoint_url="shelf")
        return new.told()

    def head_object(self, *, Key: str, VersionId: str = "", **_: object) -> Reply:  # noqa: N803 - the same
        """Tell of the version that is named, else of the newest."""
        self.turn()
        return self._at(Key, VersionId, "404").told()

    def get_object(self, *, Key: str, VersionId: str = "", **_: object) -> Reply:  # noqa: N803 - the same
        """Return that one's bytes."""
        self.turn()
        found = self._at(Key, VersionId, "NoSuchKey")
        return {**found.told(), "Body": StreamingBody(BytesIO(found.body), len(found.body))}

    def delete_object(self, *, Key: str, VersionId: str, **_: object) -> Reply:  # noqa: N803 - the same
        """Delete one version."""
        self.turn()
        self.kept[Key] = [each for each in self.kept[Key] if each.id != VersionId]
        self.taken_back += 1
        return {}

    def get_paginator(self, operation: str) -> "Shelf":
        """Return what lists versions: there is no other list."""
        assert operation == "list_object_versions"
        return self

    def paginate(self, *, Prefix: str, **_: object) -> Iterator[Reply]:  # noqa: N803 - the same
        """Yield every version in one page, by key and the newest first."""
        self.turn()
        yield {
            "Versions": [
                {
                    "Key": key,
                    "VersionId": each.id,
                    "Size": len(each.body),
                    "IsLatest": each is versions[-1],
                }
                for key, versions in sorted(self.kept.items())
                if key.startswith(Prefix)
                for each in reversed(versions)
            ]
        }

    def _at(self, key: str, version: str, code: str) -> Kept:
        versions = self.kept.get(key, [])
        found = [each for each in versions if each.id == version] if version else versions
        if not found:
            raise _refused(404, code, "GetObject")
        return found[-1]


def _refused(status: int, code: str, operation: str) -> ClientError:
    told: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, operation)
