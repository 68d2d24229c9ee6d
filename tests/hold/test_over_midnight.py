"""Words such as yesterday stay what they meant when they were typed, however long one thinks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.app.keeping.erase import EraseRequest, erase
from archiver.app.keeping.hold import HoldRequest, add_hold
from archiver.app.keeping.release import ReleaseRequest, release_hold
from archiver.domain.times.window import DAY
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from archiver.get import archive_reader
from tests.archives import MORNING, row, store_one
from tests.copy.copies import Vault, add, vault

WHY = "a claim was received"
Tomorrow = Callable[[object], bool]


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    """Return an archive of three days with two recordings each: 5 and 6 are of the last.

    No id tells what the portal's clock shows: it is set.
    """
    return replace(vault(tmp_path), environ={"ARCHIVER_UTC_OFFSET": "+00:00"})


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tomorrow]:
    """Return who agrees after midnight, asked on the evening of the last day."""
    now = [MORNING.replace(hour=23) + 2 * DAY]
    monkeypatch.setattr(archive_reader, "portal_time", lambda _offset: now[-1])

    def agree(_plan: object) -> bool:
        now.append(now[-1] + DAY / 12)
        return True

    yield agree
    assert len(now) > 1, "it was asked"


@pytest.mark.parametrize("words", [{"since": "1d"}, {"since": "41h"}, {"until": "1d"}])
def test_what_was_shown_is_held(made: Vault, tomorrow: Tomorrow, words: dict[str, str]) -> None:
    asked = HoldRequest(FilterRequest(**words), "Miller", WHY, "Ann", future=True)  # type: ignore[arg-type]  # times
    shown = add_hold(HoldRequest(asked.filters, "Miller", WHY, dry_run=True), made.context()).plan
    held = add_hold(asked, made.context(), tomorrow)
    assert (held.code, held.plan.ids) == (ExitCode.CLEAN, shown.ids)
    assert {"3", "4"} < {*shown.ids}


def test_what_was_shown_is_released(made: Vault, tomorrow: Tomorrow) -> None:
    add_hold(HoldRequest(FilterRequest(ids=("4", "5", "6")), "Miller", WHY), made.context())
    asked = ReleaseRequest("the case is closed", (), FilterRequest(day="today"))
    released = release_hold(asked, made.context(), tomorrow)
    assert (released.code, released.plan.freed) == (ExitCode.CLEAN, ("5", "6"))


def test_what_came_of_the_day_that_was_shown_is_told(made: Vault, tomorrow: Tomorrow) -> None:
    def agree(plan: object) -> bool:
        add(made, store_one(made.store, row("9", MORNING + 2 * DAY)))
        return tomorrow(plan)

    result = erase(EraseRequest(FilterRequest(day="today"), WHY), made.context(), agree)
    assert (result.erased, result.has_more) == (2, True)
