"""A legal hold that no hold of this archive set is not ended by one that is released."""

from typing import TYPE_CHECKING, Literal

import pytest

from tests.conftest import Figure
from tests.s3.looking import versions_of
from tests.s3.machines import Machine
from tests.s3.test_erase import erase
from tests.s3.test_hold import arrive, hold, legal_holds, release, standing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Status = Literal["ON", "OFF"]
SETTING = {"ARCHIVER_LEGAL_HOLD": "yes"}


def desk_of(machine: Machine) -> Machine:
    """Return another machine of the archive."""
    return Machine(machine.sandbox, machine.guard, machine.bucket, machine.home.parent / "desk")


@pytest.fixture
def setting(machine: Machine, locked_bucket: str) -> Machine:
    """Return a machine whose first pull has put a legal hold on all."""
    machine.bucket = locked_bucket
    machine.pull(**SETTING)
    return machine


def set_by_hand(s3: "S3Client", bucket: str, recording: str, status: Status = "ON") -> None:
    for key, version in [each for each in versions_of(s3, bucket) if recording in each[0]]:
        s3.put_object_legal_hold(
            Bucket=bucket, Key=key, VersionId=version, LegalHold={"Status": status}
        )


def test_what_somebody_else_set_stays(lockable: Machine, s3: "S3Client", figure: Figure) -> None:
    desk = desk_of(lockable)
    mine, theirs = lockable.archived()[:2]
    set_by_hand(s3, desk.bucket, theirs)
    first, second = hold(desk, mine, theirs), hold(lockable, theirs, matter="Jones")
    done = release(lockable, "--hold", str(first["hold"]))
    assert (done["unlocked"], done["left_locked"]) == (2, 0), "one is held by another hold"
    done = release(desk, "--hold", str(second["hold"]))
    assert (done["unlocked"], done["left_locked"]) == (0, 2)
    assert [legal_holds(s3, desk.bucket, each) for each in (mine, theirs)] == [0, 2]
    assert erase(lockable, theirs)[0] == 3
    set_by_hand(s3, desk.bucket, theirs, "OFF")
    third = hold(desk, theirs)
    assert release(desk, "--hold", str(third["hold"]))["unlocked"] == 2, "the last that asked tells"
    figure("P3", "a legal hold that somebody else set, held and released: 2 of 2 versions keep it")


def test_what_the_settings_of_another_machine_put_on_all_stays(
    setting: Machine, s3: "S3Client"
) -> None:
    desk = desk_of(setting)
    recording = setting.archived()[0]
    by_id, comes = hold(desk, recording), standing(desk)
    new = arrive(setting)
    setting.pull(**SETTING)
    for each in (by_id, comes):
        assert release(desk, "--hold", str(each["hold"]))["unlocked"] == 0
    assert [legal_holds(s3, desk.bucket, each) for each in (recording, *new)] == [2] * 4


def test_what_came_after_the_setting_was_taken_back_is_free_again(
    setting: Machine, s3: "S3Client"
) -> None:
    desk = desk_of(setting)
    number = standing(desk)["hold"]
    new = arrive(setting)
    setting.pull()
    assert [legal_holds(s3, desk.bucket, each) for each in new] == [2] * len(new)
    done = release(desk, "--hold", str(number))
    assert (done["unlocked"], done["left_locked"]) == (2 * len(new), 6)
