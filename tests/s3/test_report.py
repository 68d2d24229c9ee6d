"""A page of an archive in a bucket: nothing plays from there, and no mark says too much."""

from typing import TYPE_CHECKING

import pytest

from tests.report.pages import data_of, marks_of
from tests.s3.looking import listening, put_over, versions_of
from tests.s3.machines import Machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FEW = 3


def page_of(machine: Machine, *words: str) -> tuple[int, bytes]:
    place = machine.home / "report.html"
    ran = machine.run("report", "-o", str(place), *words)
    return ran.code, place.read_bytes()


def test_a_page_names_commands_and_reads_no_recording(machine: Machine) -> None:
    assert machine.pull()[0] == 0
    page_of(machine)
    with listening(machine.guard) as heard:
        code, page = page_of(machine)
    read = [each.path for each in heard if each.method == "GET" and "/recordings/" in each.path]
    assert (code, read) == (0, [])
    assert "media-src 'none'" in page.decode()
    media = data_of(page)["media"]
    assert media["playable"] is False
    assert media["get"] == f"archiver get ID --archive s3://{machine.bucket}/portal"
    assert marks_of(page) == ["Not checked"] * FEW


def test_what_a_server_tells_is_said_so_and_what_is_read_is_verified(machine: Machine) -> None:
    assert machine.pull()[0] == 0
    code, page = page_of(machine, "--verify")
    told = {title.split(" head")[0] for title in marks_of(page)}
    assert (code, told) in [(0, {"SHA-256 as in"}), (0, {"Verified against"})]


@pytest.mark.parametrize("harm", ["deleted", "put over"])
@pytest.mark.parametrize("words", [(), ("--verify",)])
def test_what_a_plain_reader_does_not_get_is_never_green(
    harm: str, words: tuple[str, ...], machine: Machine, s3: "S3Client"
) -> None:
    assert machine.pull()[0] == 0
    keys = [key for key, _ in versions_of(s3, machine.bucket) if key.endswith(".mp3")]
    if harm == "deleted":
        s3.delete_object(Bucket=machine.bucket, Key=keys[0])
    else:
        put_over(s3, machine.bucket, keys[0], b"other bytes")
    code, page = page_of(machine, *words)
    place = data_of(page)["recordings"]["path"].index(keys[0].removeprefix("portal/"))
    assert (code, marks_of(page)[place]) == (3, "Not as archived")
    assert marks_of(page).count("Not as archived") == 1
