"""What is to run every night: with which program, settings and archive, and when. Pure.

>>> delay("host /srv/archive") == delay("host /srv/archive")
True
"""

import hashlib
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from archiver.config.archive_address import folder_of
from archiver.errors import UsageError

SPREAD_MINUTES = 60
"""Jobs begin at any minute of so many, so that not every customer asks the portal at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """A nightly run. ``archive`` is a folder or ``s3://bucket/prefix``; ``at`` its first minute.

    ``metrics`` is a file that each run writes, outside of the archive; ``account`` the one to work
    for, where the settings have several.
    ``names_archive`` is whether the settings file leaves the archive open, so that the command has
    to name it. ``delay`` is minutes, below :data:`SPREAD_MINUTES`, for what can't draw its own.
    Raises :class:`UsageError` for names that no unit can hold.
    """

    program: Path
    config: Path
    archive: str
    at: time
    delay: int
    metrics: Path | None = None
    names_archive: bool = False
    account: str | None = None

    def __post_init__(self) -> None:
        for text in (str(self.program), str(self.config), self.archive, *self.writes):
            if not text.isprintable():
                raise UsageError(
                    "A path with control characters can't stand in a unit.",
                    advice="Give the program, the settings and the archive plain names.",
                )

    @property
    def name(self) -> str:
        """What the job is called: another name for each account."""
        return "archiver" if self.account is None else f"archiver-{self.account}"

    @property
    def folder(self) -> str | None:
        """The archive's folder, ``None`` when it is a bucket."""
        return folder_of(self.archive)

    @property
    def writes(self) -> tuple[str, ...]:
        """The folders that it must be able to write to, but for what it keeps of a bucket."""
        beside = None if self.metrics is None else str(self.metrics.parent)
        return tuple(place for place in (self.folder, beside) if place is not None)

    @property
    def begins(self) -> tuple[int, int]:
        """Hour and minute with the delay counted in, past midnight if need be."""
        hour, minute = divmod(self.at.hour * 60 + self.at.minute + self.delay, 60)
        return hour % 24, minute

    def pull(self, config: Path | None = None) -> tuple[str, ...]:
        """Return the words after the program; ``config`` is where the settings lie over there."""
        named = ("--archive", self.archive) if self.names_archive else ()
        chosen = ("--account", self.account) if self.account is not None else ()
        return ("pull", "--config", str(config or self.config), *chosen, *named)


def delay(of: str) -> int:
    """Return minutes that look drawn at random, and are always the same for the same text."""
    return int.from_bytes(hashlib.sha256(of.encode()).digest()[:4]) % SPREAD_MINUTES


def refuse(text: str, characters: str, where: str) -> None:
    """Raise :class:`UsageError` when ``text`` holds a character that ``where`` can't."""
    for character in characters:
        if character in text:
            raise UsageError(
                f"{text} holds a {character}, which can't stand in {where}.",
                advice="Give it another name, or use another kind of schedule.",
            )
