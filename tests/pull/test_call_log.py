"""The call log in the archive: every field, every version, and the audio that only a call has."""

import hashlib
import json
import os
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from msgspec import Struct
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.check.audit import audit
from archiver.domain.layout import PRIVATE, calls_key
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.times.window import SECOND, Window
from archiver.errors import ExitCode
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest
from archiver.manifest.named_files.call_files import call_file, read_calls
from archiver.manifest.records.files import ArchivedFile, CallFile
from archiver.manifest.state import RecordingState
from archiver.portal.proving.window_listing import Listing
from archiver.pull import call_log
from archiver.pull.job.done import Done
from archiver.pull.ledger.ledger import Ledger
from archiver.sandbox import (
    Encoding,
    Faults,
    ListingFaults,
    Recording,
    Sandbox,
    Trouble,
    Troubled,
    World,
)
from archiver.sandbox.world.tones import Tone
from archiver.sandbox.world.world import Call
from archiver.store.local import LocalStore
from tests.archives import MORNING, PORTAL, lose_catalog, manifest_of
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure
from tests.crash import in_child
from tests.nights import Month

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 8
FIELDS = 19
"""So many fields has a call on the provider's page."""


class Log(Struct):
    """One archive of one portal's recordings and calls."""

    sandbox: Sandbox
    home: Path

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.home / "archive")

    def run(self, *words: str) -> Ran:
        window = ("--since", f"{DAY:%Y-%m-%d}", "--until", f"{DAY + timedelta(days=1):%Y-%m-%d}")
        words = ("pull", "-a", str(self.home / "archive"), "--json", *window, *words)
        return Desk(self.sandbox, self.home, {"ARCHIVER_SAME_AUDIO": "0"}).run(*words)

    def pull(self, *words: str) -> dict[str, Any]:
        ran = self.run(*words)
        assert ran.code == 0, ran.err
        told: dict[str, Any] = json.loads(ran.out)
        return told

    def manifests(self) -> list[Manifest]:
        return [manifest for _, manifest in Journal(self.store).manifests()]

    def files(self) -> list[CallFile]:
        return [file for each in self.manifests() for file in each.calls]

    def rows(self, file: CallFile) -> list[dict[str, Any]]:
        with self.store.open(file.file.path) as opened:
            return [json.loads(line) for line in opened]

    def entries(self, id_: str) -> list[Entry]:
        return [entry for each in self.manifests() for entry in each.recordings if entry.id == id_]

    def unlist(self, recording: Recording) -> Call:
        """Let the portal list a recording no more, while its call has the audio."""
        assert recording.key is not None
        kept = self.world.objects[recording.key]
        self.world.remove(recording.id)
        self.world.objects[recording.key] = kept
        near = (abs(call.at - recording.at) for call in self.world.calls)
        nearest = min(near)
        call = next(c for c in self.world.calls if abs(c.at - recording.at) == nearest)
        call = replace(call, key=recording.key)
        self.world.calls.put(call)
        return call


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    world = World(seed=6)
    last = DAY + timedelta(hours=47)
    world.add(count=COUNT, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(3, 4))
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Log(sandbox, tmp_path)


def test_calls_are_archived_with_every_field(log: Log, figure: Figure) -> None:
    told = log.pull()
    assert told["calls"] == {"listed": COUNT, "new": COUNT, "changed": 0, "unread": 0}
    files = log.files()
    assert [file.day for file in files] == [DAY.date(), DAY.date() + timedelta(days=1)]
    rows = [row for file in files for row in log.rows(file)]
    assert {row["id"] for row in rows} == {call.id for call in log.world.calls}
    assert all(len(row) == 1 + FIELDS for row in rows)
    assert "X-Amz" not in json.dumps(rows)
    assert sum(file.rows for file in files) == COUNT
    proofs = [each for each in told["windows"] if each["report"] == "calls"]
    assert [proof["proven"] for proof in proofs] == [True]
    assert audit(log.store).is_clean
    figure("calls", f"{COUNT} calls with {FIELDS} fields and an id, in {len(files)} files")


def test_a_night_without_news_writes_nothing(log: Log) -> None:
    log.pull()
    before = log.files()
    told = log.pull()
    assert told["calls"] == {"listed": COUNT, "new": 0, "changed": 0, "unread": 0}
    assert log.files() == before


def test_what_is_said_later_is_a_new_version(log: Log, figure: Figure) -> None:
    log.pull()
    first, *_ = log.world.calls
    (old,) = [file for file in log.files() if file.day == first.at.date()]
    log.world.calls.put(replace(first, fields={"notes": "called back"}))
    assert log.pull()["calls"] == {"listed": COUNT, "new": 0, "changed": 1, "unread": 0}
    *_, new = log.files()
    assert [row["notes"] for row in log.rows(new)] == ["called back"]
    assert first.id in {row["id"] for row in log.rows(old)}, "the old one stays"
    assert log.pull()["calls"]["changed"] == 0
    assert audit(log.store).is_clean
    figure("calls", "a later note: 1 new version, the old one kept, nothing the night after")


def test_they_can_be_left_alone(log: Log) -> None:
    told = log.pull("--no-calls")
    assert told["calls"] == {"listed": 0, "new": 0, "changed": 0, "unread": 0}
    assert log.sandbox.counts["calls"] == 0
    assert log.files() == []


def test_audio_that_only_a_call_has_is_a_recording(log: Log, figure: Figure) -> None:
    recording = list(log.world.recordings)[COUNT // 2]
    call = log.unlist(recording)
    told = log.pull()
    assert told["outcomes"]["listed"] == told["outcomes"]["archived"] == COUNT
    (entry,) = log.entries(call.id)
    assert entry.source is Report.CALLS
    assert entry.created_at == log.world.wall(call.at)
    assert log.entries(recording.id) == []
    again = log.pull()
    assert again["outcomes"]["held"] == COUNT
    assert again["unlisted"] == 0
    assert len(log.entries(call.id)) == 1
    assert audit(log.store).is_clean
    figure("calls", "audio of a call that no recording has: archived as a recording, once")


def test_a_recording_that_is_listed_after_all_has_its_own_outcome(log: Log, figure: Figure) -> None:
    recording = list(log.world.recordings)[COUNT // 2]
    call = log.unlist(recording)
    log.pull()
    log.world.recordings.put(recording)
    told = log.pull()
    assert (told["outcomes"]["listed"], told["outcomes"]["archived"]) == (COUNT + 1, 1)
    first, second = log.entries(call.id)[0], log.entries(recording.id)[0]
    assert first.audio is not None
    assert second.audio is not None
    assert first.audio.sha256 == second.audio.sha256
    assert log.pull()["outcomes"]["held"] == COUNT + 1
    assert [len(log.entries(id_)) for id_ in (call.id, recording.id)] == [1, 1]
    assert audit(log.store).is_clean
    figure("calls", "a recording listed after its call's audio was archived: both held, accounted")


def test_audio_of_a_call_that_nobody_can_read_fails_unless_a_recording_is_its(
    log: Log, figure: Figure
) -> None:
    recording = list(log.world.recordings)[COUNT // 2]
    call = log.unlist(recording)
    for each in log.world.calls:
        log.world.calls.put(replace(each, key=None, fields={"audio": {"id": 7}}))
    ran = log.run()
    outcomes = json.loads(ran.out)["outcomes"]
    assert (ran.code, outcomes["failed"], outcomes["archived"]) == (3, 1, COUNT - 1)
    (entry,) = log.entries(call.id)
    assert entry.reasons == ("the portal gives its audio in a form that is not understood",)
    figure("G9", f"{COUNT} calls with audio that is an object, one without a recording: failed 1")


def test_audio_of_a_call_that_is_not_what_was_said_is_asked_for_again(log: Log) -> None:
    call = log.unlist(list(log.world.recordings)[COUNT // 2])
    log.world.calls.put(replace(call, fields={"duration": "00:09:00"}))
    for _ in range(2):
        ran = log.run()
        told = json.loads(ran.out)
        assert (ran.code, told["outcomes"]["quarantined"]) == (3, 1), ran.err
    assert len(log.entries(call.id)) == 1
    log.world.calls.put(call)
    assert log.pull()["outcomes"]["archived"] == 1
    assert log.pull()["outcomes"]["held"] == COUNT


def test_a_number_may_name_a_recording_and_another_call(log: Log, figure: Figure) -> None:
    recording = list(log.world.recordings)[COUNT // 2]
    call = log.unlist(recording)
    log.world.calls.remove(call.id)
    for number, each in enumerate(log.world.recordings):
        log.world.recordings.remove(each.id)
        log.world.recordings.put(replace(each, id=str(number)))
    log.world.calls.put(replace(call, id="3"))
    for outcome in ("archived", "held"):
        assert log.pull()["outcomes"][outcome] == COUNT
    (one,), (other,) = log.entries("3"), log.entries("call-3")
    assert (one.source, other.source) == (Report.RECORDINGS, Report.CALLS)
    assert one.audio != other.audio
    assert audit(log.store).is_clean
    figure("calls", "number 3 names a recording and another call: both archived, neither replaced")


def test_a_call_that_has_the_id_of_its_recording_is_no_version_of_it(log: Log) -> None:
    for call, recording in zip(log.world.calls, log.world.recordings, strict=True):
        log.world.calls.remove(call.id)
        log.world.calls.put(replace(call, id=recording.id, key=recording.key))
    log.pull()
    call, *_ = log.world.calls
    log.world.calls.put(replace(call, fields={"call_from": None, "call_to": None}))
    log.world.recordings.remove(call.id)
    ran = log.run()
    told = json.loads(ran.out)
    assert (ran.code, told["outcomes"]["listed"], told["unlisted"]) == (3, COUNT - 1, 1)
    assert len(log.entries(call.id)) == 1


def test_a_call_whose_recording_is_listed_is_none(log: Log) -> None:
    for call, recording in zip(log.world.calls, log.world.recordings, strict=True):
        log.world.calls.put(replace(call, key=recording.key))
    assert log.pull()["outcomes"]["listed"] == COUNT
    assert log.pull()["outcomes"]["held"] == COUNT


def test_a_recording_may_still_come_for_a_day(log: Log) -> None:
    now = datetime.now(UTC)
    log.world.add(
        count=2,
        first=now - timedelta(hours=5),
        last=now - timedelta(hours=2),
        kinds=(Encoding.BARE,),
    )
    *_, recording = sorted(log.world.recordings, key=lambda each: each.at)
    call = log.unlist(recording)
    words = ("pull", "-a", str(log.home / "archive"), "--since", "2d")
    desk = Desk(log.sandbox, log.home)
    assert desk.run(*words).code == 0
    assert desk.run(*words).code == 0
    assert log.entries(call.id) == []


def own_audio(log: Log, recording: Recording, seconds_later: int, **numbers: str) -> Call:
    """Let a call that ends so long after a recording have audio of its own."""
    key = f"rc/own-{recording.id}-{seconds_later}.mp3"
    log.world.objects[key] = Tone(Encoding.BARE, 3)
    call = Call(
        id=f"{uuid.uuid5(uuid.NAMESPACE_URL, key)}",
        at=recording.at + timedelta(seconds=seconds_later),
        call_from=numbers.get("call_from", f"44770090{seconds_later % 10_000:04}"),
        call_to=numbers.get("call_to", "12025550199"),
        seconds=3,
        key=key,
    )
    log.world.calls.put(call)
    return call


def archived_calls(log: Log) -> set[str]:
    entries = (each for manifest in log.manifests() for each in manifest.recordings)
    return {e.id for e in entries if e.source is Report.CALLS and e.outcome == "archived"}


def test_a_recording_without_numbers_keeps_no_call_from_being_archived(
    log: Log, figure: Figure
) -> None:
    """It has no audio, or that is gone, or has failed, or there are no numbers."""
    silent, gone, failed, unnumbered, *_ = [*log.world.recordings][::2]
    calls = {
        own_audio(log, each, after).id
        for each in (silent, gone, failed, unnumbered)
        for after in (-40, -20, 0, 20, 40)
    }
    log.world.edit(silent.id, audio=None)
    log.world.objects.pop(gone.key or "")
    refused = Troubled(Trouble.GZIP, keys=frozenset({failed.key or ""}))
    log.sandbox.faults = Faults(media=(refused,))
    log.world.edit(unnumbered.id, call_from=None, call_to=None)

    told = json.loads(log.run().out)["outcomes"]

    assert (told["no_audio"], told["gone"], told["failed"]) == (1, 1, 1)
    assert archived_calls(log) == calls
    assert audit(log.store).is_clean
    figure("G18", f"calls with audio near recordings that say little: {len(calls)}, missing 0")


def test_what_may_still_come_is_waited_for_a_day_longer(month: Month, figure: Figure) -> None:
    """The neighbours' audio is due a day after the call, that of the doubtful ones after two."""
    first, *_ = month.live(1)
    log = Log(month.sandbox, month.home)
    month.sandbox.world.edit(first.id, audio=None)
    its = {"call_from": first.call_from, "call_to": first.call_to}
    lacking = own_audio(log, first, 1, **its).id
    neighbours = {own_audio(log, first, after).id for after in (-30, 30)}
    came: dict[int, set[str]] = {}
    for number in (1, 2, 3, 4):
        with month.now(number):
            month.pull(*(("--since", f"{month.day(1):%Y-%m-%d}") if number == 1 else ()))
        came[number] = archived_calls(log)
    assert came == {1: set(), 2: neighbours, 3: {*neighbours, lacking}, 4: {*neighbours, lacking}}
    figure("G18", "of 3 calls near a recording without audio: 2 the second night, 1 the third")


def test_a_recording_that_is_gone_gives_way_to_the_audio_of_its_own_call(log: Log) -> None:
    first, *_ = log.world.recordings
    log.world.objects.pop(first.key or "")
    numbers = {"call_from": first.call_from, "call_to": first.call_to}
    call = own_audio(log, first, 1, **numbers)
    assert log.run().code == 3, "the recording is gone"
    assert archived_calls(log) == {call.id}


def recorded_calls(log: Log) -> list[tuple[Call, Recording]]:
    """Return each call with its recording; neither names the other."""
    return [*zip(log.world.calls, log.world.recordings, strict=True)]


def redial(log: Log, call: Call, seconds_later: int, seconds: int = 3) -> Call:
    """Let the same two talk again, with audio that only the call names."""
    key = f"rc/again-{call.id}.mp3"
    log.world.objects[key] = Tone(Encoding.BARE, seconds, 77 + len(log.world.objects))
    at = call.at + timedelta(seconds=seconds_later)
    again = replace(call, id=f"{uuid.uuid5(uuid.NAMESPACE_URL, key)}", at=at, key=key)
    log.world.calls.put(replace(again, seconds=seconds))
    return again


REDIALS = ((6, 1), (35, 1), (35, 2), (70, 2))
"""After so many seconds, a call that has so many recordings."""


def test_a_redial_keeps_its_own_audio(log: Log, figure: Figure) -> None:
    """The first call was recorded, or was transferred and has two recordings."""
    again = set[str]()
    for (later, parts), (call, its) in zip(REDIALS, recorded_calls(log)[::2], strict=True):
        if parts == 2:
            key = f"rc/second-part-{later}.mp3"
            log.world.objects[key] = Tone(Encoding.BARE, 3, 77 + len(log.world.objects))
            at = its.at + timedelta(seconds=12)
            log.world.recordings.put(replace(its, id=f"{uuid.uuid4()}", at=at, key=key))
        again.add(redial(log, call, later).id)
    count = COUNT + sum(parts for _, parts in REDIALS)
    assert log.pull()["outcomes"]["archived"] == count
    assert archived_calls(log) == again
    assert log.pull()["outcomes"]["held"] == count
    figure("G33", f"{len(again)} redials, of calls with one recording and with two: missing 0")


def test_a_calls_own_object_is_archived_beside_its_recording(log: Log, figure: Figure) -> None:
    """The portal keeps two copies of each conversation; one file for both is no finding.

    Nor is it one that the call's row counts what was not recorded. Some recordings name their call.
    """
    for number, (call, its) in enumerate(recorded_calls(log)):
        assert its.key is not None
        key = f"calls/{call.id}.mp3"
        log.world.objects[key] = log.world.objects[its.key]
        rang_s = 25 if number % 2 else 0
        log.world.calls.put(replace(call, key=key, seconds=call.seconds + rang_s))
        if number % 4 > 1:
            log.world.edit(its.id, call_id=call.id)
    told = log.pull()
    assert (told["outcomes"]["archived"], told["findings"]["open"]) == (2 * COUNT, 0)
    assert archived_calls(log) == {call.id for call in log.world.calls}
    assert log.pull()["outcomes"]["held"] == 2 * COUNT
    figure(
        "G33", f"{COUNT} calls, 25 s longer or not, with another object of their own: findings 0"
    )


COPIED = ((False, 30, None), (True, 30, 50), (False, 50_000, 50), (True, 50_000, None))
"""Whether the copy is an object of its own, the seconds to midnight, and to the redial."""


def test_a_second_copy_is_no_finding_beside_a_redial_or_midnight(
    month: Month, figure: Figure
) -> None:
    """The calls' rows count eight seconds of ringing; all were recorded. Each has its people."""
    month.live(1)
    world = month.sandbox.world
    for number, (apart, before_midnight, redial_s) in enumerate(COPIED):
        people = (f"44770090000{number}", f"1202555010{number}")
        end = month.day(2) - timedelta(seconds=before_midnight)
        ended = [(end, 20)]
        if redial_s is not None:
            ended.append((end + timedelta(seconds=redial_s), 9))
        for at, seconds in ended:
            name = f"{number}-{seconds}.mp3"
            keys = [f"rc/{name}", f"calls/{name}" if apart else f"rc/{name}"]
            for key in keys:
                world.objects[key] = Tone(Encoding.BARE, seconds, 900 + number)
            id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
            world.recordings.put(Recording(id_, at, *people, None, seconds, keys[0]))
            id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
            world.calls.put(Call(id_, at, *people, seconds + 8, keys[1]))
    for number in (1, 2, 4):
        month.night(number)
        month.live(number + 1)
    assert month.codes == [0] * 3
    figure("G33", f"{len(COPIED)} second copies, near midnight and redialled: findings 0")


def test_a_redial_that_is_served_the_audio_of_the_call_before_is_a_finding(
    log: Log, figure: Figure
) -> None:
    call, its = recorded_calls(log)[2]
    again = redial(log, call, 30, seconds=20)
    log.world.objects[again.key or ""] = log.world.objects[its.key or ""]
    for _ in range(2):
        ran = log.run()
        assert (ran.code, json.loads(ran.out)["outcomes"]["quarantined"]) == (3, 1)
    figure("G33", "a redial that is served the audio of the call before: a finding")


def test_a_transferred_call_that_names_its_second_recording_has_it(log: Log) -> None:
    call, its = recorded_calls(log)[2]
    key = "rc/second-part.mp3"
    log.world.objects[key] = Tone(Encoding.BARE, 3, 78)
    second = replace(its, id="9" * 8, at=its.at + timedelta(seconds=12), key=key)
    log.world.recordings.put(second)
    for each in (its, second):
        log.world.edit(each.id, call_id=call.id)
    log.world.calls.put(replace(call, key=key))
    assert log.pull()["outcomes"]["listed"] == COUNT + 1
    assert archived_calls(log) == set()


@pytest.mark.parametrize("audio", ["s3://rc/c-1.mp3", "https://user:pass@media.example/c-1.mp3"])
def test_audio_of_a_call_that_is_no_plain_address_fails(
    audio: str, log: Log, figure: Figure
) -> None:
    call = log.unlist(list(log.world.recordings)[COUNT // 2])
    log.world.calls.put(replace(call, key=None, fields={"audio": audio}))
    ran = log.run()
    assert (ran.code, json.loads(ran.out)["outcomes"]["failed"]) == (3, 1)
    (entry,) = log.entries(call.id)
    assert (entry.outcome, entry.source) == ("failed", Report.CALLS)
    assert "pass@" not in ran.err + ran.out
    figure("G33", "a call's audio in an address that can't be fetched from: failed, exit 3")


def test_a_call_that_names_the_object_that_is_gone_is_no_second_finding(log: Log) -> None:
    first, *_ = log.world.recordings
    log.world.objects.pop(first.key or "")
    for call, recording in zip(log.world.calls, log.world.recordings, strict=True):
        log.world.calls.put(replace(call, key=recording.key))
    told = json.loads(log.run().out)
    assert (told["outcomes"]["gone"], told["findings"]["open"]) == (1, 1)
    assert told["outcomes"]["listed"] == COUNT


def test_audio_of_a_call_that_failed_and_is_listed_no_more_is_a_finding(
    log: Log, figure: Figure
) -> None:
    call = log.unlist(list(log.world.recordings)[COUNT // 2])
    refused = Troubled(Trouble.GZIP, keys=frozenset({call.key or ""}))
    log.sandbox.faults = Faults(media=(refused,))
    assert log.run().code == 3
    log.world.calls.remove(call.id)
    codes = [log.run().code for _ in range(2)]
    assert codes == [3, 3]
    assert [entry.outcome for entry in log.entries(call.id)] == ["failed", "gone"]
    figure("G18", "audio of a call that failed, its row deleted: nights 2, green 0")


def last_calls(month: Month, count: int) -> list[Call]:
    """Return the last calls of the first day."""
    there = (each for each in month.sandbox.world.calls if each.at < month.day(2))
    return sorted(there, key=lambda each: each.at)[-count:]


@pytest.mark.parametrize("tellings", [((-2, 3), (-2, 40_000)), ((3, -2),)])
def test_a_call_whose_end_is_told_anew_over_midnight_is_none_that_is_missing(
    month: Month, figure: Figure, tellings: tuple[tuple[int, int], ...]
) -> None:
    """All calls of a portal move one way: those that move the other way would make up for them."""
    for number in (1, 2):
        month.live(number)
    world, midnight = month.sandbox.world, month.day(2)
    calls = last_calls(month, len(tellings))
    for number in range(1, 7):
        if number > 2:
            month.live(number)
        for call, (told, anew) in zip(calls, tellings, strict=True):
            seconds = told if number == 1 else anew
            world.calls.put(replace(call, at=midnight + timedelta(seconds=seconds)))
        month.night(number)
        with month.now(number):
            month.codes.append(month.type("status").code)
    assert (set(month.codes), {1, 2, 3} - month.settled()) == ({0}, set())
    figure("G34", f"calls' ends told in seconds from midnight, and anew, {tellings}: doubts 0")


@pytest.mark.parametrize("ends", [((-2, 3, -2), (-2, 40_000, -2)), ((3, -2, 3, -2, 3),)])
def test_an_end_that_is_corrected_and_then_told_as_before_is_none_that_is_missing(
    month: Month, figure: Figure, ends: tuple[tuple[int, ...], ...]
) -> None:
    for number in (1, 2):
        month.live(number)
    world, midnight = month.sandbox.world, month.day(2)
    calls = last_calls(month, len(ends))
    for number in range(1, 7):
        if number > 2:
            month.live(number)
        for call, its in zip(calls, ends, strict=True):
            seconds = its[min(number, len(its)) - 1]
            world.calls.put(replace(call, at=midnight + timedelta(seconds=seconds)))
        month.night(number)
    assert (set(month.codes), {1, 2, 3} - month.settled()) == ({0}, set())
    assert audit(LocalStore(month.archive)).is_clean
    log = Log(month.sandbox, month.home)
    told = Counter(row["id"] for file in log.files() for row in log.rows(file))
    assert [told[call.id] for call in calls] == [len(its) for its in ends]
    figure("G34", f"ends corrected and back, {ends} s from midnight: doubts 0")


def test_a_call_whose_people_are_corrected_after_its_end_is_none_that_is_missing(
    month: Month, figure: Figure
) -> None:
    for number in (1, 2):
        month.live(number)
    world, midnight = month.sandbox.world, month.day(2)
    call = max((each for each in world.calls if each.at < midnight), key=lambda each: each.at)
    corrected = replace(call, at=midnight + 3 * SECOND)
    told = {2: corrected, 3: replace(corrected, call_from="447700900777")}
    for number in range(1, 6):
        if number > 2:
            month.live(number)
        world.calls.put(told.get(number, told[3] if number > 1 else call))
        month.night(number)
        with month.now(number):
            month.codes.append(month.type("status").code)
    assert (set(month.codes), {1, 2} - month.settled()) == ({0}, set())
    figure("G34", "an end corrected over midnight, the people a night later: doubts 0")


def test_an_end_that_is_told_as_before_on_a_settled_day_is_looked_for_there(
    month: Month, figure: Figure
) -> None:
    """The totals of both days together are the same all the time."""
    for number in range(1, 6):
        month.live(number)
    world, midnight = month.sandbox.world, month.day(2)
    call = max((each for each in world.calls if each.at < midnight), key=lambda each: each.at)
    for number in (1, 2, 5, 6, 7):
        world.calls.put(replace(call, at=midnight + 3 * SECOND) if number == 6 else call)
        month.night(number)
    assert set(month.codes) == {0}
    figure("G34", "an end corrected once its days are settled, and back: doubts 0")


@pytest.mark.parametrize("later", [timedelta(hours=9), timedelta(hours=-7)])
def test_a_call_of_others_by_the_same_id_hides_no_call_that_is_gone(
    month: Month, figure: Figure, later: timedelta
) -> None:
    for number in (1, 2):
        month.live(number)
    world, midnight = month.sandbox.world, month.day(2)
    call = max((each for each in world.calls if each.at < midnight), key=lambda each: each.at)
    month.night(1)
    other = replace(call, at=midnight + later, call_from="447700900777", call_to="12025550177")
    world.calls.put(other)
    asked = []
    for number in range(2, 5):
        if number > 2:
            month.live(number)
        month.night(number)
        with month.now(number):
            asked.append(month.type("status").code)
    assert (month.codes, asked) == ([0, 3, 3, 3], [3] * 3)
    assert 1 not in month.settled()
    figure("G34", "a call that is gone, another by its id: every night and status end with 3")


def enter_call(store: LocalStore, end: datetime, caller: str) -> Journal:
    """Append a manifest with a file of one call, number 7."""
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    fields: dict[str, Any] = {"id": 7, "end_at": f"{end}", "call_from": caller}
    text = call_file([Row(RecordingId("call-7"), end, None, None, fields)])
    sha256 = hashlib.sha256(text).hexdigest()
    store.put(key := calls_key(end.date(), sha256), text)
    file = CallFile(end.date(), 1, ArchivedFile(key, len(text), sha256, None))
    build = manifest_of(archive, [])
    journal.append(lambda below: replace(build(below), calls=(file,)))
    return journal


def test_a_call_of_others_under_the_same_id_is_no_former_end(tmp_path: Path) -> None:
    """Some portals give one id to several calls: each of them must stay listed."""
    day, store = Window.day(DAY.date()), LocalStore(tmp_path)
    with closing(Catalog(tmp_path / PRIVATE)) as catalog, store.exclusive():
        enter_call(store, day.last, "one")
        catalog.follow(enter_call(store, day.last + SECOND, "another"))
        assert [(call.id, call.at) for call in catalog.rows.calls_in(day)] == [("call-7", day.last)]
        catalog.follow(enter_call(store, day.last + 2 * SECOND, "one"))
        assert [*catalog.rows.calls_in(day)] == []
        later = {day.last: {day.last + 2 * SECOND}}
        assert catalog.rows.ends_after(RecordingId("call-7")) == later


def test_people_who_are_told_anew_are_of_the_former_ends_too(tmp_path: Path) -> None:
    day, store = Window.day(DAY.date()), LocalStore(tmp_path)
    late = day.last + SECOND
    told = [(day.last, "one"), (late, "one"), (late, "two"), (late, "one"), (day.last, "two")]
    ended = list[list[datetime]]()
    with closing(Catalog(tmp_path / PRIVATE)) as catalog, store.exclusive():
        for end, caller in told:
            catalog.follow(enter_call(store, end, caller))
            known = catalog.rows.calls_in(Window(day.first, late))
            ended.append([call.at for call in known])
    assert ended == [[end] for end, _ in told]


def test_an_unproven_log_is_said(log: Log) -> None:
    log.pull()
    log.sandbox.faults = Faults(listing=ListingFaults(empty_total=9))
    ran = log.run()
    assert ran.code == 3
    assert "NOT PROVEN" in ran.err


def test_what_a_killed_run_left_is_entered(log: Log) -> None:
    def dying(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def killed() -> None:
        with mock.patch.object(Ledger, "enter_calls", dying):
            log.pull()

    assert in_child(killed) == -signal.SIGKILL
    assert any(log.store.items("calls/"))
    first, *_ = log.world.calls
    log.world.calls.put(replace(first, fields={"notes": "in between"}))
    log.pull()
    assert audit(log.store).is_clean
    rows = [row for file in log.files() for row in log.rows(file) if row["id"] == first.id]
    assert [row["notes"] for row in rows] == [None, "in between"]


def test_asking_to_stop_is_heard_while_calls_are_listed(log: Log) -> None:
    def hanging(*_: object) -> Iterator[Listing]:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait()
        yield from ()

    def stopped() -> None:
        with mock.patch.object(call_log, "list_slices", hanging):
            assert log.run().code == ExitCode.INTERRUPTED

    assert in_child(stopped) == 0
    last = log.manifests()[-1]
    assert (last.run.closed, last.accounted) == (True, False)


def test_audio_of_a_call_that_a_killed_run_stored_is_adopted(log: Log) -> None:
    call = log.unlist(list(log.world.recordings)[COUNT // 2])
    settle = Ledger.settle

    def dying(ledger: Ledger, done: Done, known: RecordingState | None) -> tuple[Entry, bool]:
        if done.entry.source is Report.CALLS:
            os.kill(os.getpid(), signal.SIGKILL)
        return settle(ledger, done, known)

    def killed() -> None:
        with mock.patch.object(Ledger, "settle", dying):
            log.pull()

    assert in_child(killed) == -signal.SIGKILL
    assert log.entries(call.id) == []
    told = log.pull()
    assert (told["adopted"], told["outcomes"]["held"], told["bytes"]) == (1, COUNT, 0)
    (entry,) = log.entries(call.id)
    assert entry.source is Report.CALLS
    assert audit(log.store).is_clean


def test_the_catalog_of_another_machine_knows_the_calls(log: Log) -> None:
    log.pull()
    lose_catalog(log.home / "archive")
    assert log.pull()["calls"]["new"] == 0
    with closing(Catalog(log.home / "other")) as catalog:
        catalog.follow(Journal(log.store))
        assert len(catalog.rows.calls(call.id for call in log.world.calls)) == COUNT


def test_a_damaged_file_is_found_and_its_rows_are_archived_again(log: Log) -> None:
    log.pull()
    file, _ = log.files()
    path = log.home / "archive" / file.file.path
    path.write_bytes(path.read_bytes().replace(b"caller", b"called"))
    assert [each.path for each in audit(log.store).differ] == [file.file.path]
    lose_catalog(log.home / "archive")
    assert log.pull()["calls"]["new"] == file.rows
    report = audit(log.store)
    assert report.is_clean, "what was damaged has made way"
    assert len(report.aside) == 1


def test_the_same_rows_are_the_same_bytes() -> None:
    rows = [
        Row(RecordingId(id_), at, None, None, {"id": id_, "name": "\ud800"})
        for id_, at in (("2", MORNING), ("1", MORNING), ("3", None))
    ]
    text = call_file(rows)
    assert text == call_file(reversed(rows))
    assert [row["id"] for row in read_calls(text)] == ["3", "1", "2"]
