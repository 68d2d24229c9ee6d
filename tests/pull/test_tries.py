"""A run tells of a finding, and the archive keeps it: both count what was tried by one moment."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.domain.layout import PRIVATE
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import SECOND
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.open_archive import OpenArchive
from archiver.pull.job.done import Done
from archiver.pull.ledger.ledger import Ledger
from archiver.pull.ledger.run_header import RunHeader
from archiver.store.local import LocalStore
from tests.archives import PORTAL, row, store_one
from tests.catalogs import opened
from tests.conftest import Figure
from tests.store.memory import MemoryStore

EVENING = datetime(2026, 1, 2, 20, tzinfo=UTC)
HALF = timedelta(seconds=0.5)
DUE = [EVENING + timedelta(hours=hours) for hours in (0, 1, 25, 73, 145)]
"""When what waits is tried, the first time and each time that it may be tried again."""
ID = RecordingId("7")


@pytest.mark.parametrize("late", [0, -1])
@pytest.mark.parametrize("took", [0.0, 600.0])
def test_what_was_tried_too_early_is_no_finding_of_the_run_either(
    tmp_path: Path, figure: Figure, late: int, took: float
) -> None:
    store, catalog = LocalStore(tmp_path), opened(tmp_path / PRIVATE)
    journal = Journal(store)
    journal.create_or_open(PORTAL)
    archive = OpenArchive(store, journal, catalog)
    entry = replace(
        store_one(MemoryStore(), row(ID)), outcome=Outcome.NO_AUDIO, audio=None, sidecar=None
    )
    found = []
    for moment in (*DUE[:-1], DUE[-1] + late * SECOND):
        seconds = iter((0.0, *(took,) * 9))
        header = RunHeader(archive.id, {}, moment + HALF, clock=partial(next, seconds))
        ledger = Ledger(archive, header)
        with closing(ledger.recordings), closing(ledger.calls):
            ledger.settle(Done(entry, row=row(ID).fields), catalog.recordings.get(ID))
            _, totals = ledger.end(interrupted=False)
        found.append((totals.open_findings, catalog.findings.counted().count))
    *before, last = found
    assert before == [(0, 0)] * 4
    assert last == ((0, 0) if late else (1, 1))
    (*_, (_, manifest)) = journal.manifests()
    assert Manifest.from_json(manifest.to_json()) == manifest
    told, kept = last
    figure("G48", f"tried {late:+} s from its time, in {took:.0f} s: findings {told}, kept {kept}")
