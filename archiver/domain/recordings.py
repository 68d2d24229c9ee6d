"""Recordings and calls as the portal lists them, free of its wire format.

Times are the portal's own wall clock, naive and in whole seconds: that is what it serves and what
its filter takes, so nothing here depends on what is later learned of its time zone.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NewType

from msgspec import Struct, field

from archiver.json_documents import Json
from archiver.secret import Secret

RecordingId = NewType("RecordingId", str)


def id_bytes(recording: str) -> bytes:
    """Return the id as databases keep it: UTF-8, lone surrogates and all."""
    return recording.encode("utf-8", "surrogatepass")


def id_text(stored: object) -> RecordingId:
    """Return the id that was stored; a row that holds anything but bytes is a ``TypeError``."""
    if not isinstance(stored, bytes):
        raise TypeError("ids are stored as bytes")
    return RecordingId(stored.decode("utf-8", "surrogatepass"))


class Report(StrEnum):
    """The two reports of the provider's page."""

    RECORDINGS = "recordings"
    CALLS = "calls"

    @classmethod
    def those_of(cls, *, with_calls: bool) -> "tuple[Report, ...]":
        """Return the reports that an archive is of, with the call log or without it."""
        return (*cls,) if with_calls else (cls.RECORDINGS,)


class Essential(StrEnum):
    """What a row tells that decides something."""

    TIME = "time"
    LENGTH = "length"
    AUDIO = "audio"


class Odd(Struct, frozen=True):
    """Why a row can't be read, and its position on its page, counting from 1."""

    position: int
    why: str


class Row(Struct, frozen=True):
    """One row of a report.

    ``at`` is ``created_at`` of a recording and ``end_at`` of a call, ``reported_ms`` the served
    duration, ``link`` the presigned address of the audio; each is ``None`` when there is none. One
    that is there and not understood is ``None`` too, and ``unread`` has a sentence that says so.
    ``fields`` holds every field that came, known or not, in the order served; any address in it has
    lost its query. ``alias_of`` is the id as served, where that is another recording's and this one
    goes by an ``id`` of its own. Of an ``odd`` row, which can't be read, the fields are its id and
    its time at most.
    """

    id: RecordingId
    at: datetime | None
    reported_ms: int | None
    link: Secret | None
    fields: Mapping[str, Json]
    unread: Mapping[Essential, str] = field(default_factory=dict)
    alias_of: RecordingId | None = None
    odd: Odd | None = None

    @property
    def served(self) -> RecordingId:
        """Its id as served, whatever it goes by."""
        return self.alias_of or self.id
