"""What a pull refuses, doctor refuses, in the same words: one list of conditions for both."""

import errno
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from archiver.app.opening.archive import workroom
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.errors import ExitCode
from archiver.manifest.archive import ArchiveFile
from archiver.sandbox import ClockFaults, Faults, ListingFaults, Sandbox, World
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure
from tests.pings import Check


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world, now = World(seed=7), datetime.now(UTC)
    world.add(count=2, first=now - timedelta(days=2), last=now - timedelta(hours=30), seconds=(1,))
    with Sandbox(world, token=TOKEN) as sandbox:
        archive = {"ARCHIVER_ARCHIVE": str(tmp_path / "archive"), "ARCHIVER_CALLS": "no"}
        yield Desk(sandbox, tmp_path, archive)


def another_portals(archive: Path) -> None:
    archive.mkdir()
    of_another = ArchiveFile.new("https://portal.example/api/v2/")
    archive.joinpath(ARCHIVE_KEY).write_bytes(of_another.to_json())
    archive.joinpath("recordings", "undated").mkdir(parents=True)
    archive.joinpath("recordings", "undated", "1.0123456789ab.mp3").write_bytes(b"audio")


def a_dangling_link(archive: Path) -> None:
    archive.symlink_to(archive.parent / "not mounted")


def a_file(archive: Path) -> None:
    archive.write_text("")


def a_link_inside(archive: Path) -> None:
    archive.mkdir()
    archive.joinpath("recordings").symlink_to(archive.parent)


def a_file_inside(archive: Path) -> None:
    archive.mkdir()
    archive.joinpath(".archiver").write_text("")


def another_disk_inside(archive: Path) -> None:
    archive.mkdir()
    archive.joinpath("calls").mkdir()


def files_of_others(archive: Path) -> None:
    archive.mkdir()
    archive.joinpath("passwd").write_text("")


def a_chain_without_its_identity(archive: Path) -> None:
    archive.joinpath("manifests").mkdir(parents=True)


def within_another_archive(archive: Path) -> None:
    outer = archive.parent / "outer"
    inner = outer / "calls" / "2019"
    inner.mkdir(parents=True)
    outer.joinpath(ARCHIVE_KEY).write_bytes(ArchiveFile.new("https://portal.example/").to_json())
    archive.symlink_to(inner)


def a_newer_format(archive: Path) -> None:
    archive.mkdir()
    archive.joinpath(ARCHIVE_KEY).write_text('{"format": 9}')


WRONG: tuple[tuple[Callable[[Path], None], ExitCode, str], ...] = (
    (another_portals, ExitCode.USAGE, "This archive is of https://portal.example/api/v2/"),
    (a_dangling_link, ExitCode.STOPPED, "not mounted, which is not there."),
    (a_file, ExitCode.USAGE, "is no folder."),
    (a_link_inside, ExitCode.STOPPED, "recordings is no folder, or a link to one."),
    (a_file_inside, ExitCode.STOPPED, ".archiver is no folder, or a link to one."),
    (files_of_others, ExitCode.USAGE, "is no archive, and not empty: it holds 'passwd'."),
    (a_chain_without_its_identity, ExitCode.STOPPED, f"holds manifests/ and no {ARCHIVE_KEY}"),
    (a_newer_format, ExitCode.USAGE, "of format 9"),
    (within_another_archive, ExitCode.USAGE, "lies within another archive, "),
)


def both(desk: Desk) -> tuple[Ran, Ran]:
    return desk.run("doctor"), desk.run("pull", "--since", "3d")


def test_what_a_pull_refuses_doctor_refuses(tmp_path: Path, desk: Desk, figure: Figure) -> None:
    told = 0
    for number, (make, code, words) in enumerate(WRONG):
        archive = tmp_path / str(number)
        desk.environ["ARCHIVER_ARCHIVE"] = str(archive)
        make(archive)
        before = sorted(tmp_path.rglob("*"))
        examined, pulled = both(desk)
        assert (examined.code, pulled.code) == (code, code), make
        assert "fail     archive" in examined.out
        assert words in examined.out, make
        assert words in pulled.err, make
        told += 1
        assert sorted(tmp_path.rglob("*")) == before or make in {another_portals, a_newer_format}
    figure("R12", f"{told} places that a pull can't use: refused by doctor {told}, in its words")


def test_what_is_on_another_file_system_is_refused(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    another_disk_inside(archive)
    real = Path.stat

    def elsewhere(path: Path, **how: bool) -> os.stat_result:
        found = real(path, **how)
        if path.name == "calls":
            return os.stat_result((*found[:2], found.st_dev + 1, *found[3:]))
        return found

    monkeypatch.setattr(Path, "stat", elsewhere)
    examined, pulled = both(desk)
    assert (examined.code, pulled.code) == (ExitCode.STOPPED, ExitCode.STOPPED)
    assert "calls is on another file system" in examined.out
    assert "calls is on another file system" in pulled.err


def test_a_broken_chain_fails_before_the_night(tmp_path: Path, desk: Desk, figure: Figure) -> None:
    for _ in range(2):
        assert desk.run("pull", "--since", "3d").code == 0
    archive = tmp_path / "archive"
    archive.joinpath(manifest_key(1)).unlink()
    examined, pulled = both(desk)
    assert (examined.code, pulled.code) == (ExitCode.STOPPED, ExitCode.STOPPED)
    assert manifest_key(1) in examined.out
    figure("R12", "a chain without its first manifest: refused by a pull and by doctor")


def test_who_is_to_hear_of_runs_is_tried(tmp_path: Path, desk: Desk, figure: Figure) -> None:
    assert desk.run("pull", "--since", "3d").code == 0
    with Check() as check:
        desk.environ |= {
            "ARCHIVER_PING_URL": check.url,
            "ARCHIVER_METRICS": str(tmp_path / "archiver.prom"),
        }
        assert desk.run("doctor").code == 0
        assert check.kinds == ["log"], "no run began or ended"
    dead, pulled = both(desk)
    assert (dead.code, pulled.code) == (0, 0), "what a pull only warns of, doctor does, too"
    assert "warn     ping      The ping to 127.0.0.1 failed: no connection." in dead.out
    assert "The ping to 127.0.0.1 failed: no connection." in pulled.err
    del desk.environ["ARCHIVER_PING_URL"]
    for wrong in (tmp_path / "missing" / "a.prom", tmp_path / "folder.prom"):
        tmp_path.joinpath("folder.prom").mkdir(exist_ok=True)
        desk.environ["ARCHIVER_METRICS"] = str(wrong)
        examined, pulled = both(desk)
        assert (examined.code, pulled.code) == (0, 0)
        assert f"warn     metrics   The metrics file {wrong} can't be written" in examined.out
        assert f"The metrics file {wrong} can't be written" in pulled.err
    assert [each.name for each in tmp_path.glob(".*")] == [".local"], "nothing is left of trials"
    figure("R12", "a dead ping_url and 2 metrics files that can't be: warned of by both, 3 of 3")


def test_what_makes_no_run_clean_fails(desk: Desk, figure: Figure) -> None:
    desk.sandbox.faults = Faults(clock=ClockFaults(dateless=True))
    examined, pulled = both(desk)
    assert (examined.code, pulled.code) == (ExitCode.FINDINGS, ExitCode.FINDINGS)
    assert "fail     clock     The portal does not tell the time" in examined.out
    assert "DOUBTFUL" in pulled.err
    desk.environ["ARCHIVER_CLOCK"] = "machine"
    examined, pulled = both(desk)
    assert (examined.code, pulled.code) == (0, 0)
    figure("R12", "a portal that does not tell the time: 3 by both; clock = machine: 0 by both")


def no_recordings(desk: Desk) -> None:
    desk.sandbox.faults = Faults(listing=ListingFaults(unseen_reports=frozenset({"recordings"})))


def no_call_log(desk: Desk) -> None:
    desk.sandbox.faults = Faults(listing=ListingFaults(unseen_reports=frozenset({"calls"})))


def no_dates(desk: Desk) -> None:
    for each in list(desk.sandbox.world.recordings):
        desk.sandbox.world.edit(each.id, created_at=None)


def of_the_future(desk: Desk) -> None:
    newest = list(desk.sandbox.world.recordings)[-1]
    late = datetime.now(UTC) + timedelta(hours=5)
    desk.sandbox.world.edit(newest.id, created_at=f"{late:%Y-%m-%d %H:%M:%S}")


UNCLEAN: tuple[tuple[Callable[[Desk], None], str], ...] = (
    (no_recordings, "fail     rows      No recordings are listed"),
    (no_call_log, "fail     calls     No calls are listed"),
    (no_dates, "2 of 2 without a time"),
    (of_the_future, "fail     zone      A recording is of "),
)


@pytest.mark.parametrize("has_archive", [False, True])
@pytest.mark.parametrize(("change", "words"), UNCLEAN)
def test_silence_and_dates_that_make_no_run_clean_fail(
    change: Callable[[Desk], None], words: str, desk: Desk, figure: Figure, *, has_archive: bool
) -> None:
    desk.environ["ARCHIVER_CALLS"] = "yes"
    if has_archive:
        assert desk.run("pull", "--since", "3d").code == 0
        assert desk.run("doctor").code == 0
    change(desk)
    examined, pulled = both(desk)
    assert (examined.code, pulled.code) == (ExitCode.FINDINGS, ExitCode.FINDINGS), pulled.err
    assert words in examined.out
    told = "with an archive" if has_archive else "before the first run"
    figure("G42", f"{change.__name__.replace('_', ' ')}, {told}: 3 by a pull and by doctor")


def test_a_call_log_that_is_not_wanted_is_no_trouble(desk: Desk, figure: Figure) -> None:
    assert desk.run("pull", "--since", "3d").code == 0
    no_call_log(desk)
    examined, pulled = both(desk)
    assert (examined.code, pulled.code) == (0, 0)
    figure("G42", "no right to calls, and calls = no: 0 by a pull and by doctor")


@pytest.mark.parametrize("words", [("doctor",), ("pull", "--since", "3d")])
def test_a_read_only_mount_is_told_as_that(
    tmp_path: Path,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    figure: Figure,
) -> None:
    """Nobody helps it by being another user, or by giving the folder to one."""
    assert desk.run("pull", "--since", "3d").code == 0
    told = os.statvfs(tmp_path)
    flags = mock.Mock(wraps=told, f_flag=told.f_flag | os.ST_RDONLY)
    monkeypatch.setattr(os, "statvfs", lambda _path: flags)
    ran = desk.run(*words)
    said = ran.out + ran.err
    assert ran.code == ExitCode.STOPPED
    assert "the disk is mounted read-only. Mount it for writing." in " ".join(said.split())
    assert "chown" not in said
    figure("R12", f"{words[0]} on a read-only mount: named as that")


def test_a_decision_on_a_read_only_mount_is_told_as_that(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    assert desk.run("pull", "--since", "3d").code == 0
    told, access = os.statvfs(tmp_path), os.access
    flags = mock.Mock(wraps=told, f_flag=told.f_flag | os.ST_RDONLY)
    monkeypatch.setattr(os, "statvfs", lambda _path: flags)
    monkeypatch.setattr(os, "access", lambda path, mode: access(path, mode) and not mode & os.W_OK)
    words = ("--matter", "4711", "--reason", "asked", "--by", "anna", "--since", "30d", "--yes")
    ran = desk.run("hold", "add", *words)
    assert ran.code == ExitCode.STOPPED
    assert "the disk is mounted read-only. Mount it for writing." in " ".join(ran.err.split())
    assert "run as that user" not in ran.err
    figure("R12", "hold add on a read-only mount: named as that")


def test_a_folder_of_others_is_taken_when_told(tmp_path: Path, desk: Desk, figure: Figure) -> None:
    archive = tmp_path / "archive"
    for junk in ("lost+found", "@eaDir", ".Trash-1000"):
        archive.joinpath(junk).mkdir(parents=True)
    assert "ok       archive" in desk.run("doctor").out, "what systems put there is nobody's"
    archive.joinpath("notes.txt").write_text("mine")
    assert desk.run("pull", "--since", "3d").code == ExitCode.USAGE
    assert not archive.joinpath(ARCHIVE_KEY).exists()
    assert desk.run("pull", "--since", "3d", "--among-others").code == 0
    assert desk.run("pull").code == 0, "it is told once"
    figure("R13", "a folder with somebody's file: refused, and begun only with --among-others")


def test_a_memory_that_may_not_be_written_is_warned_of(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """A run goes on without it, and says nothing."""
    assert desk.run("pull", "--since", "3d").code == 0
    assert (
        "ok       memory    The newest head that a run sees is remembered" in desk.run("doctor").out
    )
    path, access = tmp_path / "archive" / ".archiver" / "head.json", os.access
    monkeypatch.setattr(os, "access", lambda asked, mode: asked != path and access(asked, mode))
    ran = desk.run("doctor")
    assert ran.code == 0
    assert f"warn     memory    Cannot use {path} as user {os.geteuid()}: " in ran.out
    assert f"It is this user's own: chmod -R u+rwX {path}" in ran.out
    figure("R12", "the newest head in a file of another user: warned of by doctor")


def test_a_state_folder_that_is_full_is_warned_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """Where the archive lay is remembered there, and a run goes on without."""
    assert desk.run("pull", "--since", "3d").code == 0
    full = mock.Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    monkeypatch.setattr(workroom, "TemporaryFile", full)
    ran = desk.run("doctor")
    said = " ".join(ran.out.split())
    assert ran.code == 0
    assert "the disk is full. An archive that is gone or not mounted is not noticed" in said
    figure("R12", "a state folder that is full: warned of by doctor")


@pytest.mark.parametrize("name", ["lock", "parts", "parts/p-1.part", "catalog-*.lock", "*.sqlite"])
def test_what_may_not_be_used_in_the_private_folder_is_named(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, figure: Figure
) -> None:
    """As root once, and every night from then on ends with 4."""
    assert desk.run("pull", "--since", "3d").code == 0
    private = tmp_path / "archive" / ".archiver"
    private.joinpath("parts", "p-1.part").touch()
    (path,) = private.glob(name)
    before = sorted((each, each.stat().st_mtime_ns) for each in private.rglob("*"))
    access, refused = os.access, path.stat().st_ino

    def refuse(asked: Path, mode: int) -> bool:
        is_it = access(asked, os.F_OK) and Path(asked).stat().st_ino == refused
        return not is_it and access(asked, mode)

    monkeypatch.setattr(os, "access", refuse)
    ran = desk.run("doctor")
    assert ran.code == ExitCode.STOPPED
    assert f"fail     archive   Cannot use {path} as user " in ran.out
    assert f"It is this user's own: chmod -R u+rwX {path}" in ran.out
    assert sorted((each, each.stat().st_mtime_ns) for each in private.rglob("*")) == before
    pulled = desk.run("pull")
    assert pulled.code == ExitCode.STOPPED
    assert f"Cannot use {path} as user " in pulled.err
    figure("R12", f"{name} of another user: named by doctor and pull with what to type")


def test_a_pull_into_a_copy_says_what_that_does(tmp_path: Path, desk: Desk) -> None:
    """As by settings that name the copy: from then on the chains of the two differ."""
    assert desk.run("pull", "--since", "3d").code == 0
    copied = str(tmp_path / "copy")
    assert desk.run("copy", "--to", copied).code == 0
    said = f"{copied} is a copy that archiver copy keeps."
    assert said in desk.run("pull", "--archive", copied).err
    assert said not in desk.run("pull", "--archive", copied).err, "it is one of its own by now"
    assert said not in desk.run("pull").err
