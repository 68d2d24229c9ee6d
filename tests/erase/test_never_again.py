"""What was erased is fetched under no other id; what others still have is nobody's loss."""

import hashlib
import json
from typing import Any

import pytest
from msgspec.structs import replace

from archiver.domain.outcomes import Outcome
from archiver.domain.row.identity import alias_of
from archiver.sandbox import Encoding as Sound
from archiver.sandbox import Tone
from tests.conftest import Figure
from tests.pull.test_twins import Archive, archive

__all__ = ["archive"]
WHY = ("--reason", "asked for by the customer", "--yes")
OWN = Tone(Sound.CBR, 47)
"""Audio that no other recording of the portal has."""


def erase(archive: Archive, recording: str) -> None:
    ran = archive.run("erase", recording, *WHY)
    assert ran.code == 0, ran.err


def found(archive: Archive, recording: str) -> tuple[str, Any]:
    (known,) = json.loads(archive.run("find", recording, "--json").out)
    return known["outcome"], known["audio"]


@pytest.mark.parametrize(("seconds", "outcome"), [(47, Outcome.ERASED), (3, Outcome.ARCHIVED)])
def test_the_same_bytes_under_another_id(
    seconds: int, outcome: Outcome, archive: Archive, figure: Figure
) -> None:
    tone = Tone(Sound.CBR, seconds)
    first = archive.add(tone)
    archive.pull()
    erase(archive, first.id)
    other = archive.add(tone)
    archive.world.recordings.remove(first.id)
    archive.world.recordings.put(replace(archive.world.recordings[other.id], at=first.at))
    code, told, err = archive.pull()
    known = archive.known()
    assert (known[first.id].outcome, known[other.id].outcome) == (Outcome.ERASED, outcome), err
    assert (code, told["accounted"]) == (0, True)
    stored = [*(archive.home / "archive").glob(f"*/2021/**/*{other.id}*")]
    assert bool(stored) is (outcome is Outcome.ARCHIVED)
    code, told, _ = archive.pull()
    assert (code, told["outcomes"]["erased"]) == (0, int(outcome is Outcome.ERASED))
    figure("P2", f"the same {seconds} s under another id: {outcome}, stored {len(stored)} files")


def test_the_same_bytes_of_another_time_are_told_until_they_are_others(
    archive: Archive, figure: Figure
) -> None:
    """They may be of others, served in error: nobody asked to have these erased."""
    first = archive.add(OWN)
    archive.pull()
    erase(archive, first.id)
    other = archive.add(OWN)
    assert other.at != first.at
    for _ in range(2):
        code, told, err = archive.pull()
        assert (code, told["outcomes"]["failed"], told["outcomes"]["erased"]) == (3, 1, 1)
        assert f"what was erased as recording {first.id}, another one" in err
    archive.sound(other, Tone(Sound.CBR, 46))
    code, told, err = archive.pull()
    assert (code, told["outcomes"]["archived"]) == (0, 1), err
    figure("P2", "the same bytes at another time: told 2 of 2 nights, archived once they differ")


def test_the_same_bytes_of_the_same_second_beside_the_erased_are_of_others(
    archive: Archive, figure: Figure
) -> None:
    """What is listed by its own id has no other, also where it was not listed for a night."""
    first = archive.add(OWN)
    archive.pull()
    erase(archive, first.id)
    other = archive.add(OWN)
    archive.world.recordings.put(replace(archive.world.recordings[other.id], at=first.at))
    there = archive.world.recordings.remove(first.id)
    assert archive.pull()[1]["outcomes"]["erased"] == 1, "it goes for the one that is gone"
    archive.world.recordings.put(there)
    code, told, err = archive.pull()
    assert (code, told["outcomes"]["failed"], told["outcomes"]["erased"]) == (3, 1, 1), err
    archive.sound(archive.world.recordings[other.id], Tone(Sound.CBR, 46))
    code, told, err = archive.pull()
    assert (code, told["outcomes"]["archived"], told["outcomes"]["erased"]) == (0, 1, 1), err
    figure("P2", "the same bytes in the same second, both listed: told, archived once they differ")


def test_what_goes_for_an_erased_recording_is_archived_once_that_is_undone(
    archive: Archive, figure: Figure
) -> None:
    """The portal gave it another id: its old one is listed no more, and can bring nothing back."""
    first = archive.add(OWN)
    archive.pull()
    erase(archive, first.id)
    renamed = archive.add(OWN)
    archive.world.recordings.remove(first.id)
    archive.world.recordings.put(replace(archive.world.recordings[renamed.id], at=first.at))
    for _ in range(2):
        code, told, err = archive.pull()
        assert (code, told["outcomes"]["erased"]) == (0, 1), err
    undo = archive.run("erase", "--undo", first.id, "--reason", "it was the wrong one")
    assert undo.code == 0
    code, told, err = archive.pull()
    assert (told["outcomes"]["archived"], archive.known()[renamed.id].held) == (1, True), err
    assert archive.run("verify").code == 0
    figure("P2", "erased, renamed by the portal, undone: archived 1")


def test_what_is_undone_and_listed_no_more_is_gone(archive: Archive, figure: Figure) -> None:
    """It was deleted meanwhile: no night is clean over it before a person has accepted that."""
    first = archive.add(OWN)
    archive.pull()
    erase(archive, first.id)
    archive.world.recordings.remove(first.id)
    undo = archive.run("erase", "--undo", first.id, "--reason", "it was the wrong one")
    assert undo.code == 0
    code, _told, err = archive.pull()
    assert (code, found(archive, first.id)[0]) == (3, Outcome.GONE), err
    assert archive.run("status").code == 3
    assert archive.run("accept", first.id, "--reason", "it is gone").code == 0
    assert archive.pull()[0] == 0
    figure("P2", "undone, and listed no more: gone 1, open until it is accepted")


def test_undone_it_is_fetched_again(archive: Archive, figure: Figure) -> None:
    recording = archive.add(OWN).id
    archive.pull()
    before = found(archive, recording)
    erase(archive, recording)
    ran = archive.run("erase", "--undo", recording, "--reason", "it was the wrong one")
    assert ran.code == 0, ran.err
    again = archive.run("erase", "--undo", recording, "--reason", "it was the wrong one")
    assert (again.code, "is not erased" in again.err) == (2, True)
    code, told, err = archive.pull()
    assert (code, told["outcomes"]["archived"], told["outcomes"]["erased"]) == (0, 1, 0), err
    assert found(archive, recording) == before
    assert before[0] == "archived"
    assert archive.run("verify").code == 0
    figure("P2", "undone: fetched again 1, verify 0")


def test_what_another_still_has_is_archived_for_a_third(archive: Archive) -> None:
    first, second = archive.add(OWN), archive.add(OWN)
    archive.pull()
    erase(archive, first.id)
    third = archive.add(OWN)
    archive.pull()
    known = archive.known()
    assert known[second.id].held
    assert known[third.id].held


def test_erased_audio_that_does_not_fit_its_row_is_no_erasure(archive: Archive) -> None:
    """It may be another's, served in error: what is its own is still to be fetched."""
    first = archive.add(OWN)
    archive.pull()
    erase(archive, first.id)
    other = archive.add(OWN)
    archive.sandbox.world.edit(other.id, duration="00:03:59")
    code, _told, err = archive.pull()
    assert (archive.known()[other.id].outcome, code) == (Outcome.FAILED, 3), err
    assert [*(archive.home / "archive").glob(f"*/2021/**/*{other.id}*")] == []


def test_another_recording_under_the_id_of_an_erased_one_is_archived(
    archive: Archive, figure: Figure
) -> None:
    first = archive.add(OWN)
    archive.pull()
    erase(archive, first.id)
    other = archive.add(Tone(Sound.CBR, 33))
    assert other.at != first.at
    for each in (first, other):
        archive.world.recordings.remove(each.id)
    archive.world.recordings.put(replace(other, id=first.id))
    archive.sound(replace(other, id=first.id), Tone(Sound.CBR, 33))
    code, told, err = archive.pull()
    (name,) = archive.known().keys() - {first.id} - {each.id for each in archive.world.recordings}
    assert alias_of(name) == first.id
    assert archive.known()[name].held, err
    assert (code, told["outcomes"]["archived"]) == (3, 1), "a person is told of the doubled id"
    erase(archive, first.id)
    undo = ("erase", "--undo", first.id, "--reason", "it was the wrong one", "--json")
    undone = json.loads(archive.run(*undo).out)["undone"]
    assert {*undone} == {first.id, name}, "as it erases, it undoes: all that go by the id"
    assert archive.run(*undo).code == 2
    figure("P2", "another recording under an erased one's id: archived 1, told")


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_pull_leaves_an_erased_stray_where_it_is_and_says_so(
    archive: Archive, figure: Figure, *, is_whole: bool
) -> None:
    """Set aside or entered, it would be there for good, and nobody would be told."""
    first = archive.add(OWN)
    archive.add(Tone(Sound.CBR, 33))
    archive.pull()
    folder = archive.home / "archive"
    audio, sidecar = sorted(folder.glob(f"*/2021/**/*{first.id}*"), key=lambda each: each.suffix)[
        ::-1
    ]
    sound, text = audio.read_bytes(), sidecar.read_bytes() + b"\n"
    erase(archive, first.id)
    name = sidecar.name.split(".")[0]
    stray = sidecar.with_name(f"{name}.{hashlib.sha256(text).hexdigest()[:12]}.json")
    stray.write_bytes(text)
    if is_whole:
        audio.write_bytes(sound)
    code, told, _err = archive.pull()
    assert code == 3
    assert any("erase --finish" in each for each in told["doubts"])
    assert stray.exists()
    assert not [*folder.glob("quarantine/**/*.aside")]
    assert archive.run("verify").code == 3
    assert archive.run("erase", "--finish").code == 0
    assert archive.run("verify").code == archive.pull()[0] == 0
    figure("P2", f"a stray of an erased recording, whole {is_whole}: pull 3, set aside 0")


@pytest.mark.parametrize(("tone", "saved"), [(OWN, 0), (Tone(Sound.CBR, 3), 1)])
def test_get_saves_no_erased_audio_under_an_id_that_is_unknown(
    archive: Archive, figure: Figure, tone: Tone, saved: int
) -> None:
    first = archive.add(tone)
    archive.pull()
    erase(archive, first.id)
    other, out = archive.add(tone), archive.home / "out"
    ran = archive.run("get", other.id, "-o", f"{out}/")
    files = [*out.iterdir()] if out.exists() else []
    assert (len(files), ran.code) == (saved, 0 if saved else 3), ran.err
    told = f"Recording {other.id}: the very same audio was erased under another id."
    assert (told in ran.err) is not saved
    assert archive.run("get", other.id, "--from-portal", "-o", f"{out}/").code == 0
    figure("P2", f"get of the same audio under another id, {tone.seconds} s: saved {saved}")
