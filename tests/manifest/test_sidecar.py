"""A sidecar keeps every field of its row, and no link's query."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.domain.outcomes import Judgement, Verdict
from archiver.domain.recordings import Row
from archiver.json_documents import BadDocument, Json
from archiver.manifest.named_files.sidecar import FetchRecord, read_sidecar, sidecar_document
from archiver.scrubbing import without_queries
from tests.archives import NOW, PORTAL, row
from tests.conftest import Figure

FETCHED = FetchRecord(NOW, PORTAL, "0" * 64, "media.example", '"etag"', "audio/mpeg")
LEAVES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text()
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def document(listed: Row, salt: bytes | None = None, fetched: FetchRecord = FETCHED) -> bytes:
    return sidecar_document(
        listed,
        utc_offset_minutes=330,
        offset_from="inferred",
        facts=None,
        judgement=Judgement(Verdict.NOT_AUDIO, ("an error page",), ("a remark",)),
        fetched=fetched,
        salt=salt,
    )


def test_it_is_read_back_whole() -> None:
    sidecar = read_sidecar(document(row("42")))
    assert (sidecar.id, sidecar.reported_ms, sidecar.utc_offset_minutes) == ("42", 5_000, 330)
    assert sidecar.row["agent"] == "Ann Lee"
    assert sidecar.fetched == FETCHED
    assert sidecar.reasons == ("an error page",)
    assert len(bytes.fromhex(sidecar.salt)) == 32


@pytest.mark.parametrize("proven", [True, False, None])
def test_whether_the_length_was_told_is_kept_and_may_be_missing(*, proven: bool | None) -> None:
    fetched = replace(FETCHED, length_proven=proven)
    text = document(row("42"), fetched=fetched)
    assert read_sidecar(text).fetched == fetched
    assert (b'"length_proven"' in text) is (proven is not None), "an older one has none"


def test_every_salt_is_another() -> None:
    assert document(row("42")) != document(row("42"))
    assert document(row("42"), bytes(32)) == document(row("42"), bytes(32))


@pytest.mark.parametrize(
    "link",
    [
        "https://media.example/a.mp3?X-Amz-Signature=canary",
        "see https://media.example/a.mp3?sig=canary, please",
        "//media.example/a?canary",
        "HTTPS://MEDIA.EXAMPLE/a#canary",
        "a.mp3?X-Amz-Security-Token=canary&X-Amz-Signature=canary",
    ],
)
def test_no_query_is_written(link: str, figure: Figure) -> None:
    fields: dict[str, Json] = {"audio": link, "deep": [{"more": [link]}], "kept": "why?"}
    text = document(replace(row("42"), fields=fields))
    assert text.count(b"canary") == 0
    assert json.loads(text)["row"]["kept"] == "why?"
    figure("X6", "link queries in sidecars: 0")


@settings(max_examples=30)
@given(st.dictionaries(st.text(), JSON))
def test_every_other_field_survives(fields: dict[str, Json]) -> None:
    told = read_sidecar(document(replace(row("42"), fields=fields))).row
    assert told == without_queries(dict(fields))


def test_what_is_no_sidecar_is_refused() -> None:
    with pytest.raises(BadDocument):
        read_sidecar(b"{}")
