"""A day in a bucket is certified, checked and added up as one in a folder is."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from archiver.sandbox import Sandbox
from tests.conftest import Figure
from tests.pulls import DAY, portal
from tests.s3.looking import versions_of
from tests.s3.machines import Machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

COUNT = 6
ON_DAY = ("--day", f"{DAY:%Y-%m-%d}")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with portal(COUNT) as sandbox:
        yield sandbox


def test_a_day_in_a_bucket_is_certified(machine: Machine, s3: "S3Client", figure: Figure) -> None:
    for _ in range(2):
        ran = machine.run("pull", *ON_DAY, "--json", ARCHIVER_CALLS="yes")
        assert ran.code == 0, ran.err
    assert json.loads(ran.out)["certified"] == [ON_DAY[1]]
    code, report = machine.verify("--read")
    assert (code, report["extra"], report["missing"]) == (0, [], [])
    ran = machine.run("reconcile", *ON_DAY, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["complete"], told["proven"]) == (0, COUNT, True)
    path = told["days"][0]["certificate"]["path"]
    stored = [key for key, _ in versions_of(s3, machine.bucket) if "certificates/" in key]
    assert [key.endswith(path) for key in stored] == [True]
    figure("A11", f"a day of {COUNT} calls in a bucket: certified, verified, added up from there")
