"""Green only over lengths that were compared, or that somebody told: G9 and G11."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.domain.layout import PRIVATE
from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.row.fields import FieldNotUnderstood, length_ms
from archiver.json_documents import Json
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.state import RecordingState, apply_entry
from archiver.portal.wire import rows
from archiver.sandbox import Encoding, Faults, Recording, Sandbox, Tone, Trouble, Troubled, World
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT, SECONDS = 16, 60
BARE_FRAME = 72
UNSIZED = Faults(media=(Troubled(Trouble.CUT_UNSIZED, at=1.0),), etags="none")
"""The media server says neither where a body ends, nor what it is."""
_FRAMES = Tone(Encoding.BARE, SECONDS).frames
THIRD = Troubled(Trouble.CUT_UNSIZED, at=(_FRAMES // 3 + 0.01) / _FRAMES)
"""A third of a body, cut on the edge of a frame."""


class Archive(Struct):
    """One archive of one portal's day."""

    sandbox: Sandbox
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def recordings(self) -> list[Recording]:
        return [*self.world.recordings]

    def run(self, *words: str) -> Ran:
        folder = str(self.home / "archive")
        return Desk(self.sandbox, self.home, self.environ).run(*words, "-a", folder)

    def pull(self) -> tuple[int, dict[str, Any], str]:
        ran = self.run("pull", "--json", "--day", f"{DAY:%Y-%m-%d}", "--no-calls")
        return ran.code, json.loads(ran.out), ran.err

    def entries(self) -> list[Entry]:
        journal = Journal(LocalStore(self.home / "archive"))
        return [entry for _head, manifest in journal.manifests() for entry in manifest.recordings]

    def known(self) -> dict[str, RecordingState]:
        known: dict[str, RecordingState] = {}
        for _head, manifest in Journal(LocalStore(self.home / "archive")).manifests():
            for entry in manifest.recordings:
                known[entry.id] = apply_entry(known.get(entry.id), entry, manifest.kind)
        return known

    def sidecar(self, entry: Entry) -> Sidecar:
        assert entry.sidecar is not None
        told = Journal(LocalStore(self.home / "archive")).documents.sidecar(entry.sidecar)
        assert told is not None
        return told

    def say(self, *durations: Json) -> None:
        """Let the portal report these lengths in turn, in its own words."""
        for n, recording in enumerate(self.world.recordings):
            self.world.edit(recording.id, duration=durations[n % len(durations)])

    def halve(self) -> None:
        """Cut every recording on the edge of a frame, so that it looks whole."""
        for recording in self.world.recordings:
            stored = self.world.stored(recording.key or "")
            assert stored is not None
            half = len(stored.body) // 2 // BARE_FRAME * BARE_FRAME
            self.world.store(recording.key or "", stored.body[:half])

    @property
    def fetched(self) -> int:
        """How often audio was sent; asking about it by its ETag, in vain, sends none."""
        return self.sandbox.counts["media"] - self.sandbox.counts["not_modified"]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    world = World(seed=9)
    last = DAY + timedelta(hours=23)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(SECONDS,))
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Archive(sandbox, tmp_path)


def clean(archive: Archive) -> int:
    """Return how many recordings are archived without any doubt."""
    return sum(
        each.outcome is Outcome.ARCHIVED and not each.concerns for each in archive.known().values()
    )


READ = ("00:01:00", "1:00", 60, "60", "60,0", "1m 0s", "60 sec", "1 Minute", "PT1M", "60000 ms")
UNREAD: tuple[Json, ...] = ("a while", "sixty", "~60", "-1", True, {"seconds": 60})


def test_half_recordings_are_never_clean_whatever_the_form(
    archive: Archive, figure: Figure
) -> None:
    archive.say(*READ, *UNREAD)
    archive.halve()
    code, told, err = archive.pull()
    called = clean(archive)
    verdicts = Counter(each.verdict for each in archive.known().values())
    assert (code, called, told["findings"]["open"]) == (3, 0, COUNT)
    unread = sum(n % len(READ + UNREAD) >= len(READ) for n in range(COUNT))
    assert verdicts == {
        Verdict.DURATION_MISMATCH: COUNT - unread,
        Verdict.DURATION_UNKNOWN: unread,
    }
    reason = 'the portal gives its length in a form that is not understood ("a while")'
    assert f"archived (duration_unread) {archive.recordings[len(READ)].id}: {reason}" in err
    figure(
        "G9",
        f"{COUNT} halves, {len(READ)} forms read and {len(UNREAD)} not: called clean {called}, "
        f"exit {code}",
    )


def test_whole_recordings_are_clean_in_every_form_that_is_read(
    archive: Archive, figure: Figure
) -> None:
    archive.say(*READ)
    code, told, _ = archive.pull()
    assert (code, told["outcomes"]["archived"], clean(archive)) == (0, COUNT, COUNT)
    figure("G9", f"{COUNT} whole ones, {len(READ)} forms: false alarms {COUNT - clean(archive)}")


def test_no_length_at_all_is_no_finding(archive: Archive) -> None:
    archive.say(None, "", "-", "N/A", 0, "00:00:00")
    code, told, _ = archive.pull()
    assert (code, told["findings"]["open"]) == (0, 0)
    assert {each.verdict for each in archive.entries()} == {Verdict.DURATION_UNKNOWN}


def test_doctor_does_not_call_whole_what_it_could_not_compare(archive: Archive) -> None:
    archive.halve()
    said = {}
    for served in ("00:01:00", None, "a while"):
        archive.say(served)
        said[served] = Desk(archive.sandbox, archive.home).run("doctor").out
        assert "each of them whole" not in said[served]
    assert "; 15 are not as long as reported." in said["00:01:00"]
    assert "; 15 have no reported length to be compared with." in said[None]
    assert (
        "warn     lengths   Of 15 of 15 recent recordings, the portal gives its length"
        in (said["a while"])
    )
    archive.sandbox.faults = UNSIZED
    archive.say(None)
    said["unsized"] = Desk(archive.sandbox, archive.home).run("doctor").out
    assert "nothing tells how long 15 of them are: a part would look the same." in said["unsized"]


def test_a_length_that_is_not_understood_ends_by_being_accepted_or_read(archive: Archive) -> None:
    archive.say("a while")
    metrics = archive.home / "archiver.prom"
    code, _, err = archive.pull()
    assert code == 3
    assert err.count("What was archived and is a finding all the same is held") == 1
    assert archive.run("pull", "--metrics", str(metrics), "--day", f"{DAY:%Y-%m-%d}").code == 3
    assert f'archiver_findings_open{{verdict="duration_unread"}} {COUNT}\n' in metrics.read_text()
    fetched = archive.fetched
    assert archive.pull()[0] == 3, "it stays a finding"
    assert archive.fetched == fetched, "and costs no download"

    first, *others = archive.recordings
    archive.world.edit(first.id, duration="00:01:00")
    code, told, _ = archive.pull()
    assert (code, told["findings"]["open"]) == (3, COUNT - 1)
    assert archive.known()[first.id].verdict is Verdict.VERIFIED

    accepted = archive.run(
        "accept", "--verdict", "duration_unread", "--reason", "heard them", "--json"
    )
    told = json.loads(accepted.out)
    assert (accepted.code, told["open"], len(told["accepted"])) == (0, 0, COUNT - 1)
    assert told["accepted"][0]["concerns"] == ["duration_unread"]
    assert archive.pull()[0] == 0

    archive.world.edit(others[0].id, duration="for ever")
    assert archive.pull()[0] == 3, "the portal says something else"


def test_what_an_older_archiver_could_not_read_is_read_by_a_newer_one(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """The rows are as they were, and the audio is there: nothing is fetched for it."""

    def older(served: Json) -> int | None:
        try:
            return length_ms(served) if "m" not in str(served) else None
        except FieldNotUnderstood:
            return None

    archive.say("1m 0s", "a while")
    archive.halve()
    with monkeypatch.context() as patched:
        patched.setattr(rows, "length_ms", older)
        assert archive.pull()[0] == 0
    fetched = archive.fetched

    code, told, _ = archive.pull()
    assert (code, told["findings"]["open"], clean(archive)) == (3, COUNT, 0)
    assert archive.fetched == fetched
    assert {kind: len(ids) for kind, ids in by_kind(archive).items()} == {
        "duration_mismatch": COUNT // 2,
        "duration_unread": COUNT // 2,
    }
    figure("G9", f"{COUNT} halves that an older version held: open {COUNT}, fetched again 0")


def by_kind(archive: Archive) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for known in archive.known().values():
        if known.is_open:
            kinds.setdefault(known.kind, []).append(known.id)
    return kinds


def test_a_time_that_is_not_understood_is_a_finding(archive: Archive, figure: Figure) -> None:
    odd, *_ = archive.recordings
    archive.world.edit(odd.id, created_at="06.04.21 at noon")
    code, told, err = archive.pull()
    assert (code, told["findings"]["open"], told["outcomes"]["archived"]) == (3, 1, COUNT)
    assert f"archived (time_unread) {odd.id}: the portal gives its time" in err
    (entry,) = (each for each in archive.entries() if each.id == odd.id)
    assert entry.created_at is None
    assert entry.audio is not None
    assert entry.audio.path.startswith("recordings/undated/")
    assert archive.run("accept", "--verdict", "time_unread", "--reason", "it is so").code == 0
    assert archive.pull()[0] == 0
    figure("G9", f"a time in an unknown form: exit {code}, archived {COUNT} of {COUNT}")


def test_audio_that_is_no_address_fails_and_does_not_wait(archive: Archive, figure: Figure) -> None:
    odd, blank, *_ = archive.recordings
    archive.world.edit(odd.id, audio={"url": "elsewhere"})
    archive.world.edit(blank.id, audio="N/A")
    code, told, err = archive.pull()
    assert (code, told["outcomes"]["failed"], told["outcomes"]["no_audio"]) == (3, 1, 1)
    assert f"failed {odd.id}: the portal gives its audio in a form that is not understood" in err
    archive.world.edit(odd.id, audio=None)
    figure("G9", f"audio that is an object: failed 1, exit {code}; that is N/A: waits 1")


def test_what_nobody_told_the_length_of_is_not_clean(archive: Archive, figure: Figure) -> None:
    archive.sandbox.faults = replace(UNSIZED, media=(THIRD,))
    archive.say(None)
    code, told, err = archive.pull()
    called = clean(archive)
    assert (code, called, told["findings"]["open"]) == (3, 0, COUNT)
    held = [each for each in archive.known().values() if each.held]
    sure = sum(Concern.LENGTH_UNCONFIRMED not in each.concerns for each in held)
    assert sure == 0
    assert err.count("nothing tells how long it is: a part of it would look the same") == COUNT
    figure("G11", f"{COUNT} thirds of bare files, no length told by anyone: clean {called}")


@pytest.mark.parametrize(
    ("told_by", "faults", "kinds"),
    [
        ("length", Faults(etags="none"), (Encoding.BARE,)),
        ("report", UNSIZED, (Encoding.BARE,)),
        ("header or container", UNSIZED, (Encoding.CBR, Encoding.VBRI, Encoding.WAV)),
        ("MD5", replace(UNSIZED, etags="md5"), (Encoding.BARE,)),
    ],
)
def test_whoever_tells_the_length_makes_it_sure(
    archive: Archive, told_by: str, faults: Faults, kinds: tuple[Encoding, ...], figure: Figure
) -> None:
    for n, recording in enumerate(archive.recordings):
        tone = Tone(kinds[n % len(kinds)], SECONDS, n + 1)
        archive.world.objects[recording.key or ""] = tone
    archive.sandbox.faults = faults
    archive.say("00:01:00" if told_by == "report" else None)
    code, told, err = archive.pull()
    assert (code, told["findings"]["open"]) == (0, 0), err
    kept = {archive.sidecar(each).fetched.length_proven for each in archive.entries()}
    assert kept == {told_by in {"length", "MD5"}}
    figure("G11", f"{COUNT} whole ones, the length told by the {told_by}: false alarms 0")


def test_a_second_fetch_may_make_it_sure_or_longer(archive: Archive) -> None:
    archive.say(None)
    archive.sandbox.faults = Faults(media=(replace(THIRD, times=1),), etags="none")
    assert archive.pull()[0] == 0, "the second has a length"


def test_of_two_that_nobody_vouches_for_the_longer_is_kept(archive: Archive) -> None:
    archive.say(None)
    archive.sandbox.faults = replace(UNSIZED, media=(replace(THIRD, times=1), *UNSIZED.media))
    assert archive.pull()[0] == 3
    lengths = {round((each.duration_ms or 0) / 1000) for each in archive.entries()}
    assert lengths == {SECONDS}


def test_get_says_so_too(archive: Archive, tmp_path: Path) -> None:
    archive.say(None)
    wanted = archive.recordings[0].id
    desk = Desk(archive.sandbox, archive.home)
    ran = desk.run("get", wanted, "-o", str(tmp_path / "sized"))
    assert (ran.code, ran.err.count("whole (no reported length to compare)")) == (0, 1)
    archive.sandbox.faults = UNSIZED
    ran = desk.run("get", wanted, "-o", str(tmp_path / "unsized"))
    assert (ran.code, ran.err.count("length_unconfirmed")) == (3, 1)
    archive.say("a while")
    ran = desk.run("get", wanted, "-o", str(tmp_path / "unread"))
    assert (ran.code, ran.err.count("duration_unread")) == (3, 1)


def test_a_catalog_made_anew_has_the_same_findings(archive: Archive) -> None:
    archive.say("a while")
    archive.pull()
    shutil.rmtree(archive.home / "archive" / PRIVATE)
    with closing(Catalog(archive.home / "other")) as catalog:
        catalog.follow(Journal(LocalStore(archive.home / "archive")))
        assert catalog.findings.counted().by_kind == {"duration_unread": COUNT}
