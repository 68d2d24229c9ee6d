"""What a slice needs: every row is held, accepted, waits, or is work."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import Essential, Odd, RecordingId, Report
from archiver.domain.row.fingerprint import fingerprint
from archiver.listing.slices import PAGE_ROWS, SLICE_ROWS, slice_rows
from archiver.manifest.model import ManifestKind
from archiver.manifest.state import RecordingState, apply_entry
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.plan import divide, reads_anew, sharing_objects
from archiver.secret import Secret
from tests.archives import MORNING, entry, row, store_one
from tests.store.memory import MemoryStore

ASK = PageQuery.first(Report.RECORDINGS, None)
FILED = store_one(MemoryStore(), row("1"))
UNREAD = (Concern.DURATION_UNREAD,)


def listed(ids: Iterable[int]) -> list[Listed]:
    return [Listed(row(str(id_)), ASK) for id_ in ids]


def known(id_: int, outcome: Outcome) -> RecordingState:
    """Return what an entry of that outcome makes known, with files where it must have some."""
    if outcome not in {Outcome.ARCHIVED, Outcome.QUARANTINED}:
        return apply_entry(None, entry(str(id_), outcome))
    return apply_entry(None, replace(FILED, id=RecordingId(str(id_)), outcome=outcome))


@given(
    st.dictionaries(st.integers(0, 50), st.sampled_from([None, *Outcome])),
    st.dictionaries(st.integers(0, 50), st.sampled_from("abc")),
    st.dictionaries(st.integers(0, 50), st.booleans()),
)
def test_every_row_is_held_work_or_erased(
    before: dict[int, Outcome | None], objects: dict[int, str], edited: dict[int, bool]
) -> None:
    rows = listed(before)
    knowns = [known(id_, outcome) for id_, outcome in before.items() if outcome]
    told = {
        RecordingId(str(id_)): fingerprint(
            row(str(id_), agent="Ben" if is_edited else "Ann Lee").fields
        )
        for id_, is_edited in edited.items()
    }
    names = {each.row.id: objects[int(each.row.id)] for each in rows if int(each.row.id) in objects}

    plan = divide(rows, {each.id: each for each in knowns}, told)
    plan = plan.beside(sharing_objects(names), {})

    held = {each.row.id for each in plan.held}
    work = {each.listed.row.id: each for each in plan.work}
    assert held == {each.id for each in knowns if each.held and edited.get(int(each.id)) is False}
    erased = {each.row.id for each in plan.erased}
    assert erased == {each.id for each in knowns if each.outcome is Outcome.ERASED}
    assert held | work.keys() | erased == {each.row.id for each in rows}
    assert len(plan.held) + len(plan.work) + len(plan.erased) == len(rows)
    for id_, each in work.items():
        same = {other for other, name in names.items() if name == names.get(id_)}
        others, left = each.same_object.beside(RecordingId(str(id_)))
        assert set(others) < same if same else others == ()
        assert len(others) + left == max(0, len(same) - 1)


@pytest.mark.parametrize(
    ("agent", "is_told", "stands"),
    [("Ann Lee", True, True), ("Ben", True, False), ("Ann Lee", False, False)],
)
@pytest.mark.parametrize("outcome", [Outcome.QUARANTINED, Outcome.ARCHIVED])
def test_of_an_accepted_finding_only_other_audio_is_news_while_its_row_is_the_same(
    outcome: Outcome,
    agent: str,
    is_told: bool,  # noqa: FBT001 - a case
    stands: bool,  # noqa: FBT001 - a case
) -> None:
    finding = known(1, outcome)
    if outcome is Outcome.ARCHIVED:
        finding = apply_entry(finding, replace(FILED, outcome=Outcome.QUARANTINED))
    assert finding.is_open
    accepted = apply_entry(finding, FILED, ManifestKind.ACCEPT)
    told = {accepted.id: fingerprint(row("1").fields)} if is_told else {}
    (one,) = [Listed(row("1", agent=agent), ASK)]
    (work,) = divide([one], {accepted.id: accepted}, told).work
    assert work.stands is stands
    (work,) = divide([one], {finding.id: finding}, told).work
    assert not work.stands, "an open one is fetched whatever it says"


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_longer_life_never_makes_a_smaller_slice(one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert PAGE_ROWS <= slice_rows(short) <= slice_rows(long) <= slice_rows(None) == SLICE_ROWS


@pytest.mark.parametrize("outcome", [Outcome.GONE, Outcome.NO_AUDIO])
def test_what_was_accepted_without_audio_is_asked_for_again(outcome: Outcome) -> None:
    accepted = apply_entry(
        apply_entry(None, entry("1", outcome)), entry("1", outcome), ManifestKind.ACCEPT
    )
    (silent,) = listed([1])
    come = Listed(replace(silent.row, link=Secret("https://media.example/1.mp3")), ASK)
    (work,) = divide([come], {accepted.id: accepted}, {}, datetime(2026, 1, 2, tzinfo=UTC)).work
    assert not work.stands


def test_a_concern_about_what_is_held_costs_no_download() -> None:
    concerned = replace(FILED, concerns=(Concern.SAME_AUDIO,))
    held = apply_entry(None, concerned)
    same = {RecordingId("1"): fingerprint(row("1").fields)}
    assert held.is_open
    for concern in (held, apply_entry(held, concerned, ManifestKind.ACCEPT)):
        (work,) = divide(listed([1]), {held.id: concern}, same).work
        assert work.stands, "it is asked about by its ETag"


@pytest.mark.parametrize(
    ("was", "says", "becomes"),
    [
        ({}, {}, "held"),
        ({}, {"reported_ms": 5_000}, "judged"),
        ({}, {"unread": {Essential.LENGTH: "odd"}}, "judged"),
        ({}, {"unread": {Essential.TIME: "odd"}}, "judged"),
        ({"concerns": UNREAD}, {"unread": {Essential.LENGTH: "odd"}}, "asked about"),
        ({"concerns": UNREAD}, {"reported_ms": 5_000}, "judged"),
        ({"concerns": UNREAD, "accepted": True}, {"reported_ms": 5_000}, "judged"),
        ({"verdict": Verdict.VERIFIED}, {"reported_ms": 5_000}, "held"),
        ({"at": None}, {"at": MORNING}, "judged"),
    ],
)
def test_a_row_that_is_understood_otherwise_by_now_is_judged_again(
    was: dict[str, Any], says: dict[str, Any], becomes: str
) -> None:
    """What stands is only asked about by its ETag, which ends nothing that the row ends by now."""
    held = apply_entry(None, replace(FILED, verdict=Verdict.DURATION_UNKNOWN))
    same = {RecordingId("1"): fingerprint(row("1").fields)}
    now = Listed(replace(row("1"), **{"reported_ms": None, **says}), ASK)
    plan = divide([now], {held.id: replace(held, **was)}, same)
    came = ["asked about" if each.stands else "judged" for each in plan.work]
    assert came == ([] if becomes == "held" else [becomes])


def test_only_what_is_held_is_understood_otherwise() -> None:
    held = apply_entry(None, replace(FILED, verdict=Verdict.DURATION_UNKNOWN))
    says = replace(row("1"), reported_ms=5_000)
    assert reads_anew(held, says)
    assert not reads_anew(replace(held, held=False, outcome=Outcome.GONE, accepted=True), says)


def test_what_waits_is_left_to_its_time_unless_its_audio_has_come() -> None:
    now = datetime(2026, 1, 2, 20, tzinfo=UTC)
    (silent,) = listed([1])
    come = Listed(replace(silent.row, link=Secret("https://media.example/1.mp3")), ASK)
    for outcome in (Outcome.FAILED, Outcome.NO_AUDIO):
        known = apply_entry(None, entry("1", outcome), at=now)
        for row_, at, waits in (
            (silent, None, False),
            (silent, now, True),
            (silent, now + timedelta(minutes=59), True),
            (silent, now + timedelta(hours=1), False),
            (come, now, outcome is Outcome.FAILED),
        ):
            plan = divide([row_], {known.id: known}, {}, at)
            assert bool(plan.waiting) is waits
            assert bool(plan.work) is not waits


def test_a_row_that_cannot_be_read_changes_nothing_of_audio_at_hand() -> None:
    (whole,) = listed([1])
    odd = Listed(replace(whole.row, odd=Odd(3, "not UTF-8")), ASK)
    for before, stays in (
        (None, False),
        (known(1, Outcome.FAILED), False),
        (known(1, Outcome.GONE), False),
        (known(1, Outcome.QUARANTINED), True),
        (known(1, Outcome.ARCHIVED), True),
    ):
        plan = divide([odd], {before.id: before} if before else {}, {})
        is_held = before is not None and before.is_good
        assert bool(plan.held) is is_held
        assert [work.stands for work in plan.work] == ([] if is_held else [stays])


def test_a_row_that_can_be_read_again_is_fetched_at_once() -> None:
    now = datetime(2026, 1, 2, 20, tzinfo=UTC)
    (silent,) = listed([1])
    come = Listed(replace(silent.row, link=Secret("https://media.example/1.mp3")), ASK)
    unread = replace(entry("1", Outcome.FAILED), concerns=(Concern.ROW_UNREAD,))
    before = apply_entry(None, unread, at=now)
    assert before.is_open
    assert before.kind == Concern.ROW_UNREAD
    for row_, waits in ((silent, True), (come, False)):
        plan = divide([row_], {before.id: before}, {}, now)
        assert bool(plan.waiting) is waits
    accepted = replace(before, accepted=True)
    assert apply_entry(accepted, unread, at=now).accepted
    assert not apply_entry(accepted, replace(FILED, id=unread.id)).concerns
