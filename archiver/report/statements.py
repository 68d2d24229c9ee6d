"""The sentences at the top of a page, each of which says only what was seen."""

from collections import Counter
from collections.abc import Iterator, Sequence

from archiver.check.audit_report import AuditReport
from archiver.completeness.certificate import Certificate
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import human_bytes, many
from archiver.domain.times.day_spans import day_spans
from archiver.json_documents import Json
from archiver.report.day_states import DayState
from archiver.report.finding_words import needing, not_as_archived, told_files
from archiver.report.subject import ShownRows, Subject

_HOUR_MS = 3_600_000
_DONE = (DayState.CERTIFIED, DayState.SETTLED, DayState.NOTHING_LISTED)


def statements(subject: Subject) -> list[Json]:
    """Return what there is to say, each with a level: good, plain, warn or bad."""
    said = (_chain(subject), _files(subject.audit))
    if subject.audit.chain:
        return [*said]
    return [*said, _findings(subject), _days(subject), *_selection(subject)]


def totals(subject: Subject) -> list[Json]:
    """Return the figures of the recordings on the page, and what each counts."""
    if subject.audit.chain:
        return []
    held = [row for row in subject.rows if row.state.held]
    erased = sum(row.state.outcome is Outcome.ERASED for row in subject.rows)
    kept = len(subject.rows) - erased
    length_ms = sum(row.measured_ms or 0 for row in held)
    unmeasured = sum(row.measured_ms is None for row in held)
    size = sum(row.audio.bytes for row in held if row.audio)
    return [
        _total("Recordings held", f"{len(held):,}", _not_held(kept - len(held), erased)),
        _total("Held of those known", percent(len(held), kept), _known(kept, erased)),
        _total("Hours held", f"{length_ms / _HOUR_MS:,.1f}", _measured(unmeasured)),
        _total("Bytes held", human_bytes(size), "of audio"),
        _complete(subject.certificates),
        _total("Open findings", f"{_open(subject):,}", _of_the_archive(subject)),
    ]


def percent(part: int, whole: int) -> str:
    """Return a share that is never rounded up to the whole; a dash where there is no whole."""
    return f"{part * 1000 // whole / 10:g} %" if whole else "–"


def _not_held(lacking: int, erased: int) -> str:
    """Return how many recordings are not held; what was erased by decision lacks nothing."""
    if erased:
        return f"{erased:,} erased, {lacking:,} not held"
    return f"and {many(lacking, 'other')} not held"


def _known(kept: int, erased: int) -> str:
    return f"{kept:,} ever listed and not erased" if erased else f"{kept:,} ever listed"


def _of_the_archive(subject: Subject) -> str:
    """Return what else there is to look at: of recordings on no page, and of files."""
    note, files = f"{subject.open_findings:,} in the archive", not_as_archived(subject.audit)
    return f"{note}; {told_files(files)}" if files else note


def _complete(certificates: Sequence[Certificate]) -> Json:
    """Return how many calls have their recording, of those that must, on certified days alone."""
    complete = sum(each.calls.complete for each in certificates)
    expected = complete + sum(each.calls.missing for each in certificates)
    days = many(len(certificates), "certified day")
    note = f"{complete:,} of {expected:,}, on {days}" if certificates else "no day is certified"
    return _total("Calls with their recording", percent(complete, expected), note)


def _measured(unmeasured: int) -> str:
    return f"{unmeasured:,} of them not measured" if unmeasured else "as measured in the audio"


def _open(subject: Subject) -> int:
    return sum(row.state.is_open for row in subject.rows)


def _chain(subject: Subject) -> Json:
    report = subject.audit
    if report.chain:
        first = report.chain[0]
        text = f"{first.path}: {first.what}. Of the recordings, nothing can be said."
        return _said("bad", "The chain is NOT as it was written", text)
    if report.head is None:
        return _said("warn", "Nothing was ever archived here", "There is no manifest.")
    read = f"{many(report.head.number, 'manifest')} read, from the first to the head."
    if subject.is_held_against:
        return _said("good", "The chain holds", f"{read} The head that was kept is in it.")
    alone = "No head kept elsewhere was given: this shows that the archive agrees with itself."
    return _said("good", "The chain is unbroken", f"{read} {alone}")


def _files(report: AuditReport) -> Json:
    wrong = {
        "missing": report.missing,
        "different": report.differ,
        "under a delete marker": report.hidden,
        "named by no manifest": report.extra,
        "unreadable": report.unreadable,
        "of the read log": report.read_log,
    }
    named = ", ".join(f"{len(found):,} {word}" for word, found in wrong.items() if found)
    if named:
        return _said("bad", "Files are NOT as archived", f"{named}. {_looked(report)}")
    if report.reading.sized:
        return _said("plain", "Files were not read", _looked(report))
    if not report.reading.every:
        return _said("plain", "No files", "The chain names none.")
    return _said("good", "Every file is as archived", _looked(report))


def _looked(report: AuditReport) -> str:
    """Return how the files were looked at, each way for itself."""
    reading = report.reading
    ways = (
        (reading.sized, "compared by name and size alone (--verify reads them)"),
        (reading.told, "compared by the SHA-256 that the server told"),
        (reading.files, "read whole, and the SHA-256 compared"),
    )
    return "; ".join(f"{many(count, 'file')} {how}" for count, how in ways if count) + "."


def _findings(subject: Subject) -> Json:
    count = subject.open_findings
    title = needing(subject, count)
    if not title:
        text = "Of the whole archive, by the chain; nor is the listing of a day shown here."
        return _said("good", "No recording is an open finding", text)
    if not count:
        return _said("bad", title, "A person is needed, though no recording is an open finding.")
    here = _open(subject)
    verb = "is" if here == 1 else "are"
    which = "all of them are" if here == count else f"{here:,} of them {verb}"
    return _said("bad", title, f"A person is needed; {which} on this page.")


def _days(subject: Subject) -> Json:
    states = Counter(day.state for day in subject.days)
    done = sum(states[each] for each in _DONE)
    unseen = states[DayState.NOT_LOOKED_AT]
    title = f"{done:,} of {many(len(subject.days), 'day')} settled"
    if not subject.days:
        return _said("plain", "No days", "The archive answers for none yet.")
    text = f"Of {subject.days[0].day} to {subject.days[-1].day}, by the portal's clock."
    if unseen:
        return _said("warn", title, f"{text} {many(unseen, 'day was', 'days were')} not listed.")
    return _said("plain", title, text)


def _selection(subject: Subject) -> Iterator[Json]:
    chosen = subject.selection
    lacks = [*_lacking(chosen)]
    if chosen.words:
        text = " ".join((f"{many(len(subject.rows), 'recording')}: {chosen.words}.", *lacks))
        yield _said("bad" if lacks else "plain", "A selection, not the archive", text)
    elif lacks:
        yield _said("bad", "The archive may lack recordings", " ".join(lacks))


def _lacking(chosen: ShownRows) -> Iterator[str]:
    """Yield what a page may lack of what it is about."""
    one, several = ("that was named ", "that were named ") if chosen.words else ("", "")
    if chosen.untold:
        yield f"{many(chosen.untold, 'other')} may belong here: nothing tells."
    if chosen.unknown_ids:
        yield f"{many(chosen.unknown_ids, 'id is', 'ids are')} not in the archive."
    if unlisted := chosen.days_not_whole:
        days = many(len(unlisted), f"day {one}is", f"days {several}are")
        which = day_spans(unlisted)
        yield f"{days} not listed to the end ({which}): recordings may be missing."
    if coming := chosen.days_still_coming:
        days = many(len(coming), f"day {one}may", f"days {several}may")
        yield f"{days} still get recordings, or have got some ({day_spans(coming)})."
    if chosen.is_unbegun:
        yield "No run has entered anything yet."


def _said(level: str, title: str, text: str) -> Json:
    return {"level": level, "title": title, "text": text}


def _total(label: str, value: str, note: str) -> Json:
    return {"label": label, "value": value, "note": note}
