"""A zip file is the same whenever it is written, and every tool reads it."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from archiver.handover.zip_file import END, StoredZip, entry_size

AT = datetime(2026, 11, 22, 5, 48, 13, tzinfo=UTC)
FILES = {"README.txt": b"read me\n", "recordings/a.mp3": bytes(range(256)) * 9, "check.sh": b"#!\n"}


def write(file: BinaryIO, at: datetime = AT) -> list[int]:
    made = StoredZip(file, at)
    begins = [
        made.add(name, io.BytesIO(data), len(data), is_program=name.endswith(".sh"))
        for name, data in FILES.items()
    ]
    made.close()
    return begins


def test_it_comes_out_the_same_over_whatever_was_there() -> None:
    one, other = io.BytesIO(), io.BytesIO(b"left of another try" * 999)
    begins = write(one)
    assert write(other) == begins
    assert one.getvalue() == other.getvalue()
    for place, data in zip(begins, FILES.values(), strict=True):
        assert one.getvalue()[place : place + len(data)] == data


def test_it_holds_what_was_put_in() -> None:
    file = io.BytesIO()
    write(file)
    with zipfile.ZipFile(file) as made:
        assert made.testzip() is None
        assert {name: made.read(name) for name in made.namelist()} == FILES
        entries = made.infolist()
    assert {each.date_time for each in entries} == {(2026, 11, 22, 5, 48, 12)}
    modes = {each.filename: each.external_attr >> 16 for each in entries}
    assert (modes["check.sh"], modes["README.txt"]) == (0o100755, 0o100644)
    assert not any(each.flag_bits & 8 for each in entries), "the sizes stand before the bytes"


def test_its_size_is_known_before(tmp_path: Path) -> None:
    with (tmp_path / "made.zip").open("w+b") as file:
        write(file)
    most = sum(entry_size(name, len(data)) for name, data in FILES.items()) + END
    assert 0 <= most - (tmp_path / "made.zip").stat().st_size <= 48 * len(FILES) + END


def test_one_that_is_left_alone_has_no_directory() -> None:
    file = io.BytesIO()
    made = StoredZip(file, AT)
    made.add("a", io.BytesIO(b"x"), 1)
    made.abandon()
    del made
    assert b"PK\x05\x06" not in file.getvalue()


def test_what_is_large_has_the_form_of_zip64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As beyond 4 GB: the limit is set down, and stock tools still read it."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    path = tmp_path / "made.zip"
    with path.open("w+b") as file:
        write(file)
    data = path.read_bytes()
    assert b"PK\x06\x06" in data, "the directory ends in ZIP64's own record"
    assert sum(entry_size(name, len(data)) for name, data in FILES.items()) + END >= len(data)
    monkeypatch.undo()
    with zipfile.ZipFile(path) as made:
        assert {name: made.read(name) for name in made.namelist()} == FILES


def test_before_1980_there_were_no_zip_files() -> None:
    file = io.BytesIO()
    write(file, datetime(1970, 1, 1, tzinfo=UTC))
    with zipfile.ZipFile(file) as made:
        assert {each.date_time[0] for each in made.infolist()} == {1980}
