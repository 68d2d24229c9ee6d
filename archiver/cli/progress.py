"""Turning a run's events into what a person sees: a bar on a terminal, else a few lines."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, assert_never

from tqdm import tqdm

from archiver.cli.output import human_bytes, human_duration, named, printable, say, speaks_json
from archiver.cli.windows import span
from archiver.manifest.book import Known
from archiver.manifest.entry import Entry
from archiver.manifest.shape import plain
from archiver.outcomes import Outcome
from archiver.recordings import Json
from archiver.run import events

SECONDS_A_LINE = 60.0
BAR = "{n_fmt} of {total_fmt} listed so far [{elapsed}, {rate_fmt}]"
"""No share of the whole: what is listed grows while the run goes on."""


class Progress:
    """Listens to a run. On a terminal it draws a bar; otherwise it says a line a minute."""

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._clock = clock
        self._said_at = clock()
        self._listed = self._done = 0
        shown = sys.stderr.isatty() and not quiet and not speaks_json()
        self._told: set[str] = set()
        self._bar = (
            tqdm(unit=" rec", dynamic_ncols=True, leave=False, bar_format=BAR) if shown else None
        )

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
            case events.LockedOut():
                self._wait(event)
            case events.Began():
                self._begin(event)
            case events.Forecast() | events.Paced():
                self._foretell(event)
            case events.SliceListed() | events.CallsListed():
                self._list(event)
            case events.Held(count):
                self._advance(count)
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

    def _wait(self, event: events.LockedOut) -> None:
        most = human_duration(round(event.seconds * 1000))
        self._remark(f"Another run is writing to the archive: waiting {most} at most", "locked_out")

    def _begin(self, event: events.Began) -> None:
        zone = offset_text(event.utc_offset_minutes)
        self._remark(
            f"Window: {event.window} (portal time, {zone}, {event.offset_source})",
            "began",
            window=span(event.window),
            utc_offset=event.utc_offset_minutes,
        )

    def _foretell(self, event: events.Forecast | events.Paced) -> None:
        if isinstance(event, events.Paced):
            rest = human_duration(round(event.seconds / event.done * event.left * 1000))
            self._remark(
                f"{event.done} days are done; at this pace the other {event.left} take {rest}",
                "paced",
            )
            return
        self._remark(
            f"{event.days} days to archive: {event.recordings} recordings, about "
            f"{human_bytes(event.bytes)} if all are as long as the newest; the listing alone takes "
            f"{human_duration(round(event.listing_s * 1000))}",
            "forecast",
            days=event.days,
            recordings=event.recordings,
            bytes=event.bytes,
        )

    def _remark(self, line: str, what: str, **told: Json) -> None:
        if not self._quiet:
            self._say(line, what, **told)

    def _list(self, event: events.SliceListed | events.CallsListed) -> None:
        if isinstance(event, events.SliceListed):
            self._listed += event.rows
            if self._bar is not None:
                self._bar.total = self._listed
                self._bar.refresh()
        of_what = "" if isinstance(event, events.SliceListed) else " (calls)"
        told: dict[str, Json] = {"window": span(event.window), "note": event.note}
        if not event.proven:
            line = f"NOT PROVEN {event.window}{of_what}: {event.note}"
            self._say(line, "not_proven", **told)
        elif "ignores" in event.note and f"{of_what}{event.note}" not in self._told:
            self._told.add(f"{of_what}{event.note}")
            self._remark(f"{event.window}{of_what}: {event.note}", "listed", **told)

    def _advance(self, count: int) -> None:
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif not self._quiet and self._clock() - self._said_at > SECONDS_A_LINE:
            self._said_at = self._clock()
            self._say(
                f"{self._done} of {self._listed} listed recordings are done",
                "progress",
                done=self._done,
                listed=self._listed,
            )

    def _settle(self, event: events.Settled | events.Adopted | events.Missed) -> None:
        if isinstance(event, events.Settled):
            self._advance(1)
        if event.is_new_finding or event.entry.outcome is Outcome.FAILED:
            self._told.add(event.entry.id)
            what = "finding" if event.is_new_finding else "failed"
            self._say(describe(event.entry), what, **_told(event.entry))

    def _remind(self, known: Known) -> None:
        """Name a finding that this run did not name as new."""
        if known.id not in self._told:
            self._say(f"still open: {describe(known)}", "still_open", **_told(known))

    def _stop(self, event: events.Stopped) -> None:
        done = ", ".join(f"{count} {outcome}" for outcome, count in event.outcomes.items() if count)
        self._say(
            f"Stopped; entered so far: {done or 'nothing'}. Head: {event.head}",
            "stopped",
            outcomes=plain(event.outcomes),
            head=plain(event.head),
        )
        self._say("Run it again: it goes on where this ended.", "advice")

    def _notice(self, event: events.Noticed | events.Doubted) -> None:
        if isinstance(event, events.Doubted):
            self._say(f"DOUBTFUL: {event.text}", "doubted")
        else:
            self._say(event.text, "noticed")

    def _say(self, line: str, what: str, **told: Json) -> None:
        if self._bar is None:
            say(line, what, **told)
        else:
            self._bar.write(named(printable(line)), file=sys.stderr)


def _told(entry: Entry | Known) -> dict[str, Json]:
    return {
        "id": entry.id,
        "outcome": entry.outcome.value,
        "verdict": entry.verdict.value if entry.verdict else None,
        "reasons": list(entry.reasons),
        "concerns": list(entry.concerns),
    }


def describe(entry: Entry | Known) -> str:
    """Return the line that tells of a finding or a failure, and why it is one."""
    reasons = "; ".join(entry.reasons).strip()
    words = ", ".join(entry.concerns) or entry.verdict
    why = f" ({words})" if words else ""
    return f"{entry.outcome}{why} {entry.id}: {reasons}"


def offset_text(minutes: int) -> str:
    """Return an offset from UTC as ``UTC+05:30``."""
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
