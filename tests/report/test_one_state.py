"""What a page says of an archive is of one state of it, whatever a run enters meanwhile."""

from datetime import date
from pathlib import Path

import pytest

from archiver.app.handover.report import ReportRequest, report
from archiver.app.opening.archive.archives import open_for_reading
from archiver.app.opening.context import SettingsRequest, load
from archiver.catalog import sealed
from archiver.catalog.questions.days.known_days import KnownDays
from archiver.errors import DestinationError
from archiver.manifest.journal import Journal
from archiver.store.base import Store
from tests.archives import manifest_of, row, store_one
from tests.export.exports import office


def enter(store: Store, id_: str) -> None:
    """Store a recording, and enter it."""
    journal = Journal(store)
    journal.append(manifest_of(journal.archive().archive, [store_one(store, row(id_))]))


def test_rows_days_and_findings_of_a_page_are_of_one_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = office(tmp_path)
    context = load(SettingsRequest({"archive": desk.archive}), {"HOME": str(tmp_path)})
    enter(desk.store, "late")
    monkeypatch.setattr(sealed, "_WAIT_S", 0.05)
    since, refused = KnownDays.since, list[str]()

    def beside_a_run(days: KnownDays) -> date | None:
        """Let a run enter something between the rows of the page and its days."""
        enter(desk.store, "later")
        with (
            pytest.raises(DestinationError, match="stayed locked") as error,
            open_for_reading(context),
        ):
            raise AssertionError("a run got in between")
        refused.append(error.value.message)
        return since(days)

    monkeypatch.setattr(KnownDays, "since", beside_a_run)
    result = report(ReportRequest(tmp_path / "report.html"), context)
    assert refused
    assert result.recordings == 7
