"""Handing recordings over from a bucket: as from a folder, each read once."""

import json
from typing import TYPE_CHECKING

import pytest

from archiver.domain.layout import manifest_key
from tests.conftest import Figure
from tests.export.exports import FORMS, checked, content, payload, unpacked
from tests.s3.conftest import FEW
from tests.s3.faults import Faults
from tests.s3.looking import listening, versions_of
from tests.s3.machines import Machine
from tests.s3.refusals import ACCESS_DENIED

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def exported(machine: Machine, out: str, *words: str) -> tuple[int, dict[str, object], str]:
    place = machine.home / out
    ran = machine.run("export", "-o", str(place), "--by", "ann", "--json", *words)
    return ran.code, json.loads(ran.out), ran.err


@pytest.mark.parametrize("form", FORMS)
def test_a_hand_over_from_a_bucket(form: str, pulled: Machine, figure: Figure) -> None:
    out = "out.zip" if form == "zip" else "out"
    with listening(pulled.guard) as heard:
        code, told, err = exported(pulled, out, *([] if form == "folder" else [f"--{form}"]))
    assert (code, told["recordings"]) == (0, FEW), err
    gets = [each.path for each in heard if each.method == "GET" and "recordings/" in each.path]
    assert (len(gets), len(set(gets))) == (2 * FEW, 2 * FEW), "each file is read once"
    folder = unpacked(pulled.home / out)
    assert checked(folder)[0] == 0
    served = sorted(each.body for each in map(pulled.sandbox.world.stored, keys(pulled)) if each)
    audio = sorted(path.read_bytes() for path in payload(folder).glob("recordings/**/*.mp3"))
    assert audio == served
    assert pulled.verify("--read")[0] == 0
    figure(
        "P7",
        f"{form} from a bucket: {2 * FEW} files, {len(gets)} GETs of them, check.sh 0",
    )


def keys(machine: Machine) -> list[str]:
    return [each.key for each in machine.sandbox.world.recordings if each.key]


def test_who_may_only_read_a_bucket_exports_all_the_same(pulled: Machine) -> None:
    pulled.guard.faults = Faults(refused=(("", ACCESS_DENIED),))
    code, told, err = exported(pulled, "out")
    assert (code, told["recordings"], told["entered"]) == (0, FEW, None), err
    assert "it may not be done with these credentials" in str(told["not_entered"])
    assert checked(pulled.home / "out")[0] == 0
    pulled.guard.faults = Faults()
    assert pulled.verify()[0] == 0


def test_what_lies_over_a_file_is_not_taken_for_it(pulled: Machine, s3: "S3Client") -> None:
    name = next(name for name, _ in versions_of(s3, pulled.bucket) if name.endswith(".mp3"))
    s3.put_object(Bucket=pulled.bucket, Key=name, Body=b"something else")
    s3.delete_object(Bucket=pulled.bucket, Key=f"portal/{manifest_key(1)}")
    code, told, err = exported(pulled, "out")
    assert (code, told["recordings"], told["left_out"]) == (0, FEW, {}), err
    place = pulled.home / "out"
    assert checked(place)[0] == 0
    files = content(place)
    assert files[name.removeprefix("portal/")].startswith(name.split(".")[1])
