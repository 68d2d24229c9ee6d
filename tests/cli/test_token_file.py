"""Token files as containers mount and editors write them: read, or refused with a way out."""

import os
import re
import stat
from pathlib import Path

import pytest

from archiver.config import token, token_file
from archiver.config.registry import parse
from archiver.config.settings import FromEnvironment, FromFile
from archiver.errors import ExitCode, NoToken
from tests.cli.conftest import Run
from tests.conftest import Figure

ME, OTHER, TOKEN = 12_345, 12_346, "tok-123"
MOUNT = "36 35 {device} / {point} {options} - {kind} {kind} rw\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


@pytest.fixture
def owned(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return who owns the file and with which mode, as the descriptor tells; archiver is ``ME``."""
    said = {"owner": ME, "mode": 0o600}
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        found = [*real(descriptor)]
        found[0] = stat.S_IFREG | said["mode"]
        found[4] = said["owner"]
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", fstat)
    monkeypatch.setattr(os, "geteuid", lambda: ME)
    return said


def had(path: Path) -> str:
    return token.resolve(FromFile(path), {}).reveal()


def mounted(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    options: str,
    kind: str,
    point: object = "/run/secrets",
) -> None:
    device = folder.stat().st_dev
    shown = f"{os.major(device)}:{os.minor(device)}"
    mounts = folder / "mountinfo"
    mounts.write_text(MOUNT.format(device=shown, options=options, kind=kind, point=point))
    monkeypatch.setattr(token_file, "MOUNTS", mounts)


@pytest.mark.parametrize(
    "case",
    [
        (ME, 0o600, None, True),
        (ME, 0o400, None, True),
        (ME, 0o640, None, False),
        (0, 0o400, None, True),
        (0, 0o440, None, True),
        (0, 0o460, None, False),
        (0, 0o444, None, False),
        (0, 0o444, ("ro,nosuid", "tmpfs"), True),
        (0, 0o644, ("ro", "ramfs"), True),
        (0, 0o444, ("rw", "tmpfs"), False),
        (0, 0o444, ("ro", "ext4"), False),
        (ME, 0o644, ("ro", "tmpfs"), False),
        (OTHER, 0o444, ("ro", "tmpfs"), False),
        (OTHER, 0o400, None, False),
    ],
)
def test_files_as_containers_mount_them(
    file: Path,
    owned: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[int, int, tuple[str, str] | None, bool],
    figure: Figure,
) -> None:
    owner, mode, mount, is_had = case
    owned.update(owner=owner, mode=mode)
    if mount:
        mounted(monkeypatch, file.parent, *mount)
    if is_had:
        assert had(file) == TOKEN
    else:
        with pytest.raises(NoToken) as refused:
            had(file)
        advised = re.findall(r"ch(?:own|grp) (\d+)|chmod (\d+)", refused.value.advice)
        owned.update(owner=ME if "chown" in refused.value.advice else owner)
        owned.update(mode=int(next(mode for _, mode in advised if mode), 8))
        assert had(file) == TOKEN, "what is advised leads somewhere"
    figure("R14", f"owner {owner}, mode {mode:04o}, on {mount}: {'read' if is_had else 'refused'}")


@pytest.mark.parametrize(
    "case",
    [
        (0, 0o444, True),
        (0, 0o644, True),
        (0, 0o664, False),
        (ME, 0o444, False),
        (OTHER, 0o444, False),
    ],
)
def test_a_file_that_is_mounted_by_itself_is_a_containers_secret(
    file: Path,
    owned: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[int, int, bool],
    figure: Figure,
) -> None:
    """As docker compose and podman mount them: from the host's own disk, one by one."""
    owner, mode, is_had = case
    owned.update(owner=owner, mode=mode)
    mounted(monkeypatch, file.parent, "ro,relatime", "ext4", file)
    if is_had:
        assert had(file) == TOKEN
    else:
        with pytest.raises(NoToken):
            had(file)
    figure(
        "R14", f"mounted by itself, owner {owner}, {mode:04o}: {'read' if is_had else 'refused'}"
    )


@pytest.mark.parametrize("case", [(0, 0o444), (OTHER, 0o400), (ME, 0o644)])
def test_what_lies_on_a_read_only_disk_is_not_to_be_changed_there(
    file: Path,
    owned: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[int, int],
    figure: Figure,
) -> None:
    owner, mode = case
    owned.update(owner=owner, mode=mode)
    real = os.statvfs

    def statvfs(path: Path) -> os.statvfs_result:
        found = [*real(path)]
        found[8] |= os.ST_RDONLY
        return os.statvfs_result(found)

    monkeypatch.setattr(os, "statvfs", statvfs)
    with pytest.raises(NoToken) as refused:
        had(file)
    assert f"uid={ME} and mode=0400" in refused.value.advice
    assert f"{file}" not in refused.value.advice, "nobody can change it there"
    figure("R14", f"on a read-only disk, owner {owner}, {mode:04o}: advice where it comes from")


def test_a_file_that_cannot_be_read_is_given_to_the_user(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(NoToken, match="permission denied") as refused:
        had(file)
    assert f"chown {os.geteuid()} {file} && chmod 400 {file}" in refused.value.advice


def test_a_services_credentials_are_found(file: Path, figure: Figure) -> None:
    file.chmod(0o400)
    settings, problems = parse({"token_file": "$CREDENTIALS_DIRECTORY/token"}, str)
    assert problems == ()
    environ = {"CREDENTIALS_DIRECTORY": str(file.parent)}
    assert token.resolve(settings.portal.token, environ).reveal() == TOKEN
    with pytest.raises(NoToken, match="CREDENTIALS_DIRECTORY is not set") as refused:
        token.resolve(settings.portal.token, {})
    assert "LoadCredential=token:FILE" in refused.value.advice
    figure("R14", "token_file = $CREDENTIALS_DIRECTORY/token: read in a service, named elsewhere")


def test_only_a_service_is_scheduled_with_credentials(run: Run, tmp_path: Path) -> None:
    path = tmp_path / ".config" / "archiver" / "archiver.toml"
    path.parent.mkdir(parents=True)
    path.write_text('archive = "/srv/archive"\ntoken_file = "$CREDENTIALS_DIRECTORY/token"\n')
    code, _, told = run("schedule", "systemd")
    assert (code, "LoadCredential=token:FILE" in told) == (ExitCode.CLEAN, True)
    assert run("schedule", "cron")[0] == ExitCode.USAGE


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"\xef\xbb\xbftok-123\r\n", "byte order mark"),
        ("tok-123\r\n".encode("utf-16"), "UTF-16"),
        (b'"tok-123"\n', "quotation marks"),
        (b"Bearer tok-123\n", "begins with Bearer"),
        (b"ARCHIVER_TOKEN=tok-123\n", "a line of an environment file"),
    ],
)
def test_what_is_beside_the_token_is_named(
    file: Path, data: bytes, named: str, figure: Figure
) -> None:
    file.write_bytes(data)
    file.chmod(0o600)
    with pytest.raises(NoToken, match=named) as refused:
        had(file)
    assert TOKEN not in f"{refused.value} {refused.value.advice}"
    figure("R14", f"a token file: {named}, named")


def test_quotes_and_marks_in_settings_are_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    path = tmp_path / "own.toml"
    for data, named in (
        (b"\xef\xbb\xbfrate = 400\r\n", f"{path}:1: it begins with a byte order mark (BOM)"),
        ("rate = 400\n".encode("utf-16"), f"{path}:1: it is UTF-16"),
    ):
        path.write_bytes(data)
        code, _, told = run("config", "check", "--config", str(path))
        assert (code, told.startswith(named)) == (ExitCode.USAGE, True), told
    for quote in "\"'":
        monkeypatch.setenv("ARCHIVER_ENDPOINT", f"{quote}https://portal.example/{quote}")
        code, _, told = run("config", "check")
        assert code == ExitCode.USAGE
        assert told.startswith("ARCHIVER_ENDPOINT: its value is in quotation marks")
    with pytest.raises(NoToken, match="quotation marks"):
        token.resolve(FromEnvironment(), {"ARCHIVER_TOKEN": f'"{TOKEN}"'})
    figure("R14", "BOM, UTF-16 and quotes around settings and the token: named 5 of 5")
