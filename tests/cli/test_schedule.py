"""``archiver schedule`` as a person sees it: the settings in use, warnings, and no secret."""

import json
import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from archiver.app.setup.schedule import Job
from archiver.app.setup.service_user import ServiceUser, out_of_sight
from archiver.errors import ExitCode
from tests.cli.conftest import Run
from tests.conftest import Figure

CANARY = "canary-4711-token"
HAS_A_SOURCE = 'token_command = "echo its-token"\n'
KINDS = [("systemd",), ("cron",), ("kubernetes", "--image", "registry.example/archiver:1")]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], Path]:
    """Return what writes the settings file in use."""

    def write(text: str) -> Path:
        path = tmp_path / ".config" / "archiver" / "archiver.toml"
        path.parent.mkdir(parents=True)
        kept = re.sub(r"(\[account\.(\w+)\]\n)", r'\1token_command = "echo token-of-\2"\n', text)
        path.write_text(kept if kept != text else f"{HAS_A_SOURCE}{text}")
        return path

    return write


@each_kind
def test_units_are_for_the_settings_in_use(
    run: Run, settings: Callable[[str], Path], kind: tuple[str, ...], tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    path = settings(f'archive = "{archive}"\nproxy = "http://u:{CANARY}@proxy.example:3128"\n')
    code, out, told = run("schedule", *kind, "--at", "04:15")
    assert code == ExitCode.CLEAN
    assert str(path) in out + told
    assert "is set here and not in the job" not in told
    assert "--archive" not in out
    assert CANARY not in out + told


@each_kind
def test_each_account_has_a_job_of_its_own(
    run: Run, settings: Callable[[str], Path], kind: tuple[str, ...]
) -> None:
    settings('[account.north]\narchive = "/srv/n"\n[account.a_b]\narchive = "/srv/b"\n')
    code, out, told = run("schedule", *kind, "--account", "north")
    assert code == ExitCode.CLEAN
    assert "/srv/b" not in out
    assert "north" in out
    named = {"systemd": "/archiver-north.timer\n", "kubernetes": '"archiver-north"'}
    assert named.get(kind[0], "pull --config") in out
    assert ("archiver-north" in told) == (kind[0] in named)
    ended = run("schedule", *kind, "--account", "a_b")[0]
    assert ended == (ExitCode.USAGE if kind[0] == "kubernetes" else ExitCode.CLEAN)


@each_kind
def test_without_a_choice_every_account_has_one(
    run: Run, settings: Callable[[str], Path], kind: tuple[str, ...], figure: Figure
) -> None:
    settings('[account.north]\narchive = "/srv/n"\n[account.south]\narchive = "/srv/s"\n')
    alone = run("schedule", *kind, "--account", "north")[1]
    code, out, _told = run("schedule", *kind)
    assert code == ExitCode.CLEAN
    if kind[0] == "kubernetes":
        jobs = json.loads(out)["items"]
        assert [each["metadata"]["name"] for each in jobs] == ["archiver-north", "archiver-south"]
        assert jobs[0] == json.loads(alone)
    else:
        assert out.startswith(alone)
        assert out.count("--account south") == 1
    figure("R17", f"schedule {kind[0]}: a job for each of 2 accounts")


@each_kind
def test_what_the_job_will_not_have_is_told(
    run: Run,
    settings: Callable[[str], Path],
    kind: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = settings("workers = 4\n")
    monkeypatch.setenv("ARCHIVER_RATE", "100")
    monkeypatch.setenv("ARCHIVER_TOKEN", CANARY)
    monkeypatch.setenv("ARCHIVER_ARCHIVE", "/srv/elsewhere")
    code, out, told = run("schedule", *kind)
    assert code == ExitCode.CLEAN
    alone = f"is set here and not in the job, which reads {path} alone."
    assert f"Warning: ARCHIVER_RATE {alone}" in told
    assert (f"Warning: ARCHIVER_TOKEN {alone}" in told) == (kind[0] != "kubernetes")
    assert "ARCHIVER_ARCHIVE" not in told
    assert "--archive" in out
    assert "/srv/elsewhere" in out
    assert CANARY not in out + told


@each_kind
def test_that_nobody_is_told_of_another_archive_is_said(
    run: Run, settings: Callable[[str], Path], kind: tuple[str, ...]
) -> None:
    path = settings('archive = "/srv/n"\nping_url = "https://hc-ping.com/5ec2e7"\n')
    told = run("schedule", *kind)[2]
    assert "nobody is told" not in told
    code, _, told = run("schedule", *kind, "--archive", "/srv/elsewhere")
    assert code == ExitCode.CLEAN
    assert f"Warning: ping_url of {path} is that of the archive named there: of this job" in told


@each_kind
def test_without_a_settings_file_or_an_archive_there_is_no_job(
    run: Run, settings: Callable[[str], Path], kind: tuple[str, ...]
) -> None:
    code, out, told = run("schedule", *kind, "--archive", "/srv/archive")
    assert (code, out) == (ExitCode.USAGE, "")
    assert "archiver config init" in told
    settings("workers = 4\n")
    code, out, told = run("schedule", *kind)
    assert (code, out) == (ExitCode.USAGE, "")
    assert "No archive is named" in told


def test_the_installed_program_runs(run: Run, settings: Callable[[str], Path]) -> None:
    settings('archive = "/srv/archive"\n')
    program = Path(run("schedule", "cron")[1].splitlines()[-1].split()[5])
    assert program.is_absolute()
    assert program.name == "archiver"
    assert program.stat().st_mode & 0o100


def test_a_folder_that_is_missing_is_told_for_systemd(
    run: Run, settings: Callable[[str], Path], tmp_path: Path
) -> None:
    settings(f'archive = "{tmp_path / "kept"}"\n')
    assert "is not there yet" in run("schedule", "systemd")[2]
    (tmp_path / "kept").mkdir()
    assert "is not there yet" not in run("schedule", "systemd")[2]


def test_the_cronjob_is_all_that_stands_on_stdout(
    run: Run, settings: Callable[[str], Path]
) -> None:
    settings('archive = "/srv/archive"\n')
    document = json.loads(run("schedule", "kubernetes", "--image", "archiver:1")[1])
    assert document["kind"] == "CronJob"


@each_kind
@pytest.mark.parametrize("mode", [None, 0o644], ids=["missing", "open to others"])
def test_a_token_that_the_job_could_not_read_is_refused_as_config_check_does(
    run: Run, tmp_path: Path, kind: tuple[str, ...], mode: int | None, figure: Figure
) -> None:
    path, kept = tmp_path / "archiver.toml", tmp_path / "token"
    path.write_text(f'archive = "{tmp_path / "archive"}"\ntoken_file = "{kept}"\n')
    if mode is not None:
        kept.write_text("its-token")
        kept.chmod(mode)
    said = run("config", "check", "--config", str(path))
    assert said[0] == ExitCode.USAGE
    code, out, told = run("schedule", *kind, "--config", str(path))
    if kind[0] == "kubernetes":
        assert code == ExitCode.CLEAN, "the token of a pod comes from a secret"
        return
    assert (code, out) == (ExitCode.USAGE, ""), told
    assert f"The token file {kept}" in told
    if kind[0] == "systemd":
        code, out, told = run("schedule", *kind, "--config", str(path), "--user", "nobody")
        assert (code, "User=nobody" in out) == (ExitCode.CLEAN, True), told
        assert "Warning: this user can't use the settings." in told
    figure("R13", f"schedule {kind[0]} with a token file that can't be read: exit 2, no job")


def test_a_user_that_is_not_there_is_refused(run: Run, settings: Callable[[str], Path]) -> None:
    """Every night would end with systemd's own 217, and archiver would never begin."""
    settings('archive = "/srv/archive"\n')
    code, out, told = run("schedule", "systemd", "--user", "nobody-of-this-name")
    assert (code, out) == (ExitCode.USAGE, "")
    assert "--user: this machine has no user nobody-of-this-name." in told
    assert run("schedule", "systemd", "--user", "4711")[0] == ExitCode.CLEAN


def test_what_the_user_may_not_use_is_warned_of(figure: Figure) -> None:
    """Each right is told from owner and mode: of the thing itself, and of the folders above."""
    with TemporaryDirectory() as place:
        home = Path(place, "home")
        settings, kept, archive = home / "a.toml", home / "token", home / "archive"
        archive.mkdir(parents=True)
        archive.chmod(0o700)
        for path in (settings, kept):
            path.touch()
            path.chmod(0o600)
        job = Job(Path("/bin/sh"), settings, str(archive), time(2), 0, token_file=kept)
        own, group = home.stat().st_uid, home.stat().st_gid
        ann = ServiceUser("ann", own, frozenset())
        bob = ServiceUser("bob", own + 4711, frozenset())
        eve = ServiceUser("eve", own + 4711, frozenset({group}))
        Path(place).chmod(0o755)
        assert [*ann.hindered(job)] == []
        found = [*bob.hindered(job)]
        for told, path, mode in zip(found, (settings, kept, archive), (600, 600, 700), strict=True):
            expected = f"user bob can't use {path}: {path} is of user {own}, mode 0{mode}."
            assert told == f"Warning: {expected}"
        kept.chmod(0o640)
        assert len([*eve.hindered(job)]) == 2
        home.chmod(0o700)
        assert all(f"{home} is of user {own}, mode 0700." in told for told in bob.hindered(job))
    figure("R13", "schedule systemd for a user without rights: 3 of 3 warned of")


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp"])  # noqa: S108 - only named
def test_what_a_service_cannot_see_is_warned_of(folder: str) -> None:
    job = Job(Path("/opt/archiver"), Path("/etc/a.toml"), f"{folder}/kept", time(2), 0)
    (told,) = out_of_sight(job)
    assert told.startswith(f"Warning: {folder}/kept lies below {folder}, of which the service has ")
    assert [*out_of_sight(replace(job, archive=f"/srv{folder}/kept"))] == []
