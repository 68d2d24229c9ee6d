"""What a client sends, and what it spares."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast
from unittest import mock

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.loaders import create_loader
from urllib3 import HTTPResponse

from archiver.config.s3_options import Options, Style
from archiver.errors import DestinationError
from archiver.store.s3.bucket.pages import pages_of
from archiver.store.s3.bucket_store import BucketStore
from archiver.store.s3.connecting.s3_client import connect
from archiver.store.s3.connecting.service_models import service_models
from archiver.store.s3.connecting.short_bodies import ASKED_FROM
from archiver.store.s3.writing.upload import Content, Upload
from tests.conftest import Figure
from tests.s3.bodies import BODY
from tests.s3.stores import bucket_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.usefixtures("quick_clients")
STORED: Any = {"etag": '"e"'}
NOTHING_MORE: Mapping[str, str] = {}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> "S3Client":
    """Return a client of a server that is not there, with credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return connect(Options(endpoint="http://127.0.0.1:1", style=Style.PATH))


@contextmanager
def answered(
    client: "S3Client", page: bytes = b"", more: Mapping[str, str] = NOTHING_MORE
) -> Iterator[list[HTTPHeaders]]:
    """Answer each request of a client as if it were sent, and yield the headers of all."""
    sent: list[HTTPHeaders] = []

    def take(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        sent.append(request.headers)
        body: Any = HTTPResponse(io.BytesIO(page), preload_content=False)
        told: Any = {**STORED, **more}
        return AWSResponse(request.url, 200, told, body)

    client.meta.events.register("before-send.s3", cast("Any", take))
    yield sent


class Counted(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def upload(store: BucketStore, file: BinaryIO) -> Upload:
    return Upload(store.bucket, store.memory, "ARCHIVE.json", file, Content.of(file))


@pytest.mark.parametrize(("size", "asks"), [(ASKED_FROM - 1, False), (ASKED_FROM, True)])
def test_only_a_long_body_is_asked_for(
    client: "S3Client", tmp_path: Path, size: int, *, asks: bool
) -> None:
    store = bucket_store(client, "s3://bucket/a", tmp_path)
    with answered(client) as sent:
        upload(store, io.BytesIO(bytes(size))).send({}, {})
    assert ["Expect" in each for each in sent] == [asks]


def test_a_body_is_signed_by_the_hash_that_is_known(client: "S3Client", tmp_path: Path) -> None:
    file = Counted(BODY)
    made = upload(bucket_store(client, "s3://bucket/a", tmp_path), file)
    file.seek(0)
    file.write(BODY[::-1])
    file.count = 0
    with answered(client) as sent:
        made.send({}, {})
    assert hashlib.sha256(BODY).hexdigest() in str(sent[0]["X-Amz-Content-SHA256"])
    assert file.count == 0  # other bytes than were hashed are left to the server to refuse


def test_a_page_in_place_of_a_puts_answer_is_told(client: "S3Client", tmp_path: Path) -> None:
    made = upload(bucket_store(client, "s3://bucket/a", tmp_path), io.BytesIO(BODY))
    with (
        answered(client, b"<html><p>Sign in</p></html>"),
        pytest.raises(DestinationError, match=r"writing ARCHIVE.json: what answered is no S3"),
    ):
        made.send({}, {})


def test_an_answer_without_a_length_is_told(client: "S3Client", tmp_path: Path) -> None:
    """A proxy that sends answers in chunks leaves it out, also of HEAD."""
    store = bucket_store(client, "s3://bucket/a", tmp_path)
    made = upload(store, io.BytesIO(BODY))
    chunked = {"transfer-encoding": "chunked"}
    for ask in (lambda: store.stat("ARCHIVE.json"), lambda: made.confirm(None)):
        with (
            answered(client, more=chunked),
            pytest.raises(DestinationError, match="does not say how long it is"),
        ):
            ask()


def test_services_are_found_without_a_look_into_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "of-my-own").mkdir()
    models = service_models(f"{tmp_path}:/not/there")
    found = models.list_available_services("service-2")
    assert {"of-my-own", "s3", "sts", "sso", "sso-oidc"} <= {*found}
    assert {*create_loader().list_available_services("service-2")} <= {*found}
    assert models.load_service_model("s3", "service-2")["metadata"]["serviceId"] == "S3"


def test_what_this_program_makes_is_not_held_to_the_model_again(client: "S3Client") -> None:
    strange: dict[str, Any] = {"Bucket": "bucket", "Key": "k", "VersionId": 1}
    with answered(client) as sent:
        client.head_object(**strange)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("operation", "listed", "goes_on"),
    [
        ("list_objects_v2", "Contents", "NextContinuationToken"),
        ("list_object_versions", "Versions", "NextKeyMarker"),
    ],
)
def test_a_listing_that_ends_early_by_its_own_word_is_no_listing(
    operation: Literal["list_objects_v2", "list_object_versions"],
    listed: str,
    goes_on: str,
    client: "S3Client",
    figure: Figure,
) -> None:
    """The client takes the end of what it was told for the end of what there is."""
    page = {"IsTruncated": True, listed: [{"Key": "manifests/00000001.json"}]}
    answers = iter([{**page, goes_on: "manifests/00000001.json"}, page])
    paginator = mock.Mock(paginate=lambda **_: answers)
    with mock.patch.object(client, "get_paginator", return_value=paginator):
        pages = pages_of(client, operation, {"Bucket": "calls"}, "manifests/")
        assert len(next(pages)[listed]) == 1
        with pytest.raises(DestinationError, match="there is more"):
            next(pages)
    figure("S4", f"{operation}: more is said to be there, and not where: taken for the end 0")
