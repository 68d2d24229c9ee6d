"""A run's figures for Prometheus, as node_exporter's textfile collector reads them.

The text is the exposition format, version 0.0.4 (Prometheus, "Exposition formats"). The collector
may read at any moment, so the file is written beside its place and renamed over it.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, time
from pathlib import Path

from archiver.notify.told import Told

MODE = 0o644
"""The collector is another user, and nothing in it is a secret."""
_CLEAN = "archiver_last_clean_run_timestamp_seconds"
_HELP = {
    "archiver_last_run_timestamp_seconds": "When the last run ended.",
    "archiver_last_run_exit_code": "The exit code of the last run.",
    _CLEAN: "When a run last ended with exit code 0.",
    "archiver_recordings": "Recordings that the last run listed, by outcome.",
    "archiver_findings_new": "Findings that the last run added.",
    "archiver_findings_open": "Findings of the archive that wait for a person, by verdict.",
    "archiver_unsettled_since_timestamp_seconds": "Start of the first day that is not settled.",
    "archiver_silent_days": "Whole days since the newest recording.",
    "archiver_downloaded_bytes": "Bytes of audio that the last run fetched.",
    "archiver_links_refreshed": "Links that the last run had to renew.",
    "archiver_portal_requests": "Requests of the last run to the portal.",
    "archiver_portal_retries": "Requests of the last run that had to be tried again.",
    "archiver_head_number": "Number of the newest manifest.",
}


def render(told: Told, last_clean: float | None, labels: Mapping[str, str]) -> str:
    """Return the file's text; what is not known of a run is left out.

    ``last_clean`` is the time (seconds since 1970) of an earlier run that was clean.
    """
    ended = told.ended.timestamp()
    clean = ended if told.code == 0 else last_clean
    unsettled = told.unsettled_since
    begins = datetime.combine(unsettled, time(), UTC).timestamp() if unsettled else None
    number = int(told.head.partition(":")[0]) if told.head else None
    families: dict[str, list[tuple[dict[str, str], float | None]]] = {
        "archiver_last_run_timestamp_seconds": [({}, ended)],
        "archiver_last_run_exit_code": [({}, told.code)],
        _CLEAN: [({}, clean)],
        "archiver_recordings": [({"outcome": k}, n) for k, n in told.outcomes.items()],
        "archiver_findings_new": [({}, told.new_findings)],
        "archiver_findings_open": [
            ({"verdict": k}, n) for k, n in (told.open_findings or {}).items()
        ],
        "archiver_unsettled_since_timestamp_seconds": [({}, begins)],
        "archiver_silent_days": [({}, told.silent_days)],
        "archiver_downloaded_bytes": [({}, told.bytes)],
        "archiver_links_refreshed": [({}, told.refreshed)],
        "archiver_portal_requests": [({}, told.requests)],
        "archiver_portal_retries": [({}, told.retries)],
        "archiver_head_number": [({}, number)],
    }
    return "".join(
        line for name, samples in families.items() for line in _family(name, samples, labels)
    )


def _family(
    name: str, samples: list[tuple[dict[str, str], float | None]], labels: Mapping[str, str]
) -> Iterator[str]:
    known = [(more, value) for more, value in samples if value is not None]
    if known:
        yield f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n"
    for more, value in known:
        named = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**labels, **more}.items())
        yield f"{name}{{{named}}} {value:.0f}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def last_clean(path: Path) -> float | None:
    """Return when a run was last clean, by the file that is there, if it tells."""
    with suppress(OSError, UnicodeDecodeError):
        found = re.search(rf"^{_CLEAN}(?:{{.*}})? ([0-9]+)$", path.read_text(), re.MULTILINE)
        return float(found[1]) if found else None
    return None


def write(path: Path, text: str) -> None:
    """Put ``text`` in the place of what is there, in one step; raises ``OSError``."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, MODE)
            os.fsync(descriptor)
        os.replace(part, path)  # noqa: PTH105 - both are names already
    except BaseException:
        with suppress(OSError):
            os.unlink(part)  # noqa: PTH108 - same
        raise
