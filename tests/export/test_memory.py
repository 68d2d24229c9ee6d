"""What an export takes of memory: nothing that grows with what it hands over."""

import tracemalloc
from pathlib import Path

import pytest

from archiver.domain.export_form import ExportForm
from archiver.manifest import documents
from archiver.manifest.journal import Journal
from tests.archives import audio_of, manifest_of, row, store_one
from tests.conftest import Figure
from tests.export.exports import Office, office

MB = 1 << 20


def peak_of(desk: Office, form: ExportForm) -> float:
    """Return how much memory an export took at most, in MB."""
    tracemalloc.start()
    try:
        result = desk.export(form.value + ".zip" * (form is ExportForm.ZIP), form=form)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.recordings > 1
    return peak / MB


@pytest.mark.slow
@pytest.mark.parametrize("form", [ExportForm.FOLDER, ExportForm.ZIP])
def test_the_size_of_recordings_is_no_matter(
    form: ExportForm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", MB)  # room for 64 MB is asked for at each manifest
    desk = office(tmp_path)
    desk.export("first")  # what is imported then is not what it takes
    small = peak_of(desk, form)
    journal = Journal(desk.store)
    large = audio_of("large", 24 * MB)
    journal.append(manifest_of(journal.archive().archive, [store_one(desk.store, row("9"), large)]))
    del large
    desk.home = tmp_path / "second"
    desk.home.mkdir()
    peak = peak_of(desk, form)
    assert peak < small + 8
    figure("P7", f"{form}: {small:.1f} MB, with a recording of 24 MB {peak:.1f} MB")
