"""The laws of the model: what is synced stays, and what isn't may go in any combination."""

from random import Random

from tests.power.disk import Disk, Files
from tests.power.steps import ROOT, Create, Link, Mkdir, Rename, Step, Sync, Unlink, Write

DATA = b"x" * 2048
FILE = (Create(ROOT, "a", 1), Write(1, DATA), Sync(1))


def crashes(*steps: Step) -> list[Files]:
    """Return the different disks after these steps."""
    disk, found = Disk("scratch"), list[Files]()
    for step in steps:
        disk.do(step)
    for files in disk.crashes(Random(1)):
        if files not in found:
            found.append(files)
    return found


def test_the_running_system_sees_all_that_was_done() -> None:
    disk = Disk("scratch")
    for step in (*FILE, Write(1, b"new"), Link(ROOT, "b", 1), Unlink(ROOT, "a")):
        disk.do(step)
    assert disk.running() == {"b": b"new"}


def test_what_is_synced_stays() -> None:
    assert crashes(*FILE, Sync(ROOT)) == [{"a": DATA}]


def test_a_synced_file_may_have_no_name() -> None:
    assert crashes(*FILE) == [{}, {"a": DATA}]


def test_unsynced_bytes_may_be_old_cut_or_zeros() -> None:
    left = [files["a"] for files in crashes(*FILE, Sync(ROOT), Write(1, b"y" * 2048))]
    assert {b"y" * 2048, DATA, b"y" * 1024, bytes(2048)} < set(left)
    assert (bytes(512) + b"y" * 512) * 2 in left


def test_names_change_each_by_itself() -> None:
    left = crashes(*FILE, Sync(ROOT), Link(ROOT, "b", 1), Unlink(ROOT, "a"))
    assert sorted(map(sorted, left)) == [[], ["a"], ["a", "b"], ["b"]]


def test_a_rename_is_one_change() -> None:
    steps = (*FILE, Mkdir(ROOT, "d", 2), Sync(ROOT), Rename(ROOT, "a", 2, "b"))
    assert crashes(*steps) == [{"a": DATA}, {"d/b": DATA}]
    assert crashes(*steps, Sync(2)) == [{"d/b": DATA}], "in both folders"


def test_what_lies_in_a_lost_folder_is_lost() -> None:
    inside = (Mkdir(ROOT, "d", 2), Create(2, "a", 1), Write(1, DATA), Sync(1), Sync(2))
    assert crashes(*inside) == [{}, {"d/a": DATA}]


def test_scratch_is_drawn_and_never_tried_in_every_combination() -> None:
    parts = [Create(2, f"{number}", 10 + number) for number in range(20)]
    left = crashes(Mkdir(ROOT, "scratch", 2), Sync(ROOT), *parts)
    assert 1 < len(left) < 10
