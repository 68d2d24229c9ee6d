"""A run's figures for Prometheus, as node_exporter's textfile collector reads them.

The text is the exposition format, version 0.0.4 (Prometheus, "Exposition formats"). The collector
may read at any moment, so the file is written beside its place and renamed over it.
"""

import errno
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, time
from pathlib import Path

from archiver.domain.outcomes import FINDING_KINDS
from archiver.notify.run_report import RunReport

MODE = 0o644
"""The collector is another user, and nothing in it is a secret."""
_CLEAN = "archiver_last_clean_run_timestamp_seconds"
_OPEN = "archiver_findings_open"
_UNSETTLED = "archiver_unsettled_since_timestamp_seconds"
_ARCHIVE = "archiver_archive_info"
_HEAD = "archiver_head_number"
_LASTING = (_CLEAN, _OPEN, _UNSETTLED, _ARCHIVE, _HEAD)
"""What holds of the archive until a run knows better: no alarm on it ends with a run that stops."""
Sample = tuple[Mapping[str, str], float | None]
"""Labels and a value, where it is known."""
_HELP = {
    "archiver_last_run_timestamp_seconds": "When the last run ended.",
    "archiver_last_run_exit_code": "The exit code of the last run.",
    _CLEAN: "When a run last ended with exit code 0.",
    "archiver_recordings": "Recordings that the last run listed, by outcome.",
    "archiver_findings_new": "Findings that the last run added.",
    _OPEN: "Findings of the archive that wait for a person, by verdict; their sum is all of them.",
    _UNSETTLED: "Start of the first day that is not settled.",
    "archiver_silent_days": "Whole days since the newest recording.",
    "archiver_silence_alarm": "1 when recordings stopped coming where they used to come.",
    "archiver_backlog_recordings": "Recordings that the last run's budget left to the next one.",
    "archiver_backlog_days": "Days of it that were never listed to their end.",
    "archiver_downloaded_bytes": "Bytes of audio that the last run fetched.",
    "archiver_links_refreshed": "Links that the last run had to renew.",
    "archiver_portal_requests": "Requests of the last run to the portal.",
    "archiver_portal_retries": "Requests of the last run that had to be tried again.",
    _ARCHIVE: "The archive, by its id; always 1.",
    _HEAD: "Number of the newest manifest.",
}


def render(told: RunReport, earlier: str, labels: Mapping[str, str]) -> str:
    """Return the file's text; ``earlier`` is what an earlier run wrote, or nothing.

    What is not known of this run is left out, unless it is of the archive and was known earlier.
    """
    ended = told.ended.timestamp()
    unsettled = told.unsettled_since
    begins = datetime.combine(unsettled, time(), UTC).timestamp() if unsettled else None
    number = int(told.head.partition(":")[0]) if told.head else None
    families: dict[str, list[Sample]] = {
        "archiver_last_run_timestamp_seconds": [({}, ended)],
        "archiver_last_run_exit_code": [({}, told.code)],
        _CLEAN: [({}, None if told.code else ended)],
        "archiver_recordings": [({"outcome": k}, n) for k, n in told.outcomes.items()],
        "archiver_findings_new": [({}, told.new_findings)],
        _OPEN: _open(told.open_findings),
        _UNSETTLED: [({}, begins)],
        "archiver_silent_days": [({}, told.silent_days)],
        "archiver_silence_alarm": [({}, told.silence_alarm)],
        "archiver_backlog_recordings": [({}, told.backlog_recordings)],
        "archiver_backlog_days": [({}, told.backlog_days)],
        "archiver_downloaded_bytes": [({}, told.cost.bytes)],
        "archiver_links_refreshed": [({}, told.cost.refreshed)],
        "archiver_portal_requests": [({}, told.cost.requests)],
        "archiver_portal_retries": [({}, told.cost.retries)],
        _ARCHIVE: [({"archive": told.archive}, 1)] if told.archive else [],
        _HEAD: [({}, number)],
    }
    lasting = _LASTING if told.open_findings is None else (_CLEAN,)
    lines = {name: [*_lines(name, samples, labels)] for name, samples in families.items()}
    lines |= {name: lines[name] or _written(name, earlier) for name in lasting}
    return "".join(
        f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n" + "".join(f"{x}\n" for x in known)
        for name, known in lines.items()
        if known
    )


def _open(findings: Mapping[str, int] | None) -> list[Sample]:
    """Return how many findings of every kind are open, so that a sum is 0 where there are none."""
    if findings is None:
        return []
    kinds = dict.fromkeys((*FINDING_KINDS, *findings))
    return [({"verdict": kind}, findings.get(kind, 0)) for kind in kinds]


def _lines(name: str, samples: Iterable[Sample], labels: Mapping[str, str]) -> Iterator[str]:
    for more, value in samples:
        if value is not None:
            pairs = {**labels, **more}.items()
            named = ",".join(f'{key}="{_escaped(text)}"' for key, text in pairs)
            yield f"{name}{{{named}}} {value:.0f}"


def _written(name: str, text: str) -> list[str]:
    return re.findall(rf"^{name}{{.*}} [0-9]+$", text, re.MULTILINE)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def read(path: Path) -> str:
    """Return the text that is there, or nothing where none can be read."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8")
    return ""


def trial(path: Path) -> None:
    """Raise the ``OSError`` that :func:`write` would; nothing is left behind."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    descriptor, part = _begun(path)
    os.close(descriptor)
    part.unlink()


def _begun(path: Path) -> tuple[int, Path]:
    """Begin a file beside its place; return its descriptor and where it is."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    return descriptor, Path(part)


def write(path: Path, text: str) -> None:
    """Put ``text`` in the place of what is there, in one step; raises ``OSError``."""
    descriptor, part = _begun(path)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, MODE)
            os.fsync(descriptor)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
