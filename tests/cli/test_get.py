"""``archiver get``: what was asked for, as plain files, and nothing else left anywhere."""

import io
import os
import resource
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest
from msgspec.structs import replace

from archiver.cli import main
from archiver.cli.download import stdout
from archiver.errors import DestinationError, ExitCode
from archiver.get import archive_reader
from archiver.get import output_files as plain
from archiver.handover.handed_over import HandedOver
from archiver.media.media_client import MediaClient
from archiver.sandbox import (
    ClockFaults,
    Encoding,
    Faults,
    FilterFaults,
    ListingFaults,
    Recording,
    Sandbox,
    Trouble,
    Troubled,
    World,
)
from archiver.sandbox.world.blemish import Blemish, blemish
from archiver.store.base import Store
from archiver.store.content import hash_of
from tests.cli.desk import TOKEN
from tests.conftest import Figure
from tests.crash import in_child
from tests.sandbox.clocks import FIRST, LAST, Clock

CALLER = "447700900999"
CLOCK = Clock()
HOUR = timedelta(hours=1)
Said = Callable[..., tuple[int, str]]


@pytest.fixture
def world() -> World:
    world = World(seed=7)
    world.add(count=60, first=FIRST, last=LAST, kinds=(Encoding.CBR,), seconds=(1, 2))
    return world


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        yield sandbox


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: empty, and where all that is asked for goes."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def said(
    sandbox: Sandbox,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Said:
    """Return what types a command, and gives its exit code and what it told on stderr."""
    for name in [name for name in os.environ if name.startswith("ARCHIVER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("ARCHIVER_ENDPOINT", sandbox.endpoint)
    monkeypatch.setenv("ARCHIVER_TOKEN", TOKEN)
    monkeypatch.setenv("ARCHIVER_RATE", "60000")
    monkeypatch.setenv("ARCHIVER_CLOCK", "portal")  # which is years behind this machine's
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert here.is_dir()

    def type_in(*words: str) -> tuple[int, str]:
        code = main.run(words)
        ended = capsys.readouterr()
        assert ended.out == ""
        return code, ended.err

    return type_in


def plain_name(recording: Recording, extension: str = "mp3") -> str:
    return f"{recording.at:%Y%m%d-%H%M%S}_{recording.id}.{extension}"


def audio(world: World, recording: Recording) -> bytes:
    stored = world.stored(str(recording.key))
    assert stored is not None
    return stored.body


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def oldest(world: World) -> Recording:
    return next(iter(world.recordings))


def from_caller(world: World, count: int) -> list[Recording]:
    """Let that many recordings of the world's second day be of one caller, named Zoë."""
    some = list(world.recordings)[6 : 6 + count]
    for recording in some:
        world.edit(recording.id, call_from=CALLER, agent="Zoë Quill")
    return some


@pytest.mark.parametrize("source", ["portal", "archive"])
def test_the_beginning_of_an_id_or_a_file_of_ours_will_do(  # noqa: PLR0913, PLR0917 - fixtures
    said: Said, world: World, here: Path, tmp_path: Path, source: str, figure: Figure
) -> None:
    old, second, *_ = world.recordings
    day = f"{old.at:%Y-%m-%d}"
    where: tuple[str, ...] = ("--day", day)
    if source == "archive":
        where = ("-a", str(tmp_path / "archive"))
        assert said("pull", "--since", day, "--no-calls", *where)[0] == 0
    for asked in (
        old.id[:8],
        old.id[:13],
        old.id.upper(),
        old.id[:8].upper(),
        f"there/{plain_name(old)}",
        f"{old.id}.0123456789ab.json",
    ):
        code, told = said("get", asked, *where, "-o", "got/")
        assert code == 0, told
    assert files(here) == ["got", f"got/{plain_name(old)}"]
    code, told = said("get", old.id[:8], second.id[:8], *where, "-o", "both/")
    assert (code, len(files(here))) == (0, 5), told
    code, told = said("get", "0123abcd", "--day", day)
    assert (code, "no recording 0123abcd" in told) == (3, True)
    figure(
        "R17", f"get from the {source}: 6 names of one recording, 1 file; unknown ones are named"
    )


@pytest.mark.parametrize("source", ["portal", "archive"])
def test_digits_begin_an_id_where_they_are_none(  # noqa: PLR0913, PLR0917 - fixtures
    said: Said, world: World, here: Path, tmp_path: Path, source: str, figure: Figure
) -> None:
    """One id in 43 begins with eight digits."""
    old, second, *_ = world.recordings
    day, digits = f"{old.at:%Y-%m-%d}", "24579000"
    begun = digits + old.id[8:]
    world.edit(old.id, id=begun)
    where: tuple[str, ...] = ("--day", day)
    if source == "archive":
        where = ("-a", str(tmp_path / "archive"))
        assert said("pull", "--since", day, "--no-calls", *where)[0] == 0
    code, told = said("get", digits, *where, "-o", "got/")
    assert (code, [begun in name for name in files(here)]) == (0, [False, True]), told
    if source == "portal":
        assert "give its day" in said("get", digits)[1]
        world.edit(second.id, id=digits)
        assert said("get", digits, *where, "-o", "own/")[0] == 0
        (name,) = files(here / "own")
        assert begun not in name, "what has the digits as its id is meant, and nothing else"
    figure("R17", f"get {digits} from the {source}: the recording whose id begins so")


def test_the_beginning_of_several_ids_is_refused(said: Said, world: World, here: Path) -> None:
    one, other, *_ = world.recordings
    twin = one.id[:12] + other.id[12:]
    world.edit(other.id, id=twin)
    code, told = said("get", one.id[:8], "--day", f"{one.at:%Y-%m-%d}")
    assert (code, "is the beginning of 2 ids: " in told) == (2, True), told
    assert files(here) == []


def test_an_id_that_dates_itself_needs_two_requests(
    said: Said, world: World, sandbox: Sandbox, here: Path, figure: Figure
) -> None:
    old, new = oldest(world), list(world.recordings)[-1]
    assert said("get", new.id)[0] == 0
    on_the_first_page = sandbox.counts["recordings"]
    code, told = said("get", old.id)
    requests = sandbox.counts["recordings"] - on_the_first_page
    assert (code, on_the_first_page, requests) == (0, 1, 2)
    assert files(here) == sorted([plain_name(old), plain_name(new)])
    assert (here / plain_name(old)).read_bytes() == audio(world, old)
    assert told.startswith(f"{plain_name(old)}  {old.seconds}.0 s  verified")
    assert old.call_from not in told + str(files(here))
    figure("get", f"by id: {on_the_first_page} request for a new one, {requests} for an old one")


def test_an_id_that_a_newer_recording_has_too_is_looked_for_at_its_own_time(
    said: Said, world: World, sandbox: Sandbox, here: Path
) -> None:
    """The first page shows the newer one only."""
    old, new = oldest(world), list(world.recordings)[-1]
    world.edit(new.id, id=old.id)
    code, told = said("get", old.id)
    both = sorted(f"{each.at:%Y%m%d-%H%M%S}_{old.id}.mp3" for each in (old, new))
    assert (code, files(here), sandbox.counts["recordings"]) == (0, both, 2), told


def test_an_id_whose_own_time_cannot_be_listed_may_be_anothers_too(
    said: Said, world: World, sandbox: Sandbox
) -> None:
    old, new = oldest(world), list(world.recordings)[-1]
    world.recordings.remove(old.id)
    world.edit(new.id, id=old.id)
    assert said("get", old.id)[0] == 0, "nothing else is of that time, proven"
    sandbox.faults = Faults(listing=ListingFaults(total_off=3))
    code, told = said("get", old.id)
    assert (code, "NOT proven" in told) == (3, True), told


@pytest.mark.parametrize("minutes", [330, -240, 0])
def test_the_portals_zone_is_no_hurdle(
    minutes: int, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    world = World(seed=3, utc_offset_minutes=minutes)
    world.add(count=40, first=FIRST, last=LAST, kinds=(Encoding.CBR,), seconds=(1,))
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        monkeypatch.setenv("ARCHIVER_ENDPOINT", sandbox.endpoint)
        assert said("get", oldest(world).id)[0] == 0
        assert sandbox.counts["recordings"] == 2
    assert [path.suffix for path in (tmp_path / "here").iterdir()] == [".mp3"]
    figure("get", f"by id at UTC{minutes:+} minutes: 2 requests")


@pytest.mark.parametrize("setting", ["+05:30", None])
def test_a_portal_that_does_not_show_its_zone(
    setting: str | None, said: Said, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """No id on the first page tells the time; the one that is sought does."""
    world = World(seed=3, utc_offset_minutes=330)
    world.add(count=40, first=FIRST, last=LAST, kinds=(Encoding.CBR,), seconds=(1,))
    sought = oldest(world)
    for number, recording in enumerate(list(world.recordings)[1:]):
        world.edit(recording.id, id=str(number))
    if setting:
        monkeypatch.setenv("ARCHIVER_UTC_OFFSET", setting)
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        monkeypatch.setenv("ARCHIVER_ENDPOINT", sandbox.endpoint)
        assert said("get", sought.id)[0] == 0
        requests = sandbox.counts["recordings"]
    assert (requests == 2) is bool(setting)
    figure("get", f"by id, zone unseen and set to {setting}: {requests} requests")


def test_an_id_of_the_other_side_of_summer_time(
    said: Said, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The portal's clock was an hour behind when this one was made."""
    old = oldest(world)
    served = (old.at - timedelta(hours=1)).replace(microsecond=0, tzinfo=None)
    in_winter = Recording(
        old.id, old.at - timedelta(hours=1), old.call_from, old.call_to, None, old.seconds, old.key
    )
    world.recordings.remove(old.id)
    world.recordings.put(in_winter)
    monkeypatch.setenv("ARCHIVER_UTC_OFFSET", "+00:00")
    assert said("get", old.id)[0] == 0
    assert Path(f"{served:%Y%m%d-%H%M%S}_{old.id}.mp3").exists()


def test_several_ids_and_one_that_nobody_knows(said: Said, world: World, here: Path) -> None:
    first, second, third = list(world.recordings)[:3]
    world.remove(third.id)
    code, told = said("get", second.id, first.id, second.id, third.id)
    assert code == 3
    assert files(here) == [plain_name(first), plain_name(second)]
    assert told.startswith(
        f"The portal lists no recording {third.id} at the time that its id tells.\n"
    )


def test_an_unknown_id_is_3_and_a_mute_one_is_2(said: Said, world: World, here: Path) -> None:
    unknown = World(seed=99).arrive(FIRST + timedelta(hours=30)).id
    code, told = said("get", unknown)
    assert (code, told) == (
        3,
        f"The portal lists no recording {unknown} at the time that its id tells.\n",
    )
    code, told = said("get", "4711")
    assert code == 2
    assert told == (
        "archiver: The id 4711 does not tell when it was made.\n"
        "Check that it is whole, or give its day: --day DATE.\n"
    )
    world.edit(oldest(world).id, id="4711")
    assert said("get", "4711", "--day", "2021-04-01")[0] == 0
    assert [name.partition("_")[2] for name in files(here)] == ["4711.mp3"]
    assert said("get", "4711", "--day", "2021-04-02")[0] == 3


@pytest.mark.parametrize(
    "number",
    [
        *("+44 7700 900999", "0044 7700-900999", "07700 900999", "7700900999"),
        *("+44 (0)7700 900999", "00999", "*7700900999*"),
    ],
)
def test_numbers_in_any_usual_form(number: str, said: Said, world: World, here: Path) -> None:
    (sought,) = from_caller(world, 1)
    assert said("get", "--number", number, "--day", f"{sought.at:%Y-%m-%d}")[0] == 0
    assert files(here) == [plain_name(sought)]


def test_a_number_in_an_address_is_one_and_what_cannot_be_read_may_be_any(
    said: Said, world: World, here: Path
) -> None:
    sought, other, *_ = from_caller(world, 3)
    world.edit(sought.id, call_from=f"sip:{CALLER}@10.0.0.5:5060")
    asked = ("get", "--number", "+44 7700 900999", "--all", "-o", "got/")
    day = ("--day", f"{sought.at:%Y-%m-%d}")
    assert said(*asked, *day)[0] == 0
    assert f"got/{plain_name(sought)}" in files(here)
    before = len(files(here))
    for ends in ({"call_from": [CALLER]}, {"call_from": "anonymous", "call_to": None}):
        world.edit(other.id, **ends)
        code, told = said(*asked, *day)
        assert (code, len(files(here))) == (3, before), "it may be one of those that are asked for"
        assert "NOT proven" in told


def test_words_for_a_number_fit_nobody(said: Said, world: World) -> None:
    world.edit(oldest(world).id, call_from=None)
    code, told = said("get", "--number", "unknown", "--day", "2021-04-01")
    assert code == 2
    assert told.startswith("archiver: --number is no phone number: it has letters")


def test_agents_days_minutes_and_seconds(said: Said, world: World, here: Path) -> None:
    sought = from_caller(world, 3)[1]
    world.arrive(sought.at + timedelta(minutes=1))
    second = f"{sought.at:%Y-%m-%d %H:%M:%S}"
    for words in (
        ("--at", second),
        ("--at", second[:-3]),
        ("--at", sought.at.astimezone(UTC).isoformat(timespec="seconds")),
        ("--at", second, "--agent", "zoë"),
    ):
        assert said("get", *words)[0] == 0
        assert files(here) == [plain_name(sought)]
        (here / plain_name(sought)).unlink()
    code, told = said("get", "--at", second, "--agent", "nobody")
    assert (code, told.splitlines()) == (3, none_on(sought.at.date(), f"{second} to {second}"))
    assert said("get", "--at", second, "--day", "2021-04-02")[0] == 2
    assert said("get")[0] == 2
    code, told = said("get", "--day", "2021-05-01")
    assert (code, "has not begun" in told) == (2, True)


def test_without_a_day_the_last_week_is_looked_at(said: Said, world: World) -> None:
    from_caller(world, 1)
    recent = world.arrive(CLOCK.moment - timedelta(days=6))
    world.edit(recent.id, call_from=CALLER)
    code, told = said("get", "--number", CALLER)
    assert (code, Path(plain_name(recent)).exists()) == (0, True)
    assert told.startswith("No day is given: looking at the last 7 days. Further back: --since.\n")


def none_on(day: date, window: str) -> list[str]:
    """Return what is said where nothing matches, of a window on a day."""
    return [
        f"No recording matches, of those that the portal lists from {window} (portal time).",
        f"What it lists then: archiver list --day {day}",
    ]


def test_a_longer_time_has_two_ends(said: Said, world: World, here: Path) -> None:
    sought = oldest(world)
    day, before = f"{sought.at:%Y-%m-%d}", f"{sought.at - timedelta(days=3):%Y-%m-%d}"
    by_agent = ("get", "--agent", "zoë")
    world.edit(sought.id, agent="Zoë")
    assert said(*by_agent)[0] == 3, "not of the last week"
    for window in (("--since", day), ("--since", before, "--until", day)):
        assert said(*by_agent, *window, "--all")[0] == 0
        assert plain_name(sought) in files(here)
        (here / plain_name(sought)).unlink()
    code, told = said(*by_agent, "--since", before, "--until", before)
    whole = f"{before} 00:00:00 to {before} 23:59:59"
    assert (code, told.splitlines()) == (3, none_on(date.fromisoformat(before), whole))
    told = said("get", "--agent", "nobody", "--since", before, "--until", "2021-04-05")[1]
    assert told.endswith(f"archiver list --since {before} --until 2021-04-05\n")
    for window, why in (
        (("--until", day), "Give --since"),
        (("--since", day, "--day", day), "leave out --since and --until"),
        (("--since", day, "--at", f"{day} 10:00"), "leave out --since and --until"),
        (("--since", ""), "--since is empty"),
    ):
        code, told = said(*by_agent, *window)
        assert (code, why in told) == (2, True), told


def test_several_matches_are_shown_and_nothing_is_taken(
    said: Said, world: World, here: Path, sandbox: Sandbox
) -> None:
    three = from_caller(world, 3)
    code, told = said("get", "--number", CALLER, "--day", f"{three[0].at:%Y-%m-%d}")
    header, *lines, error, advice = told.splitlines()
    assert (code, files(here), sandbox.counts["media"]) == (2, [], 0)
    assert header.split() == ["id", "portal", "time", "length", "who"]
    assert [line.split()[:2] for line in lines] == [
        [str(number), recording.id] for number, recording in enumerate(three, start=1)
    ]
    assert error == "archiver: 3 recordings match."
    assert "--all" in advice


def test_all_takes_them_all(said: Said, world: World, here: Path) -> None:
    three = from_caller(world, 3)
    assert said("get", "--agent", "zoë", "--day", f"{three[0].at:%Y-%m-%d}", "--all")[0] == 0
    assert files(here) == [plain_name(recording) for recording in three]


@pytest.mark.parametrize(
    ("answer", "taken", "code"),
    [
        ("2\n", [1], 0),
        ("1,3\n", [0, 2], 0),
        ("2-3\n", [1, 2], 0),
        (" ALL \n", [0, 1, 2], 0),
        ("4\n", [], 2),
        ("0\n", [], 2),
        ("²\n", [], 2),
        ("none\n", [], 2),
        ("1,2-4\n", [], 2),
        ("", [], 130),
    ],
)
def test_the_question_at_a_terminal(  # noqa: PLR0913, PLR0917  # the fixtures of a person at one
    answer: str,
    taken: list[int],
    code: int,
    said: Said,
    world: World,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    three = from_caller(world, 3)
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    ended, told = said("get", "--number", CALLER, "--day", f"{three[0].at:%Y-%m-%d}")
    assert (ended, "Which (such as 2, or 1,4-6, or all): " in told) == (code, True)
    assert files(here) == [plain_name(three[n]) for n in taken]


def test_a_file_a_folder_and_a_folder_to_be_made(said: Said, world: World, here: Path) -> None:
    old, other = list(world.recordings)[:2]
    (here / "there").mkdir()
    for out in ("call.mp3", "there", "made/", "there/call"):
        assert said("get", old.id, "-o", out)[0] == 0
    name = plain_name(old)
    assert files(here) == sorted(
        ["call.mp3", "made", f"made/{name}", "there", "there/call", f"there/{name}"]
    )
    assert {p.read_bytes() for p in here.rglob("*") if p.is_file()} == {audio(world, old)}
    for out in ("call.mp3", "-", "new"):
        code, told = said("get", old.id, other.id, "-o", out)
        assert (code, "2 recordings cannot go into one file" in told) == (2, True)
    code, told = said("get", old.id, "-o", "missing/call.mp3")
    assert (code, told.splitlines()[0]) == (
        4,
        "archiver: missing cannot be written: No such file or directory.",
    )


def test_stdout_gets_the_bytes_and_nothing_else(
    said: Said, world: World, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, scratch = oldest(world), tmp_path / "scratch"
    scratch.mkdir()
    (here / "-").mkdir()
    drafts: list[tuple[Path, int]] = []
    keep = stdout.Stdout.keep

    def look(target: stdout.Stdout, draft: plain.Draft, stem: str, extension: str) -> str:
        drafts.append((draft.path.parent, stat.S_IMODE(draft.path.stat().st_mode)))
        return keep(target, draft, stem, extension)

    monkeypatch.setattr(stdout.Stdout, "keep", look)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with (tmp_path / "out").open("w") as stream, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        code, told = said("get", old.id, "-o", "-")
    assert (code, told.split()[0]) == (0, "stdout")
    assert (tmp_path / "out").read_bytes() == audio(world, old)
    assert drafts == [(scratch, 0o600)]
    assert (files(here), files(scratch)) == (["-"], [])


def test_what_is_there_is_never_touched(said: Said, world: World, here: Path) -> None:
    old = oldest(world)
    (here / "mine").write_bytes(b"my own")
    (here / "dangling").symlink_to("nowhere")
    for out in ("mine", "dangling"):
        code, told = said("get", old.id, "-o", out)
        assert (code, f"{out} exists already; it was not touched." in told) == (2, True)
    assert said("get", old.id)[0] == 0
    code, told = said("get", old.id)
    assert (code, "(here already)" in told) == (0, True)
    assert files(here) == sorted([plain_name(old), "dangling", "mine"])
    assert (here / "mine").read_bytes() == b"my own"
    assert not (here / "nowhere").exists()


@pytest.mark.parametrize("refusal", [None, 1, 95])
def test_disks_without_hard_links_do_too(
    refusal: int | None, said: Said, world: World, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: Path, path: Path) -> None:
        raise OSError(refusal, "no links here", str(path))

    if refusal:
        monkeypatch.setattr(os, "link", refuse)
    old = oldest(world)
    (here / "mine").write_bytes(b"my own")
    assert said("get", old.id)[0] == 0
    assert said("get", old.id, "-o", "mine")[0] == 2
    assert (here / plain_name(old)).read_bytes() == audio(world, old)
    assert files(here) == sorted([plain_name(old), "mine"])


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o027])
def test_files_get_the_users_own_permissions(umask: int, said: Said, world: World) -> None:
    before = os.umask(umask)
    try:
        assert said("get", oldest(world).id)[0] == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(plain_name(oldest(world))).stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("trouble", [Trouble.NOT_FOUND, Trouble.GZIP, Trouble.REDIRECT])
def test_one_that_fails_leaves_nothing_and_stops_no_other(
    trouble: Trouble, said: Said, world: World, sandbox: Sandbox, here: Path
) -> None:
    bad, good = list(world.recordings)[:2]
    sandbox.faults = Faults(media=(Troubled(trouble, keys=frozenset([str(bad.key)])),))
    code, told = said("get", bad.id, good.id)
    assert (code, files(here)) == (3, [plain_name(good)])
    assert f"Recording {bad.id} could not be fetched: " in told


def test_ctrl_c_leaves_nothing(
    said: Said, world: World, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def interrupt(*_: object) -> None:
        found.extend(files(here))
        raise KeyboardInterrupt

    monkeypatch.setattr(MediaClient, "fetch", interrupt)
    assert said("get", oldest(world).id) == (130, "archiver: interrupted\n")
    assert ([Path(name).suffix for name in found], files(here)) == ([".part", ".part"], [])


def limit_files() -> None:
    """Let this process write no file of more than 100 bytes, as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def test_a_disk_without_room_is_told_of_what_the_portal_gives(
    said: Said, world: World, here: Path
) -> None:
    def get() -> None:
        limit_files()
        code, told = said("get", oldest(world).id)
        assert (code, "larger than this place allows" in told) == (ExitCode.STOPPED, True)

    assert in_child(get) == 0
    assert files(here) == []


@pytest.mark.parametrize("out", ["calls/", "one.mp3", "-"])
def test_a_disk_without_room_is_told_and_nothing_is_left(
    out: str, here: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """What is small shows that only once it leaves the buffer: when all of it seemed written."""
    target = stdout.Stdout() if out == "-" else plain.Target(out)
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    row = HandedOver("1", "a.mp3", 3, "0" * 64, None, None, None)

    def write_one() -> None:
        with target.draft() as draft:
            draft.file.write(bytes(1_000))
            target.keep(draft, "a", "mp3")

    def write_all() -> None:
        limit_files()
        for write in (write_one, partial(target.keep_list, [row])):
            with pytest.raises(DestinationError, match="cannot be written"):
                write()

    assert in_child(write_all) == 0
    assert [path for path in here.rglob("*") if path.is_file()] == []
    figure("D5", f"get -o {out}, with room for a part of it: told, files left 0")


def test_a_folder_that_nobody_may_write_to(
    said: Said, world: World, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, *_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    code, told = said("get", oldest(world).id)
    assert (code, told.splitlines()[0]) == (
        4,
        "archiver: . cannot be written: Permission denied.",
    )
    assert files(here) == []


def pulled(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Archive the world's second day, and name that archive in the environment."""
    archive = tmp_path / "archive"
    monkeypatch.setenv("ARCHIVER_ARCHIVE", str(archive))
    assert said("pull", "--day", "2021-04-02", "-q") == (0, "")
    return archive


def test_what_the_archive_holds_comes_from_it(  # noqa: PLR0913, PLR0917  # fixtures
    said: Said,
    world: World,
    sandbox: Sandbox,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    held = from_caller(world, 2)
    before = pulled(said, tmp_path, monkeypatch)
    asked = sandbox.counts["recordings"] + sandbox.counts["media"]
    kept = {path: path.read_bytes() for path in before.rglob("*.mp3")}
    monkeypatch.delenv("ARCHIVER_TOKEN")
    for words in (
        (f"{held[0].id} ",),
        ("--number", "07700 900999", "--all"),
        ("--at", _at(held[1])),
    ):
        code, told = said("get", *words)
        assert (code, "from the archive, unchanged" in told) == (0, True)
    requests = sandbox.counts["recordings"] + sandbox.counts["media"] - asked
    assert requests == 0
    assert files(here) == [plain_name(recording) for recording in held]
    assert (here / plain_name(held[0])).read_bytes() == audio(world, held[0])
    assert {path: path.read_bytes() for path in before.rglob("*.mp3")} == kept
    figure("get", f"from the archive: {requests} requests")


def test_a_disk_without_room_is_named_where_the_archive_gives(
    said: Said, world: World, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(said, tmp_path, monkeypatch)

    def copied(store: Store, key: str, _copy: BinaryIO, *, place: str) -> str:
        with Path("/dev/full").open("wb", buffering=0) as disk:
            return hash_of(store, key, disk, place=place)

    monkeypatch.setattr(archive_reader, "hash_of", copied)
    code, told = said("get", from_caller(world, 1)[0].id, "-o", "usb/")
    assert (code, " to usb: the disk is full." in told) == (ExitCode.STOPPED, True), told
    assert files(here) == ["usb"]


def _at(recording: Recording) -> str:
    return f"{recording.at:%Y-%m-%dT%H:%M:%SZ}"


def test_times_in_the_archive_are_read_in_the_portals_zone(
    said: Said, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(seed=3, utc_offset_minutes=330)
    first = datetime(2021, 4, 2, 6, tzinfo=UTC)
    made = world.add(count=3, first=first, last=first + timedelta(hours=3), kinds=(Encoding.CBR,))
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        monkeypatch.setenv("ARCHIVER_ENDPOINT", sandbox.endpoint)
        pulled(said, tmp_path, monkeypatch)
        asked = sandbox.counts["recordings"]
        assert said("get", "--at", _at(made[1]))[0] == 0
        assert sandbox.counts["recordings"] == asked
    assert [made[1].id in name for name in files(here)] == [True]


def test_a_time_with_an_offset_reaches_to_the_newest_row_whatever_the_clocks_say(
    said: Said, world: World, sandbox: Sandbox, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_CLOCK", "auto")
    newest = world.add(count=1, first=CLOCK.moment - timedelta(minutes=1), last=CLOCK.moment)[0]
    sandbox.faults = Faults(clock=ClockFaults(skew_seconds=-20 * 60))
    assert said("get", "--since", f"{CLOCK.moment - HOUR:%Y-%m-%dT%H:%MZ}")[0] == 0
    assert [newest.id in name for name in files(here)] == [True]


def test_a_time_with_an_offset_goes_by_the_ids_whatever_zone_is_set(
    said: Said, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One offset is set, and the portal has summer time."""
    world = World(seed=3, utc_offset_minutes=60)
    first = CLOCK.moment - 9 * HOUR
    made = world.add(count=9, first=first, last=first + 8 * HOUR, kinds=(Encoding.CBR,))
    monkeypatch.setenv("ARCHIVER_UTC_OFFSET", "+00:00")
    with Sandbox(world, token=TOKEN, now=CLOCK) as sandbox:
        monkeypatch.setenv("ARCHIVER_ENDPOINT", sandbox.endpoint)
        ends = "--since", _at(made[2]), "--until", _at(made[6])
        assert said("get", *ends, "--all", "-o", "got/")[0] == 0
    assert [path.stem.partition("_")[2] for path in sorted((here / "got").iterdir())] == [
        each.id for each in made[2:7]
    ]


def test_what_lies_beside_a_time_with_an_offset_is_not_missed_at_the_portal(
    said: Said, world: World, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page shows no row near, so the portal is asked for an hour more on either side."""
    one = next(each for each in world.recordings if each.at.day == 2)
    world.arrive(one.at + timedelta(minutes=30))
    pulled(said, tmp_path, monkeypatch)
    world.add(count=100, first=CLOCK.moment - HOUR, last=CLOCK.moment, kinds=(Encoding.BARE,))
    ends = [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (one.at, one.at + timedelta(minutes=20))]
    asked = "get", "--since", ends[0], "--until", ends[1], "--all", "--from-portal"
    code, told = said(*asked)
    assert (code, [one.id in name for name in files(here)]) == (0, [True]), told


def test_what_the_archive_lacks_comes_from_the_portal(
    said: Said, world: World, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = next(each for each in world.recordings if each.at.day == 2)
    pulled(said, tmp_path, monkeypatch)
    world.remove(held.id)
    code, told = said("get", held.id, oldest(world).id)
    assert (code, told.count("from the archive"), told.count("verified")) == (0, 1, 1)
    assert len(files(here)) == 2


@pytest.mark.parametrize("is_missing", [True, False])
def test_a_damaged_copy_is_not_handed_out(  # noqa: PLR0913, PLR0917  # fixtures
    is_missing: bool,  # noqa: FBT001  # as pytest gives it
    said: Said,
    world: World,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = pulled(said, tmp_path, monkeypatch)
    one, other = [each for each in world.recordings if each.at.day == 2][:2]
    (copy,) = archive.rglob(f"*{one.id}*.mp3")
    if is_missing:
        copy.unlink()
    else:
        body = bytearray(copy.read_bytes())
        body[len(body) // 2] ^= 1
        copy.write_bytes(body)
    code, told = said("get", one.id, other.id)
    assert (code, files(here)) == (3, [plain_name(other)])
    assert f"Recording {one.id} is not as it was archived; nothing was written.\n" in told
    assert "archiver verify" in told
    assert "--from-portal" in told
    assert said("get", one.id, "--from-portal")[0] == 0
    assert (here / plain_name(one)).read_bytes() == audio(world, one)


@pytest.mark.parametrize("folder", ["", "recordings/", "recordings/2021/x.mp3"])
def test_nothing_is_written_into_an_archive(
    folder: str, said: Said, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pulled(said, tmp_path, monkeypatch)
    before = files(archive)
    code, told = said("get", oldest(world).id, "-o", f"{archive}/{folder}")
    assert (code, files(archive)) == (2, before)
    assert f"{archive} is an archive" in told


@pytest.mark.parametrize(
    ("what", "verdict", "suffix"),
    [
        (Blemish.WRONG_DURATION, "duration_mismatch", ".mp3"),
        (Blemish.TRUNCATED, "truncated", ".mp3"),
        (Blemish.NOT_AUDIO, "not_audio", None),
    ],
)
def test_what_is_not_as_reported_is_saved_and_said(  # noqa: PLR0913, PLR0917  # fixtures
    what: Blemish, verdict: str, suffix: str | None, said: Said, world: World, here: Path
) -> None:
    bad = blemish(world, oldest(world), what)
    code, told = said("get", bad)
    (saved,) = here.iterdir()
    assert (code, saved.read_bytes()) == (3, audio(world, oldest(world)))
    assert suffix in {saved.suffix, None}
    first, *reasons = told.splitlines()
    assert first.endswith(verdict)
    assert reasons
    assert all(reason.startswith("  ") for reason in reasons)


def test_without_audio_there_is_no_file(said: Said, world: World, here: Path) -> None:
    mute = blemish(world, oldest(world), Blemish.NULL_AUDIO)
    assert said("get", mute) == (3, f"Recording {mute} has no audio (yet).\n")
    assert files(here) == []


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.EXPIRED])
def test_a_link_that_is_refused_is_renewed(
    trouble: Trouble, said: Said, world: World, sandbox: Sandbox, figure: Figure
) -> None:
    sandbox.faults = Faults(media=(Troubled(trouble, times=2),))
    assert said("get", oldest(world).id)[0] == 0
    refused = sandbox.counts["refused"]
    assert refused == 2
    figure("N15", f"get: links {trouble} {refused} times, lost 0")


def test_a_cut_that_looks_whole_is_fetched_again(
    said: Said, world: World, sandbox: Sandbox, here: Path, figure: Figure
) -> None:
    sandbox.faults = Faults(media=(Troubled(Trouble.CUT_UNSIZED, times=1),), etags="none")
    code, told = said("get", oldest(world).id)
    assert (code, told.split()[-1]) == (0, "verified")
    assert (here / plain_name(oldest(world))).read_bytes() == audio(world, oldest(world))
    assert len(files(here)) == 1
    figure("N2", f"get: silent cut, {sandbox.counts['media']} fetches, saved whole")


def test_a_second_fetch_that_fails_loses_nothing(
    said: Said, world: World, sandbox: Sandbox, here: Path
) -> None:
    bad = blemish(world, oldest(world), Blemish.TRUNCATED)
    troubles = (Troubled(Trouble.FLIPPED, at=0.9, times=1), Troubled(Trouble.NOT_FOUND))
    sandbox.faults = Faults(media=troubles, etags="none")
    code, told = said("get", bad)
    assert (code, sandbox.counts["media"], len(files(here))) == (3, 2, 1)
    assert "truncated" in told


@pytest.mark.parametrize(
    "faults",
    [
        Faults(filter=FilterFaults(times_unreadable=True)),
        Faults(filter=FilterFaults(whole_days=True)),
        Faults(filter=FilterFaults(ignored=True)),
        Faults(listing=ListingFaults(shuffled_ties=True)),
    ],
)
def test_a_portal_with_a_worse_filter_is_searched_all_the_same(
    faults: Faults, said: Said, world: World, sandbox: Sandbox, here: Path
) -> None:
    sandbox.faults = faults
    (sought,) = from_caller(world, 1)
    assert said("get", oldest(world).id)[0] == 0
    assert said("get", "--number", CALLER, "--day", "2021-04-02")[0] == 0
    assert files(here) == [plain_name(oldest(world)), plain_name(sought)]


def test_a_search_that_proves_nothing_says_so(
    said: Said, sandbox: Sandbox, world: World, figure: Figure
) -> None:
    sandbox.faults = Faults(listing=ListingFaults(empty_total=500))
    code, told = said("get", "--agent", "zoë", "--day", "2021-04-02")
    assert (code, told.splitlines()[-1]) == (
        3,
        "The portal's listing is NOT proven: there may be more than was found.",
    )
    sandbox.faults = Faults(listing=ListingFaults(total_off=3))
    from_caller(world, 1)
    code, told = said("get", "--agent", "zoë", "--day", "2021-04-02")
    assert (code, "NOT proven" in told, "verified" in told) == (3, True, True)
    figure("A6", "get: an unproven listing ends with 3, false green 0")


def test_hostile_ids_are_safe(said: Said, world: World, here: Path, figure: Figure) -> None:
    """Ids that attack paths and terminals; and one that adds a line of its own (X9, X12)."""
    forged = world.arrive(oldest(world).at + timedelta(seconds=1))
    world.edit(forged.id, id="x\nall is well")
    world.recordings.put(replace(world.recordings[forged.id], key=None))
    others = [each for each in world.recordings if each.at.day == 1 and each.id != forged.id]
    hostile = [blemish(world, each, Blemish.HOSTILE, turn) for turn, each in enumerate(others)]
    code, told = said("get", "--day", "2021-04-01", "--all")
    assert code == 3
    assert "Recording x\\nall is well has no audio (yet).\n" in told
    outside = [name for name in files(here) if "/" in name or not name.startswith("20210401-")]
    named = [name for name in files(here) if "_x-" in name]
    assert (len(named), outside) == (len(hostile), [])
    raw = [c for c in told.replace("\n", "") if not c.isprintable()]
    assert raw == []
    numbers = [name for name in files(here) if "447700" in name or "1202555" in name]
    assert numbers == []
    figure("X9", f"get: hostile ids {len(hostile)}, escapes {len(outside)}, numbers in names 0")
