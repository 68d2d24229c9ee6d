"""Turning a run's events into what a person sees: a bar on a terminal, else a few lines."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self, assert_never

from archiver.app.opening.windows import span
from archiver.cli.screen.bar import Bar, bar
from archiver.cli.screen.console import emit
from archiver.cli.screen.vigil import of_command
from archiver.domain.meter import Meter
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import counted, human_bytes, human_duration
from archiver.json_documents import Json
from archiver.manifest.codec import plain
from archiver.manifest.model import Entry
from archiver.manifest.state import RecordingState
from archiver.pull import events

SECONDS_A_LINE = 60.0


class Progress:
    """Listens to a run. On a terminal it draws a bar; otherwise it says a line a minute."""

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._clock = clock
        self._began = self._said_at = clock()
        self._meter = Meter()
        self._listed = 0
        self._told: set[str] = set()
        self._open = ExitStack()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        self._bar = self._open.enter_context(bar(quiet=self._quiet))
        self._open.enter_context(of_command().calling(self.look))
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def look(self) -> None:
        """Show how far the run is: in the bar, or once a minute in a line."""
        now, meter = self._clock(), self._meter
        text = meter.of_recordings(now - self._began)
        if self._bar is not None:
            self._bar.show(meter.done, meter.total, text)
        elif meter.total and not self._quiet and now - self._said_at > SECONDS_A_LINE:
            self._said_at = now
            told = {"done": meter.done, "listed": meter.total, "bytes": meter.bytes}
            left = meter.left_s(now - self._began)
            emit(text, "progress", **told, left_s=left and round(left))

    def __call__(self, event: events.Event) -> None:
        """Show one event."""
        match event:
            case events.LockedOut() | events.Limited():
                self._prepare(event)
            case events.Began() | events.StartNamed():
                self._begin(event)
            case events.Forecast() | events.Paced():
                self._foretell(event)
            case events.SliceListed() | events.CallsListed() | events.CallUnread():
                self._list(event)
            case events.Held(count):
                self._meter.add(count)
            case events.Settled() | events.Adopted() | events.Missed():
                self._settle(event)
            case events.StillOpen(known):
                self._remind(known)
            case events.Stopped():
                self._stop(event)
            case events.Noticed() | events.Doubted():
                self._notice(event)
            case _:
                assert_never(event)

    def _prepare(self, event: events.LockedOut | events.Limited) -> None:
        if isinstance(event, events.Limited):
            more = f"not {event.wanted}: see ulimit -n (open files)"
            self._remark(f"{event.workers} downloads at the same time, {more}.", "noticed")
            return
        most = human_duration(round(event.seconds * 1000))
        self._remark(f"Another run is writing to the archive: waiting {most} at most", "locked_out")

    def _begin(self, event: events.Began | events.StartNamed) -> None:
        if isinstance(event, events.StartNamed):
            was_typed = event.text not in {"", event.day.isoformat()}
            words = f" (--since {event.text} stays that day)" if was_typed else ""
            line = f"From {event.day} on, every day is due in this archive{words}."
            self._remark(f"{line} From now on: archiver pull", "start_named", day=plain(event.day))
            return
        zone = offset_text(event.utc_offset_minutes)
        self._remark(
            f"Window: {event.window} (portal time, {zone}, {event.offset_source})",
            "began",
            window=span(event.window),
            utc_offset=event.utc_offset_minutes,
        )

    def _foretell(self, event: events.Forecast | events.Paced) -> None:
        if isinstance(event, events.Paced):
            rest = human_duration(round(event.rest_s * 1000))
            self._remark(
                f"{counted(event.done, 'day is', 'days are')} done; at this pace the other "
                f"{counted(event.left, 'takes', 'take')} {rest}",
                "paced",
                rest_s=round(event.rest_s),
            )
            return
        self._meter.total = event.recordings
        free = "" if event.free is None else f"; {human_bytes(event.free)} are free"
        self._remark(
            f"{counted(event.days, 'day')} to archive: "
            f"{counted(event.recordings, 'recording')}, about "
            f"{human_bytes(event.bytes)} if each is as long as the newest{free}; the listing alone "
            f"takes {human_duration(round(event.listing_s * 1000))}, the audio "
            f"{human_duration(round(event.audio_s * 1000))} at {human_bytes(event.bytes_per_s)}/s",
            "forecast",
            days=event.days,
            recordings=event.recordings,
            bytes=event.bytes,
            free=event.free,
            listing_s=round(event.listing_s),
            audio_s=round(event.audio_s),
        )
        if not event.fits:
            emit(
                "That is more than the disk has room for: the run will stop with exit code 4 when "
                "the disk is nearly full. Make room, or give the archive a larger disk.",
                "noticed",
            )

    def _remark(self, line: str, what: str, **told: Json) -> None:
        if not self._quiet:
            emit(line, what, **told)

    def _list(self, event: events.SliceListed | events.CallsListed | events.CallUnread) -> None:
        if isinstance(event, events.CallUnread):
            words = f"unread (row_unread) call {event.id}: {event.reason}"
            emit(words, "call_unread", id=event.id, reason=event.reason)
            return
        if isinstance(event, events.SliceListed):
            self._listed += event.rows
            self._meter.total = max(self._meter.total, self._listed)
        of_what = "" if isinstance(event, events.SliceListed) else " (calls)"
        told: dict[str, Json] = {"window": span(event.window), "note": event.note}
        if not event.proven:
            line = f"NOT PROVEN {event.window}{of_what}: {event.note}"
            emit(line, "not_proven", **told)
        elif "ignores" in event.note and f"{of_what}{event.note}" not in self._told:
            self._told.add(f"{of_what}{event.note}")
            self._remark(f"{event.window}{of_what}: {event.note}", "listed", **told)

    def _settle(self, event: events.Settled | events.Adopted | events.Missed) -> None:
        if isinstance(event, events.Settled):
            audio = event.entry.audio
            self._meter.add(1, worked=1, moved=audio.bytes if audio else 0)
        if event.is_new_finding or event.entry.outcome is Outcome.FAILED:
            self._told.add(event.entry.id)
            what = "finding" if event.is_new_finding else "failed"
            emit(describe(event.entry), what, **_told(event.entry))

    def _remind(self, known: RecordingState) -> None:
        """Name a finding that this run did not name as new."""
        if known.id not in self._told:
            emit(f"still open: {describe(known)}", "still_open", **_told(known))

    def _stop(self, event: events.Stopped) -> None:
        done = ", ".join(f"{count} {outcome}" for outcome, count in event.outcomes.items() if count)
        emit(
            f"Stopped; entered so far: {done or 'nothing'}. Head: {event.head}",
            "stopped",
            outcomes=plain(event.outcomes),
            head=plain(event.head),
        )
        emit("Run it again: it goes on where this ended.", "advice")

    def _notice(self, event: events.Noticed | events.Doubted) -> None:
        if isinstance(event, events.Doubted):
            emit(f"DOUBTFUL: {event.text}", "doubted")
        else:
            emit(event.text, "noticed")


def _told(entry: Entry | RecordingState) -> dict[str, Json]:
    return {
        "id": entry.id,
        "outcome": entry.outcome.value,
        "verdict": entry.verdict.value if entry.verdict else None,
        "reasons": list(entry.reasons),
        "concerns": list(entry.concerns),
    }


def describe(entry: Entry | RecordingState) -> str:
    """Return the line that tells of a finding or a failure, and why it is one."""
    reasons = "; ".join(entry.reasons).strip()
    words = ", ".join(entry.concerns) or entry.verdict
    why = f" ({words})" if words else ""
    return f"{entry.outcome}{why} {entry.id}: {reasons}"


def offset_text(minutes: int) -> str:
    """Return an offset from UTC as ``UTC+05:30``."""
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
