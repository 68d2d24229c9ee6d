"""What ``archiver get`` says while it works: each event in words."""

from collections.abc import Iterator, Sequence
from functools import singledispatch

from archiver.cli.screen.console import emit, human_verdict
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted, human_duration
from archiver.domain.times.window import Window
from archiver.get import get_events as events
from archiver.get.archive_search import Archived

SHOWN = 50
_GAPS = {
    events.Gap.NOT_LISTED: "The archive has no proven listing of all of",
    events.Gap.LISTED_EARLY: "Recordings may have come after the archive last listed",
    events.Gap.NO_CALL_LOG: (
        "Calls may have audio of their own, and the archive has no proven call log of"
    ),
}


def tell(event: events.GetEvent) -> None:
    """Tell the person what happened."""
    for line in lines(event):
        emit(line)


@singledispatch
def lines(event: events.GetEvent) -> Iterator[str]:
    """Yield what is to be said of an event, line by line."""
    raise NotImplementedError(event)


@lines.register
def _(event: events.SavedFromArchive) -> Iterator[str]:
    recording = event.recording
    if not recording.is_good:
        yield f"{event.place}  from the archive's quarantine, unchanged: {recording}"
        yield from (f"  {printable(reason)}" for reason in recording.known.reasons)
        yield "  --from-portal asks whether the portal has better now."
        return
    yield f"{event.place}  from the archive, unchanged"
    if recording.refused is not None:
        yield f"  A newer version of it was refused: {recording.refused.path} in the archive."
    yield from (f"  It is a finding: {printable(reason)}" for reason in recording.doubts)


@lines.register
def _(event: events.SavedFromPortal) -> Iterator[str]:
    length = human_duration(event.facts.duration_ms)
    yield f"{event.place}  {length}  {human_verdict(event.judgement)}"
    yield from (f"  {reason}" for reason in event.judgement.reasons)


@lines.register
def _(event: events.ListWritten) -> Iterator[str]:
    yield f"{event.place}  the list of {counted(event.count, 'recording')}"


@lines.register
def _(event: events.DamagedInArchive) -> Iterator[str]:
    yield f"{_named(event.id)} is not as it was archived; nothing was written."
    yield "Run archiver verify, and restore it from a copy, or ask with --from-portal."


@lines.register
def _(event: events.NoAudioArchived) -> Iterator[str]:
    recording = event.recording
    reasons = recording.known.reasons
    reason = f" ({printable(reasons[0])})" if reasons else ""
    asked = " The portal is asked." if event.portal_is_asked else ""
    yield (
        f"{_named(recording.id)} ({_when(recording)}): {recording}{reason}. The archive has no "
        f"audio of it.{asked}"
    )


@lines.register
def _(event: events.NotAsAsked) -> Iterator[str]:
    recording = event.recording
    yield (
        f"{_named(recording.id)} ({_when(recording)}) is in the archive, and not of the number, "
        "agent or time that was asked for."
    )


@lines.register
def _(event: events.Untold) -> Iterator[str]:
    count = len(event.recordings)
    yield (
        f"Of {count} in the archive no sidecar tells numbers and agent so that they can be read: "
        "any of them may match."
    )
    yield from _each(event.recordings)


@lines.register
def _(event: events.ArchiveMatched) -> Iterator[str]:
    yield f"The archive knows {event.count} that match; the portal was not asked."


@lines.register
def _(event: events.DayNotWhole) -> Iterator[str]:
    yield f"{_GAPS[event.gap]} {event.day}: there may be more."


@lines.register
def _(_: events.PortalMayHaveMore) -> Iterator[str]:
    yield "--from-portal asks the portal for what the archive has not."


@lines.register
def _(event: events.LookingBack) -> Iterator[str]:
    yield f"No day is given: looking at the last {event.days} days. Further back: --since."


@lines.register
def _(event: events.NotListed) -> Iterator[str]:
    when = f"from {_portal_time(event.window)}" if event.window else "at the time that its id tells"
    yield f"The portal lists no recording {printable(event.id)} {when}."
    if event.window:
        yield _listing(event.window)


@lines.register
def _(event: events.NothingMatches) -> Iterator[str]:
    of_which = f"of those that the portal lists from {_portal_time(event.window)}"
    yield f"No recording matches, {of_which}."
    yield _listing(event.window)


@lines.register
def _(event: events.NoneArchived) -> Iterator[str]:
    if event.since:
        of_days = f"it answers for every day from {event.since} on"
    elif event.first:
        of_days = f"it knows days that were named to a pull, the first of them {event.first}"
    else:
        of_days = "it knows no day yet"
    yield f"The archive has no recording that is known to match: {of_days}."


@lines.register
def _(event: events.ArchivedOnly) -> Iterator[str]:
    count = counted(len(event.recordings), "recording")
    yield f"The archive has audio of {count} more; the portal listed none of it where it was asked:"
    yield from _each(event.recordings)
    yield "Without --from-portal, it comes from the archive."


@lines.register
def _(event: events.NotCompared) -> Iterator[str]:
    yield f"Whether the archive has more is not known: {_clause(event.error.message)}"


@lines.register
def _(_: events.NotProven) -> Iterator[str]:
    yield "The portal's listing is NOT proven: there may be more than was found."


@lines.register
def _(event: events.NoAudio) -> Iterator[str]:
    name = _named(event.id)
    yield f"{name}: {event.why}." if event.why else f"{name} has no audio (yet)."


@lines.register
def _(event: events.NotFetched) -> Iterator[str]:
    yield f"{_named(event.id)} could not be fetched: {event.error.message}"
    if event.error.advice:
        yield event.error.advice


@lines.register
def _(event: events.NotArchived) -> Iterator[str]:
    yield f"The archive has no recording {', '.join(map(printable, event.ids))}."


@lines.register
def _(event: events.PortalNotAsked) -> Iterator[str]:
    yield f"The portal was not asked, because {_clause(event.error.message)}"
    if event.error.advice:
        yield event.error.advice


def _portal_time(window: Window) -> str:
    return f"{window} (portal time)"


def _listing(window: Window) -> str:
    """Name what shows all that the portal lists on the days of a window."""
    first, last = window.first.date(), window.last.date()
    days = f"--day {first}" if first == last else f"--since {first} --until {last}"
    return f"What it lists then: archiver list {days}"


def _named(id_: str) -> str:
    """Name a recording in a message: whoever wrote its id, it stays on its line."""
    return f"Recording {printable(id_)}"


def _each(recordings: Sequence[Archived]) -> Iterator[str]:
    for each in recordings[:SHOWN]:
        yield f"  {_named(each.id)} ({_when(each)}): {each}"
    if len(recordings) > SHOWN:
        yield f"  and {len(recordings) - SHOWN} more: with --day there are fewer."


def _when(recording: Archived) -> str:
    return str(recording.at or "no time")


def _clause(sentence: str) -> str:
    """Return a sentence as it stands within another; names in capitals stay."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]
