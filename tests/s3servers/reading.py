"""Questions about reading: ranges, what is not there, versions, and the order of listings."""

from functools import partial

from tests.s3servers.question import Question, outcome, told
from tests.s3servers.server import Endpoint

KEY, DATA = "key", b"audio"
# Sorted as UTF-8; as UTF-16 the last two would change places.
NAMES = ("A/1", "a", "a b+c%20", "a/1", "é", "日本", "\uff5e", "\U0001f3b5")


def _range(endpoint: Endpoint, wanted: str) -> str:
    client, bucket = endpoint.client(), endpoint.bucket()
    client.put_object(Bucket=bucket, Key=KEY, Body=DATA)
    get = partial(client.get_object, Bucket=bucket, Key=KEY, Range=wanted)
    return outcome(get, lambda reply: reply.get("ContentRange", "all"))


def _missing_key(endpoint: Endpoint) -> str:
    bucket = endpoint.bucket()
    return outcome(lambda: endpoint.client().get_object(Bucket=bucket, Key=KEY))


def _missing_bucket(endpoint: Endpoint) -> str:
    return outcome(lambda: endpoint.client().list_objects_v2(Bucket="no-such-bucket"))


def _names(endpoint: Endpoint) -> str:
    """Write and read names of every kind, each with bytes of its own."""
    client, bucket = endpoint.client(), endpoint.bucket()
    for name in NAMES:
        client.put_object(Bucket=bucket, Key=name, Body=name.encode())
    read = [client.get_object(Bucket=bucket, Key=name)["Body"].read().decode() for name in NAMES]
    return f"{sum(map(str.__eq__, read, NAMES))} of {len(NAMES)}"


def _listed(endpoint: Endpoint, page: int) -> str:
    client, bucket = endpoint.client(), endpoint.bucket()
    for name in reversed(NAMES):
        client.put_object(Bucket=bucket, Key=name, Body=DATA)
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": page}
    )
    listed = [item["Key"] for each in pages for item in each["Contents"]]
    if listed == [*NAMES]:
        return "all, as UTF-8"
    return (
        "all, in another order"
        if sorted(listed) == sorted(NAMES)
        else f"{len(listed)} of {len(NAMES)}"
    )


def _versions(endpoint: Endpoint) -> str:
    client, bucket = endpoint.client(), endpoint.bucket(versioned=True)
    for data in (b"first", b"second"):
        client.put_object(Bucket=bucket, Key=KEY, Body=data)
    client.delete_object(Bucket=bucket, Key=KEY)
    reply = client.list_object_versions(Bucket=bucket, Prefix=KEY)
    return f"{len(reply['Versions'])} and {len(reply['DeleteMarkers'])} marker"


def _older_version(endpoint: Endpoint) -> str:
    client, bucket = endpoint.client(), endpoint.bucket(versioned=True)
    first = client.put_object(Bucket=bucket, Key=KEY, Body=DATA)
    client.put_object(Bucket=bucket, Key=KEY, Body=b"other")
    reply = client.get_object(Bucket=bucket, Key=KEY, VersionId=first["VersionId"])
    return told({"Body": reply["Body"].read()}, Body=DATA)


QUESTIONS = (
    Question("GET of a range", "bytes 1-3/5", partial(_range, wanted="bytes=1-3")),
    Question("GET of a range past the end", "416 InvalidRange", partial(_range, wanted="bytes=9-")),
    Question("GET of a missing key", "404 NoSuchKey", _missing_key),
    Question("listing of a missing bucket", "404 NoSuchBucket", _missing_bucket),
    Question("names beyond ASCII, read back", f"{len(NAMES)} of {len(NAMES)}", _names),
    Question("listing in one page", "all, as UTF-8", partial(_listed, page=1_000)),
    Question("listing in pages of 3", "all, as UTF-8", partial(_listed, page=3)),
    Question("versions of a deleted key", "2 and 1 marker", _versions),
    Question("GET of an older version", "told", _older_version),
)
