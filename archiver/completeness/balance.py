"""The calls of a portal day beside its recordings, in four words. Pure.

Complete: a call that must have a recording has one, and that is held. Missing: it has none, or what
it has is not held. Excluded: it needs none. What is left is a recording without a call.

A call is complete by a recording that names it, or has its audio, or that is between the same
numbers and fits: both its ends do, by whichever of them the portal dates it. What merely lies near
is no call's. Of two calls at one time with one recording, one is missing, and the other is named
beside it; where the other needs no recording, or is of another day, the one that seems to have it
is missing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct, field

from archiver.calls.call import LoggedCall
from archiver.calls.matching import (
    Dating,
    are_of_other_audio,
    are_same,
    dating_of,
    last_digits,
    misfit,
)
from archiver.calls.reconciliation import MOMENT, Match, Reconciled, by_name, reconcile, same_object
from archiver.catalog import Found
from archiver.catalog.numbers import digits_of
from archiver.completeness.expected import Rules
from archiver.domain.expectation import Exclusion, Expectation, GapKind, Lack
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId, Report
from archiver.manifest.state import RecordingState


class MissingCall(Struct, frozen=True):
    """A call that must have a recording and has none that is held.

    ``recording`` is one that is its and not held, or that may be its. ``others`` are calls that the
    same recording fits as well: one of them is missing, and which can't be told. ``not_held`` is
    where its recording stands that is surely its and not held.
    """

    call: LoggedCall
    why: Lack
    recording: RecordingId | None
    others: tuple[RecordingId, ...]
    accepted: bool
    not_held: RecordingState | None

    @property
    def is_waiting(self) -> bool:
        """Whether its recording waits for audio, and so is no finding yet."""
        return self.not_held is not None and self.not_held.is_waiting

    @property
    def acceptable(self) -> RecordingId:
        """The id by which a person may accept it: its recording's, where that is a finding."""
        its = self.not_held
        return its.id if its and its.is_open else self.call.id


class Excluded(Struct, frozen=True):
    """A call that needs no recording, with the one that it has all the same."""

    call: LoggedCall
    why: Exclusion
    recording: RecordingId | None


class WithoutCall(Struct, frozen=True):
    """A recording that is of no call of the call log."""

    found: Found
    accepted: bool


class DayBalance(Struct, frozen=True):
    """The four words of a day; every call that ended on it is in one of the first three."""

    complete: tuple[Match, ...]
    missing: tuple[MissingCall, ...]
    excluded: tuple[Excluded, ...]
    without_call: tuple[WithoutCall, ...]

    @property
    def calls(self) -> int:
        """How many calls ended on the day."""
        return len(self.complete) + len(self.missing) + len(self.excluded)

    @property
    def is_even(self) -> bool:
        """Whether nothing is left that a person has not accepted."""
        is_accepted = [each.accepted for each in self.missing]
        return all([*is_accepted, *(each.accepted for each in self.without_call)])


class Material(Struct, frozen=True):
    """What a day is worked out of: calls and recordings of it and of the hours around it.

    ``erased`` are calls of the day whose rows were erased, each with the recording that it was of.

    ``states`` are those of recordings that are not held; ``shared`` are objects that tell no
    recording from another; ``accepted`` are gaps of the day that a person accepted.
    """

    calls: Sequence[LoggedCall]
    recordings: Sequence[Found]
    states: Mapping[RecordingId, RecordingState]
    shared: Collection[str]
    accepted: Collection[tuple[GapKind, RecordingId]]
    erased: Mapping[RecordingId, RecordingId] = field(default_factory=dict)

    def is_settled(self, recording: RecordingId) -> bool:
        """Whether a person accepted that a recording is not held, or had it erased."""
        state = self.states.get(recording)
        if state is None or state.held:
            return False
        return state.accepted or state.outcome is Outcome.ERASED


def balance(day: date, material: Material, expectation: Expectation) -> DayBalance:
    """Return the four words of a day: of the calls that ended on it, and of its recordings."""
    pairs = _Pairs(material, timedelta(milliseconds=expectation.slack_ms))
    return _Judge(material, pairs, Rules(expectation)).of(day)


class _Pairs:
    """Calls with the recordings that are surely theirs: what is held first, then what is not."""

    def __init__(self, material: Material, slack: timedelta) -> None:
        self._shared, self._slack = material.shared, slack
        self._dating = Dating.EITHER
        held = [each for each in material.recordings if each.held]
        self._dating = dating_of(self._reconciled(material.calls, held).matched)
        rest = [each for each in material.recordings if not each.held]
        self.held = self._sure(material.calls, held)
        left = [call for call in material.calls if call.id not in self.held]
        self.not_held = self._sure(left, rest)
        self.free = [call for call in left if call.id not in self.not_held]
        taken = {found.id for found in (*self.held.values(), *self.not_held.values())}
        others = [found for found in material.recordings if found.id not in taken]
        self.near = {call.id: found for call, found in self._reconciled(self.free, others).near}

    def _sure(
        self, calls: Sequence[LoggedCall], recordings: Sequence[Found]
    ) -> dict[RecordingId, Found]:
        """Return recordings by their calls: those that are named, or fit."""
        named = {*by_name(recordings), *same_object(calls, recordings, self._shared)}
        return {
            call.id: found
            for call, found in self._reconciled(calls, recordings).matched
            if (call.id, found.id) in named or self._fits(call, found)
        }

    def _reconciled(self, calls: Sequence[LoggedCall], recordings: Sequence[Found]) -> Reconciled:
        return reconcile(calls, recordings, self._slack, shared=self._shared, dating=self._dating)

    def _fits(self, call: LoggedCall, found: Found) -> bool:
        off = misfit(call, found, self._dating)
        return off is not None and off <= self._slack

    def claims(self, calls: Sequence[LoggedCall]) -> Iterator[tuple[RecordingId, LoggedCall]]:
        """Yield a call that has its recording by fit alone, and each free one that it fits as well.

        A call in which nobody talked has no claim. Of another day, fewer calls may tell how
        recordings are dated: that of it is free here may have this very recording there.
        """
        by_line = defaultdict(list)
        for call in self.free:
            if call.has_talk or call.says_recorded:
                by_line[last_digits(call.numbers)].append(call)
        by_id = {call.id: call for call in calls}
        for id_, found in self.held.items():
            for other in by_line.get(last_digits(digits_of(found.numbers)), ()):
                if self._fits_as_well(by_id[id_], found, other):
                    yield id_, other

    def _fits_as_well(self, call: LoggedCall, found: Found, other: LoggedCall) -> bool:
        named = {*by_name([found]), *same_object([call], [found], self._shared)}
        is_line = are_same(other.numbers, digits_of(found.numbers))
        if not is_line or (call.id, found.id) in named or are_of_other_audio(other, found):
            return False
        datings = {self._dating, *([] if _are_of_one_day(call, other) else [Dating.EITHER])}
        return any(self._is_as_near(call, found, other, dating) for dating in datings)

    def _is_as_near(self, call: LoggedCall, found: Found, other: LoggedCall, by: Dating) -> bool:
        own, off = (misfit(each, found, by) for each in (call, other))
        return own is not None and off is not None and off <= min(own, self._slack) + MOMENT


def _are_of_one_day(one: LoggedCall, other: LoggedCall) -> bool:
    """Whether two calls are judged together: they ended on one day, or one has no time."""
    days = {each.when.last.date() for each in (one, other) if each.when}
    return len(days) < 2  # noqa: PLR2004 - two days


class _Judge:
    """Gives each call and each recording of a day its word."""

    def __init__(self, material: Material, pairs: _Pairs, rules: Rules) -> None:
        self._material, self._pairs, self._rules = material, pairs, rules
        self._unsure = set[RecordingId]()
        self._rivals = defaultdict[RecordingId, list[RecordingId]](list)
        by_id = {call.id: call for call in material.calls}
        for id_, other in pairs.claims(material.calls):
            if self._exclusion(other) or not _are_of_one_day(by_id[id_], other):
                self._unsure.add(id_)
            else:
                self._rivals[other.id].append(id_)

    def of(self, day: date) -> DayBalance:
        dated = ((call, call.when) for call in self._material.calls if call.when)
        every = [self._judged(call) for call, when in dated if when.last.date() == day]
        return DayBalance(
            tuple(each for each in every if isinstance(each, tuple)),
            tuple(each for each in every if isinstance(each, MissingCall)),
            (*(each for each in every if isinstance(each, Excluded)), *self._erased()),
            tuple(self._without_call(day)),
        )

    def _erased(self) -> Iterator[Excluded]:
        """Yield the calls that were erased: nothing is known of them but their ids."""
        for id_, recording in sorted(self._material.erased.items()):
            gone = LoggedCall(id_, None, frozenset(), None)
            yield Excluded(gone, Exclusion.ERASED, recording)

    def _judged(self, call: LoggedCall) -> Match | MissingCall | Excluded:
        held = self._pairs.held.get(call.id)
        its = held or self._pairs.not_held.get(call.id)
        if why := self._exclusion(call):
            return Excluded(call, why, its.id if its else None)
        if its is None:
            return self._missing(call, Lack.NO_RECORDING, self._pairs.near.get(call.id))
        if held is None:
            return self._missing(call, Lack.NOT_HELD, its)
        return self._missing(call, Lack.NOT_SURE, its) if call.id in self._unsure else (call, held)

    def _missing(self, call: LoggedCall, why: Lack, found: Found | None) -> MissingCall:
        its = found.id if found and why is Lack.NOT_HELD else None
        is_settled = its is not None and self._material.is_settled(its)
        return MissingCall(
            call,
            why,
            found.id if found else None,
            tuple(sorted(self._rivals.get(call.id, ()))),
            is_settled or (GapKind.MISSING, call.id) in self._material.accepted,
            self._material.states.get(its) if its else None,
        )

    def _exclusion(self, call: LoggedCall) -> Exclusion | None:
        is_recorded = call.id in self._pairs.held or call.id in self._pairs.not_held
        return self._rules.exclusion_of(call, is_recorded=is_recorded)

    def _without_call(self, day: date) -> Iterator[WithoutCall]:
        """Yield the recordings of a day that are held, and no call's.

        What is not held is a finding of its own. A call's own audio is its, also beside a recording
        that is counted for the call.
        """
        ids = {call.id for call in self._material.calls}
        taken = {found.id for found in self._pairs.held.values()}
        for found in self._material.recordings:
            is_own = found.source is Report.CALLS and found.id in ids
            is_of_day = found.held and found.at is not None and found.at.date() == day
            if is_of_day and found.id not in taken and not is_own:
                is_accepted = (GapKind.WITHOUT_CALL, found.id) in self._material.accepted
                yield WithoutCall(found, is_accepted)
