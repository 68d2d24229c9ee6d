"""The days of a read log: a private file for each, which is only ever added to, and then dropped.

A file is named by its day (UTC) and by that until which it is kept, so that a period that is set
anew never shortens what was promised before. Its hash, as far as it went, is in the chain: whoever
writes the next manifest enters it. What was entered is noted beside the log only to enter it once.
"""

import hashlib
import os
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from archiver.domain.retention import Period
from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.records.reads import LOG, ReadDay
from archiver.store.disk.line_log import add_lines, locked
from archiver.store.os_errors import map_os_errors

FOLDER = "reads"
MAX_BYTES = 16 << 20
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.jsonl")


class ReadDays(Struct, frozen=True):
    """The read log in ``folder``; what belongs to it and is no day lies beside that."""

    folder: Path

    def add(self, line: bytes, now: datetime, period: Period) -> None:
        """Add a line, given with its end, to the day of ``now``; what is over goes.

        Raises :class:`DestinationError` where the line could not be written whole.
        """
        with map_os_errors("writing the read log"), locked(self._beside(".lock")):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self._name_log()
            self._take_in_old(period, now)
            self._drop(now.date())
            add_lines(self._path(now.date(), period), line)

    def unentered(self) -> tuple[ReadDay, ...]:
        """Return the days that are not as long as they were entered; none where nobody may read.

        A note of more than there is was not written here.
        """
        with suppress(OSError):
            noted = self._noted()
            grown = [
                (day, until, path)
                for day, until, path in self._days()
                if path.stat().st_size != noted.get(path.name, 0)
            ]
            log = self.log() if grown else None
            return tuple(_as_it_is(log, *each) for each in grown if log)
        return ()

    def note_entered(self, days: Iterable[ReadDay]) -> None:
        """Note what was entered; where that can't be, it is entered once more."""
        with suppress(OSError):
            draft = self._beside(".draft")
            entered = self._noted() | {each.name: each.bytes for each in days}
            _write(draft, dumps(entered))
            os.replace(draft, self._beside(".entered"))  # noqa: PTH105 - in one step

    def log(self) -> str | None:
        """Return the id of the log, ``None`` where there is none, or none that can be read."""
        with suppress(OSError, UnicodeDecodeError):
            text = self._beside(".id").read_text("ascii").strip()
            return text if LOG.fullmatch(text) else None
        return None

    def is_kept(self) -> bool:
        """Whether a log is kept there, or was: its days or its id are there."""
        return self.folder.exists() or self._beside(".id").exists()

    def is_as_entered(self, named: Iterable[ReadDay]) -> bool:
        """Whether a day's file begins as all these say, which name that day; raises ``OSError``."""
        whole, at = hashlib.sha256(), 0
        ordered = sorted(named, key=lambda each: each.bytes)
        try:
            with (self.folder / ordered[0].name).open("rb") as file:
                for each in ordered:
                    whole.update(file.read(each.bytes - at))
                    at = each.bytes
                    if whole.hexdigest() != each.sha256:
                        return False
        except FileNotFoundError:
            return False
        return True

    def _path(self, day: date, period: Period) -> Path:
        until = period.after(datetime(day.year, day.month, day.day)).date()  # noqa: DTZ001 - a day
        return self.folder / f"{day}_{until}.jsonl"

    def _beside(self, end: str) -> Path:
        return self.folder.with_suffix(end)

    def _name_log(self) -> None:
        if self.log() is None:
            _write(self._beside(".id"), f"{uuid.uuid4().hex[:12]}\n".encode())

    def _days(self) -> Iterator[tuple[date, date, Path]]:
        """Yield each day, until when it is kept, and its file."""
        for path in sorted(self.folder.glob("*.jsonl")):
            span = _span(path.name)
            if span and path.is_file():
                yield *span, path

    def _drop(self, today: date) -> None:
        """Remove the days that are kept no more.

        That is by this machine's clock and by the newest day that a manifest entered: what a clock
        that was set forward says alone drops nothing.
        """
        entered = [span[0] for name in self._noted() if (span := _span(name))]
        over = min(today, max(entered, default=date.min))
        for _, until, path in self._days():
            if until < over:
                path.unlink()

    def _noted(self) -> dict[str, int]:
        """Return how many bytes of each day's file were entered."""
        with suppress(OSError, BadDocument):
            noted = loads(self._beside(".entered").read_bytes(), max_bytes=MAX_BYTES)
            if isinstance(noted, dict):
                return {name: size for name, size in noted.items() if type(size) is int}
        return {}

    def _take_in_old(self, period: Period, now: datetime) -> None:
        """Spread the one file of earlier versions over the days of its lines, and remove it.

        Lines that a killed one has spread already are not spread twice. A line without a day, or
        with one that is still to come, is of that before it.
        """
        old = self._beside(".jsonl")
        if not old.exists():
            return
        days: defaultdict[date, list[bytes]] = defaultdict(list)
        day = now.date()
        for line in old.read_bytes().splitlines(keepends=True):
            told = _day_of(line)
            day = told if told and told <= now.date() else day
            days[day].append(line if line.endswith(b"\n") else line + b"\n")
        for day, lines in days.items():
            path = self._path(day, period)
            there = path.read_bytes().splitlines(keepends=True) if path.exists() else []
            if left := Counter(lines) - Counter(there):
                add_lines(path, b"".join(left.elements()))
        old.unlink()


def _write(path: Path, text: bytes) -> None:
    """Write a small private file."""
    with open(os.open(path, _WRITE, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(text)


def _span(name: str) -> tuple[date, date] | None:
    """Return the day of a file, and until when it is kept; ``None`` for any other name."""
    if found := _NAME.fullmatch(name):
        with suppress(ValueError):
            day, until = date.fromisoformat(found[1]), date.fromisoformat(found[2])
            return (day, until) if day <= until else None
    return None


def _day_of(line: bytes) -> date | None:
    """Return the day (UTC) of a line, ``None`` of one that was cut off."""
    with suppress(BadDocument, ValueError):
        told = loads(line, max_bytes=MAX_BYTES)
        at = told.get("at") if isinstance(told, dict) else None
        return date.fromisoformat(at[:10]) if isinstance(at, str) else None
    return None


def _as_it_is(log: str, day: date, until: date, path: Path) -> ReadDay:
    """Return a day as far as its file has whole lines now; raises ``OSError``."""
    text = path.read_bytes()
    text = text[: text.rfind(b"\n") + 1]
    digest = hashlib.sha256(text).hexdigest()
    return ReadDay(log, day, until, text.count(b"\n"), len(text), digest)
