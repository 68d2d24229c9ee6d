"""Who may see a bucket and what it is told: nothing public, no ACL, no secret of anybody's."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from archiver.config.s3_options import Encryption, place
from archiver.sandbox.media.presigned import SECRET_KEY
from archiver.sandbox.wire import Request
from archiver.store.s3.policy import policy
from tests.canaries import TOKEN
from tests.conftest import Figure
from tests.pulls import DAY
from tests.s3 import refusals
from tests.s3.account import OWNER
from tests.s3.faults import Faults, Troubled
from tests.s3.looking import listening, versions_of
from tests.s3.machines import Machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
PUT = frozenset({"PutObject"})


def open_by_policy(s3: "S3Client", bucket: str) -> None:
    everyone = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": [everyone]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def open_by_acl(s3: "S3Client", bucket: str) -> None:
    owned = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=owned)  # type: ignore[arg-type]  # a rule of AWS's
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")


@pytest.mark.parametrize("opened", [open_by_policy, open_by_acl])
def test_a_public_bucket_is_refused(
    opened: Callable[["S3Client", str], None], machine: Machine, s3: "S3Client", figure: Figure
) -> None:
    s3.delete_public_access_block(Bucket=machine.bucket)
    opened(s3, machine.bucket)
    machine.guard.reset()
    code, _told, err = machine.pull()
    assert (code, "the bucket is public" in err) == (4, True), err
    assert machine.guard.tally.received == 0
    assert machine.doctor()["public"] == "fail"
    assert versions_of(s3, machine.bucket) == []
    assert machine.pull(ARCHIVER_S3_PUBLIC="yes")[0] == 0
    assert machine.doctor(ARCHIVER_S3_PUBLIC="yes")["public"] == "warn"
    figure(
        "S7", f"{opened.__name__}: refused with code {code}, bytes received 0; s3_public: stored"
    )


def _text(request: Request) -> str:
    return f"{request.path}?{request.query} {request.headers} {request.body!r}"


@pytest.mark.usefixtures("wire")
def test_what_the_bucket_is_told(machine: Machine, figure: Figure) -> None:
    with listening(machine.guard) as heard:
        assert machine.pull()[0] == 0
        assert machine.verify("--read")[0] == 0
    names = {name for request in heard for name in request.headers}
    assert not {name for name in names if name == "x-amz-acl" or "-grant-" in name}
    puts = [each for each in heard if each.method == "PUT"]
    assert all("x-amz-checksum-sha256" in each.headers for each in puts)
    assert all(each.headers.get("if-none-match") == "*" for each in puts)
    figure("S7", f"{len(heard)} requests, {len(puts)} PUTs: ACL headers 0")
    told = [_text(each) for each in heard]
    assert not [text for text in told if TOKEN in text]
    assert not [text for text in told if "Bearer" in text]
    assert not [text for text in told if SECRET_KEY in text]
    figure("X5", f"{len(heard)} requests to the bucket: with the portal's token 0")


def test_no_secret_of_the_bucket_is_told(machine: Machine, figure: Figure) -> None:
    """All that tests print, log and leave is searched for it as well: ``tests/canaries.py``."""
    machine.guard.faults = Faults(troubles=(Troubled(refusals.ACCESS_DENIED, 1, PUT),))
    printed = 0
    for code in (4, 0):
        ran = machine.end(machine.start("pull", "--day", f"{DAY:%Y-%m-%d}", "-vv"))
        assert ran.code == code, ran.err[-2_000:]
        assert "botocore" in ran.err
        assert not re.search(r"Signature[=:]\W*[0-9a-f]{16}", ran.err)
        assert SECRET_KEY not in ran.out + ran.err
        printed += len(ran.out + ran.err)
    figure("X6", f"2 pulls into a bucket that log everything, {printed} characters: secrets 0")


def test_a_machine_keeps_its_workroom_to_itself(machine: Machine) -> None:
    state = machine.home / "state"
    code, _told, err = machine.pull(XDG_STATE_HOME=str(state))
    assert code == 0, err
    (room,) = (state / "archiver").iterdir()
    kept = {each.name for each in room.iterdir()}
    assert {"bucket.json", "head.json", "lock"} <= kept
    assert len({name for name in kept if name.endswith(".sqlite")}) == 1
    assert [*(room / "parts").iterdir()] == []
    assert room.stat().st_mode & 0o077 == 0


def test_doctor_tells_what_a_bucket_is(
    machine: Machine, bucket: str, locked_bucket: str, figure: Figure
) -> None:
    asked = {"ARCHIVER_S3_OWNER": OWNER, "ARCHIVER_LOCK": "governance", "ARCHIVER_RETAIN": "1y"}
    good = dict.fromkeys(
        ("archive", "owner", "public", "versions", "locks", "encrypts", "creates", "hashes"), "ok"
    )
    machine.bucket = locked_bucket
    assert machine.doctor(**asked) == good
    machine.guard.faults = Faults(create_only="ignored", checksums="forgotten", locks="ignored")
    anew = {**good, "locks": "fail", "creates": "warn", "hashes": "warn"}
    assert machine.doctor(**asked) == anew, "what was learnt before is not told again"
    machine.guard.faults = Faults()
    machine.bucket = bucket
    assert machine.doctor(ARCHIVER_S3_OWNER=OWNER) == {**good, "versions": "warn"}
    machine.bucket = "no-such-bucket"
    lost = dict.fromkeys(good, "not run")
    assert machine.doctor() == {**lost, "archive": "fail"}
    figure("S8", f"doctor on 4 buckets: {len(good)} checks each, told of faults {3}")


def rights_of(machine: Machine, **environ: str) -> dict[str, dict[str, Any]]:
    """Return the statements that ``doctor --policy`` prints, by their names."""
    told = json.loads(machine.run("doctor", "--policy", **environ).out)
    return {each["Sid"]: each for each in told["Statement"]}


def test_the_rights_that_doctor_prints_are_enough(machine: Machine) -> None:
    rights = rights_of(machine)
    whole = f"arn:aws:s3:::{machine.bucket}"
    assert rights["Look"]["Resource"] == whole
    assert rights["TryWhatTheBucketDoes"]["Resource"] == f"{whole}/portal/.archiver/*"
    tried, erased = rights.pop("TryWhatTheBucketDoes")["Action"], rights.pop("OptionalErase")
    assert erased["Resource"] == [
        f"{whole}/portal/{each}/*" for each in ("recordings", "quarantine", "calls")
    ]
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} < {*erased["Action"]}
    everywhere = {right for each in rights.values() for right in each["Action"]}
    assert not {right for right in everywhere if "Delete" in right or "Acl" in right} - {
        "s3:GetBucketAcl"
    }
    assert not {right for right in {*everywhere, *tried} if "Bypass" in right}


def test_no_right_is_printed_that_a_server_may_not_know(machine: Machine) -> None:
    """One action that it does not know, and it refuses them all."""
    kms = {"ARCHIVER_S3_ENCRYPTION": "kms:calls-key"}
    elsewhere, aws = rights_of(machine, **kms), rights_of(machine, ARCHIVER_S3_ENDPOINT="", **kms)
    seen = "OptionalWhatDoctorTells"
    only = {*aws[seen]["Action"]} - {*elsewhere[seen]["Action"]}
    assert only == {"s3:GetEncryptionConfiguration"}
    assert aws.keys() - elsewhere.keys() == {"Encrypt"}
    assert all(aws[name] == elsewhere[name] for name in elsewhere.keys() - {seen})


@pytest.mark.parametrize(
    ("key", "resource", "alias"),
    [
        ("arn:aws:kms:eu-west-1:1:key/ab-1", "arn:aws:kms:eu-west-1:1:key/ab-1", None),
        ("ab-1", "arn:aws:kms:*:*:key/ab-1", None),
        ("alias/calls", "arn:aws:kms:*:*:key/*", "alias/calls"),
        ("arn:aws:kms:eu-west-1:1:alias/calls", "arn:aws:kms:eu-west-1:1:key/*", "alias/calls"),
    ],
)
def test_a_key_is_named_as_policies_name_one(key: str, resource: str, alias: str | None) -> None:
    told: Any = policy(place("s3://calls/p"), Encryption("aws:kms", key), locks=False, is_aws=True)
    (right,) = (each for each in told["Statement"] if each["Sid"] == "Encrypt")
    assert right["Resource"] == resource
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
    assert right.get("Condition") == (condition if alias else None)


def test_owners_have_names_where_the_server_is_not_aws(machine: Machine, tmp_path: Path) -> None:
    code, _told, err = machine.pull(ARCHIVER_S3_OWNER="tenant$calls")
    assert (code, "tenant$calls" in err) == (4, True), err
    machine.guard.faults = Faults(owners_ignored=True)
    with listening(machine.guard) as heard:
        assert machine.pull(ARCHIVER_S3_OWNER="tenant$calls")[0] == 0
    assert "tenant$calls" in {each.headers.get("x-amz-expected-bucket-owner") for each in heard}
    code, _told, err = machine.pull(ARCHIVER_S3_OWNER="tenant$calls", ARCHIVER_S3_ENDPOINT="")
    assert (code, "AWS's accounts are twelve digits" in err) == (2, True), err
    path = tmp_path / "settings.toml"
    path.write_text('archive = "s3://calls/portal"\ns3_owner = "tenant$calls"\n')
    ran = machine.run("config", "check", "--config", str(path), ARCHIVER_S3_ENDPOINT="")
    assert (ran.code, f"{path}:2: s3_owner must be such as" in ran.err) == (2, True), ran.err
