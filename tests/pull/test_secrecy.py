"""A pull that logs everything says and writes no secret, and no number outside personal files."""

from pathlib import Path

from tests.canaries import Search
from tests.conftest import Figure
from tests.pulls import Archive, portal


def test_a_pull_that_logs_everything_tells_nothing(tmp_path: Path, figure: Figure) -> None:
    with portal(20, gone=1, wrong=2) as sandbox:
        archive = Archive(sandbox, tmp_path / "archive")
        archive.options = (*archive.options, "-vv")
        ended = archive.pull()
    search = Search()
    search.text("what was printed", ended.err.encode())
    search.folder(tmp_path)

    assert ended.code == 3
    assert "archiver.portal INFO" in ended.err
    assert search.files > 40
    assert search.hits == []
    figure("X6", f"pull -vv: {search.size} bytes of log and {search.files} files searched, hits 0")
