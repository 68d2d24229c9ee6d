"""A manifest is read in a quick way, and closely where that is not enough: both say the same."""

from pathlib import Path
from random import Random

import pytest

from archiver.errors import UsageError
from archiver.json_documents import BadDocument
from archiver.manifest import model
from archiver.manifest.model import Manifest
from tests.conftest import Figure

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


def test_a_text_that_utf_8_can_not_carry_is_read_as_ever(root: Path) -> None:
    path = min((root / "tests" / "archives_of").glob("**/manifests/00000001.json"))
    text = path.read_bytes().replace(b'"host":"', b'"host":"\\udc80')
    assert model._as_written(text) is None  # noqa: SLF001 - what it can't read
    assert Manifest.from_json(text).run.host.startswith("\udc80")
