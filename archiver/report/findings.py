"""The open findings of a page, the oldest first, each with its reason and the command to type."""

import shlex
from collections.abc import Iterator
from itertools import chain

from archiver.domain.layout import parse
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import many
from archiver.json_documents import Json
from archiver.manifest.state import RecordingState
from archiver.report.finding_words import needing
from archiver.report.marks import FileMark
from archiver.report.subject import Subject

SHOWN = 500
UNFINISHED = "It was begun, and nothing says yet that all of it is gone."


def findings(subject: Subject) -> dict[str, Json]:
    """Return the findings: of files, erasures, days' listings, recordings; and what they are."""
    of_all = _of_files(subject), _of_erasures(subject), _of_days(subject), _of_recordings(subject)
    every = [*chain.from_iterable(of_all)]
    needed = needing(subject, sum(row.state.is_open for row in subject.rows))
    note = f"{needed}." if needed else "Nothing on this page needs a person."
    if subject.audit.chain:
        found = many(len(every), "finding")
        note = f"The chain is broken, so it tells of no recording. Files: {found}."
    elif len(every) > SHOWN:
        told = "archiver verify has all of files, archiver status all others"
        note = f"The first {SHOWN} of {many(len(every), 'finding')}; {told}."
    return {"note": note, "rows": [*every[:SHOWN]]}


def _of_files(subject: Subject) -> Iterator[Json]:
    """Yield what is wrong with files: what is not as archived, and what no manifest names."""
    report, at = subject.audit, f"--archive {shlex.quote(subject.address)}"
    rows = {row.audio.path: index for index, row in enumerate(subject.rows) if row.audio}
    kinds = {
        "file missing": (report.missing, f"archiver repair {at}"),
        "file differs": (report.differ, f"archiver repair {at}"),
        "under a delete marker": (report.hidden, f"archiver repair {at}"),
        "file can't be read": (report.unreadable, f"archiver verify {at}"),
        "named by no manifest": (report.extra, f"archiver verify {at}"),
        "read log": (report.read_log, f"archiver verify {at}"),
    }
    for kind, (problems, command) in kinds.items():
        for each in problems:
            row = rows.get(each.path, -1)
            yield _finding(row, _day_of(each.path), each.path, kind, each.what, command)


def _of_erasures(subject: Subject) -> Iterator[Json]:
    """Yield that erasures were begun and are not at their end, if any are."""
    if count := subject.unfinished_erasures:
        command = f"archiver erase --finish --archive {shlex.quote(subject.address)}"
        yield _finding(-1, "", many(count, "erasure"), "not finished", UNFINISHED, command)


def _of_days(subject: Subject) -> Iterator[Json]:
    at = f"--archive {shlex.quote(subject.address)}"
    for each in subject.days:
        if each.is_doubtful:
            why = "The last listing of the day is not proven, or lacks what is archived."
            command = f"archiver pull --day {each.day} {at}"
            yield _finding(-1, str(each.day), "the day's listing", "not proven", why, command)


def _of_recordings(subject: Subject) -> Iterator[Json]:
    marker = subject.marker
    for index, row in enumerate(subject.rows):
        known = row.state
        if known.is_open:
            why = "; ".join(known.reasons) or "no reason was given"
            kind = known.kind.replace("_", " ")
            at = f"{known.at:%Y-%m-%d %H:%M:%S}" if known.at else "undated"
            is_altered = marker.mark(known)[0] is FileMark.ALTERED
            command = _next(known, subject.address, is_altered=is_altered)
            yield _finding(index, at, known.id, kind, why, command)


def _next(known: RecordingState, address: str, *, is_altered: bool) -> str:
    """Return the command that comes next: to try again, to put back, or to settle."""
    at = f"--archive {shlex.quote(address)}"
    if is_altered:
        return f"archiver repair {at}"
    if known.at and known.outcome in {Outcome.FAILED, Outcome.NO_AUDIO} and not known.concerns:
        return f"archiver pull --day {known.at.date()} {at}"
    return f'archiver accept {shlex.quote(known.id)} --reason "…" {at}'


def _day_of(path: str) -> str:
    named = parse(path)
    return named.day.replace("/", "-") if named else ""


def _finding(row: int, at: str, id_: str, kind: str, why: str, command: str) -> Json:  # noqa: PLR0913, PLR0917 - the cells of a row
    return {"row": row, "at": at, "id": id_, "kind": kind, "why": why, "command": command}
