"""The names of an archive: hostile ids stay inside it, and nothing else passes the validator."""

import hashlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import keys
from archiver.buckets import LONGEST_NAME
from archiver.keys import Shelf
from tests.conftest import Figure

AT = datetime(2019, 6, 11, 6, 4, 21)  # noqa: DTZ001 - the portal's own clock has no zone
SHA256 = hashlib.sha256(b"x").hexdigest()
UUID = "c136768e-8c0e-11e9-bc42-526af7764f64"
HOSTILE = [
    *("../../etc/cron.d/x", "/etc/passwd", "a\0b", "..", ".", "", "\u202egnp.exe", "9" * 300),
    *("Abc", "abc", "ABC", "caf\u00e9", "cafe\u0301", "CON", "nul", "COM1", "x-" + "0" * 64),
    *("\ud800", "a\nb", " 1", "1 ", "1" * 21, "\u0661\u0662", UUID.upper(), "-rf", "~", "a/b"),
]


def test_plain_ids_stay_as_they_are() -> None:
    assert [keys.safe_id(one) for one in (UUID, "1", "9" * 20)] == [UUID, "1", "9" * 20]
    assert keys.audio_key(Shelf.RECORDINGS, "42", AT, SHA256, "mp3") == (
        f"recordings/2019/06/11/20190611-060421_42.{SHA256[:12]}.mp3"
    )
    assert keys.sidecar_key(Shelf.QUARANTINE, "42", None, SHA256) == (
        f"quarantine/undated/42.{SHA256[:12]}.json"
    )
    assert keys.manifest_key(12) == "manifests/00000012.json"


def test_hostile_ids_stay_in_the_layout_and_apart(figure: Figure) -> None:
    made = [keys.audio_key(Shelf.RECORDINGS, one, AT, SHA256, "mp3") for one in HOSTILE]
    named = [keys.parse(key) for key in made]
    escapes = sum(one is None or not one.safe_id.startswith("x-") for one in named)
    assert escapes == 0
    assert len({key.casefold() for key in made}) == len(HOSTILE)
    figure("X9", f"escapes {escapes}, {len(set(made))} of {len(HOSTILE)} hostile ids apart")


@given(st.text(), st.one_of(st.none(), st.datetimes()), st.sampled_from(Shelf))
def test_every_made_name_is_read_back(recording: str, at: datetime | None, shelf: Shelf) -> None:
    named = keys.parse(keys.audio_key(shelf, recording, at, SHA256, "ogg"))
    assert named == keys.Named(
        shelf, keys.safe_id(recording), keys.day_folder(at), SHA256[:12], "ogg"
    )


@given(st.text(alphabet="./\0abrecodings-_019\n"))
def test_what_passes_the_validator_has_no_way_out(text: str) -> None:
    for key in (text, f"recordings/{text}", f"recordings/2019/06/11/{text}", f"manifests/{text}"):
        try:
            keys.checked(key)
        except keys.BadKey:
            continue
        assert ".." not in key.split("/")
        assert key.isprintable()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "manifests/00000000.json",
        "manifests/1.json",
        "manifests/00000001.json\n",
        "recordings/2019/06/12/20190611-060421_42.000000000000.mp3",
        "recordings/undated/20190611-060421_42.000000000000.mp3",
        "recordings/2019/06/11/42.000000000000.mp3",
        ".archiver/lock",
    ],
)
def test_other_names_are_refused(key: str) -> None:
    with pytest.raises(keys.BadKey):
        keys.checked(key)


def test_the_longest_name_is_as_long_as_is_said() -> None:
    longest = keys.audio_key(keys.Shelf.QUARANTINE, "any id", AT, "0" * 64, "abcdefgh")
    assert len(longest.encode()) == LONGEST_NAME


def test_calls_that_are_set_aside_are_named_by_what_they_are() -> None:
    key = keys.calls_key(AT.date(), "0" * 64)
    aside = keys.aside_key(key, "1" * 64)
    assert aside.startswith("quarantine/undated/x-")
    assert keys.is_set_aside(aside)
    assert not keys.is_set_aside(key)
    assert (keys.sha12_of(aside), keys.sha12_of(key)) == ("1" * 12, "0" * 12)
    assert keys.sha12_of("manifests/00000001.json") is None
