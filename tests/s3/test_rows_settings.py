"""Settings that a server does not take: doctor finds them, and tells what the server says."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.config.s3_options import LONGEST_NAME, MOST_KEY
from archiver.errors import DestinationError
from archiver.sandbox.media.presigned import Denial
from tests.conftest import Figure
from tests.s3.faults import Faults, Troubled
from tests.s3.guard import Guard
from tests.s3.looking import listening, versions_of
from tests.s3.machines import Machine
from tests.s3.stores import bucket_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "recordings/2019/06/11/20190611-060421_42.0123456789ab.mp3"
PUT = frozenset({"PutObject"})
ENCRYPTION = "x-amz-server-side-encryption"
SIGNATURE = "0123456789abcdef" * 4
LINK = "https://server.example/"
NO_SUCH_KEY = Denial(400, "KMS.NotFoundException", "Key 'arn:aws:kms:x' does not exist")
NO_TAGS = Denial(400, "InvalidTag", "The tag provided was not a valid tag.")
NO_WAY = Denial(400, "InvalidRequest", "No way of encrypting is set up on this server.")


@pytest.mark.parametrize(
    ("setting", "value", "header", "denial", "said"),
    [
        ("S3_ENCRYPTION", "kms:no-such-key", ENCRYPTION, NO_SUCH_KEY, "Check s3_encryption"),
        ("S3_ENCRYPTION", "s3", ENCRYPTION, NO_WAY, "InvalidRequest (No way of encrypting is set"),
        ("S3_TAGS", "team=audit", "x-amz-tagging", NO_TAGS, "Check s3_tags."),
        ("S3_STORAGE_CLASS", "GOLD", "", None, "no such storage class"),
        ("S3_STORAGE_CLASS", "GLACIER", "", None, "must be restored before it can be read"),
    ],
)
def test_doctor_tries_what_is_set(  # noqa: PLR0913, PLR0917 - as fixtures are
    setting: str, value: str, header: str, denial: Denial | None, said: str,
    machine: Machine, s3: "S3Client", figure: Figure,
) -> None:  # fmt: skip
    assert machine.doctor()["archive"] == "ok"
    refused = ((header, denial),) if denial else ()
    machine.guard.faults = Faults(refused=refused)
    ran = machine.run("doctor", **{f"ARCHIVER_{setting}": value})
    assert (ran.code, said in ran.out, "again later" in ran.out) == (4, True, False), ran.out
    code, _told, err = machine.pull(**{f"ARCHIVER_{setting}": value})
    assert (code, said in err, "again later" in err) == (4, True, False), err
    assert [key for key, _ in versions_of(s3, machine.bucket) if "/recordings/" in key] == []
    figure("S12", f"{setting} {value}: told by doctor 1, recordings stored 0")


def test_doctor_tries_names_as_long_as_they_get(machine: Machine, figure: Figure) -> None:
    with listening(machine.guard) as heard:
        assert machine.doctor(ARCHIVER_S3_TAGS="team=audit")["archive"] == "ok"
    puts = [each for each in heard if each.method == "PUT"]
    start = len(f"/{machine.bucket}/portal/")
    assert max(len(each.path) for each in puts) == start + LONGEST_NAME
    assert {each.headers.get("x-amz-tagging") for each in puts} == {"team=audit"}
    most = MOST_KEY - LONGEST_NAME - 1
    address = f"s3://{machine.bucket}/{'a' * most}"
    assert machine.doctor(ARCHIVER_ARCHIVE=address)["archive"] == "ok"
    ran = machine.run("doctor", ARCHIVER_ARCHIVE=f"{address}a")
    assert (ran.code, f"{most} characters at most" in ran.out) == (2, True), ran.out
    figure("S12", f"a path of {most} characters: taken; of {most + 1}: refused by doctor")


@pytest.mark.parametrize(
    ("denial", "told", "advice"),
    [
        (Denial(400, "OddCode", "Do\r\n it \u202eotherwise."), "OddCode (Do it otherwise)", "s3_"),
        (Denial(400, "OddCode", f"Not {SIGNATURE}."), "OddCode (Not …)", "s3_"),
        (Denial(400, "OddCode", "x " * 900), f"OddCode ({'x ' * 100}…)", "s3_"),
        (Denial(400, "", f"See {LINK}?X-Amz-Signature=00"), f"400 (See {LINK})", "s3_"),
        (Denial(501, "NotImplemented", "No header."), "NotImplemented (No header)", "s3_"),
        (Denial(429, "OddCode", "Slower."), "OddCode (Slower)", "again later"),
        (Denial(400, "RequestTimeout", "Too late."), "RequestTimeout (Too late)", "again later"),
    ],
)  # fmt: skip
def test_what_a_server_says_is_told(  # noqa: PLR0913, PLR0917 - as fixtures are
    denial: Denial, told: str, advice: str,
    guard: Guard, s3: "S3Client", versioned_bucket: str, tmp_path: Path,
) -> None:  # fmt: skip
    store = bucket_store(s3, f"s3://{versioned_bucket}", tmp_path)
    assert store.memory.capabilities.versioned
    guard.faults = Faults(troubles=(Troubled(denial, operations=PUT),))
    with pytest.raises(DestinationError) as error:
        store.put(KEY, b"audio")
    assert error.value.message == f"Stopped while writing {KEY}: the server answered {told}."
    assert advice in error.value.advice
