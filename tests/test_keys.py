"""The names of an archive: hostile ids stay inside it, and nothing else passes the validator."""

import hashlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config.s3_options import LONGEST_NAME, OWN_NAMES
from archiver.domain import layout as keys
from archiver.domain.layout import Shelf
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


def test_no_path_to_an_archive_has_a_name_of_its_own() -> None:
    names = [
        keys.PRIVATE, keys.ARCHIVE_KEY, keys.manifest_key(1), keys.calls_key(AT.date(), SHA256),
        *Shelf,
    ]  # fmt: skip
    tops = {name.partition("/")[0] for name in names}
    assert tops - {"calls", "recordings"} == OWN_NAMES, "plain words may be prefixes"


@pytest.mark.parametrize(
    "key",
    [
        keys.ARCHIVE_KEY,
        keys.manifest_key(12),
        keys.calls_key(AT.date(), SHA256),
        keys.audio_key(Shelf.RECORDINGS, "42", AT, SHA256, "mp3"),
        keys.sidecar_key(Shelf.QUARANTINE, "any id", None, SHA256),
    ],
)
def test_what_is_set_aside_keeps_its_name(key: str) -> None:
    aside = keys.aside_key(key, "1" * 64)
    was = aside.removeprefix("quarantine/").removesuffix(f".{'1' * 12}.aside")
    assert key in {was, f"recordings/{was}", f"quarantine/{was}"}
    earlier = keys.audio_key(Shelf.QUARANTINE, key, None, "1" * 64, keys.ASIDE)
    for name in (aside, earlier):
        assert keys.checked(name) == name
        assert (keys.is_set_aside(name), keys.sha12_of(name)) == (True, "1" * 12)
    assert not keys.is_set_aside(key)
    assert keys.sha12_of(keys.manifest_key(1)) is None


@pytest.mark.parametrize(
    "was", ["", "x", "../x", "manifests/1.json", "quarantine/manifests/00000001.json"]
)
def test_nothing_else_is_taken_for_set_aside(was: str) -> None:
    assert not keys.is_set_aside(f"quarantine/{was}.{'1' * 12}.aside")


def test_the_longest_name_is_as_long_as_is_said() -> None:
    longest = keys.audio_key(keys.Shelf.QUARANTINE, "any id", AT, "0" * 64, "abcdefgh")
    assert len(keys.aside_key(longest, "1" * 64).encode()) == LONGEST_NAME
