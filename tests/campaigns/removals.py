"""The commands that keep and remove, each ready to be killed at any step, and what must come of it.

Of each: an archive that is ready for it, the command, what is typed after a kill, and what would be
wrong then. Nothing of a killed one may be lost or left over, and nothing may be done twice.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.keeping import dispose as disposing
from archiver.app.keeping.dispose import (
    DisposeRequest,
    DisposeResult,
    PlanDisposalRequest,
    dispose,
    plan_disposal,
)
from archiver.app.keeping.erase import EraseRequest, EraseResult, erase
from archiver.app.keeping.hold import HoldRequest, HoldResult, add_hold
from archiver.app.keeping.list_holds import HoldsRequest, list_holds
from archiver.app.keeping.release import ReleaseRequest, ReleaseResult, release_hold
from archiver.domain.recordings import Report as Source
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from archiver.manifest.journal import Journal
from archiver.manifest.records.erasures import ErasureStep, SecondClock, TwoClocks
from tests.archives import row, store_one
from tests.copy.copies import Vault, add, add_calls, content

CALL = "68ac2671-e61a-11f1-a97c-91b72265b1f5"
"""A call that has audio of its own."""
ERASED = ("2", CALL)
OTHERS = b'{"id":"8"}\n'
"""What must stay in the file of calls."""
NUMBER = "447700900777"
"""Of the call alone: once that is gone it must be in no file, and not turned round either."""
HELD = "1"
"""A recording that is held before any command is killed."""
RULES = {"ARCHIVER_RETENTION": '[{ period = "7y", action = "dispose" }]'}
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
WHY = "the customer asked for it"
BEGUN, DONE, REFUSED = ErasureStep.BEGUN, ErasureStep.DONE, ErasureStep.REFUSED


class Command(Struct, frozen=True):
    """A command that may be killed. ``again`` is typed then, and must end clean.

    ``wrong`` yields what is not as it is where nothing was killed.
    """

    prepare: Callable[[Vault], object]
    act: Callable[[Vault], object]
    again: Callable[[Vault], ExitCode]
    wrong: Callable[[Vault], Iterator[str]]


def two_clocks() -> AbstractContextManager[object]:
    """Let a portal's clock agree with this machine's, where both must be past a period."""
    clocks = TwoClocks(NOW, NOW, SecondClock.PORTAL)
    return mock.patch.object(disposing, "two_clocks", return_value=clocks)


def with_a_call(made: Vault) -> None:
    """Archive audio that a call has, beside its row and that of another call; hold one recording.

    The catalog is made, as on any night.
    """
    told = row(CALL)
    told = replace(told, fields={**told.fields, "call_from": NUMBER})
    add(made, replace(store_one(made.store, told), source=Source.CALLS))
    add_calls(made, f'{{"id":"{CALL}","call_from":"{NUMBER}"}}\n'.encode() + OTHERS)
    _hold(made, FilterRequest(ids=(HELD,)), "Brown", future=False)


def _hold(made: Vault, what: FilterRequest, matter: str, *, future: bool) -> HoldResult:
    return add_hold(HoldRequest(what, matter, "a claim", "Ann", future), made.context())


def _erase(made: Vault, *ids: str) -> EraseResult:
    request = EraseRequest(FilterRequest(ids=ids), WHY if ids else "")
    return erase(request, made.context())


def _erase_again(made: Vault) -> ExitCode:
    _erase(made)
    return _erase(made, *ERASED).code


def _plan(made: Vault) -> None:
    with_a_call(made)
    made.environ = RULES
    with two_clocks():
        plan_disposal(PlanDisposalRequest("Ann"), made.context())


def _dispose(made: Vault) -> DisposeResult:
    (plan,) = made.archive.glob(".archiver/disposals/*.json")
    with two_clocks():
        return dispose(DisposeRequest(plan.stem, "Ann"), made.context())


def _standing(made: Vault) -> HoldResult:
    return _hold(made, FilterRequest(day="2019-06-12"), "Miller", future=True)


def _deferring(made: Vault) -> None:
    with_a_call(made)
    _standing(made)
    _hold(made, FilterRequest(ids=(CALL,)), "Miller", future=False)
    _erase(made, *ERASED)


def _release(made: Vault) -> ReleaseResult:
    numbers = tuple(
        each.hold.number
        for each in list_holds(HoldsRequest(released=True), made.context()).holds
        if each.hold.matter == "Miller"
    )
    return release_hold(ReleaseRequest("the case is closed", numbers), made.context())


def _erased_before(made: Vault) -> None:
    with_a_call(made)
    _erase(made, *ERASED)


def _erased_wrongly(made: Vault, *steps: ErasureStep, gone: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong of an archive of which these were erased, by these steps."""
    if left := [path for each in gone for path in _lying(made, each)]:
        yield f"{len(left)} files are left"
    if found := having_number(made.archive):
        yield f"the number is in {found}"
    if len(_lying(made, HELD)) != 2:
        yield "what is held is gone"
    every = (manifest.erasure for _, manifest in Journal(made.store).manifests())
    if (taken := [each.step for each in every if each]) != [*steps]:
        yield f"the chain says {taken}"
    if [path.read_bytes() for path in made.archive.glob("calls/**/*.jsonl")] != [OTHERS]:
        yield "other people's rows are not as they were"


def having_number(folder: Path) -> list[str]:
    """Return the files below a folder that have the number in them, forwards or backwards."""
    wanted = (NUMBER.encode(), NUMBER[::-1].encode())
    every = (path for path in folder.rglob("*") if path.is_file())
    return [
        str(path.relative_to(folder))
        for path in every
        if any(each in path.read_bytes() for each in wanted)
    ]


def _lying(made: Vault, recording: str) -> list[Path]:
    return [*made.archive.glob(f"*/2019/**/*_{recording}.*")]


def _held_wrongly(made: Vault) -> Iterator[str]:
    """Yield what is wrong where a standing hold was added beside another one."""
    shown = list_holds(HoldsRequest(), made.context())
    if [(each.hold.matter, len(each.ids)) for each in shown.holds] != [("Brown", 1), ("Miller", 1)]:
        yield f"the holds are {[(each.hold.matter, each.ids) for each in shown.holds]}"
    if len([*made.archive.glob("holds/*")]) != 1:
        yield "there is another filter than that of the hold"
    if _erase(made, *ERASED).refused is None:
        yield "what is held was erased"


def _released_wrongly(made: Vault) -> Iterator[str]:
    yield from _erased_wrongly(made, REFUSED, BEGUN, DONE, gone=ERASED)
    held = [each.hold.matter for each in list_holds(HoldsRequest(), made.context()).holds]
    if held != ["Brown"]:
        yield f"there are holds of {held}"


def _copied_wrongly(made: Vault) -> Iterator[str]:
    if content(made.copied) != content(made.archive):
        yield "the copy is another"
    if made.verify().code is not ExitCode.CLEAN:
        yield "verify complains of the copy"
    if having_number(made.copied):
        yield "the copy has the number of the erased"


COMMANDS = {
    "erase": Command(
        with_a_call,
        lambda made: _erase(made, *ERASED),
        _erase_again,
        lambda made: _erased_wrongly(made, BEGUN, DONE, gone=ERASED),
    ),
    "dispose": Command(
        _plan,
        _dispose,
        lambda made: _dispose(made).code,
        lambda made: _erased_wrongly(made, BEGUN, DONE, gone=ERASED),
    ),
    "hold add": Command(
        with_a_call, _standing, lambda made: _standing(made).code, _held_wrongly
    ),
    "hold release": Command(
        _deferring, _release, lambda made: _release(made).code, _released_wrongly
    ),
    "copy": Command(
        _erased_before, Vault.copy, lambda made: made.copy().code, _copied_wrongly
    ),
}  # fmt: skip
