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


def test_a_page_names_commands_and_reads_no_recording(pulled: Machine) -> None:
    page_of(pulled)
    with listening(pulled.guard) as heard:
        code, page = page_of(pulled)
    read = [each.path for each in heard if each.method == "GET" and "/recordings/" in each.path]
    assert (code, read) == (0, [])
    assert "media-src 'none'" in page.decode()
    media = data_of(page)["media"]
    assert media["playable"] is False
    assert media["get"] == f"archiver get ID --archive s3://{pulled.bucket}/portal"
    assert marks_of(page) == ["Not checked"] * FEW


def test_what_a_server_tells_is_said_so_and_what_is_read_is_verified(pulled: Machine) -> None:
    code, page = page_of(pulled, "--verify")
    told = {title.split(" head")[0] for title in marks_of(page)}
    assert (code, told) in [(0, {"SHA-256 as in"}), (0, {"Verified against"})]


@pytest.mark.parametrize("harm", ["deleted", "put over"])
@pytest.mark.parametrize("words", [(), ("--verify",)])
def test_what_a_plain_reader_does_not_get_is_never_green(
    harm: str, words: tuple[str, ...], pulled: Machine, s3: "S3Client"
) -> None:
    keys = [key for key, _ in versions_of(s3, pulled.bucket) if key.endswith(".mp3")]
    if harm == "deleted":
        s3.delete_object(Bucket=pulled.bucket, Key=keys[0])
    else:
        put_over(s3, pulled.bucket, keys[0], b"other bytes")
    code, page = page_of(pulled, *words)
    place = data_of(page)["recordings"]["path"].index(keys[0].removeprefix("portal/"))
    assert (code, marks_of(page)[place]) == (3, "Not as archived")
    assert marks_of(page).count("Not as archived") == 1
