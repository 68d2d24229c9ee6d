"""Where a recording stands after each entry."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.times.window import SECOND
from archiver.manifest.model import Entry, ManifestKind
from archiver.manifest.state import (
    RecordingState,
    apply_entry,
    entry_from_state,
    ids_digest,
    rebased,
)
from tests.archives import entry, row, store_one
from tests.store.memory import MemoryStore

STORE = MemoryStore()
GOOD = store_one(STORE, row("7"))
BAD = store_one(STORE, row("7"), b"cut", Verdict.TRUNCATED)
OTHER_BAD = store_one(STORE, row("7"), b"cut otherwise", Verdict.DAMAGED)
TOLD_AGAIN = store_one(MemoryStore(), row("7", agent="Ben"))
GONE = entry("7", Outcome.GONE)


def after(*steps: Entry | tuple[Entry, ManifestKind]) -> RecordingState:
    known = None
    for step in steps:
        one, kind = step if isinstance(step, tuple) else (step, ManifestKind.RUN)
        known = apply_entry(known, one, kind)
    assert known is not None
    return known


def test_archived_is_held_whatever_comes_later() -> None:
    for later in (Outcome.FAILED, Outcome.NO_AUDIO, Outcome.GONE, Outcome.HELD):
        known = after(GOOD, entry("7", later))
        assert known.held
        assert known.audio == GOOD.audio
    assert after(GOOD, BAD).audio == GOOD.audio
    assert after(GOOD, BAD).is_open


def test_only_an_erasure_takes_it_back() -> None:
    known = after(GOOD, (entry("7", Outcome.ERASED), ManifestKind.ERASE))
    assert not known.held
    assert known.audio is None
    assert after(GOOD, entry("7", Outcome.ERASED), entry("7", Outcome.FAILED)).outcome is (
        Outcome.ERASED
    )


@pytest.mark.parametrize("finding", [BAD, GONE])
def test_a_finding_is_open_until_mended_or_accepted(finding: Entry) -> None:
    accept = (entry("7", finding.outcome, reasons=("listened to it",)), ManifestKind.ACCEPT)
    assert after(finding).is_open
    assert after(finding, entry("7", Outcome.FAILED)).is_open
    assert not after(finding, GOOD).is_open
    assert not after(finding, accept).is_open
    assert not after(finding, accept, finding).is_open


def test_other_bytes_open_an_accepted_finding_again() -> None:
    accept = (entry("7", Outcome.QUARANTINED), ManifestKind.ACCEPT)
    assert after(BAD, accept, OTHER_BAD).is_open


@pytest.mark.parametrize("before", [(), (GOOD,)], ids=["quarantined", "held"])
def test_an_accepted_finding_opens_again_by_other_bytes_or_another_row_only(
    before: tuple[Entry, ...],
) -> None:
    accepted: tuple[Entry | tuple[Entry, ManifestKind], ...] = (
        *before,
        BAD,
        (BAD, ManifestKind.ACCEPT),
    )
    assert after(*accepted).newest == (BAD.audio, BAD.sidecar)
    assert not after(*accepted, BAD, BAD).is_open
    for other in (OTHER_BAD, replace(BAD, sidecar=TOLD_AGAIN.sidecar), GONE):
        assert after(*accepted, other).is_open
    assert after(*accepted, OTHER_BAD).newest == (OTHER_BAD.audio, OTHER_BAD.sidecar)


def test_what_was_refused_is_remembered_until_something_is_archived() -> None:
    known = after(GOOD, BAD, GONE)
    assert (known.audio, known.refused_audio) == (GOOD.audio, BAD.audio)
    assert (known.sidecar, known.refused_sidecar) == (GOOD.sidecar, BAD.sidecar)
    assert after(GOOD, BAD, GOOD).newest == (GOOD.audio, GOOD.sidecar)
    assert after(BAD).refused_audio is None, "there is no other"


CONCERNED = replace(GOOD, concerns=(Concern.SAME_AUDIO,), reasons=("recording 8 has its bytes",))


def test_good_audio_with_a_concern_is_held_and_a_finding_until_accepted_or_replaced() -> None:
    known = after(CONCERNED)
    assert (known.held, known.is_open, known.kind) == (True, True, "same_audio")
    assert not after(CONCERNED, (CONCERNED, ManifestKind.ACCEPT)).is_open
    assert not after(CONCERNED, TOLD_AGAIN).is_open
    refused = after(CONCERNED, BAD)
    assert (refused.concerns, refused.kind) == ((Concern.SAME_AUDIO,), "truncated")


LOST = replace(TOLD_AGAIN, concerns=(Concern.ORIGINAL_LOST,), reasons=("lost",))


def test_a_lost_original_is_a_finding_that_only_a_person_ends() -> None:
    lost = (GOOD, (LOST, ManifestKind.REPAIR))
    for newer in ((), (GOOD,), (GOOD, TOLD_AGAIN)):
        known = after(*lost, *newer)
        assert (known.concerns, known.reasons, known.is_open) == (LOST.concerns, ("lost",), True)
    assert after(*lost, BAD, TOLD_AGAIN).concerns == LOST.concerns, "whatever was in between"
    accepted = (*lost, (LOST, ManifestKind.ACCEPT))
    assert not after(*accepted, GOOD, TOLD_AGAIN).is_open
    assert after(*accepted, OTHER_BAD).is_open


def test_a_concern_that_comes_after_another_was_accepted_is_open() -> None:
    again = replace(CONCERNED, concerns=(Concern.SAME_AUDIO, Concern.ORIGINAL_LOST))
    for kind in (ManifestKind.RUN, ManifestKind.REPAIR):
        assert not after(CONCERNED, (CONCERNED, ManifestKind.ACCEPT), (CONCERNED, kind)).is_open
        assert after(CONCERNED, (CONCERNED, ManifestKind.ACCEPT), (again, kind)).is_open


def test_a_restated_concern_is_the_same_concern() -> None:
    known = after(CONCERNED)
    assert (
        entry_from_state(known, known.outcome, *known.reasons, files=True).concerns
        == known.concerns
    )


def test_attempts_add_up() -> None:
    failed = entry("7", Outcome.FAILED, attempts=3)
    assert after(failed, failed, GOOD).attempts == 7


def test_holds_and_exports_change_nothing() -> None:
    for kind in (ManifestKind.HOLD, ManifestKind.EXPORT):
        assert after(GOOD, (GONE, kind)) == after(GOOD)


def test_what_a_repair_put_back_changes_nothing_but_what_a_bucket_calls_it() -> None:
    assert BAD.audio is not None
    stored = replace(BAD.audio, version="v2")
    back = entry("7", Outcome.HELD, audio=stored)
    for before in ((GOOD, BAD), (BAD,)):
        known = after(*before)
        repaired = after(*before, (back, ManifestKind.REPAIR))
        assert repaired.newest == (stored, BAD.sidecar)
        assert replace(repaired, audio=known.audio, refused_audio=known.refused_audio) == known
    assert after(GOOD, (back, ManifestKind.REPAIR)) == after(GOOD), "an older version stays one"


def test_another_version_that_a_repair_brought_home_counts_as_in_a_run() -> None:
    assert after(GOOD, (BAD, ManifestKind.REPAIR)) == after(GOOD, BAD)
    assert after(BAD, (GOOD, ManifestKind.REPAIR)) == after(BAD, GOOD)


def test_the_digest_of_ids_does_not_depend_on_their_order() -> None:
    assert ids_digest(["b", "a"]) == ids_digest(["a", "b"])
    assert ids_digest(["ab"]) != ids_digest(["a", "b"])
    assert ids_digest([])[0] == 0


def test_what_another_run_was_first_with_is_held_and_its_own_sidecar_entered() -> None:
    theirs, ours = after(GOOD), TOLD_AGAIN
    left = rebased(ours, theirs)
    assert (left.outcome, left.audio, left.sidecar) == (Outcome.HELD, None, ours.sidecar)
    assert left.supersedes == ()
    assert after(GOOD, left).sidecar == GOOD.sidecar
    assert rebased(GOOD, theirs).sidecar is None, "the same sidecar is no stray"


def test_what_still_says_something_is_decided_again_as_it_is() -> None:
    assert rebased(GOOD, None) is GOOD
    assert rebased(BAD, after(GOOD)) is BAD
    assert GOOD.sidecar is not None
    edited = replace(TOLD_AGAIN, supersedes=(GOOD.sidecar.path,))
    assert rebased(edited, after(GOOD)) is edited, "a row that the portal changed"
    assert rebased(GOOD, after(GOOD, BAD)) is GOOD, "it ends a finding"


def test_other_bytes_take_the_place_of_what_is_held_by_then() -> None:
    other = store_one(MemoryStore(), row("7"), b"another version")
    assert GOOD.audio is not None
    assert GOOD.sidecar is not None
    left = rebased(other, after(GOOD))
    assert left.outcome is Outcome.ARCHIVED
    assert left.supersedes == (GOOD.audio.path, GOOD.sidecar.path)


EVENING = datetime(2026, 1, 2, 20, tzinfo=UTC)


def waiting(*hours: float, outcome: Outcome = Outcome.FAILED) -> RecordingState:
    """Return what is known after tries in vain, so many hours after the first."""
    known = None
    for each in (0, *hours):
        known = apply_entry(known, entry("7", outcome), at=EVENING + timedelta(hours=each))
    assert known is not None
    return known


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NO_AUDIO])
def test_what_waits_is_tried_ever_later_and_becomes_a_finding(outcome: Outcome) -> None:
    hours, again = (0, 1, 25, 73, 145), (1, 24, 48, 72, 72)
    for tries in range(1, len(hours) + 1):
        known = waiting(*hours[1:tries], outcome=outcome)
        assert known.tries == tries
        due = EVENING + timedelta(hours=hours[tries - 1] + again[tries - 1])
        assert known.waits_at(due - SECOND)
        assert not known.waits_at(due)
        assert known.is_open is (tries == len(hours))
    assert not apply_entry(known, entry("7", outcome), ManifestKind.ACCEPT).is_open
    assert not apply_entry(known, GOOD).waits_at(EVENING)


def test_a_try_before_its_time_counts_for_nothing() -> None:
    assert waiting(0.1, 0.2, 0.3, 0.4, 0.5, 0.6) == waiting()
    assert waiting(0.5, 1.5).tries == 2


def test_a_try_in_the_future_holds_nothing_up() -> None:
    ten_years = 87_600.0
    known = waiting(ten_years)
    assert (known.tries, known.waits_at(EVENING + timedelta(days=1))) == (2, False)
    again = waiting(ten_years, 24)
    assert again.tried_at == EVENING + timedelta(days=1)
    assert waiting(ten_years, 24, 72, 144).is_open, "a finding when its tries are used up"
    assert waiting(ten_years, ten_years - 0.05).tries == 2, "clocks may differ by minutes"


def test_what_is_held_or_a_finding_does_not_wait() -> None:
    for one in (GOOD, BAD, GONE):
        assert not after(one, entry("7", Outcome.FAILED)).waits_at(EVENING)
