"""What ``--json`` really prints, held to the schemas; and what a run tells a person meanwhile."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from archiver.cli.screen import progress
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.times.window import Window
from archiver.manifest.model import Entry
from archiver.pull import events
from archiver.pull.budget.forecast import BYTES_A_SECOND_OF_AUDIO
from archiver.sandbox import Encoding, Faults, ListingFaults, Sandbox, World
from archiver.sandbox.world.blemish import Blemish, blemish
from tests.archives import MORNING, entry
from tests.cli.conftest import Run
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.copy.copies import vault
from tests.sandbox.clocks import FIRST, LAST, Clock

RANGE = ("--since", "2021-04-01", "--until", "2021-04-12")
COUNT = 36
BAD = (
    Blemish.WRONG_DURATION,
    Blemish.NULL_AUDIO,
    Blemish.MISSING,
    Blemish.TRUNCATED,
    Blemish.HOSTILE,
)


@pytest.fixture
def world() -> World:
    world = World(seed=7)
    world.add(count=COUNT, first=FIRST, last=LAST, kinds=(Encoding.CBR,), seconds=(1, 2))
    return world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN, now=Clock()) as sandbox:
        place = {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")}
        # The portal's clock is years behind this machine's.
        yield Desk(sandbox, tmp_path, {**place, "ARCHIVER_CLOCK": "portal"})


def fits(root: Path, kind: str, document: object) -> None:
    schema = json.loads((root / "manifests" / f"{kind}.schema.json").read_bytes())
    Draft202012Validator(schema).validate(document)


def spoil(world: World) -> dict[Blemish, str]:
    hosts = list(world.recordings)[1::5]
    return {what: blemish(world, host, what) for what, host in zip(BAD, hosts, strict=False)}


def test_every_schema_has_an_example_that_fits(root: Path) -> None:
    schemas, examples = (
        {path.name.partition(".")[0] for path in (root / "manifests").glob(f"*.{kind}.json")}
        for kind in ("schema", "example")
    )
    for kind in examples:
        fits(root, kind, json.loads((root / "manifests" / f"{kind}.example.json").read_bytes()))
    assert {"archive", "manifest", "sidecar", "pull", "probe", "verify"} <= schemas == examples


@pytest.mark.parametrize("is_spoilt", [True, False])
def test_what_pull_and_verify_print_fits_their_schemas(
    is_spoilt: bool,  # noqa: FBT001  # as pytest gives it
    desk: Desk,
    world: World,
    root: Path,
    figure: Figure,
) -> None:
    if is_spoilt:
        spoil(world)
    for _again in range(2):
        ran = desk.run("pull", *RANGE, "--json")
        told: dict[str, Any] = json.loads(ran.out)
        fits(root, "pull", told)
        listed, outcomes = told["outcomes"].pop("listed"), told["outcomes"]
        assert (sum(outcomes.values()), listed) == (COUNT, COUNT)
        assert (ran.code, told["clean"], told["accounted"]) == (3 * is_spoilt, not is_spoilt, True)
    assert outcomes["held"] == COUNT - is_spoilt * (len(BAD) - 1)
    verified = desk.run("verify", "--json", "--head", _head(told))
    fits(root, "verify", json.loads(verified.out))
    assert verified.code == 0
    assert desk.leaks() == []
    figure("json", f"pull: {listed} listed, {sum(outcomes.values())} outcomes, {outcomes}")


def _head(told: dict[str, Any]) -> str:
    return f"{told['head']['number']}:{told['head']['sha256']}"


def test_what_verify_prints_of_a_damaged_archive(desk: Desk, tmp_path: Path, root: Path) -> None:
    desk.run("pull", "--day", "2021-04-02", "-q")
    one, other, *_ = sorted((tmp_path / "archive").rglob("*.mp3"))
    one.unlink()
    other.write_bytes(b"other")
    (tmp_path / "archive" / "extra").touch()
    ran = desk.run("verify", "--json")
    told = json.loads(ran.out)
    fits(root, "verify", told)
    assert ran.code == 3
    assert [len(told[what]) for what in ("missing", "differ", "extra")] == [1, 1, 1]


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("erase", "--day", "2019-06-11", "--reason", "the customer asked for it", "--yes"),
        ("hold", "add", "--day", "2019-06-11", "--matter", "a case", "--reason", "a case", "--yes"),
    ],
    ids=["verify", "erase", "hold"],
)
def test_json_is_never_green_where_the_exit_code_is_not(
    words: tuple[str, ...], run: Run, tmp_path: Path, root: Path, figure: Figure
) -> None:
    """In an archive without manifests nothing is wrong, and a day that is not whole lacks nothing.

    Neither is good, and nothing else in the object says so.
    """
    made = vault(tmp_path)
    if words[0] == "verify":
        shutil.rmtree(made.archive / "manifests")
        shutil.rmtree(made.archive / "recordings")
    code, out, _ = run(*words, "--json", "-a", str(made.archive))
    told = json.loads(out)
    fits(root, {"hold": "hold_add"}.get(words[0], words[0]), told)
    assert (code, told["exit_code"]) == (3, 3)
    figure("G47", f"{words[0]} --json ends with 3, and says so: green 0")


def test_what_probe_prints_fits_its_schema(desk: Desk, tmp_path: Path, root: Path) -> None:
    corpus = sorted((root / "tests" / "corpus").glob("tiny.*"))
    hostile = tmp_path / "a\x1b[2J.mp3"
    hostile.write_bytes(b"<html>")
    ran = desk.run("probe", "--json", *map(str, corpus), str(hostile))
    told = json.loads(ran.out)
    fits(root, "probe", told)
    assert (ran.code, len(told)) == (3, len(corpus) + 1)
    assert desk.leaks() == []


def test_a_dry_run_counts_and_fetches_nothing(
    desk: Desk, world: World, tmp_path: Path, figure: Figure
) -> None:
    seconds = sum(recording.seconds for recording in world.recordings)
    ran = desk.run("pull", *RANGE, "--dry-run", "--json")
    told = json.loads(ran.out)
    took_s = [told.pop("estimated_listing_s"), told.pop("estimated_audio_s")]
    assert took_s[0] > 0
    assert took_s[1] == round(seconds * BYTES_A_SECOND_OF_AUDIO / 1_000_000, 1)
    assert (ran.code, told) == (
        0,
        {
            "window": {"from": "2021-04-01T00:00:00", "to": "2021-04-12T23:59:59"},
            "recordings": COUNT,
            "hours": round(seconds / 3600, 2),
            "estimated_bytes": seconds * BYTES_A_SECOND_OF_AUDIO,
            "proven": True,
            "doubts": [],
            "exit_code": 0,
        },
    )
    shown = desk.run("pull", *RANGE, "-n").out
    assert shown.startswith(f"{COUNT} recordings, 0.0 hours, about ")
    assert "at 32 kbit/s; the listing is proven. Archiving it takes about " in shown
    assert shown.endswith(" at 1.0 MB/s. Nothing was downloaded.\n")
    assert (desk.sandbox.counts["media"], (tmp_path / "archive").exists()) == (0, False)
    desk.sandbox.faults = Faults(listing=ListingFaults(empty_total=500))
    ran = desk.run("pull", "--day", "2021-04-02", "-n", "--json")
    assert (ran.code, json.loads(ran.out)["proven"]) == (3, False)
    figure("json", f"dry run: {COUNT} recordings, {seconds} s, media requests 0")


def test_without_a_terminal_a_run_says_a_few_lines(desk: Desk, world: World) -> None:
    """What it comes to and the window first, then each finding with its reason, then the sum."""
    spoilt = spoil(world)
    ran = desk.run("pull", *RANGE)
    foretold, first, *lines = ran.err.splitlines()
    assert ran.out == ""
    assert foretold.startswith("12 days to archive: 36 recordings, ")
    assert first == (
        "Window: 2021-04-01 00:00:00 to 2021-04-12 23:59:59 (portal time, UTC+00:00, inferred)"
    )
    shown = {
        Blemish.WRONG_DURATION: "quarantined (duration_mismatch) {}: measured ",
        Blemish.TRUNCATED: "quarantined (truncated) {}: ",
        Blemish.MISSING: "gone {}: The media server answered 404 (NoSuchKey)",
    }
    for what, form in shown.items():
        assert any(line.startswith(form.format(spoilt[what])) for line in lines), what
    findings = [line for line in lines if line.startswith(("quarantined", "gone", "failed"))]
    assert len(findings) == len(shown)
    assert f"{COUNT} listed: " in ran.err
    assert "Findings: 3 new, 3 open." in ran.err
    assert "Listing accounted; NOT clean.\n" in ran.err
    assert " links refreshed. Head: 2:" in ran.err
    numbers = [each.call_from for each in world.recordings if each.call_from in ran.err]
    assert numbers == []


def test_quiet_is_silent_when_clean_and_not_otherwise(desk: Desk, world: World) -> None:
    ran = desk.run("pull", *RANGE, "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    bad = blemish(world, world.arrive(LAST - LAST.resolution), Blemish.WRONG_DURATION)
    ran = desk.run("pull", *RANGE, "-q")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"quarantined (duration_mismatch) {bad}: ")
    assert "Window: " not in ran.err


def test_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    window = Window.around(MORNING)
    with progress.Progress(quiet=False, clock=lambda: now[0]) as shown:
        shown(events.SliceListed(window, 9, proven=True, note=""))
        for second in (59.0, 60.5, 61.0, 120.0, 121.0):
            now[0] = second
            shown(events.Held(1))
            shown.look()
        shown(events.SliceListed(window, 1, proven=False, note="no two walks agree"))
        shown(events.Settled(_entry(), is_new_finding=False))
        shown(events.Noticed("one\x1b[2J line"))
    assert capsys.readouterr().err.splitlines() == [
        "2 of 9 recordings, 0 B, 0 B/s",
        "5 of 9 recordings, 0 B, 0 B/s",
        f"NOT PROVEN {window}: no two walks agree",
        "failed (truncated) 7: a; b",
        "one\\x1b[2J line",
    ]


def _entry() -> Entry:
    return entry("7", Outcome.FAILED, verdict=Verdict.TRUNCATED, reasons=("a", "b"))
