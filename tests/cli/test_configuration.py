"""Where settings come from, which of them wins, and how problems are placed."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.app.opening import context as configuration
from archiver.app.opening.archive import stores
from archiver.app.opening.context import USUAL, SettingsRequest
from archiver.app.opening.listener import Nobody
from archiver.app.opening.portal.portals import connect
from archiver.cli import loading
from archiver.cli.loading import settings_request
from archiver.config.proxies import proxy_for
from archiver.config.settings import DEFAULTS, NetworkSettings, Settings
from archiver.errors import UsageError
from archiver.media.transfer import Transfer
from archiver.secret import Secret
from archiver.store.s3.bucket_site import BucketSite
from tests.media.scripted import Scripted, whole

Figure = Callable[[str, str], None]
CANARY = "canary-4711-token"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return an environment whose only home is an empty folder."""
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    """Return what writes the user's settings file."""

    def write(text: str) -> Path:
        path = tmp_path / ".config" / "archiver" / "archiver.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return path

    return write


def test_nothing_set_means_the_defaults(home: dict[str, str]) -> None:
    context = configuration.load(USUAL, home)
    assert context.settings == DEFAULTS
    assert context.places == {}
    with pytest.raises(UsageError, match="no token"):
        context.token()
    with pytest.raises(UsageError, match="No archive"):
        context.archive()


def test_options_come_before_variables_before_the_file(
    home: dict[str, str], file: Callable[[str], Path]
) -> None:
    path = file('workers = 1\nrate = 1\narchive = "/file"\n')
    home |= {"ARCHIVER_RATE": "2", "ARCHIVER_ARCHIVE": "/variable", "ARCHIVER_AUTH": ""}
    context = configuration.load(
        settings_request({"archive": "/option", "rate": None, "since": "7d"}), home
    )
    settings = context.settings
    assert (settings.network.workers, settings.network.rate, context.archive()) == (1, 2, "/option")
    assert context.places == {
        "workers": f"{path}:1",
        "rate": "ARCHIVER_RATE",
        "archive": "--archive",
    }


def test_the_file_is_the_first_of_four(
    home: dict[str, str],
    file: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [tmp_path / name for name in ("system.toml", "xdg/archiver/archiver.toml", "v", "o")]
    (tmp_path / "xdg" / "archiver").mkdir(parents=True)
    for number, path in enumerate(places, start=1):
        path.write_text(f"workers = {number}")
    monkeypatch.setattr(configuration, "SYSTEM_FILE", places[0])

    def workers(config: Path | None = None) -> int:
        return configuration.load(SettingsRequest(config=config), home).settings.network.workers

    assert workers() == 1
    file("workers = 9")
    assert workers() == 9
    home["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    assert workers() == 2
    home["ARCHIVER_CONFIG"] = str(places[2])
    assert workers() == 3
    assert workers(config=places[3]) == 4


@pytest.mark.parametrize("is_for_all", [False, True])
def test_a_settings_file_that_is_there_and_cannot_be_read_is_never_passed_over(
    home: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
    *,
    is_for_all: bool,
) -> None:
    """Its accounts, its rules and its check would count for nothing, and the night be green."""
    folder = tmp_path / "etc" if is_for_all else tmp_path / ".config" / "archiver"
    folder.mkdir(parents=True)
    place = folder / "archiver.toml"
    if is_for_all:
        monkeypatch.setattr(configuration, "SYSTEM_FILE", place)
    place.symlink_to(tmp_path / "not-mounted" / "archiver.toml")
    with pytest.raises(UsageError, match="No such file") as to_nothing:
        configuration.load(USUAL, home)
    assert f"{place} cannot be read" in to_nothing.value.message

    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        if path == place:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    with pytest.raises(UsageError, match="Permission denied"):
        configuration.load(USUAL, home)
    figure("G45", "a settings file that links to nothing, one in a closed folder: passed over 0")


def test_a_variable_in_other_letters_is_told(home: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="did you mean ARCHIVER_PING_URL"):
        configuration.load(USUAL, home | {"ARCHIVER_ping_url": "https://hc-ping.com/5ec2e7"})


def test_the_current_folder_is_never_read(
    home: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "archiver").mkdir(parents=True)
    for path in (here / "archiver.toml", here / "archiver" / "archiver.toml"):
        path.write_text("workers = 1")
    monkeypatch.chdir(here)
    home["XDG_CONFIG_HOME"] = "."
    assert configuration.load(USUAL, home).settings == DEFAULTS


def test_every_problem_is_told_at_once_with_its_place(
    home: dict[str, str], file: Callable[[str], Path]
) -> None:
    path = file(
        f'# mine\nworkers = 0\n"rate" = "fast"\ntoken = "{CANARY}"\n[portal]\nworkers = 1\n'
    )
    path.chmod(0o606)
    home |= {"ARCHIVER_AUTH": "x", "ARCHIVER_WORKER": "2", "ARCHIVER_PORT": "tcp://10.0.0.1:80"}
    with pytest.raises(UsageError) as refusal:
        configuration.load(SettingsRequest({"tolerance": "3"}), home)
    message = refusal.value.message
    assert [line.strip().partition(": ")[0] for line in message.splitlines()[1:]] == [
        f"{path}",
        "ARCHIVER_WORKER",
        f"{path}:2",
        f"{path}:3",
        f"{path}:4",
        f"{path}:5",
        "ARCHIVER_AUTH",
        "--tolerance",
    ]
    assert "did you mean ARCHIVER_WORKERS?" in message
    assert CANARY not in message


@pytest.mark.parametrize(
    ("text", "place"),
    [("workers = 1\nrate = ", ":2"), ('a = "\n', ":1"), ("a = [", ":1"), ("=", ":1")],
)
def test_broken_toml_is_a_problem_with_its_line(
    text: str, place: str, home: dict[str, str], file: Callable[[str], Path]
) -> None:
    path = file(text)
    _, problems = configuration.examine(USUAL, home)
    assert [problem.place for problem in problems] in ([f"{path}{place}"], [str(path)])
    assert problems[0].message.startswith("this is not TOML: ")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5_000, "a = " + "{a=" * 5_000, "a = " + "1" * 5_000]
)
def test_toml_beyond_the_parsers_limits_is_a_problem(
    text: str, home: dict[str, str], file: Callable[[str], Path]
) -> None:
    path = file(text)
    (problem,) = configuration.examine(USUAL, home)[1]
    assert str(problem) == f"{path}: this is nested too deep, or has too long a number"


def test_a_file_that_is_not_text_is_a_problem(
    home: dict[str, str], file: Callable[[str], Path]
) -> None:
    file("").write_bytes(b"\xe4rger = 1")
    assert [p.message for p in configuration.examine(USUAL, home)[1]] == ["this is not UTF-8"]


def test_a_named_file_must_be_there(home: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        configuration.load(SettingsRequest(config=tmp_path / "none.toml"), home)


def test_the_token_comes_from_the_environment_first(
    home: dict[str, str], file: Callable[[str], Path]
) -> None:
    file('token_file = "/nonexistent"')
    context = configuration.load(USUAL, home | {"ARCHIVER_TOKEN": f" {CANARY}\n"})
    assert context.token() == Secret(CANARY)
    assert context.places["token"] == "ARCHIVER_TOKEN"  # noqa: S105  # a variable's name
    assert CANARY not in repr(context)


def test_the_token_comes_from_a_closed_file(home: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{CANARY}\nsecond line\n")
    path.chmod(0o600)
    home["ARCHIVER_TOKEN_FILE"] = str(path)
    assert configuration.load(USUAL, home).token() == Secret(CANARY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
def test_a_token_file_open_to_others_is_refused(
    mode: int, home: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "token"
    path.write_text(CANARY)
    path.chmod(mode)
    home["ARCHIVER_TOKEN_FILE"] = str(path)
    with pytest.raises(UsageError, match="open to others") as refusal:
        configuration.load(USUAL, home).token()
    assert refusal.value.advice == f"Close it: chmod 600 {path}"
    assert CANARY not in str(refusal.value)


def test_a_token_file_must_be_a_file(home: dict[str, str], tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    for path, says in ((fifo, "not a file"), (tmp_path / "none", "cannot be read")):
        home["ARCHIVER_TOKEN_FILE"] = str(path)
        with pytest.raises(UsageError, match=says):
            configuration.load(USUAL, home).token()


def test_the_token_comes_from_a_command_without_a_shell(home: dict[str, str]) -> None:
    home["ARCHIVER_TOKEN_COMMAND"] = f"printf '%s\\nmore' '{CANARY};$HOME'"
    assert configuration.load(USUAL, home).token() == Secret(f"{CANARY};$HOME")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("false", r"\(false\) ended with status 1"),
        ("/nonexistent/tool secret-argument", r"\(tool\) cannot be run: No such file"),
        ("true", "is empty"),
        (f"echo 'two {CANARY}'", "is no token"),
        ("printf 't\\303\\266ken'", "is no token"),
    ],
)
def test_a_command_that_gives_no_token_is_said_without_its_words(
    command: str, says: str, home: dict[str, str]
) -> None:
    home["ARCHIVER_TOKEN_COMMAND"] = command
    with pytest.raises(UsageError, match=says) as refusal:
        configuration.load(USUAL, home).token()
    assert CANARY not in refusal.value.message
    assert "secret-argument" not in refusal.value.message


def test_a_token_over_plain_http_is_warned_of_once(
    home: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    home |= {"ARCHIVER_TOKEN": CANARY, "ARCHIVER_ENDPOINT": "http://portal.example"}
    loading.heard(configuration.load(USUAL, home)).token()
    told = capsys.readouterr().err
    assert told.count("unencrypted") == 1
    assert CANARY not in told


PROXY = "http://user:canary-4711@proxy.example:3128"
PORTAL = "https://portal.example/api/v2/"
PROXY_CASES: list[tuple[str, dict[str, str], str | None]] = [
    (PORTAL, {}, None),
    (PORTAL, {"HTTPS_PROXY": PROXY}, PROXY),
    (PORTAL, {"https_proxy": PROXY}, PROXY),
    (PORTAL, {"ALL_PROXY": PROXY}, PROXY),
    (PORTAL, {"HTTP_PROXY": PROXY}, None),
    ("http://portal.example/", {"http_proxy": PROXY}, PROXY),
    ("http://portal.example/", {"HTTP_PROXY": PROXY}, None),
    ("http://portal.example/", {"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, PROXY),
    ("https://10.1.2.3/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "x.example 10.0.0.0/8"}, None),
    ("https://11.1.2.3/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8,11.0.0.0/99"}, PROXY),
    ("https://10.1.2.3/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "2.3,10.1.2.3"}, None),
    ("https://10.1.2.3/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "2.3"}, PROXY),
    ("https://[fd00::7]/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8,fd00::/8"}, None),
    ("https://[fd00::7]/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "[fd00::7]"}, None),
    ("https://ten.example/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, PROXY),
    (PORTAL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example portal.example."}, None),
    (PORTAL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
    (PORTAL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example,*"}, PROXY),
    (PORTAL, {"HTTPS_PROXY": "proxy.example:3128"}, "http://proxy.example:3128"),
    (PORTAL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.example"}, PROXY),
    ("https://10.1.2.3/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/255.0.0.0"}, PROXY),
    ("https://[fd00::7]/", {"HTTPS_PROXY": PROXY, "NO_PROXY": "[fd00::]/8"}, None),
    (PORTAL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example, portal.example"}, None),
    (PORTAL, {"HTTPS_PROXY": PROXY, "no_proxy": ".example"}, None),
    (PORTAL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "tal.example"}, PROXY),
    (PORTAL, {"HTTPS_PROXY": PROXY, "NO_PROXY": ""}, PROXY),
    ("http://127.0.0.1:8080/", {"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, None),
    ("http://[::1]:8080/", {"HTTP_PROXY": PROXY}, None),
]


def test_proxies_are_taken_from_named_variables_only(figure: Figure) -> None:
    """Explicit, since the clients trust nothing of the environment by themselves (X8)."""
    right = 0
    for url, environ, expected in PROXY_CASES:
        found = proxy_for(url, DEFAULTS, environ)
        assert (found and found.reveal()) == expected, (url, environ)
        right += 1
    figure("X8", f"proxy rules {right} of {len(PROXY_CASES)}")
    figure("R8", f"as curl reads the variables: {right} of {len(PROXY_CASES)} hosts")


def test_the_proxy_setting_comes_before_the_variables() -> None:
    settings = Settings(network=NetworkSettings(proxy=Secret("http://own.example:1")))
    assert proxy_for(PORTAL, settings, {"HTTPS_PROXY": PROXY}) == settings.network.proxy
    assert proxy_for(PORTAL, settings, {"NO_PROXY": "portal.example"}) is None


@pytest.mark.parametrize(
    ("exception", "is_direct"),
    [
        ("s3.eu-west-1.amazonaws.com", True),
        ("calls.s3.eu-west-1.amazonaws.com", True),
        ("s3.amazonaws.com", False),
        ("other.s3.eu-west-1.amazonaws.com", False),
    ],
)
def test_the_proxy_of_a_bucket_is_that_of_its_own_host(
    home: dict[str, str], exception: str, *, is_direct: bool, figure: Figure
) -> None:
    home |= {"HTTPS_PROXY": PROXY, "NO_PROXY": exception}
    home |= {"ARCHIVER_ARCHIVE": "s3://calls/2026", "ARCHIVER_S3_REGION": "eu-west-1"}
    site = stores.site(configuration.load(USUAL, home))
    assert isinstance(site, BucketSite)
    assert (site.options().proxy is None) is is_direct
    figure("R8", f"a bucket, no_proxy={exception}: {'direct' if is_direct else 'by the proxy'}")


def test_audio_comes_by_the_proxy_of_its_own_host(home: dict[str, str], figure: Figure) -> None:
    said, brought = [], []

    class Heard(Nobody):
        def say(self, text: str, event: str = "said") -> None:  # noqa: ARG002 - only the text counts
            said.append(text)

    with (
        Scripted(lambda _: whole(b"by the proxy")) as proxy,
        Scripted(lambda _: whole(b"itself")) as host,
    ):
        home |= {"ARCHIVER_ENDPOINT": host.url, "ARCHIVER_TOKEN": CANARY, "http_proxy": proxy.url}
        home["ARCHIVER_MEDIA_HOSTS"] = "http://media.example"
        with connect(replace(configuration.load(USUAL, home), listener=Heard())) as connections:
            for url in (host.url, "http://media.example", "http://media.example"):
                file = io.BytesIO()
                connections.media.fetch(Transfer(1_000), Secret(f"{url}/a.mp3"), file)
                brought.append(file.getvalue())
    assert brought == [b"itself", b"by the proxy", b"by the proxy"]
    assert sum("Behind a proxy" in text for text in said) == 1, said
    figure("R8", f"a pull's audio: {len(proxy.asked)} requests by the proxy, 1 on loopback direct")


def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(home: dict[str, str]) -> None:
    home["HTTPS_PROXY"] = PROXY.replace("http", "socks5")
    with pytest.raises(UsageError, match="HTTPS_PROXY must be") as refusal:
        configuration.load(USUAL, home).proxy(PORTAL)
    assert "canary" not in refusal.value.message
