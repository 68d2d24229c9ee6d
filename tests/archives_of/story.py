"""A portal's three days and what an archive of them went through: made once, read for ever.

``python -m tests.archives_of.story FOLDER`` makes such an archive with the code as it is. What lies
beside this module was made so by the code of its day, and is never made again: later versions must
go on from there.
"""

import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import time_machine
from msgspec import Struct
from msgspec.structs import replace

from archiver.sandbox import Encoding, Recording, Sandbox, World
from tests.cli.desk import ENDPOINT, TOKEN, Desk, Ran, at_endpoint

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
EACH = 3
"""So many recordings a day, no two of the same length, so none has the bytes of another."""
DAYS = 3
_KINDS = (Encoding.BARE, Encoding.VBRI, Encoding.BARE)
_AT_NIGHT = timedelta(days=1, hours=2, minutes=30)


class Story(Struct, frozen=True):
    """A portal and an archive of it, at a desk whose clock is set for each command."""

    sandbox: Sandbox
    home: Path

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def recordings(self) -> list[Recording]:
        return [*self.world.recordings]

    def live(self, number: int) -> None:
        """Let a day pass at the portal, from 1."""
        morning = FIRST + timedelta(days=number - 1, hours=8)
        for index in range(EACH):
            at = morning + timedelta(hours=index)
            seconds = (number - 1) * EACH + index + 1
            self.world.add(count=1, first=at, last=at, kinds=(_KINDS[index],), seconds=(seconds,))

    def type(self, number: int, *words: str) -> Ran:
        """Type a command in the night after a day."""
        desk = Desk(self.sandbox, self.home, at_endpoint(self.sandbox))
        with time_machine.travel(FIRST + timedelta(days=number - 1) + _AT_NIGHT, tick=False):
            return desk.run(*words, "-a", str(self.archive))

    def pull(self, number: int, *words: str) -> Ran:
        return self.type(number, "pull", "--json", *words)


@contextmanager
def portal(home: Path) -> Iterator[Story]:
    """Serve the portal of the story; its days are still to be lived."""
    world = World(seed=17)
    with Sandbox(world, token=TOKEN, root_path=ENDPOINT) as sandbox:
        yield Story(sandbox, home)


def days(story: Story) -> Iterator[int]:
    """Let the days pass at the portal; yield the number of each when it has passed."""
    for number, happen in enumerate((_first_day, _second_day, _third_day), start=1):
        story.live(number)
        happen(story)
        yield number


def tell(story: Story) -> None:
    """Archive the days night by night, accept a finding, damage a file and repair it."""
    for number in days(story):
        story.pull(number, *(("--since", f"{FIRST:%Y-%m-%d}") if number == 1 else ()))
    reason = ("--reason", "listened to it: it is whole", "--by", "ann")
    story.type(DAYS, "accept", story.recordings[1].id, *reason)
    damaged = story.recordings[-EACH].id
    (path,) = story.archive.glob(f"recordings/**/*{damaged}*.mp3")
    whole = path.read_bytes()
    path.write_bytes(bytes([whole[0] ^ 1, *whole[1:]]))
    story.type(DAYS, "repair")


def _first_day(story: Story) -> None:
    """Report one recording as longer than it is, and let a call have audio that no recording has.

    The call's audio is fetched on the next night.
    """
    story.world.edit(story.recordings[1].id, duration="00:09:59")
    at = FIRST + timedelta(hours=15)
    (lost,) = story.world.add(count=1, first=at, last=at, kinds=(Encoding.BARE,), seconds=(11,))
    story.world.recordings.remove(lost.id)
    ends = at - timedelta(minutes=1), at + timedelta(minutes=1)
    (call,) = story.world.calls.between(*ends, 0, 1)[1]
    story.world.calls.put(replace(call, key=lost.key))


def _second_day(story: Story) -> None:
    """Let one recording have no audio yet, and another's be gone."""
    late, gone, _ = story.recordings[EACH : 2 * EACH]
    story.world.edit(late.id, audio=None)
    story.world.objects.pop(gone.key or "")


def _third_day(story: Story) -> None:
    """Bring the late audio, edit the row of one that is held, serve a worse version of another."""
    edited, _, worse, late = story.recordings[: EACH + 1]
    story.world.recordings.put(replace(late, fields={}))
    story.world.edit(edited.id, notes="called back")
    whole = story.world.stored(worse.key or "")
    if whole is not None:
        story.world.store(worse.key or "", whole.body[: len(whole.body) // 2])
    story.world.edit(worse.id, duration="00:09:59")


if __name__ == "__main__":
    named = mock.patch.object(socket, "gethostname", return_value="night-shift")
    with named, tempfile.TemporaryDirectory() as home, portal(Path(home)) as told:
        tell(told)
        shutil.rmtree(told.archive / ".archiver")
        shutil.move(told.archive, sys.argv[1])
