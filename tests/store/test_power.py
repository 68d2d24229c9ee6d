"""A slice of the power campaign (10 s): every seeded bug, and the disks of a few sound records."""

import pytest

from tests.campaigns.power import Figures, search, sow
from tests.conftest import Figure


@pytest.mark.junk_documents
def test_every_seeded_bug_is_found(figure: Figure) -> None:
    figures = Figures()
    sow(figures)

    assert figures.missed == []
    assert figures.seeds >= 50
    figure("D3", f"seeded bugs found {figures.seeds} of {figures.seeds}")


def test_no_disk_that_a_crash_leaves_breaks_a_promise(figure: Figure) -> None:
    figures = Figures()
    search(figures, kills=1, again=1)

    assert figures.broken == []
    assert figures.points > 400
    assert figures.disks > 1_000
    figure("D3", f"a slice: {figures}")
