"""What the portal changes, takes away or brings late: every version is kept, nothing is lost."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from archiver.check.audit import audit
from archiver.domain.outcomes import Outcome
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest
from archiver.sandbox import Encoding, Faults, ListingFaults, Recording, Sandbox, World
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 12


class Nights(Struct):
    """One archive of one portal, pulled again and again."""

    sandbox: Sandbox
    home: Path

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.home / "archive")

    @property
    def world(self) -> World:
        return self.sandbox.world

    def pull(self, *window: str) -> tuple[int, dict[str, Any], str]:
        words = ("pull", "-a", str(self.home / "archive"), "--json")
        ran = Desk(self.sandbox, self.home).run(*words, *(window or ("--day", f"{DAY:%Y-%m-%d}")))
        return ran.code, json.loads(ran.out), ran.err

    def manifests(self) -> list[Manifest]:
        return [manifest for _, manifest in Journal(self.store).manifests()]

    def entries(self, id_: str) -> list[Entry]:
        return [entry for each in self.manifests() for entry in each.recordings if entry.id == id_]

    def audio(self, entry: Entry) -> bytes:
        assert entry.audio is not None
        with self.store.open(entry.audio.path) as file:
            return file.read()

    def fetches(self, recording: Recording) -> int:
        assert recording.key is not None
        return self.sandbox.counts.objects[recording.key]


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    world = World(seed=8)
    world.add(
        count=COUNT,
        first=DAY,
        last=DAY + timedelta(hours=23),
        kinds=(Encoding.BARE,),
        seconds=(5, 6),
    )
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Nights(sandbox, tmp_path)


def body_of(world: World, recording: Recording) -> bytes:
    stored = world.stored(recording.key or "")
    assert stored is not None
    return stored.body


def redact(world: World, recording: Recording, like: Recording, **fields: object) -> bytes:
    """Put the audio of another recording in the place of one, as a portal does that redacts."""
    body = body_of(world, like)
    assert body != body_of(world, recording)
    world.store(recording.key or "", body)
    world.edit(recording.id, duration=f"00:00:{like.seconds:02}", **fields)
    return body


def test_a_redacted_recording_is_another_version(nights: Nights, figure: Figure) -> None:
    first, second, *_ = nights.world.recordings
    assert nights.pull()[0] == 0
    body = redact(nights.world, first, like=second, notes="redacted")

    code, told, _err = nights.pull()

    assert (code, told["outcomes"]["archived"], told["outcomes"]["held"]) == (0, 1, COUNT - 1)
    old, new = nights.entries(first.id)
    assert nights.audio(new) == body
    assert nights.audio(old) != body, "the version before is kept"
    assert old.audio is not None
    assert old.sidecar is not None
    assert new.supersedes == (old.audio.path, old.sidecar.path)
    hashes = [hashlib.sha256(nights.audio(each)).hexdigest() for each in (old, new)]
    assert hashes == [each.audio.sha256 for each in (old, new) if each.audio]
    assert audit(nights.store).is_clean
    assert nights.pull()[1]["outcomes"]["held"] == COUNT
    figure("A8", "redacted: new version 1, old kept 1, hashes in the chain 2, next night held 12")


def test_an_edited_row_is_told_anew_of_the_same_audio(nights: Nights, figure: Figure) -> None:
    first, second, *_ = nights.world.recordings
    nights.pull()
    nights.world.edit(first.id, notes="called back")
    nights.world.edit(second.id, notes="called back", audio=None)
    before = nights.fetches(second)

    code, told, _err = nights.pull()

    assert (code, told["outcomes"]["archived"]) == (0, 2)
    for recording in (first, second):
        old, new = nights.entries(recording.id)
        assert old.audio == new.audio
        assert old.sidecar is not None
        assert new.supersedes == (old.sidecar.path,)
    assert nights.fetches(second) == before, "without a link, what is held is judged"
    assert audit(nights.store).is_clean
    assert nights.pull()[1]["outcomes"]["held"] == COUNT
    figure("A8", "rows edited 2, one of them without a link: sidecars new 2, audio new 0")


def test_a_link_that_is_gone_changes_nothing(nights: Nights) -> None:
    first, *_ = nights.world.recordings
    nights.pull()
    nights.world.edit(first.id, audio=None)
    assert nights.pull()[1]["outcomes"]["held"] == COUNT


def test_a_bad_new_version_leaves_the_old_one_held(nights: Nights, figure: Figure) -> None:
    first, *_ = nights.world.recordings
    nights.pull()
    nights.world.edit(first.id, duration="00:00:59")

    code, told, _err = nights.pull()

    assert (code, told["outcomes"]["quarantined"], told["findings"]) == (
        3,
        1,
        {"new": 1, "open": 1},
    )
    old, new = nights.entries(first.id)
    assert (new.outcome, new.supersedes) == (Outcome.QUARANTINED, ())
    code, told, _err = nights.pull()
    assert (code, told["findings"]) == (3, {"new": 0, "open": 1})
    again = nights.entries(first.id)[-1]
    assert (again.audio, again.sidecar) == (new.audio, new.sidecar), "nothing is stored twice"
    nights.world.edit(first.id, duration=f"00:00:{first.seconds:02}")
    code, told, _err = nights.pull()
    assert (code, told["findings"]["open"]) == (0, 0)
    assert nights.entries(first.id)[-1].sidecar == old.sidecar
    assert audit(nights.store).is_clean
    figure("A8", "a bad new version: finding 1, old still held; mended at the portal: findings 0")


@pytest.mark.parametrize("moved", [True, False], ids=["another object", "under the same name"])
def test_what_is_in_quarantine_is_no_audio_of_a_changed_row(
    moved: bool,  # noqa: FBT001 - a case
    nights: Nights,
    figure: Figure,
) -> None:
    first, second, *_ = nights.world.recordings
    own = body_of(nights.world, first)
    if moved:
        nights.world.recordings.put(replace(first, key=second.key))
    else:
        nights.world.store(first.key or "", body_of(nights.world, second))
    nights.world.edit(first.id, duration="00:00:59")
    assert nights.pull()[1]["outcomes"]["quarantined"] == 1
    nights.world.store(first.key or "", own)
    nights.world.recordings.put(first)
    (bad,) = nights.entries(first.id)
    assert nights.audio(bad) != own

    code, _told, _err = nights.pull()

    new = nights.entries(first.id)[-1]
    assert (code, new.outcome) == (0, Outcome.ARCHIVED)
    assert nights.audio(new) == own
    figure("A8", "quarantined, then mended at the portal: bytes of the mended row 1 of 1")


def test_what_a_killed_run_left_is_entered_before_its_new_version(
    nights: Nights, figure: Figure
) -> None:
    first, second, *rest = nights.world.recordings
    nights.pull()
    fetched = {each.id: nights.fetches(each) for each in rest}
    lose_the_books(nights.home / "archive")
    assert not audit(nights.store).is_clean
    redact(nights.world, first, like=second)
    nights.world.remove(rest[0].id)

    code, told, _err = nights.pull()

    assert (code, told["adopted"], told["unlisted"]) == (3, COUNT, 1)
    old, new = nights.entries(first.id)
    assert old.audio != new.audio
    assert {each.id: nights.fetches(each) for each in rest} == fetched
    assert audit(nights.store).is_clean
    figure("A8", f"left by a killed run and edited since: adopted {COUNT}, versions 2, extra 0")


def lose_the_books(archive: Path) -> None:
    """Leave an archive as a run that entered nothing would."""
    shutil.rmtree(archive / "manifests")
    shutil.rmtree(archive / ".archiver")


def test_audio_alone_is_no_version_of_a_changed_row(nights: Nights, figure: Figure) -> None:
    first, second, *_ = nights.world.recordings
    nights.pull()
    lose_the_books(nights.home / "archive")
    (sidecar,) = (nights.home / "archive").rglob(f"*{first.id}*.json")
    sidecar.unlink()
    body = redact(nights.world, first, like=second)

    code, told, err = nights.pull()

    assert (code, told["adopted"]) == (0, COUNT - 1)
    (entry,) = nights.entries(first.id)
    assert nights.audio(entry) == body
    assert "set aside" in err
    report = audit(nights.store)
    assert report.is_clean
    assert len(report.aside) == 1
    figure("A8", "audio alone, exchanged at the portal since: archived the portal's 1, aside 1")


def test_a_held_recording_that_no_longer_fits_its_row_is_a_finding(
    nights: Nights, figure: Figure
) -> None:
    first, *_ = nights.world.recordings
    nights.pull()
    nights.world.edit(first.id, duration="00:00:59", audio=None)
    for expected in ({"new": 1, "open": 1}, {"new": 0, "open": 1}):
        code, told, _err = nights.pull()
        assert (code, told["findings"]) == (3, expected)
    assert audit(nights.store).is_clean
    nights.world.edit(first.id, duration=f"00:00:{first.seconds:02}")
    assert nights.pull()[0] == 0
    figure("A8", "a row edited against held audio, without a link: findings 1; mended: 0")


def test_an_edit_is_seen_though_the_sidecar_is_lost(nights: Nights, figure: Figure) -> None:
    first, second, *_ = nights.world.recordings
    nights.pull()
    (sidecar,) = (nights.home / "archive").rglob(f"*{first.id}*.json")
    sidecar.unlink()
    shutil.rmtree(nights.home / "archive/.archiver")
    body = redact(nights.world, first, like=second)
    code, told, _err = nights.pull()
    assert (code, told["outcomes"]["archived"]) == (0, 1)
    assert nights.audio(nights.entries(first.id)[-1]) == body
    figure("A8", "edited, sidecar and catalog lost: new version 1")


def test_what_the_portal_deletes_stays_and_is_told(nights: Nights, figure: Figure) -> None:
    nights.pull()
    gone = [each.id for each in nights.world.recordings][::4]
    for id_ in gone:
        nights.world.remove(id_)

    code, told, err = nights.pull()

    assert (code, told["unlisted"], told["outcomes"]["held"]) == (3, len(gone), COUNT - len(gone))
    assert all(id_ in err for id_ in gone)
    assert "or the token has lost a part of its right" in err
    assert len(told["doubts"]) == 1
    (day,) = nights.manifests()[-1].unlisted
    assert (day.day, day.count) == (DAY.date(), len(gone))
    assert audit(nights.store).is_clean
    assert all(len(nights.audio(nights.entries(id_)[0])) > 0 for id_ in gone)
    nights.sandbox.faults = Faults(listing=ListingFaults(total_off=1))
    code, told, err = nights.pull()
    assert (code, told["unlisted"]) == (3, 0), "an unproven listing says of nothing that it is gone"
    assert "any more" not in err
    nights.sandbox.faults = Faults()
    assert nights.pull()[0] == 3
    words = ("accept", "--listing", f"{DAY:%Y-%m-%d}", "--reason", "they were deleted")
    ran = Desk(nights.sandbox, nights.home).run(*words, "-a", str(nights.home / "archive"))
    assert "3 that were listed before are missing" in ran.err
    code, told, _err = nights.pull()
    assert (code, told["unlisted"], told["clean"]) == (0, len(gone), True)
    nights.world.remove(next(iter(nights.world.recordings)).id)
    assert nights.pull()[0] == 3, "another one is missing"
    figure("A9", f"deleted at the portal {len(gone)}: told {len(gone)}, ours present {len(gone)}")


def test_what_is_in_quarantine_is_asked_about_and_not_sent_again(
    nights: Nights, figure: Figure
) -> None:
    first, *_ = nights.world.recordings
    nights.world.edit(first.id, duration="00:09:59")
    assert nights.pull()[0] == 3
    for _ in range(2):
        before = nights.sandbox.counts["not_modified"]
        code, told, _err = nights.pull()
        assert (code, told["bytes"], told["outcomes"]["quarantined"]) == (3, 0, 1)
        assert nights.sandbox.counts["not_modified"] == before + 1
    assert len(nights.entries(first.id)) == 1, "nothing new was said"
    nights.world.edit(first.id, duration=None)
    assert nights.pull()[1]["outcomes"]["archived"] == 1
    figure("due", "2 nights in quarantine: 2 answers of 304, 0 bytes; then it came good: archived")


def test_what_comes_late_is_found_by_looking_back(tmp_path: Path, figure: Figure) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    late = (1, 6, 23, 47, 71)
    found = 0
    with Sandbox(World(seed=7), token=TOKEN) as sandbox:
        nights = Nights(sandbox, tmp_path)
        silent = [nights.world.arrive(now - timedelta(hours=hours + 0.5)) for hours in late]
        for each in silent:
            nights.world.edit(each.id, audio=None)
        code, told, _err = nights.pull("--since", "3d")
        assert (code, told["outcomes"]["no_audio"]) == (0, len(late))
        for hours, waiting in zip(late, silent, strict=True):
            nights.world.arrive(now - timedelta(hours=hours))
            nights.world.recordings.put(replace(waiting, fields={}))
            code, told, _err = nights.pull("--since", "3d")
            assert code == 0
            found += told["outcomes"]["archived"]
        assert found == 2 * len(late)
        assert audit(nights.store).is_clean
    figure("A7", f"late by {late} hours {len(late)}, audio late {len(late)}: found {found}")


@pytest.mark.parametrize("left", [0.5, 1.0], ids=["cut", "one bit flipped"])
def test_what_was_set_aside_as_damaged_never_comes_back(
    left: float, nights: Nights, figure: Figure
) -> None:
    first, *_ = nights.world.recordings
    nights.pull()
    (entry,) = nights.entries(first.id)
    whole = nights.audio(entry)
    assert entry.audio is not None
    damaged = bytes([*whole[: int(len(whole) * left) - 1], whole[-1] ^ 1])
    path = nights.store.root / entry.audio.path
    path.chmod(0o600)
    path.write_bytes(damaged)
    for note in ("edited", "edited again"):
        nights.world.edit(first.id, notes=note)

        code, _told, err = nights.pull()

        assert code == 0, err
        assert nights.audio(nights.entries(first.id)[-1]) == whole
    report = audit(nights.store)
    assert (len(report.aside), report.extra, report.differ, report.missing) == (1, [], [], [])
    figure("D11", f"damaged and set aside, {len(damaged)} bytes: archived later 0, versions 2")
