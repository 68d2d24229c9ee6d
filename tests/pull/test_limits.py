"""A pull finishes with few open files and with little memory."""

from pathlib import Path

from tests.campaigns.limits import MEMORY_MIB, campaign
from tests.conftest import Figure


def test_few_open_files_and_little_memory(tmp_path: Path, figure: Figure) -> None:
    for limited in campaign(30, tmp_path):
        assert limited.is_whole, limited.said
        assert limited.peak_mb < MEMORY_MIB
        figure("D14", str(limited))
