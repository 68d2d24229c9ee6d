"""Holds in a bucket: its own legal hold comes and goes, and two machines want one recording."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from archiver.app.download import pull as pull_of
from archiver.manifest.records.erasures import Erasure
from archiver.removal.holds.legal_holds import EndedLegalHolds, LegalHolds
from archiver.removal.taking import Removal, RemovalScope, Taking
from archiver.sandbox import Encoding
from archiver.store.s3.locking.bucket_locking import BucketLocking
from tests.conftest import Figure
from tests.pulls import DAY
from tests.s3.faults import Faults, Troubled
from tests.s3.fixtures import new_bucket
from tests.s3.looking import unlisted, versions_of
from tests.s3.machines import Machine
from tests.s3.refusals import ACCESS_DENIED
from tests.s3.test_erase import erase, left

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NEW = 3
WHY = ("--reason", "a claim was received", "--yes", "--json")


def hold(machine: Machine, *words: str, matter: str = "Miller") -> dict[str, Any]:
    ran = machine.run("hold", "add", *words, "--matter", matter, *WHY)
    assert ran.code == 0, ran.err
    return dict(json.loads(ran.out))


def release(machine: Machine, *words: str) -> dict[str, Any]:
    ran = machine.run("hold", "release", *words, *WHY)
    assert ran.code == 0, ran.err
    return dict(json.loads(ran.out))


def machine_at(machine: Machine, bucket: str) -> Machine:
    """Return another machine, with the archive in a bucket."""
    return Machine(machine.sandbox, machine.guard, bucket, machine.home.parent / "other")


def legal_holds(s3: "S3Client", bucket: str, recording: str) -> int:
    """Return how many versions of a recording have the bucket's legal hold."""
    count = 0
    for key, version in [each for each in versions_of(s3, bucket) if recording in each[0]]:
        told: dict[str, Any] = {"Bucket": bucket, "Key": key, "VersionId": version}
        try:
            count += s3.get_object_legal_hold(**told)["LegalHold"]["Status"] == "ON"
        except s3.exceptions.ClientError:
            continue
    return count


def test_a_legal_hold_is_set_and_ended_with_the_last_hold(
    lockable: Machine, s3: "S3Client", figure: Figure
) -> None:
    recording, other = lockable.archived()[:2]
    first, second = hold(lockable, recording), hold(lockable, recording, matter="Jones")
    assert (first["locked"], second["locked"]) == (2, 2)
    assert [legal_holds(s3, lockable.bucket, each) for each in (recording, other)] == [2, 0]
    code, told = erase(lockable, recording)
    assert (code, told["holds"]) == (3, [first["hold"], second["hold"]])
    assert release(lockable, "--hold", str(first["hold"]))["unlocked"] == 0
    assert legal_holds(s3, lockable.bucket, recording) == 2
    done = release(lockable, "--hold", str(second["hold"]))
    assert (done["unlocked"], done["erased"]) == (2, 1)
    assert (left(s3, lockable.bucket, recording), lockable.verify()[0]) == (0, 0)
    figure("P3", "a bucket's legal hold: set on 2 versions, ended with the last hold, then erased")


def test_what_a_listing_leaves_out_gets_its_legal_hold_all_the_same(
    lockable: Machine, s3: "S3Client"
) -> None:
    recording = lockable.archived()[0]
    with unlisted(recording, ".mp3"):
        number = str(hold(lockable, recording)["hold"])
    assert legal_holds(s3, lockable.bucket, recording) == 2
    with unlisted(recording, ".mp3"):
        assert release(lockable, "--hold", number)["unlocked"] == 2
    assert legal_holds(s3, lockable.bucket, recording) == 0


def test_a_release_that_was_cut_off_is_gone_on_with(lockable: Machine, s3: "S3Client") -> None:
    recording = lockable.archived()[0]
    number = str(hold(lockable, recording)["hold"])
    with mock.patch.object(LegalHolds, "end", return_value=EndedLegalHolds()):
        release(lockable, "--hold", number)
    assert legal_holds(s3, lockable.bucket, recording) == 2
    assert release(lockable, "--hold", number)["unlocked"] == 2
    assert legal_holds(s3, lockable.bucket, recording) == 0


def arrive(machine: Machine) -> list[str]:
    """Let the portal have more of the day; return their ids."""
    at = {"first": DAY + timedelta(hours=20), "last": DAY + timedelta(hours=22)}
    made = machine.sandbox.world.add(count=NEW, **at, kinds=(Encoding.BARE,), seconds=(1, 2))
    return [each.id for each in made]


def standing(machine: Machine) -> dict[str, Any]:
    return hold(machine, "--day", f"{DAY:%Y-%m-%d}", "--future")


def test_what_comes_later_and_is_held_has_the_legal_hold(
    lockable: Machine, s3: "S3Client", figure: Figure
) -> None:
    number = standing(lockable)["hold"]
    new = arrive(lockable)
    code, _, err = lockable.pull()
    assert (code, f"{NEW} recordings have the bucket's legal hold now" in err) == (0, True), err
    assert [legal_holds(s3, lockable.bucket, each) for each in new] == [2] * NEW
    lockable.guard.reset()
    assert lockable.pull()[0] == 0
    assert lockable.guard.tally.requests["PutObjectLegalHold"] == 0, "it is noted"
    lockable.sandbox.world.edit(new[0], notes="called back")
    assert lockable.pull()[0] == 0
    there = left(s3, lockable.bucket, new[0])
    assert (there > 2, legal_holds(s3, lockable.bucket, new[0])) == (True, there)
    release(lockable, "--hold", str(number))
    assert [legal_holds(s3, lockable.bucket, each) for each in new] == [0] * NEW
    assert lockable.verify()[0] == 0
    figure("P3", f"archived after a standing hold: {NEW}, with the bucket's legal hold {NEW}")


def test_a_legal_hold_that_can_not_be_set_is_no_clean_run(
    lockable: Machine, s3: "S3Client", figure: Figure
) -> None:
    standing(lockable)
    new = arrive(lockable)
    denied = Troubled(ACCESS_DENIED, operations=frozenset({"PutObjectLegalHold"}))
    lockable.guard.faults = Faults(troubles=(denied,))
    code, told, err = lockable.pull()
    assert (code, told["outcomes"]["archived"]) == (3, NEW), err
    assert f"legal hold could not be set on {NEW} recordings that a hold binds" in err
    lockable.guard.reset()
    assert lockable.pull()[0] == 0
    assert [legal_holds(s3, lockable.bucket, each) for each in new] == [2] * NEW
    figure("P3", f"a legal hold refused on {NEW} that came: said, exit 3; set by the next run")


def test_a_pull_that_was_killed_before_the_legal_hold_is_gone_on_with(
    lockable: Machine, s3: "S3Client"
) -> None:
    standing(lockable)
    new = arrive(lockable)
    killed = mock.patch.object(pull_of, "hold_arrivals", side_effect=KeyboardInterrupt)
    with killed:
        lockable.run("pull", "--day", f"{DAY:%Y-%m-%d}")
    assert [legal_holds(s3, lockable.bucket, each) for each in new] == [0] * NEW
    assert lockable.pull()[0] == 0
    assert [legal_holds(s3, lockable.bucket, each) for each in new] == [2] * NEW


def test_what_another_machine_releases_meanwhile_is_free_again(
    lockable: Machine, s3: "S3Client"
) -> None:
    number, new = str(standing(lockable)["hold"]), arrive(lockable)
    other = machine_at(lockable, lockable.bucket)
    real = BucketLocking.set_legal_hold

    def set_late(locking: BucketLocking, key: str, version: str | None) -> bool:
        if legal_holds(s3, lockable.bucket, lockable.archived()[0]):
            release(other, "--hold", number)
        return real(locking, key, version)

    with mock.patch.object(BucketLocking, "set_legal_hold", set_late):
        assert lockable.pull()[0] == 0
    assert [legal_holds(s3, lockable.bucket, each) for each in new] == [0] * NEW


def test_what_was_copied_into_another_bucket_has_it_from_the_first_pull(
    lockable: Machine, s3: "S3Client", figure: Figure
) -> None:
    recording, other = lockable.archived()[:2]
    hold(lockable, recording)
    lockable.guard.reset()
    assert lockable.pull()[0] == 0
    assert lockable.guard.tally.requests["PutObjectLegalHold"] == 0, "who added it has noted it"
    restored = machine_at(lockable, new_bucket(lockable.guard, s3, locked=True))
    ran = lockable.run("copy", "--to", f"s3://{restored.bucket}/portal")
    assert (ran.code, "has no legal hold of the bucket" in ran.err) == (0, True), ran.err
    assert legal_holds(s3, restored.bucket, recording) == 0
    code, _, err = restored.pull()
    assert (code, "1 recording has the bucket's legal hold now" in err) == (0, True), err
    found = [legal_holds(s3, restored.bucket, each) for each in (recording, other)]
    assert found == [2, 0]
    lockable.guard.reset()
    assert restored.pull()[0] == 0
    assert lockable.guard.tally.requests["PutObjectLegalHold"] == 0, "it is noted"
    figure("P3", "what is held, copied into another bucket: 2 of 2 versions held by its first pull")


@pytest.mark.parametrize("says_so", [True, False])
def test_a_bucket_that_can_not_lock_needs_no_right_to_hold(
    pulled: Machine, *, says_so: bool
) -> None:
    """One that does not say whether it can is asked to once a run."""
    silent = Troubled(ACCESS_DENIED, operations=frozenset({"GetObjectLockConfiguration"}))
    faults = Faults() if says_so else Faults(troubles=(silent,))
    pulled.guard.faults = faults
    standing(pulled)
    arrive(pulled)
    pulled.guard.reset()
    pulled.guard.faults = faults
    assert pulled.pull()[0] == 0
    assert pulled.guard.tally.requests["PutObjectLegalHold"] == (0 if says_so else 1)


def test_a_bucket_that_can_not_lock_is_held_by_the_chain(pulled: Machine, s3: "S3Client") -> None:
    recording = pulled.archived()[0]
    assert hold(pulled, recording)["locked"] == 0
    before = left(s3, pulled.bucket, recording)
    assert erase(pulled, recording)[0] == 3
    assert left(s3, pulled.bucket, recording) == before


@pytest.mark.parametrize("words", [(), ("--future",)])
def test_another_machine_holds_between_the_plan_and_the_act(
    words: tuple[str, ...], pulled: Machine, s3: "S3Client", figure: Figure
) -> None:
    recording = pulled.archived()[0]
    other = Machine(pulled.sandbox, pulled.guard, pulled.bucket, pulled.home.parent / "other")
    before, real, looks = left(s3, pulled.bucket, recording), Removal.look, []

    def look(removal: Removal, taking: Taking) -> RemovalScope:
        found = real(removal, taking)
        looks.append(found)
        if len(looks) == 2:
            hold(other, recording, *words)
        return found

    with mock.patch.object(Removal, "look", look):
        code, told = erase(pulled, recording)
    assert (code, told["refused"], len(looks)) == (3, True, 3)
    assert (left(s3, pulled.bucket, recording), pulled.verify()[0]) == (before, 0)
    figure("P4", f"another machine's hold between plan and act {words}: removed 0 of {before}")


def test_another_machine_holds_after_the_tombstones(
    pulled: Machine, s3: "S3Client", figure: Figure
) -> None:
    recording = pulled.archived()[0]
    other = Machine(pulled.sandbox, pulled.guard, pulled.bucket, pulled.home.parent / "other")
    before, real = left(s3, pulled.bucket, recording), Removal.deferring
    codes = []

    def deferring(removal: Removal, erasure: Erasure) -> tuple[int, ...]:
        ran = other.run("hold", "add", recording, "--matter", "Miller", *WHY)
        codes.append((ran.code, json.loads(ran.out)["begun"]))
        return real(removal, erasure)

    with mock.patch.object(Removal, "deferring", deferring):
        code, told = erase(pulled, recording)
    assert codes == [(3, [recording])], "it says that it may come too late"
    assert (code, told["deferred"], left(s3, pulled.bucket, recording)) == (3, [recording], before)
    figure("P4", f"held between tombstones and bytes: removed 0 of {before}, deferred")
