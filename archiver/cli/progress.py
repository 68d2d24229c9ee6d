"""Turning a run's events into what a person sees: a bar on a terminal, else a few lines."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, assert_never

from tqdm import tqdm

from archiver.cli.output import printable, say
from archiver.manifest.entry import Entry
from archiver.run import events

SECONDS_A_LINE = 60.0


class Progress:
    """Listens to a run. On a terminal it draws a bar; otherwise it says a line a minute."""

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._clock = clock
        self._said_at = clock()
        self._listed = self._done = 0
        shown = sys.stderr.isatty() and not quiet
        self._bar = tqdm(unit=" rec", dynamic_ncols=True, leave=False) if shown else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, event: events.Event) -> None:
        """Show one event."""
        match event:
            case events.Began():
                self._begin(event)
            case events.SliceListed():
                self._list(event)
            case events.Held(count):
                self._advance(count)
            case events.Settled(entry, is_new_finding):
                self._advance(1)
                if is_new_finding or entry.outcome == "failed":
                    self._say(describe(entry))
            case events.Adopted(entry, is_new_finding):
                if is_new_finding:
                    self._say(describe(entry))
            case events.Noticed(text):
                self._say(text)
            case _:
                assert_never(event)

    def _begin(self, event: events.Began) -> None:
        if not self._quiet:
            zone = offset_text(event.utc_offset_minutes)
            self._say(f"Window: {event.window} (portal time, {zone}, {event.offset_source})")

    def _list(self, event: events.SliceListed) -> None:
        self._listed += event.rows
        if self._bar is not None:
            self._bar.total = self._listed
            self._bar.refresh()
        if not event.proven:
            self._say(f"NOT PROVEN {event.window}: {event.note}")
        elif "ignores" in event.note:
            self._say(f"{event.window}: {event.note}")

    def _advance(self, count: int) -> None:
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif not self._quiet and self._clock() - self._said_at > SECONDS_A_LINE:
            self._said_at = self._clock()
            self._say(f"{self._done} of {self._listed} listed recordings are done")

    def _say(self, line: str) -> None:
        if self._bar is None:
            say(line)
        else:
            self._bar.write(printable(line), file=sys.stderr)


def describe(entry: Entry) -> str:
    """Return the line that tells of a finding or a failure, and what to type next."""
    reasons = "; ".join(entry.reasons)
    verdict = f" ({entry.verdict})" if entry.verdict else ""
    return f"{entry.outcome}{verdict} {entry.id}: {reasons}"


def offset_text(minutes: int) -> str:
    """Return an offset from UTC as ``UTC+05:30``."""
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
