"""Which rows of calls go with a recording: those that are its alone; what may be its is told."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.app.handover.find import FindRequest, find
from archiver.app.opening.archive.archives import open_existing
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from tests.archives import CALLED, CALLER, MORNING, row, store_one
from tests.conftest import Figure
from tests.copy.copies import Vault, add, add_calls, vault
from tests.erase.test_erase import erased, held, hold

NOON = MORNING + timedelta(hours=6)
"""No other recording lies near."""


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path, manifests=1)


def call(id_: str, end: str = NOON.isoformat(), **more: str) -> bytes:
    told = {"id": id_, "call_from": CALLER, "call_to": CALLED, "end_at": end, **more}
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def rows(made: Vault) -> list[str]:
    files = sorted(made.archive.glob("calls/**/*.jsonl"))
    return [json.loads(line)["id"] for path in files for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("others", [timedelta(seconds=40), timedelta()])
def test_a_second_recording_within_a_call_keeps_its_row(
    others: timedelta, made: Vault, figure: Figure
) -> None:
    """One of them is matched with the call: a call that was transferred has both."""
    its, other = ("31", "32") if others else ("32", "31")
    add(made, store_one(made.store, row("31", NOON)))
    add(made, store_one(made.store, row("32", NOON - timedelta(seconds=40))))
    add_calls(made, call("50", duration="00:01:30"))
    hold(made, held(9, other))
    result = erased(made, its)
    assert (result.code, result.erased, rows(made)) == (ExitCode.CLEAN, 1, ["50"])
    figure("P3", f"1 of 2 recordings of a call is held, {other}: rows of the call erased 0")


@pytest.mark.parametrize("asked_before", [(), ("answered",)])
@pytest.mark.parametrize("other", ["held", "not recorded"])
def test_of_an_id_that_several_calls_have_no_row_goes_and_that_is_told(
    other: str, asked_before: tuple[str, ...], made: Vault, figure: Figure
) -> None:
    """The portal has given the id to other people's call, days later."""
    later = NOON + timedelta(days=3)
    others = {"call_from": "447700900888", "call_to": "12025550199"}
    theirs = row("32", later)
    add(made, store_one(made.store, row("31", NOON)))
    add_calls(made, call("17") + call("17", later.isoformat(), **others))
    if other == "held":
        add(made, store_one(made.store, replace(theirs, fields={**theirs.fields, **others})))
        hold(made, held(9, "32"))
    if asked_before:
        find(FindRequest(FilterRequest(status=asked_before)), made.context())
    result = erased(made, "31")
    assert (result.code, result.erased, rows(made)) == (ExitCode.FINDINGS, 1, ["17", "17"])
    assert result.plan.unmatched == ("31",)
    with open_existing(made.context()) as archive:
        assert archive.catalog.erased.calls() == frozenset(), "so none is excluded as erased"
    figure("P3", f"an id that two calls have, the other one {other}: rows erased 0, told, exit 3")


@pytest.mark.parametrize("told", [{"call_to": "12025550199"}, {"end_at": "2019-06-12T09:00:00"}])
def test_a_call_that_was_corrected_is_one(told: dict[str, str], made: Vault) -> None:
    add(made, store_one(made.store, row("31", NOON)))
    add_calls(made, call("17", **told))
    add_calls(made, call("17"))
    result = erased(made, "31")
    assert (result.code, result.plan.call_rows, rows(made)) == (ExitCode.CLEAN, 2, [])


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ({"call_from": None, "call_to": None}, NOON),
        ({"call_to": None}, NOON),
        ({"call_from": "anonymous"}, NOON),
        ({}, NOON - timedelta(seconds=130)),
    ],
)
def test_a_call_near_that_may_be_its_is_told(
    told: dict[str, str | None], end: datetime, made: Vault, figure: Figure
) -> None:
    listed = row("31", NOON)
    add(made, store_one(made.store, replace(listed, fields={**listed.fields, **told})))
    add_calls(made, call("50", end.isoformat(), duration="00:00:05"))
    result = erased(made, "31")
    assert (result.code, result.erased, rows(made)) == (ExitCode.FINDINGS, 1, ["50"])
    assert result.plan.unmatched == ("31",)
    figure(
        "P2", f"erased with no call known as its, and one near that may be: {told}: told, exit 3"
    )


@pytest.mark.parametrize("whose", ["of other people", "of another recording", "two hours off"])
def test_a_call_near_that_is_not_its_is_not_told(whose: str, made: Vault) -> None:
    add(made, store_one(made.store, row("31", NOON)))
    end = NOON - timedelta(seconds=130)
    if whose == "of other people":
        others = {"call_from": "447700900888", "call_to": "12025550199"}
        add_calls(made, call("50", end.isoformat(), **others))
    elif whose == "of another recording":
        add(made, store_one(made.store, row("32", end)))
        add_calls(made, call("50", end.isoformat(), duration="00:00:05"))
    else:
        add_calls(made, call("50", (NOON - timedelta(hours=2)).isoformat()))
    result = erased(made, "31")
    assert (result.code, result.plan.unmatched, rows(made)) == (ExitCode.CLEAN, (), ["50"])
