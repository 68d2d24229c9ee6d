"""Archives that earlier versions wrote are read, verified, repaired and gone on with."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver.check.audit import audit
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.manifest.journal import Journal
from archiver.store.local import LocalStore
from tests.archives_of.story import DAYS, EACH, Story, days, portal
from tests.conftest import Figure

HEADS = {"november_2026": "7:3164fab2ecb199a4078bb02f837431dfb1db8f3c7dc7a7ae81de0c6892e60b92"}
"""Each archive beside the story, with the head that its last run printed."""
FILES = 32
HELD = DAYS * EACH - 3 + 1
"""One is accepted, one is gone, of one the newest version is no good; a call has its own audio."""


@pytest.fixture(params=HEADS)
def archive_of(request: pytest.FixtureRequest, root: Path) -> Path:
    """Return an archive as it was written; nobody may write to it."""
    return root / "tests/archives_of" / str(request.param)


@pytest.fixture
def story(archive_of: Path, tmp_path: Path) -> Iterator[Story]:
    """Return the portal three days on, and a copy of the archive to go on with."""
    with portal(tmp_path) as story:
        assert [*days(story)] == [1, 2, 3]
        shutil.copytree(archive_of, story.archive)
        serve_what_was_served(story)
        yield story


def serve_what_was_served(story: Story) -> None:
    """Let the portal serve the very bytes of then: the sandbox makes other tones by now.

    Other audio in the place of what was accepted would be news.
    """
    key_of = {each.id: each.key for each in story.recordings}
    store = LocalStore(story.archive)
    for _, manifest in Journal(store).manifests():
        for entry in manifest.recordings:
            if entry.audio and (key := key_of.get(entry.id)):
                with store.open(entry.audio.path) as file:
                    story.world.store(key, file.read())


def told(out: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(out)
    return document


def test_it_verifies_with_the_head_that_was_kept(story: Story, archive_of: Path) -> None:
    ran = story.type(DAYS, "verify", "--json", "--head", HEADS[archive_of.name])
    report = told(ran.out)
    assert (ran.code, report["ok"], len(report["aside"])) == (0, FILES, 1)
    assert not any(report[kind] for kind in ("missing", "differ", "extra", "unreadable", "chain"))


def test_a_pull_goes_on(story: Story, archive_of: Path, figure: Figure) -> None:
    story.live(DAYS + 1)

    ran = story.pull(DAYS + 1)

    pulled = told(ran.out)
    assert (ran.code, pulled["accounted"], pulled["findings"]) == (3, True, {"new": 0, "open": 2})
    assert (pulled["outcomes"]["archived"], pulled["outcomes"]["held"]) == (EACH, HELD)
    asked_about = _accepted, worse, gone = 1, 2, EACH + 1
    fetches = [story.sandbox.counts.objects[each.key] for each in story.recordings if each.key]
    asked = [number for number, count in enumerate(fetches[: DAYS * EACH]) if count]
    assert asked == [*asked_about]
    assert story.sandbox.counts["not_modified"] == len(asked_about) - 1, "one is gone"
    open_ = story.recordings[worse].id, story.recordings[gone].id
    assert story.type(DAYS + 1, "accept", *open_, "--reason", "the provider has no other").code == 0
    again = story.pull(DAYS + 1)
    assert (again.code, told(again.out)["clean"]) == (0, True)
    for number in range(1, int(HEADS[archive_of.name].partition(":")[0]) + 1):
        written = (story.archive / manifest_key(number)).read_bytes()
        assert written == (archive_of / manifest_key(number)).read_bytes()
    chain = [manifest for _, manifest in Journal(LocalStore(story.archive)).manifests()]
    digest = hashlib.sha256((story.archive / ARCHIVE_KEY).read_bytes()).hexdigest()
    assert [each.identity for each in chain[-2:]] == [digest, digest], "named from now on"
    assert audit(LocalStore(story.archive)).is_clean
    figure("past", f"{archive_of.name}: gone on with, {EACH} archived, {HELD} held, clean")


def test_what_is_damaged_comes_back(story: Story, archive_of: Path) -> None:
    key = next(each.key for each in LocalStore(archive_of).items("recordings/"))
    (story.archive / key).write_bytes(b"other bytes")

    ran = story.type(DAYS, "repair", "--json", "--from", str(archive_of))

    assert (ran.code, told(ran.out)["put_back"]) == (0, [key])
    assert (story.archive / key).read_bytes() == (archive_of / key).read_bytes()


def test_a_recording_is_given(story: Story, archive_of: Path) -> None:
    wanted = story.recordings[-1]
    target = story.home / "one.mp3"
    ran = story.type(DAYS, "get", wanted.id, "--out", str(target))
    (archived,) = archive_of.glob(f"recordings/*/*/*/*_{wanted.id}.*.mp3")
    assert ran.code == 0
    assert target.read_bytes() == archived.read_bytes()
