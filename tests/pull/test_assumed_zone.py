"""Where nothing tells the portal's zone, a day is over when it is over everywhere."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.lies.archive import Archive, at_the_wire
from tests.lies.portal import Portal, Show
from tests.lies.truth import DAY, FIRST, Recording, Truth, audio

HOUR = timedelta(hours=1)
NUMBERS = ("447700900111", "12025550199")
EACH = 9
"""So many recordings a day, an hour apart, the last of them in the evening."""


@pytest.mark.parametrize("words", [("--day", "yesterday"), ("--since", "1d", "--until", "today")])
@pytest.mark.parametrize(
    ("hour", "settings", "codes"),
    [(2, "", {3}), (13, "", {0}), (9, 'utc_offset = "-08:00"', {0})],
)
def test_no_evening_of_the_west_is_passed_over_in_silence(
    tmp_path: Path, hour: int, settings: str, codes: set[int], words: tuple[str, ...]
) -> None:
    west = -8 * HOUR
    moments = [FIRST + n // EACH * DAY + (15 + n % EACH * 1.5) * HOUR for n in range(5 * EACH)]
    rows = [
        Recording(f"{100 + n}", at, NUMBERS, 14 + n, audio(f"{n}", 14 + n), at, at, f"call-{n}")
        for n, at in enumerate(moments)
    ]
    file = tmp_path / ".config/archiver/archiver.toml"
    file.parent.mkdir(parents=True)
    file.write_text(settings)
    portal = Portal(Truth(tuple(rows), (), west, 5))
    with at_the_wire(portal):
        archive = Archive(portal, tmp_path)
        ended = set()
        for night in range(2, 5):
            portal.begin(FIRST + night * DAY + hour * HOUR, Show())
            ended.add(archive.pull(*words, "--no-calls").code)
    assert ended == codes
    archive.follow()
    days = {each.at.date() for each in archive.known.values() if each.at}
    assert (len(archive.known) == len(days) * EACH) is (codes == {0})
