"""A manifest is read in a quick way, and closely where that is not enough: both say the same."""

from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.domain.outcomes import Concern, Outcome
from archiver.domain.recordings import RecordingId
from archiver.errors import UsageError
from archiver.json_documents import BadDocument, dumps
from archiver.manifest import model
from archiver.manifest.codec import plain
from archiver.manifest.model import Entry, Manifest, entry_text
from tests.archives import entry, row, store_one
from tests.conftest import Figure
from tests.store.memory import MemoryStore

STORED = store_one(MemoryStore(), row("1"))
CHANGES = 150
"""So many of each manifest, from a seed."""
TEXTS = (
    *(b"0", b"-1", b"1.0", b"1e3", b"9223372036854775807", b"true", b"null", b"{}", b"[]", b","),
    *(b"\n", b" ", b"Z", b"+00:00", b".5", b"\xff", b"\\ud800", b"\\u00e9", b'"', b'"more":1,'),
)


def told(text: bytes) -> tuple[str, object]:
    """Return the manifest of a text, or why there is none."""
    try:
        return "read", Manifest.from_json(text)
    except (BadDocument, UsageError) as error:
        return type(error).__name__, str(error)


def changed(text: bytes, random: Random) -> bytes:
    """Return a text with something put in, taken out or put in its place."""
    at = random.randrange(len(text))
    length = random.choice((0, 0, 1, 2, 6, 20))
    return text[:at] + random.choice((b"", *TEXTS)) + text[at + length :]


def test_no_text_is_read_otherwise_than_closely(
    root: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    random, quickly, refused = Random(7), 0, 0
    for path in sorted((root / "tests" / "archives_of").glob("**/manifests/*.json")):
        text = path.read_bytes()
        assert model._as_written(text) == told(text)[1]  # noqa: SLF001 - the quick way alone
        for other in (changed(text, random) for _ in range(CHANGES)):
            quick = told(other)
            quickly += model._as_written(other) is not None  # noqa: SLF001 - as above
            with monkeypatch.context() as closely:
                closely.setattr(model, "_as_written", lambda _text: None)
                assert told(other) == quick, other
            refused += quick[0] != "read"
    figure("D13", f"manifests changed: refused {refused}, read in the quick way {quickly}")
    assert refused
    assert quickly


@given(
    texts=st.lists(st.text(st.characters()), min_size=2, max_size=4),
    at=st.none() | st.datetimes(),
    numbers=st.tuples(*[st.integers(-(2**66), 2**66)] * 3),
    outcome=st.sampled_from((Outcome.FAILED, Outcome.NO_AUDIO, Outcome.QUARANTINED)),
    concerns=st.lists(st.sampled_from(tuple(Concern)), max_size=2),
    is_stored=st.booleans(),
)
def test_an_entry_is_written_in_one_way(  # noqa: PLR0913, PLR0917 - what may be in one
    texts: list[str],
    at: datetime | None,
    numbers: tuple[int, int, int],
    outcome: Outcome,
    concerns: list[Concern],
    is_stored: bool,  # noqa: FBT001 - drawn
) -> None:
    id_, *reasons = texts
    made = Entry(
        id=RecordingId(id_),
        created_at=at,
        utc_offset_minutes=numbers[0],
        offset_from=reasons[0],
        outcome=outcome,
        verdict=None,
        reported_ms=numbers[1],
        duration_ms=numbers[2],
        reasons=tuple(reasons),
        audio=STORED.audio if is_stored else None,
        sidecar=STORED.sidecar if is_stored else None,
        concerns=tuple(concerns),
    )
    closely = dumps(plain(made)).rstrip(b"\n")
    assert entry_text(made) in {closely, None}


def test_most_entries_are_written_quickly() -> None:
    for made in (STORED, entry("zoë", Outcome.FAILED)):
        assert entry_text(made) == dumps(plain(made)).rstrip(b"\n")
        doubtful = replace(made, concerns=(Concern.SAME_AUDIO,))
        assert entry_text(doubtful) == dumps(plain(doubtful)).rstrip(b"\n")
    assert entry_text(replace(STORED, created_at=datetime(2019, 6, 11, 6, 4, 21, 5))) is None  # noqa: DTZ001 - portal time is naive


def test_a_text_that_utf_8_can_not_carry_is_read_as_ever(root: Path) -> None:
    path = min((root / "tests" / "archives_of").glob("**/manifests/00000001.json"))
    text = path.read_bytes().replace(b'"host":"', b'"host":"\\udc80')
    assert model._as_written(text) is None  # noqa: SLF001 - what it can't read
    assert Manifest.from_json(text).run.host.startswith("\udc80")
