"""An archive in a bucket is verified by a cluster: the verdict of one machine, by any depth."""

import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Figure
from tests.pull.clusters import MODULE, InThisProcess, standing_in
from tests.s3.looking import put_over, versions_of
from tests.s3.machines import Machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DASK = ("--dask", "tcp://127.0.0.1:1")


@pytest.mark.parametrize("depth", [(), ("--read",)])
def test_a_bucket_is_verified_by_a_cluster_as_by_one_machine(
    depth: tuple[str, ...],
    machine: Machine,
    s3: "S3Client",
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    """Another version lies over one file, a delete marker over another, and one is gone."""
    machine.pull()
    monkeypatch.setitem(sys.modules, MODULE, standing_in(InThisProcess))
    assert machine.verify(*depth, *DASK) == machine.verify(*depth)
    keys = sorted({key for key, _ in versions_of(s3, machine.bucket) if "/recordings/" in key})
    over, hidden, gone = keys[:3]
    put_over(s3, machine.bucket, over, b"other bytes")
    s3.delete_object(Bucket=machine.bucket, Key=hidden)
    for key, version in versions_of(s3, machine.bucket):
        if key == gone:
            s3.delete_object(Bucket=machine.bucket, Key=key, VersionId=version)
    code, told = machine.verify(*depth)
    assert machine.verify(*depth, *DASK) == (code, told)
    assert code == 3
    named = [told[kind][0]["path"] for kind in ("extra", "hidden", "missing")]
    assert named == [key.removeprefix("portal/") for key in (over, hidden, gone)]
    if depth:
        figure("D21", f"{len(named)} kinds of damage in a bucket: verdicts that differ 0")
