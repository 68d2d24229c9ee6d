"""A bucket as the archive: each object created by one PUT, and confirmed before it counts.

The SHA-256 that was worked out while downloading goes with the PUT, and the server refuses other
bytes. ``If-None-Match: *`` makes it create-only, so writers on several machines can't overwrite one
another (Amazon S3 API reference, PutObject). What the answer leaves open the bucket is asked: a PUT
may have been accepted though its answer was lost.
"""

import hashlib
import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.response import StreamingBody

from archiver.buckets import Options, Place
from archiver.errors import DestinationRefused, Exists, Missing
from archiver.keys import checked
from archiver.retention import UNLOCKED, Retention
from archiver.store.base import CHUNK, NOTHING, About, Item, Kept, Part, Stored
from archiver.store.folders import Folders
from archiver.store.refusals import refusals as disk_refusals
from archiver.store.s3.answers import (
    CONFLICT,
    DAMAGED,
    NOT_ALLOWED,
    TAKEN,
    base64_of,
    code_of,
    md5_in,
    missing,
    refusal,
    refusals,
    sha256_in,
    status_of,
    version_in,
)
from archiver.store.s3.facts import BucketFacts, facts
from archiver.store.s3.habits import Habits, learn
from archiver.store.s3.listing import Listing
from archiver.store.s3.locks import Locks, prove
from archiver.store.s3.reading import Body
from archiver.store.workroom import Workroom

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SERVER_ERROR = 500
_HABITS = "bucket.json"
_SENDS = 8
"""How often a PUT is sent that meets another of the same key, or arrives damaged."""
_TYPES = {
    "mp3": "audio/mpeg",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
}


@dataclass(frozen=True, slots=True)
class _Sent:
    """Size and digests (hex) of what is to be there."""

    size: int
    sha256: str
    md5: str


class BucketStore:
    """The archive at ``place``. ``workroom`` is a folder of this machine, for locks and parts.

    The client may be used by many threads; so may this.
    """

    def __init__(
        self,
        client: "S3Client",
        place: Place,
        options: Options,
        workroom: Path,
        retention: Retention = UNLOCKED,
    ) -> None:
        self._client = client
        self._place = place
        self._options = options
        self._workroom_path = workroom
        self._workroom = Workroom(Folders(workroom), (), str(place))
        self._listing = Listing(client, place, self._asked())
        self._locks = Locks(retention)
        self._known = self._remembered()
        self._proving = threading.RLock()

    @property
    def has_one_writer(self) -> bool:
        """Return false: machines know nothing of one another."""
        return False

    def part(self) -> Part:
        """Return a part file on this machine."""
        return self._workroom.part()

    def put(self, key: str, data: bytes, about: About = NOTHING) -> Stored:
        """Create ``key`` with ``data``."""
        return self._put(checked(key), io.BytesIO(data), hashlib.sha256(data).hexdigest(), about)

    def put_part(self, key: str, part: Part, sha256: str, about: About = NOTHING) -> Stored:
        """Create ``key`` from ``part``."""
        with disk_refusals("reading a temporary file"):
            part.file.flush()
            part.file.seek(0)
        return self._put(checked(key), part.file, sha256, about)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open ``key`` for reading, as it comes over the network."""
        where = self._at(checked(key), version)
        with missing(key):
            answer = self._client.get_object(**where)

        def rest(start: int) -> StreamingBody | None:
            part = {"Range": f"bytes={start}-", "IfMatch": answer["ETag"]} if start else {}
            more = self._client.get_object(**{**where, **part})
            told = more.get("ContentRange", "bytes 0-")
            return more["Body"] if told.startswith(f"bytes {start}-") else None

        return cast("BinaryIO", io.BufferedReader(Body(answer["Body"], rest), CHUNK))

    def kept(self, key: str, version: str | None = None) -> Kept:
        """Return what HEAD tells, with the server's SHA-256 if it keeps one."""
        with missing(checked(key)):
            told = self._client.head_object(**self._at(key, version), ChecksumMode="ENABLED")
        return Kept(told["ContentLength"], self._hash_in(told), version_in(told))

    def secure(self, key: str) -> None:
        """Do nothing: what a server has answered for, it has on its disks."""

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield what a plain listing shows: the newest version of each, and nothing deleted."""
        return self._listing.items(prefix)

    def is_hidden(self, key: str) -> bool:
        """Ask for the versions of ``key``: whether the newest of them is a delete marker."""
        return self._listing.is_hidden(key)

    def everything(self) -> Iterator[Item]:
        """Yield every version there is; of an unversioned bucket, every object."""
        return self._listing.everything()

    def free_bytes(self) -> int | None:
        """Return the room for part files; that of a bucket has no end."""
        return self._workroom.free_bytes()

    def free_files(self) -> int | None:
        """Return how many part files there is room for."""
        return self._workroom.free_files()

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold this machine's lock; between machines the chain's numbers decide."""
        return self._workroom.exclusive()

    def set_aside(self, key: str, new_key: str) -> None:
        """Write the content under ``new_key``, then delete that very version of ``key``.

        One that is locked stays, under a delete marker.
        """
        version = self.kept(key).version
        with self.open(key, version) as file, disk_refusals(f"reading {key}"):
            content = file.read()
        self.put(checked(new_key), content)
        with refusals(f"setting {key} aside"):
            self._remove(key, version)

    def _remove(self, key: str, version: str | None) -> None:
        """Delete a version, or hide it where deleting it is refused."""
        try:
            self._client.delete_object(**self._at(key, version))
        except ClientError as error:
            if version is None or code_of(error) not in NOT_ALLOWED:
                raise
            self._client.delete_object(**self._at(key))

    @property
    def habits(self) -> Habits:
        """What the bucket does, tried once and then remembered in the workroom."""
        with self._proving:
            return self._known or self.try_again()

    def try_again(self) -> Habits:
        """Try what the bucket does, whatever is remembered of it: it may have been set up anew."""
        with self._proving:
            return self._remember(learn(self._client, self._place, self._asked()))

    def facts(self) -> BucketFacts:
        """Ask the bucket what it says of itself."""
        with refusals(f"asking what {self._place} is"):
            return facts(self._client, {"Bucket": self._place.bucket, **self._asked()})

    @property
    def too_old(self) -> int:
        """How many objects were stored unlocked, because their period had passed already."""
        return self._locks.too_old

    def lock(self, key: str, version: str | None, since: datetime | None) -> bool:
        """Lock what is there since that moment (UTC); return whether it has a lock now."""
        self.prove_locks()
        with missing(key):
            return self._locks.put_later(self._client, self._at(key, version), since)

    def prove_locks(self) -> None:
        """See once that the bucket locks what it is told to; raises :class:`UsageError`."""
        with self._proving:
            if not self.habits.locks:
                prove(self._client, self._place, self._asked())
                self._remember(replace(self.habits, locks=True))

    def _put(self, key: str, body: BinaryIO, sha256: str, about: About) -> Stored:
        """Create an object, and return only when the bucket has been seen to hold these bytes."""
        sent = _hashes(body)
        if sent.sha256 != sha256:
            raise DestinationRefused(
                f"Stopped while writing {key}: the disk gave back other bytes than it took.",
                advice="Check this machine's disk and memory before writing anything more.",
            )
        before = frozenset() if self.habits.creates_only else self._listing.versions_of(key)
        if not self.habits.creates_only and (there := self._there(key)) is not None:
            return self._adopted(key, sent, there)
        lock = self._locks.of_put(key, about)
        if lock:
            self.prove_locks()
        request = {
            **self._at(key),
            "ContentLength": sent.size,
            "ContentType": _TYPES.get(key.rpartition(".")[2], "application/octet-stream"),
            "Metadata": dict(about.labels),
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": base64_of(sha256),
            "IfNoneMatch": "*",
            **self._wanted(),
            **lock,
        }
        answer = self._send(key, request, body)
        if answer is None:
            there = self._there(key)
            if there is None:
                raise DestinationRefused(
                    f"Stopped while writing {key}: the server says it is there and that it isn't.",
                    advice="Run it again later.",
                )
            return self._adopted(key, sent, there)
        if self._hash_in(answer) != sha256 or not self.habits.creates_only:
            self._confirm(key, sent, version_in(answer))
        if not self.habits.creates_only:
            self._see_alone(key, before)
        return Stored(key, sent.size, sha256, created=True, version=version_in(answer))

    def _send(self, key: str, request: dict[str, Any], body: BinaryIO) -> Mapping[str, Any] | None:
        """Send a PUT; ``None`` when the name is taken, maybe by this very PUT."""
        sent = 0
        while True:
            sent += 1
            body.seek(0)
            try:
                return self._client.put_object(**request, Body=body)
            except ClientError as error:
                if code_of(error) in TAKEN:
                    return None
                if status_of(error) >= SERVER_ERROR and self._there(key) is not None:
                    return None
                if sent == _SENDS or code_of(error) not in CONFLICT | DAMAGED:
                    raise self._put_refusal(error, key) from error
            except HTTPClientError as error:
                # The answer was lost, again and again: whether the PUT was, the bucket can tell.
                if self._there(key) is not None:
                    return None
                raise refusal(error, f"writing {key}") from error
            except BotoCoreError as error:
                raise refusal(error, f"writing {key}") from error

    def _put_refusal(self, error: ClientError, key: str) -> DestinationRefused:
        if code_of(error) in DAMAGED:
            return DestinationRefused(
                f"Stopped while writing {key}: it arrived with other bytes than were sent.",
                advice="Check the network and this machine's memory, then run again.",
            )
        return refusal(error, f"writing {key}")

    def _there(self, key: str) -> Mapping[str, Any] | None:
        """Return what HEAD tells of the key, ``None`` when there is none."""
        try:
            with missing(key):
                return self._client.head_object(**self._at(key), ChecksumMode="ENABLED")
        except Missing:
            return None

    def _adopted(self, key: str, sent: _Sent, there: Mapping[str, Any]) -> Stored:
        """Accept what has the name, if it is the same content; raises :class:`Exists` otherwise."""
        if not self._is(key, sent, there):
            raise Exists(
                f"{key} is there already, with other content.",
                advice="Run `archiver verify`: it was put there by someone else.",
            )
        return Stored(key, sent.size, sent.sha256, created=False, version=version_in(there))

    def _confirm(self, key: str, sent: _Sent, version: str | None) -> None:
        """See that the bucket holds these bytes, where the PUT's answer did not say so."""
        with missing(key):
            there = self._client.head_object(**self._at(key, version), ChecksumMode="ENABLED")
        if not self._is(key, sent, there):
            raise DestinationRefused(
                f"Stopped while writing {key}: the bucket holds other bytes than were sent.",
                advice="Someone else may write to this place, or the server is faulty.",
            )

    def _see_alone(self, key: str, before: frozenset[str]) -> None:
        """See that nobody else wrote this name meanwhile, which the bucket would not prevent.

        Whoever looks last sees both versions, so of two writers at least one is told. ``before``
        are the versions that were there already, under a delete marker.
        """
        if len(self._listing.versions_of(key) - before) > 1:
            raise DestinationRefused(
                f"Stopped: {key} was written by another machine at the same time, and this bucket "
                "keeps the two apart for nobody.",
                advice="Let one machine alone write to this archive, and run archiver verify.",
            )

    def _is(self, key: str, sent: _Sent, there: Mapping[str, Any]) -> bool:
        """Whether an object is what was sent, asked as cheaply as the server allows."""
        if there["ContentLength"] != sent.size:
            return False
        kept = self._hash_in(there)
        if kept is not None:
            return kept == sent.sha256
        if md5_in(there) == sent.md5:
            return True
        with self.open(key, version_in(there)) as file:
            return _hashes(file).sha256 == sent.sha256

    def _hash_in(self, answer: Mapping[str, Any]) -> str | None:
        """Return the SHA-256 that an answer tells, if the server was seen to refuse a wrong one."""
        checks = self._known is not None and self._known.keeps_hashes
        return sha256_in(answer) if checks else None

    def _wanted(self) -> dict[str, Any]:
        """Return what the settings ask of every object."""
        options = self._options
        encryption = options.encryption
        wanted = {
            "StorageClass": options.storage_class,
            "ServerSideEncryption": encryption and encryption.algorithm,
            "SSEKMSKeyId": encryption and encryption.key,
            "Tagging": urlencode(options.tags) or None,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def _at(self, key: str, version: str | None = None) -> dict[str, Any]:
        named = {"VersionId": version} if version else {}
        return {
            "Bucket": self._place.bucket,
            "Key": self._place.key(key),
            **named,
            **self._asked(),
        }

    def _asked(self) -> dict[str, Any]:
        owner = self._options.owner
        return {"ExpectedBucketOwner": owner} if owner else {}

    def _remembered(self) -> Habits | None:
        with suppress(OSError, ValueError):
            told = json.loads((self._workroom_path / _HABITS).read_bytes())
            if isinstance(told, dict):
                return Habits.of(told)
        return None

    def _remember(self, habits: Habits) -> Habits:
        self._known = habits
        with disk_refusals("remembering what the bucket does"):
            self._workroom_path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._workroom_path / _HABITS).write_text(json.dumps(habits.plain()))
        return habits


def _hashes(body: BinaryIO) -> _Sent:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with disk_refusals("reading what is to be compared"):
        while chunk := body.read(CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return _Sent(size, sha256.hexdigest(), md5.hexdigest())
