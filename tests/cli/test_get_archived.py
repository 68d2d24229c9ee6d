"""``archiver get`` from an archive: all that it knows of a request is given, or named with 3."""

import csv
import errno
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from archiver.domain.recordings import Report
from archiver.errors import TryAgain
from archiver.manifest.journal import Journal
from archiver.portal.client import Client
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.wire.answers import Page
from archiver.sandbox import (
    Call,
    Encoding,
    Faults,
    ListingFaults,
    Recording,
    Sandbox,
    Trouble,
    Troubled,
    World,
)
from archiver.sandbox.world.blemish import Blemish, blemish
from archiver.sandbox.world.tones import Tone
from archiver.store.local import LocalStore
from tests.cli.desk import ENDPOINT, TOKEN, Desk, Ran, at_endpoint
from tests.conftest import Figure
from tests.nights import EACH, Month, month, shape
from tests.patience import impatient

pytestmark = pytest.mark.slow

__all__ = ["month", "shape"]

DAY = datetime(2021, 4, 6, tzinfo=UTC)
NUMBERS = ("447700900991", "447700900992")
COUNT = 14
SPOILT = (
    *(Blemish.TRUNCATED, Blemish.NOT_AUDIO, Blemish.WRONG_DURATION),
    *(Blemish.MISSING, Blemish.MISSING, Blemish.NULL_AUDIO),
)
ABSENT = (Blemish.MISSING, Blemish.NULL_AUDIO)


def made() -> World:
    """Return the day of 14 recordings, the same each time."""
    world, last = World(seed=9), DAY + timedelta(hours=9)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(1,))
    return world


def spoil(world: World) -> dict[str, Blemish]:
    """Spoil six of the day's 14 recordings; return what is wrong with each."""
    some = list(world.recordings)[: 2 * len(SPOILT) : 2]
    return {blemish(world, each, what): what for each, what in zip(some, SPOILT, strict=True)}


@contextmanager
def desk_at(home: Path, world: World) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN, root_path=ENDPOINT) as sandbox:
        yield Desk(sandbox, home, at_endpoint(sandbox))


@pytest.fixture
def world() -> World:
    return made()


@pytest.fixture
def spoilt(world: World) -> dict[str, Blemish]:
    return spoil(world)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path, world) as desk:
        yield desk


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive that knows of all 14, and holds 8."""
    world = made()
    assert len(spoil(world)) == 6
    with impatient(), desk_at(tmp_path_factory.mktemp("home"), world) as desk:
        folder = desk.home / "archive"
        assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(folder)).code == 3
    return folder


@pytest.fixture
def archive(pulled: Path, tmp_path: Path, spoilt: dict[str, Blemish]) -> Path:
    """Return a copy of that archive, of a portal where the same is spoilt."""
    assert spoilt
    return Path(shutil.copytree(pulled, tmp_path / "archive"))


def get(desk: Desk, archive: Path, *words: str) -> tuple[Ran, list[str]]:
    """Type ``get``; return how it ended, and the files that it left."""
    out = desk.home / "out"
    ran = desk.run("get", *words, "-a", str(archive), "-o", f"{out}/")
    return ran, sorted(path.name for path in out.iterdir()) if out.exists() else []


def told_by(ran: Ran) -> list[str]:
    """Return the lines that were told, but for that of a portal without TLS."""
    return [each for each in ran.err.splitlines() if "the endpoint is http" not in each]


def test_all_of_a_day_is_given_or_named(
    desk: Desk, archive: Path, spoilt: dict[str, Blemish], figure: Figure
) -> None:
    asked = desk.sandbox.counts["recordings"]
    ran, files = get(desk, archive, "--day", "2021-04-06", "--all")
    absent = [id_ for id_, what in spoilt.items() if what in ABSENT]
    named = [id_ for id_ in absent if f"Recording {id_} (2021-04-06 " in ran.err]
    quarantined = [name for name in files if ".quarantined." in name]
    assert (ran.code, desk.sandbox.counts["recordings"]) == (3, asked)
    assert (len(files), len(quarantined), len(named)) == (11, 3, 3)
    assert {id_ for id_ in spoilt if any(id_ in name for name in quarantined)} == {
        id_ for id_, what in spoilt.items() if what not in ABSENT
    }
    said = Counter(
        word
        for word in ("gone", "no_audio")
        for line in ran.err.splitlines()
        if f": {word}" in line
    )
    assert said == {"gone": 2, "no_audio": 1}
    assert "--from-portal" in ran.err
    held = len(files) - len(quarantined)
    figure(
        "A16", f"a day of {COUNT}, {held} held: given {len(files)}, named {len(named)}, left out 0"
    )


def test_where_nothing_matches_it_says_over_which_days_the_archive_answers(
    desk: Desk, world: World, tmp_path: Path
) -> None:
    """What was asked of whom, over which days, and what to type next."""
    archive = tmp_path / "other"
    now = datetime.now(UTC)
    before, day = (f"{now - timedelta(days=days):%Y-%m-%d}" for days in (3, 2))
    asked = ("--number", "15550100", "--day", day)
    of_days = {
        ("--day", day): f"it knows days that were named to a pull, the first of them {day}",
        ("--since", before): f"it answers for every day from {before} on",
    }
    world.arrive(now - timedelta(hours=30))
    for window, words in of_days.items():
        desk.run("pull", *window, "-q", "-a", str(archive))
        ran, files = get(desk, archive, *asked)
        assert (ran.code, files) == (3, [])
        told = told_by(ran)
        assert told[0].startswith("The archive has no recording that is known to match: ")
        assert words in told[0]
        assert f"portal lists from {day} 00:00:00 to {day} 23:59:59" in told[1]
        assert told[2].endswith(f": archiver list --day {day}")
    desk.environ["ARCHIVER_TOKEN"] = ""
    ran, _ = get(desk, archive, *asked)
    assert ran.code == 3
    assert f"from {before} on.\nThe portal was not asked, because there is no token." in ran.err


def test_a_list_beside_the_files_tells_what_each_is(desk: Desk, archive: Path) -> None:
    ran, files = get(desk, archive, "--day", "2021-04-06", "--all", "--list")
    assert "recordings.csv  the list of 11 recordings" in ran.err
    told = listed(desk.home / "out")
    assert sorted(each["file"] for each in told) == [n for n in files if n != "recordings.csv"]
    for each in told:
        assert each["finding"].startswith("open: ") == (".quarantined." in each["file"])
        assert each["caller"]
        assert each["time"].endswith("+00:00")
    one = desk.run("get", "--list", told[0]["id"], "-a", str(archive), "-o", str(desk.home / "x"))
    assert (one.code, "--list lies in a folder" in one.err) == (2, True)


def test_a_list_of_what_the_portal_gave_names_no_manifest(desk: Desk, world: World) -> None:
    words = ("get", "--day", "2021-04-06", "--all", "--list", "-o", f"{desk.home / 'out'}/")
    first, again = desk.run(*words), desk.run(*words)
    told = listed(desk.home / "out")
    assert len(told) == len(world.recordings)
    assert {each["manifest"] for each in told} == {""}
    assert (first.code, again.code) == (0, 0)
    assert "recordings.csv (here already)" in again.err


def listed(folder: Path) -> list[dict[str, str]]:
    """Return the rows of a list, after holding each against its file."""
    text = (folder / "recordings.csv").read_text("utf-8-sig")
    told = [*csv.DictReader(text.splitlines())]
    for each in told:
        assert hashlib.sha256((folder / each["file"]).read_bytes()).hexdigest() == each["sha256"]
    return told


def test_only_what_is_good_ends_with_0(
    desk: Desk, archive: Path, world: World, spoilt: dict[str, Blemish]
) -> None:
    good, *_ = [each.id for each in world.recordings if each.id not in spoilt]
    assert get(desk, archive, good)[0].code == 0
    bad = next(id_ for id_, what in spoilt.items() if what is Blemish.TRUNCATED)
    ran, files = get(desk, archive, bad)
    assert (ran.code, sum(".quarantined.mp3" in name for name in files)) == (3, 1)
    assert "from the archive's quarantine, unchanged: quarantined (truncated)\n" in ran.err
    assert "the last frame ends" in ran.err


@pytest.mark.parametrize("source", ["archive", "portal"])
def test_an_id_that_is_not_as_was_asked_besides_is_not_given(  # noqa: PLR0913, PLR0917 - fixtures
    source: str, desk: Desk, archive: Path, world: World, spoilt: dict[str, Blemish], figure: Figure
) -> None:
    good, *_ = [each for each in world.recordings if each.id not in spoilt]
    options = ["--from-portal"] if source == "portal" else []
    at = f"{good.at:%Y-%m-%d %H:%M}"
    for words in (
        ("--number", "447700900991"),
        ("--agent", "nobody"),
        ("--at", "2021-04-06 23:59"),
        ("--day", "2021-04-07"),
        ("--number", good.call_from, "--day", "2021-04-05"),
    ):
        ran, files = get(desk, archive, good.id, *words, *options)
        assert (ran.code, files) == (3, []), words
        assert f"{good.id}" in ran.err
    ran, files = get(desk, archive, good.id, "--number", good.call_from, "--at", at, *options)
    assert (ran.code, len(files)) == (0, 1)
    figure("G39", f"an id with another number, agent or time ({source}): 5 of 5 not given, 3")


def test_an_id_whose_number_nobody_can_read_is_given_with_3(
    desk: Desk, archive: Path, world: World, spoilt: dict[str, Blemish]
) -> None:
    good, *_ = [each.id for each in world.recordings if each.id not in spoilt]
    world.edit(good, call_from="withheld", call_to="")
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(archive)).code == 3
    ran, files = get(desk, archive, good, "--number", NUMBERS[0])
    assert (ran.code, len(files)) == (3, 1)
    assert "any of them may match" in ran.err


def test_an_agent_or_an_id_that_is_empty_is_refused(desk: Desk, archive: Path) -> None:
    for words in (("--agent", ""), ("--agent", " ", "--all"), ("",)):
        ran, files = get(desk, archive, *words, "--day", "2021-04-06")
        assert (ran.code, files) == (2, []), words
        assert "is empty" in ran.err


def test_what_is_here_without_audio_is_asked_of_the_portal_by_its_id(
    desk: Desk, archive: Path, spoilt: dict[str, Blemish]
) -> None:
    absent = next(id_ for id_, what in spoilt.items() if what is Blemish.NULL_AUDIO)
    ran, files = get(desk, archive, absent)
    assert (ran.code, files) == (3, [])
    first, *_ = told_by(ran)
    assert first.endswith("The archive has no audio of it. The portal is asked.")
    assert f"Recording {absent} has no audio (yet)." in ran.err


def test_a_number_that_no_sidecar_tells_may_be_the_one(
    desk: Desk, archive: Path, world: World, spoilt: dict[str, Blemish]
) -> None:
    one = next(each for each in world.recordings if each.id not in spoilt)
    ran, files = get(desk, archive, "--number", one.call_from, "--all")
    assert (ran.code, any(one.id in name for name in files)) == (3, True)
    assert (
        "Of 3 in the archive no sidecar tells numbers and agent so that they can be read: any"
        in ran.err
    )
    assert ran.err.count("  Recording ") == 3
    (sidecar,) = archive.rglob(f"recordings/**/*{one.id}*.json")
    sidecar.unlink()
    shutil.rmtree(archive / ".archiver")
    ran, _ = get(desk, archive, "--number", one.call_from, "--all")
    assert (ran.code, f"  Recording {one.id} (2021-04-06 " in ran.err) == (3, True)


def with_numbers(world: World) -> list[Recording]:
    """Let one recording be from each of two callers; return these."""
    some = list(world.recordings)[-2:]
    for each, number in zip(some, NUMBERS, strict=True):
        world.edit(each.id, call_from=number, agent=f"Agent {number[-1]}")
    return some


@pytest.mark.parametrize("by", ["archive", "portal"])
def test_of_several_numbers_each_is_taken(by: str, desk: Desk, world: World) -> None:
    two = with_numbers(world)
    archive = desk.home / "archive"
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(archive)).code == 0
    more = ("--from-portal",) if by == "portal" else ()
    for words, taken in (
        (("--number", NUMBERS[0], "--number", NUMBERS[1]), [0, 1]),
        (("--number", NUMBERS[1]), [1]),
        (("--agent", "agent 1", "--agent", "agent 2"), [0, 1]),
        (("--agent", "agent 1", "--number", NUMBERS[0], "--number", NUMBERS[1]), [0]),
    ):
        ran, files = get(desk, archive, *words, "--day", "2021-04-06", "--all", *more)
        assert (ran.code, [two[n].id for n in taken]) == (0, [name[16:-4] for name in files])
        shutil.rmtree(desk.home / "out")


@pytest.mark.parametrize("name", ["--day", "--at"])
def test_of_two_days_none_is_left_out_without_a_word(name: str, desk: Desk) -> None:
    ran = desk.run("get", name, "2021-04-06", name, "2021-04-05", "--all")
    assert (ran.code, ran.out) == (2, "")
    assert f"{name} can be given once." in ran.err


def test_a_day_that_was_not_listed_whole_may_have_more(desk: Desk, world: World) -> None:
    archive = desk.home / "archive"
    noon = ("--since", "2021-04-06", "--until", "2021-04-06 12:00")
    assert desk.run("pull", *noon, "-q", "-a", str(archive)).code == 0
    ran, files = get(desk, archive, "--day", "2021-04-06", "--all")
    assert (ran.code, len(files)) == (3, len(list(world.recordings)))
    assert "no proven listing of all of 2021-04-06: there may be more." in ran.err
    desk.sandbox.faults = Faults(listing=ListingFaults(total_off=3))
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(archive)).code == 3
    assert get(desk, archive, "--day", "2021-04-06", "--all")[0].code == 3
    desk.sandbox.faults = Faults()
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(archive)).code == 0
    assert get(desk, archive, "--day", "2021-04-06", "--all")[0].code == 0


def test_a_day_of_which_rows_still_came_when_it_was_listed_may_have_more(
    month: Month, figure: Figure
) -> None:
    out = ("-o", f"{month.home / 'out'}/")

    def given(night: int) -> Ran:
        with month.now(night):
            return month.type("get", "--day", "2026-03-01", "--all", *out)

    month.live(1)
    assert month.night(1).code == 0
    month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    early = given(2)
    assert "have come after the archive last listed 2026-03-01: there may be more." in early.err
    assert "no proven listing" not in early.err
    codes = [early.code]
    for number in (3, 4):
        month.night(number)
        codes.append(given(number).code)
    assert codes == [3, 3, 0]
    assert len([*(month.home / "out").iterdir()]) == EACH + 1
    figure("G22", f"get of a day before, in, after its look-back: exit {codes}")


def test_without_a_time_each_day_that_is_not_listed_may_have_more(desk: Desk, world: World) -> None:
    one, _ = with_numbers(world)
    archive = desk.home / "archive"
    each = (("--number", NUMBERS[0]), ("--agent", "agent 1"))
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(archive)).code == 0
    assert [get(desk, archive, *words, "--all")[0].code for words in each] == [0, 0]
    desk.sandbox.faults = Faults(listing=ListingFaults(total_off=3))
    assert desk.run("pull", "--day", "2021-04-05", "-q", "-a", str(archive)).code == 3
    desk.sandbox.faults = Faults()
    for words in each:
        ran, files = get(desk, archive, *words, "--all")
        assert (ran.code, [name[16:-4] for name in files]) == (3, [one.id])
        assert "no proven listing of all of 2021-04-05: there may be more." in ran.err
        assert desk.run("find", *words, "--count", "-a", str(archive)).code == 3
    assert desk.run("pull", "--day", "2021-04-05", "-q", "-a", str(archive)).code == 0
    assert [get(desk, archive, *words, "--all")[0].code for words in each] == [0, 0]


def test_a_newer_version_that_was_refused_is_told(desk: Desk, world: World) -> None:
    archive = desk.home / "archive"
    pull = ("pull", "--day", "2021-04-06", "-q", "-a", str(archive))
    assert desk.run(*pull).code == 0
    old = next(iter(world.recordings))
    world.edit(old.id, duration="00:09:59")
    assert desk.run(*pull).code == 3
    ran, files = get(desk, archive, old.id)
    assert (ran.code, files) == (3, [f"{old.at:%Y%m%d-%H%M%S}_{old.id}.mp3"])
    assert "  A newer version of it was refused: quarantine/2021/04/06/" in ran.err


@pytest.fixture
def read_only(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what makes folders refuse every write, as a disk does that is mounted read-only."""
    calls: dict[str, Any] = {name: getattr(os, name) for name in ("open", "mkdir", "access")}

    def mount(*folders: Path) -> None:
        def is_below(path: object) -> bool:
            return any(str(path).startswith(str(folder)) for folder in folders)

        def make(path: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as os.open
            if is_below(path) and (args[0] if args else os.O_CREAT) & (os.O_CREAT | os.O_RDWR):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            return calls["open"](path, *args, **kwargs)

        def refuse(path: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as os.mkdir
            if is_below(path):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            calls["mkdir"](path, *args, **kwargs)

        def access(path: Any, mode: int) -> bool:  # noqa: ANN401 - as os.access
            return bool(calls["access"](path, mode)) and not (mode & os.W_OK and is_below(path))

        monkeypatch.setattr(os, "open", make)
        monkeypatch.setattr(os, "mkdir", refuse)
        monkeypatch.setattr(os, "access", access)

    assert archive.is_dir()
    return mount


@pytest.mark.parametrize("has_catalog", [True, False])
@pytest.mark.parametrize("is_home_too", [False, True])
def test_a_copy_that_can_only_be_read_is_searched_all_the_same(  # noqa: PLR0913, PLR0917 - fixtures
    is_home_too: bool,  # noqa: FBT001 - a case
    has_catalog: bool,  # noqa: FBT001 - a case
    desk: Desk,
    archive: Path,
    read_only: Callable[..., None],
    figure: Figure,
) -> None:
    state = desk.home / ".local/state"
    state.mkdir(parents=True, exist_ok=True)
    if not has_catalog:
        shutil.rmtree(archive / ".archiver")
    before = {path: path.stat().st_mtime_ns for path in archive.rglob("*")}
    read_only(archive, *([state] if is_home_too else []))
    for _ in range(2):
        ran, files = get(desk, archive, "--day", "2021-04-06", "--all")
        assert (ran.code, len(files)) == (3, 11)
    catalogs = [path.relative_to(state) for path in state.rglob("catalog-*.sqlite")]
    assert len(catalogs) == (0 if is_home_too else 1)
    assert {path: path.stat().st_mtime_ns for path in archive.rglob("*")} == before
    where = "in a temporary folder" if is_home_too else "in the user's own"
    figure("A16", f"a read-only copy, catalog {where}: given 11 of 11, written 0")


def test_what_waits_for_the_next_try_is_named(desk: Desk, world: World) -> None:
    bad = next(iter(world.recordings))
    desk.sandbox.faults = Faults(media=(Troubled(Trouble.GZIP, keys=frozenset([str(bad.key)])),))
    archive = desk.home / "archive"
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(archive)).code == 3
    assert [
        e.outcome
        for _, m in Journal(LocalStore(archive)).manifests()
        for e in m.recordings
        if e.id == bad.id
    ] == ["failed"]
    ran, files = get(desk, archive, "--day", "2021-04-06", "--all")
    assert (ran.code, len(files)) == (3, COUNT - 1)
    assert f"Recording {bad.id} " in ran.err
    assert ": failed (" in ran.err


@pytest.mark.parametrize("served", ["c136768e-8c0e-11e9-b1a5-0123456789ab", "4711"])
def test_all_recordings_of_one_id_are_given(
    desk: Desk, world: World, served: str, figure: Figure
) -> None:
    """Some portals give one id to several; from the portal each of its rows is given as well."""
    one, two, *_ = world.recordings
    for each in (one, two):
        world.edit(each.id, id=served)
    folder = desk.home / "archive"
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(folder)).code == 3
    ran, files = get(desk, folder, served)
    assert len(files) == 2, ran.err
    if served.isdigit():
        there = desk.home / "there"
        from_portal = ("--day", "2021-04-06", "--from-portal", "-o", f"{there}/")
        assert desk.run("get", served, *from_portal).code == 0
        assert len([*there.iterdir()]) == 2
    for _, manifest in Journal(LocalStore(folder)).manifests():
        for entry in manifest.recordings:
            if entry.audio and entry.id.startswith(served):
                (folder / entry.audio.path).unlink()
    repaired = desk.run("repair", served, "-a", str(folder))
    assert repaired.out.count("put back") == 2, (repaired.out, repaired.err)
    figure("G39", f"one id of two recordings: get gives {len(files)}, repair puts back 2")


def test_a_calls_own_audio_that_only_the_archive_has_is_named(desk: Desk, world: World) -> None:
    """It is in no row of the recordings' report, which is what is asked of the portal."""
    folder, there = desk.home / "archive", desk.home / "there"
    call = Call("own", DAY + timedelta(hours=12), NUMBERS[0], NUMBERS[1], 3, "rc/own.mp3")
    world.objects["rc/own.mp3"] = Tone(Encoding.BARE, 3)
    world.calls.put(call)
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(folder)).code == 0
    ran, files = get(desk, folder, "--day", "2021-04-06", "--all")
    assert (ran.code, len(files)) == (0, COUNT + 1)
    ask = ("get", "--day", "2021-04-06", "--all", "--from-portal", "-o", f"{there}/")
    ran = desk.run(*ask, "-a", str(folder))
    assert (ran.code, len([*there.iterdir()])) == (3, COUNT)
    assert "audio of 1 recording more; the portal listed none of it" in ran.err
    assert f"  Recording {call.id} (2021-04-06 12:00:00): archived" in ran.err
    ran, _ = get(desk, folder, call.id, "--day", "2021-04-06", "--from-portal")
    assert (ran.code, f"  Recording {call.id} " in ran.err) == (3, True)
    ran, _ = get(desk, folder, next(iter(world.recordings)).id, "--from-portal")
    assert ran.code == 0, ran.err


def test_one_of_two_of_an_id_that_the_portal_lists_no_more_is_named(
    desk: Desk, world: World
) -> None:
    one, two, *_ = world.recordings
    folder = desk.home / "archive"
    world.edit(one.id, id="4711")
    world.edit(two.id, id="4711")
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(folder)).code == 3
    ask = ("4711", "--day", "2021-04-06", "--from-portal")
    assert get(desk, folder, *ask)[0].code == 0
    world.recordings.remove(two.id)
    ran, _ = get(desk, folder, *ask)
    assert ran.code == 3, ran.err
    assert "audio of 1 recording more; the portal listed none of it" in ran.err
    assert f" ({two.at:%Y-%m-%d %H:%M:%S}): archived" in ran.err


def test_an_archive_that_cannot_be_read_keeps_nothing_of_the_portal_back(
    desk: Desk, world: World
) -> None:
    folder = desk.home / "archive"
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(folder)).code == 0
    (first, *_) = sorted(folder.rglob("manifests/**/*1*.json*")) or sorted(folder.rglob("*.json*"))
    first.write_bytes(b"")
    shutil.rmtree(folder / ".archiver", ignore_errors=True)
    ran, files = get(desk, folder, "--day", "2021-04-06", "--all", "--from-portal")
    assert (ran.code, len(files)) == (3, len(list(world.recordings)))
    assert "Whether the archive has more is not known: " in ran.err


def test_what_is_held_and_a_finding_is_given_with_3(
    desk: Desk, world: World, figure: Figure
) -> None:
    one, two, *_ = world.recordings
    for each in (one, two):
        assert each.key is not None
        world.objects[each.key] = Tone(Encoding.BARE, 12, 5)
        world.edit(each.id, duration="00:00:12")
    folder = desk.home / "archive"
    assert desk.run("pull", "--day", "2021-04-06", "-q", "-a", str(folder)).code == 3
    given = {each.id: get(desk, folder, each.id)[0] for each in (one, two)}
    found = {id_: ran for id_, ran in given.items() if "It is a finding: " in ran.err}
    assert found, "whichever of the two was entered second"
    for id_, ran in found.items():
        assert ran.code == 3
        desk.run("accept", id_, "--reason", "one conference", "-a", str(folder))
        assert get(desk, folder, id_)[0].code == 0, "a person has said that it may be so"
    figure("G39", "held, and a finding (same_audio): get ends with 3, accepted with 0")


def test_a_day_whose_call_log_is_not_proven_may_have_more(month: Month, figure: Figure) -> None:
    """A call may have audio of its own, which is archived like a recording."""
    month.live(1)
    real = Client.fetch

    def fetch(self: Client, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        if any(ask.report is Report.CALLS and ask.window for ask in asks):
            raise TryAgain("The portal answered 500.")
        return real(self, asks)

    with mock.patch.object(Client, "fetch", fetch):
        for number in range(1, 6):
            month.night(number, "--quiet")
    with month.now(6):
        ran = month.type("get", "--day", "2026-03-01", "--all", "-o", f"{month.home / 'out'}/")
        alone = ("--all", "-o", f"{month.home / 'out'}/")
        without = month.type("get", "--day", "2026-03-01", *alone, ARCHIVER_CALLS="no")
    assert (ran.code, without.code) == (3, 3), ran.err
    assert "no proven call log of 2026-03-01: there may be more" in ran.err
    figure("G39", f"a day without a proven call log: get --day ends with {int(ran.code)}")
