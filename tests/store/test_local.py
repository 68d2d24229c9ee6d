"""A folder under attack: lying disks, full disks, links, umasks, rivals, dead lock holders."""

import errno
import hashlib
import os
import resource
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archiver.errors import DestinationError, Exists, Locked, Missing, NotPermitted
from archiver.store.base import Item
from archiver.store.local import LocalStore
from archiver.store.os_errors import advice_on_rights
from tests.conftest import Figure
from tests.crash import failing, in_child
from tests.store.unreadable import unreadable

DAY = "recordings/2019/06/11"
KEY = f"{DAY}/20190611-060421_42.000000000000.mp3"
CALLS = ("open", "fsync", "link", "mkdir", "fchmod")


def finals(root: Path) -> list[Path]:
    return [path for path in root.glob("recordings/**/*") if path.is_file()]


def parts(root: Path) -> list[Path]:
    return list(root.glob(".archiver/parts/*"))


@pytest.mark.parametrize("size", [-1, 0x1000])
def test_what_a_disk_does_not_give_back_is_told(size: int) -> None:
    said = f"Stopped while reading {KEY}: the disk reported an error."
    with unreadable(KEY) as file, pytest.raises(DestinationError, match=said):
        file.read(size)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_an_error_at_every_call_is_told_and_leaves_nothing(
    code: int, tmp_path: Path, figure: Figure
) -> None:
    points = false_green = 0
    for call in CALLS:
        for when in range(1, 100):
            root = tmp_path / f"{call}-{when}"
            with failing(call, when, code, here=True) as uses:
                try:
                    LocalStore(root).put(KEY, b"audio" * 1000)
                except DestinationError:
                    points += 1
                else:
                    false_green += uses[0] >= when
            assert parts(root) == []
            if uses[0] < when:
                break
            # A name that is there has been synced as a file, so it is whole.
            assert all(path.read_bytes() == b"audio" * 1000 for path in finals(root))
            assert LocalStore(root).put(KEY, b"audio" * 1000).key == KEY
    assert points > 20
    assert false_green == 0
    figure("D4", f"{errno.errorcode[code]}: {points} points, false green 0, partial finals 0")


def test_a_file_size_limit_is_told(tmp_path: Path, figure: Figure) -> None:
    def limited(limit: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with pytest.raises(DestinationError, match="larger than this place allows"):
            LocalStore(tmp_path).put(KEY, b"x" * 70_000)

    for limit in range(0, 70_000, 4096):
        assert in_child(partial(limited, limit)) == 0
        assert finals(tmp_path) == []
        assert parts(tmp_path) == []
    figure("D5", "EFBIG at 18 limits: partial finals 0, temporary files left 0, trace 0")


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENAMETOOLONG, errno.EXDEV, errno.EPERM])
def test_each_refusal_has_words_of_its_own(code: int, tmp_path: Path) -> None:
    with failing("link", 1, code, here=True), pytest.raises(DestinationError) as caught:
        LocalStore(tmp_path).put(KEY, b"audio")
    assert os.strerror(code) not in caught.value.message
    assert KEY in caught.value.message


def test_a_lying_write_is_caught(tmp_path: Path, figure: Figure) -> None:
    store, caught = LocalStore(tmp_path), 0
    for place in range(0, 5000, 50):
        with store.part() as part:
            part.file.write(b"audio" * 1000)
            part.file.flush()
            with part.path.open("r+b") as disk:
                disk.seek(place)
                disk.write(b"\0")
            with pytest.raises(DestinationError, match="other bytes than it took"):
                store.put_part(KEY, part, hashlib.sha256(b"audio" * 1000).hexdigest())
            caught += 1
    assert finals(tmp_path) == []
    figure("D6", f"lying writes caught {caught} of 100")


@contextmanager
def noted() -> Iterator[list[int | str]]:
    """Yield what is done, in order: the inode of what is synced, or the name of another call."""
    steps: list[int | str] = []

    def noting(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: Any, **kwargs: object) -> object:  # noqa: ANN401 - whatever the call takes
            steps.append(os.fstat(args[0]).st_ino if name == "fsync" else name)
            return real(*args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "link", "unlink"):
            patch.setattr(os, name, noting(name, getattr(os, name)))
        yield steps


def test_folders_that_a_killed_run_made_are_synced_again(tmp_path: Path) -> None:
    root = tmp_path / "made" / "archive"
    root.mkdir(parents=True)
    store = LocalStore(root)
    with noted() as steps:
        store.put(KEY, b"audio")
    led = [path.stat().st_ino for path in (tmp_path, root.parent, root)]
    assert [step for step in steps if step in led[:2]] == led[:2], "from above, each once"
    assert steps.index(led[1]) < steps.index(led[2])
    with noted() as steps:
        store.put(f"{DAY}/20190611-060421_43.000000000000.mp3", b"audio")
    assert not set(led) & set(steps), "once a run"


def test_what_is_set_aside_is_on_disk_before_its_old_name_goes(tmp_path: Path) -> None:
    store, aside = LocalStore(tmp_path), KEY.replace("recordings", "quarantine")
    store.put(aside.replace("_42", "_43"), b"another")
    old, new = tmp_path / KEY, tmp_path / aside
    old.parent.mkdir(parents=True)
    old.write_bytes(b"copied in")
    audio, source = old.stat().st_ino, old.parent.stat().st_ino
    with noted() as steps:
        store.clearing.set_aside(KEY, aside)
    assert steps == [audio, "link", new.parent.stat().st_ino, "unlink", source]
    assert (old.exists(), new.read_bytes()) == (False, b"copied in")


def test_what_another_run_left_is_on_disk_once_it_is_secured(tmp_path: Path) -> None:
    path = tmp_path / KEY
    path.parent.mkdir(parents=True)
    path.write_bytes(b"left by a run that was killed")
    with noted() as steps:
        LocalStore(tmp_path).sync(KEY)
    above = [up.stat().st_ino for up in path.parents if tmp_path in up.parents]
    assert steps[-2:] == [path.stat().st_ino, path.parent.stat().st_ino]
    assert set(above[1:]) <= set(steps[:-2]), "and the folders above it"


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(umask: int, tmp_path: Path, figure: Figure) -> None:
    old = os.umask(umask)
    try:
        LocalStore(tmp_path / "a").put(KEY, b"audio")
        LocalStore(tmp_path / "b", file_mode=0o640, folder_mode=0o750).put(KEY, b"audio")
    finally:
        os.umask(old)
    for name, modes in (("a", {0o600, 0o700}), ("b", {0o640, 0o750})):
        found = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / name).rglob("*")}
        assert found == modes
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == max(modes)
    figure("X11", f"umask {umask:03o}: files 0600, folders 0700")


def test_no_mode_for_the_world(tmp_path: Path) -> None:
    for modes in ({"file_mode": 0o644}, {"folder_mode": 0o755}):
        with pytest.raises(ValueError, match="at most"):
            LocalStore(tmp_path, **modes)


def test_links_inside_the_archive_are_never_followed(tmp_path: Path, figure: Figure) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    root = tmp_path / "archive"
    tried = 0
    for link in ("recordings", "recordings/2019", DAY, ".archiver", ".archiver/parts", KEY):
        place = root / f"{tried}" / link
        place.parent.mkdir(parents=True)
        target = outside / "secret" if link == KEY else outside
        place.symlink_to(target)
        store = LocalStore(root / f"{tried}")
        with pytest.raises((DestinationError, Exists)):
            store.put(KEY, b"audio")
        with pytest.raises((DestinationError, Missing)):
            store.open(KEY)
        tried += 1
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"
    figure("X10", f"{tried} links, leaf and parents: written outside 0, read outside 0")


def test_a_folder_swapped_for_a_link_while_writing(tmp_path: Path, figure: Figure) -> None:
    outside, root = tmp_path / "outside", tmp_path / "archive"
    outside.mkdir()
    store = LocalStore(root)
    store.put(KEY, b"audio")
    day, spare, stop = root / DAY, root / "spare", threading.Event()

    def swap() -> None:
        while not stop.is_set():
            day.rename(spare)
            day.symlink_to(outside)
            day.unlink()
            spare.rename(day)

    swapper = threading.Thread(target=swap)
    swapper.start()
    refused = 0
    try:
        for number in range(1000):
            try:
                store.put(f"{DAY}/20190611-060421_{number}.000000000000.mp3", b"audio")
            except DestinationError:
                refused += 1
    finally:
        stop.set()
        swapper.join()
    assert list(outside.iterdir()) == []
    figure("X10", f"1000 races, {refused} refused: written outside 0")


def test_items_show_what_was_planted(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put(KEY, b"audio")
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "recordings" / "odd name\n").write_bytes(b"1")
    os.mkfifo(tmp_path / "manifests")
    deep = tmp_path.joinpath(*["d"] * 20)
    deep.mkdir(parents=True)
    found = [item.key for item in store.items("")]
    assert found == sorted(["link", "manifests", "recordings/odd name\n", KEY, "d/" * 13])


def test_a_folder_swapped_for_a_link_while_walking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    outside, root = tmp_path / "outside", tmp_path / "archive"
    LocalStore(outside).put(KEY, b"another's")
    LocalStore(root).put(KEY, b"audio")
    really_open = os.open

    def swap(path: Any, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401 - whatever open takes
        if str(path).startswith("recordings") and not (root / "recordings").is_symlink():
            (root / "recordings").rename(root / "away")
            (root / "recordings").symlink_to(outside / "recordings")
        return really_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", swap)
    found = [(item.key, item.unreadable) for item in LocalStore(root).scan()]
    assert (root / "recordings").is_symlink()
    why = "something else lies where a folder should be"
    assert found == [("recordings/", why)]
    figure("X10", "a folder swapped for a link while it is walked: read outside 0")


def closed_to_us(folder: Path) -> Callable[[], None]:
    """Return what makes ``folder`` unreadable for this process; root becomes somebody else."""
    folder.mkdir(parents=True)
    folder.chmod(0)

    def become_somebody() -> None:
        if os.geteuid() == 0:
            os.chdir(folder.parent)
            for path in (folder.parent, *folder.parent.rglob("*")):
                if path != folder:
                    os.chown(path, 12345, 12345)
            os.setgroups([])
            os.setresuid(12345, 12345, 12345)

    return become_somebody


def test_a_file_of_another_user_is_told_with_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a pull as root: whose it is, and who this is."""
    store, real = LocalStore(tmp_path / "archive"), os.open
    store.put(KEY, b"audio")

    def closed(name: str, *how: int, **where: int) -> int:
        if name == KEY.rpartition("/")[2]:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(name, *how, **where)

    monkeypatch.setattr(os, "open", closed)
    owner = os.geteuid()
    with pytest.raises(NotPermitted, match=r"permission was denied\.$"):
        store.open(KEY)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    denied = f"permission was denied to user 12345, as it belongs to user {owner}."
    with pytest.raises(NotPermitted, match=denied) as told:
        store.open(KEY)
    assert "chown -R 12345" in told.value.advice


def test_a_folder_that_lets_nobody_in_is_told_and_the_walk_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    LocalStore(root).put(KEY, b"audio")
    (root / "zzz").write_bytes(b"planted")
    become_somebody = closed_to_us(root / "lost+found")

    def look() -> None:
        become_somebody()
        store = LocalStore(Path() if Path("lost+found").exists() else root)
        *_, closed, audio, planted = store.scan()
        assert closed == Item("lost+found/", 0, unreadable="permission was denied")
        assert [audio, planted] == [Item(KEY, 5), Item("zzz", 7)]
        assert [item.key for item in store.items("recordings/")] == [KEY]
        for listing in (store.items, store.versions):
            with pytest.raises(DestinationError):
                list(listing("lost"))

    assert in_child(look) == 0


@pytest.mark.parametrize(
    ("name", "is_mount", "owner", "is_systems"),
    [
        ("lost+found", True, 0, True),
        ("lost+found", True, 1000, False),
        ("lost+found", False, 0, False),
        ("lost", True, 0, False),
        ("recordings/lost+found", True, 0, False),
    ],
)
def test_only_what_a_file_system_keeps_for_root_is_no_fault(  # noqa: PLR0913, PLR0917 - a table
    name: str,
    is_mount: bool,  # noqa: FBT001 - as pytest gives it
    owner: int,
    is_systems: bool,  # noqa: FBT001 - same
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / name).mkdir(parents=True)
    really_open = os.open

    def refuse(path: str, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401 - whatever open takes
        if path == Path(name).name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return really_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(Path, "is_mount", lambda _path: is_mount)
    monkeypatch.setattr(Path, "lstat", lambda _path: SimpleNamespace(st_uid=owner))
    (item,) = LocalStore(tmp_path).scan()
    expected = Item(f"{name}/", 0, unreadable="permission was denied", is_systems=is_systems)
    assert item == expected


def test_two_takers_of_the_lock(tmp_path: Path, figure: Figure) -> None:
    stores = [LocalStore(tmp_path), LocalStore(tmp_path)]
    inside, doubled, held, locked = [0], [0], [0], [0]
    start = threading.Barrier(2)

    def take(store: LocalStore) -> None:
        for _ in range(1000):
            start.wait()
            try:
                with store.exclusive():
                    inside[0] += 1
                    doubled[0] += inside[0] > 1
                    held[0] += 1
                    inside[0] -= 1
            except Locked:
                locked[0] += 1

    takers = [threading.Thread(target=take, args=(store,)) for store in stores]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert doubled[0] == 0
    assert held[0] + locked[0] == 2000
    figure("D8", f"1000 rounds of two: held {held[0]}, locked out {locked[0]}, doubled 0")


def test_a_lock_dies_with_its_holder(tmp_path: Path, figure: Figure) -> None:
    store = LocalStore(tmp_path)

    def die_inside() -> None:
        with store.exclusive(), store.part() as part:
            part.file.write(b"half")
            part.file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    for _ in range(20):
        assert in_child(die_inside) == -signal.SIGKILL
        assert len(parts(tmp_path)) == 1
        with store.exclusive():
            assert parts(tmp_path) == []
    figure("D9", "20 killed holders: start refused 0")


def test_stale_parts_go_and_live_ones_stay(tmp_path: Path, figure: Figure) -> None:
    store = LocalStore(tmp_path)
    with store.part() as live:
        (tmp_path / ".archiver/parts/old.part").write_bytes(b"from another version")
        with store.exclusive():
            assert parts(tmp_path) == [live.path]
        live.file.write(b"audio")
        assert store.put_part(KEY, live, hashlib.sha256(b"audio").hexdigest()).created
    figure("D10", "stale parts adopted 0, removed 1; live parts removed 0")


def test_whose_a_file_is_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    assert advice_on_rights(tmp_path) == f"It is this user's own: chmod -R u+rwX {tmp_path}"
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    told = advice_on_rights(tmp_path)
    assert told == f"It belongs to user {owner}: run as that user, or chown it."
