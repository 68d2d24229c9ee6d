"""Nights that certify their days: written once, again after a late change, never too early."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.completeness.certificate import Certificate
from archiver.completeness.certifying import Certified, Certifier
from archiver.domain.layout import PRIVATE
from archiver.manifest.journal import Journal
from archiver.manifest.model import ManifestKind
from archiver.manifest.records.files import Head
from archiver.sandbox import Call, Recording
from tests.archives import lose_catalog, manifest_of
from tests.conftest import Figure
from tests.nights import FIRST, Month

pytestmark = pytest.mark.slow

DAY_ONE = f"{FIRST:%Y-%m-%d}"
CLEAN, FINDINGS, STOPPED = 0, 3, 4


def certificates(month: Month) -> dict[str, list[Certificate]]:
    """Return the certificates of each day, as the chain names them, the oldest first."""
    found: dict[str, list[Certificate]] = {}
    for manifest in month.chain():
        for each in manifest.certificates:
            text = (month.archive / each.file.path).read_bytes()
            found.setdefault(f"{each.day}", []).append(Certificate.from_json(text))
    return found


def live(month: Month, last: int, first: int = 1) -> None:
    """Let days pass; the job runs in the first night, in every third and in the last."""
    for number in range(first, last + 1):
        month.live(number)
        if number in {first, last} or number % 3 == 1:
            month.night(number)


def call_of(month: Month, recording: Recording) -> Call:
    calls: list[Call] = [*month.sandbox.world.calls]
    return min(calls, key=lambda call: abs(call.at - recording.at))


def reconcile(month: Month, *words: str) -> tuple[int, dict[str, Any]]:
    with month.now(8):
        ran = month.type("reconcile", "--json", "--since", DAY_ONE, "--until", DAY_ONE, *words)
    return ran.code, json.loads(ran.out)


def verify(month: Month) -> int:
    return month.type("verify").code


def test_a_day_is_certified_once_it_is_settled(month: Month, figure: Figure) -> None:
    days = []
    for number in range(1, 7):
        month.live(number)
        ran = month.night(number)
        days.append([*certificates(month)])
        told = json.loads(ran.out)
        assert told["head"]["number"] == month.chain()[-1].number
        assert len(told["certified"]) == len(days[-1]) - len(days[-2:][0]) if number > 1 else True
    assert [len(each) for each in days] == [0, 0, 0, 1, 2, 3]
    assert all(len(each) == 1 for each in certificates(month).values())
    assert {*month.codes} == {CLEAN}
    assert verify(month) == CLEAN
    code, told = reconcile(month)
    assert (code, told["proven"], told["percent"], told["missing_calls"]) == (CLEAN, True, 100, 0)
    assert "Certified: 2026-03-03." in ran.err
    figure("A12", "6 nights: days settled 3, certified 3, each once; verify clean")


def test_a_late_recording_ends_what_was_missing(month: Month, figure: Figure) -> None:
    (lost, *_) = month.live(1)
    month.sandbox.world.recordings.remove(lost.id)
    month.night(1)
    live(month, 5, first=2)
    call = call_of(month, lost)
    assert DAY_ONE not in certificates(month)
    code, told = reconcile(month)
    (missing,) = told["missing"]
    assert (code, missing["id"], missing["why"]) == (FINDINGS, call.id, "no_recording")
    assert told["percent"] == pytest.approx(66.66)

    month.sandbox.world.recordings.put(lost)
    live(month, 8, first=6)

    assert reconcile(month)[0] == CLEAN
    (certificate,) = certificates(month)[DAY_ONE]
    assert (certificate.calls.complete, certificate.supersedes) == (3, None)
    assert {*month.codes} == {CLEAN}
    figure("A11", "a call without its recording: named; the recording a week late: certified")


def test_a_late_change_is_a_certificate_that_names_the_first(month: Month, figure: Figure) -> None:
    live(month, 5)
    month.sandbox.world.arrive(FIRST + timedelta(hours=12))
    live(month, 6, first=6)
    (day,) = reconcile(month)[1]["days"]
    assert (day["calls"], day["certificate_is_current"]) == (4, False)
    live(month, 10, first=7)
    assert reconcile(month)[1]["days"][0]["certificate_is_current"]
    first, second = certificates(month)[DAY_ONE]
    files = [each.file for m in month.chain() for each in m.certificates]
    (before,) = (f for f in files if f.path == (second.supersedes and second.supersedes.path))
    assert second.supersedes is not None
    assert second.supersedes.sha256 == before.sha256
    assert Certificate.from_json((month.archive / before.path).read_bytes()) == first
    assert [each.calls.complete for each in (first, second)] == [3, 4]
    assert verify(month) == CLEAN
    figure("A12", "a call and its recording a week late: 2 certificates, the newer names the first")


def test_a_certificate_that_is_lost_certifies_nothing(month: Month, figure: Figure) -> None:
    live(month, 5)
    assert reconcile(month)[0] == CLEAN
    (named,) = (e.file for m in month.chain() for e in m.certificates if f"{e.day}" == DAY_ONE)
    path = month.archive / named.path
    whole, told = path.read_bytes(), list[object]()
    path.write_bytes(whole.replace(b'"complete": 3', b'"complete": 4'))
    for _ in range(2):
        code, document = reconcile(month)
        told.append((code, document["days"][0]["certificate_is_lost"]))
        path.unlink(missing_ok=True)
    assert told == [(FINDINGS, True)] * 2
    path.write_bytes(whole)
    assert reconcile(month)[0] == CLEAN
    figure("A12", "certificates changed or gone: called certified 0 of 2, exit 3")


def test_a_certified_day_that_closes_no_more_is_not_called_certified(
    month: Month, figure: Figure
) -> None:
    live(month, 5)
    assert reconcile(month)[1]["days"][0]["certificate_is_current"]
    late = month.sandbox.world.arrive(FIRST + timedelta(hours=12))
    month.sandbox.world.recordings.remove(late.id)
    live(month, 11, first=6)
    code, told = reconcile(month)
    assert (code, told["missing_calls"]) == (FINDINGS, 1)
    assert not told["days"][0]["certificate_is_current"], "it was looked at, and closed no more"
    assert len(certificates(month)[DAY_ONE]) == 1
    figure("A12", "a late call without a recording: the day certified before is not current")


def test_what_a_person_accepts_is_certified_as_missing(month: Month, figure: Figure) -> None:
    (lost, *_) = month.live(1)
    month.sandbox.world.recordings.remove(lost.id)
    month.night(1)
    live(month, 4, first=2)
    call = call_of(month, lost)
    assert "accept" in month.type("reconcile", "--day", DAY_ONE).err
    with month.now(4):
        unknown = month.type("accept", "no-such-call", "--reason", "it is lost")
        ran = month.type("accept", call.id, "--reason", "the provider has none", "--by", "ann")
        again = month.type("accept", call.id, "--reason", "the provider has none")
    assert (unknown.code, ran.code, again.code) == (2, CLEAN, 2)
    assert f"missing: {call.id}, {DAY_ONE}" in ran.err
    code, told = reconcile(month)
    assert (code, told["missing_calls"], told["missing"][0]["accepted"]) == (CLEAN, 1, True)

    live(month, 5, first=5)

    (certificate,) = certificates(month)[DAY_ONE]
    assert [each.id for each in certificate.missing] == [call.id]
    assert (certificate.calls.complete, certificate.calls.missing) == (2, 1)
    figure("A11", "a call without its recording, accepted: certified, with the call named")


def test_an_accepted_recording_without_audio_stays_that_of_its_call(
    month: Month, figure: Figure
) -> None:
    """Which call it is of, no sidecar tells: a catalog made anew knew it no more, for ever."""
    (lost, *_) = month.live(1)
    month.sandbox.world.objects.pop(lost.key or "")
    month.night(1)
    with month.now(1):
        ran = month.type("accept", lost.id, "--reason", "the provider has none", "--by", "ann")
    assert (ran.code, f"missing: {call_of(month, lost).id}, {DAY_ONE}" in ran.err) == (CLEAN, True)
    live(month, 5, first=2)
    codes = [reconcile(month)[0]]
    lose_catalog(month.archive)
    month.night(6)
    codes.append(reconcile(month)[0])
    assert codes == [CLEAN, CLEAN]
    figure("A11", "an accepted recording without audio, the catalog made anew: reconcile 0")


def test_all_gaps_of_a_day_are_accepted_at_once(month: Month) -> None:
    first, second, _ = month.live(1)
    month.sandbox.world.recordings.remove(first.id)
    month.sandbox.world.recordings.remove(second.id)
    month.sandbox.world.calls.remove(call_of(month, month.live(2)[0]).id)
    month.night(2)
    reason = ("--reason", "they are lost", "--by", "ann")
    with month.now(2):
        assert month.type("accept", "--verdict", "missing", *reason).code == 2
        dry = month.type("accept", "--verdict", "missing", "--day", DAY_ONE, *reason, "-n")
        ran = month.type("accept", "--verdict", "missing", "--day", DAY_ONE, *reason, "--json")
        none = month.type("accept", "--verdict", "missing", "--day", DAY_ONE, *reason)
        other = ("--verdict", "recording_without_call", "--day", "2026-03-02")
        alone = month.type("accept", *other, *reason)
    assert (dry.code, ran.code, none.code, alone.code) == (CLEAN, CLEAN, 2, CLEAN)
    gaps = json.loads(ran.out)["decision"]["gaps"]
    assert Counter(gap["gap"] for gap in gaps) == {"missing": 2}
    assert "recording_without_call: " in alone.err


def test_the_provider_deletes_what_is_certified(month: Month, figure: Figure) -> None:
    """Ours stays, and so does what was proven of it."""
    live(month, 5)
    before = certificates(month)
    for each in [*month.sandbox.world.recordings]:
        if each.at < month.day(2):
            month.sandbox.world.remove(each.id)
    with month.now(5):
        month.pull("--day", DAY_ONE)
    assert certificates(month)[DAY_ONE] == before[DAY_ONE]
    assert len([*month.archive.glob("recordings/2026/03/01/*.mp3")]) == 3
    code, told = reconcile(month)
    assert (code, told["complete"], told["proven"]) == (CLEAN, 3, True)
    assert verify(month) == CLEAN
    figure("A9", "3 certified recordings deleted at the provider: ours present 3, still complete")


def test_what_was_listed_early_and_never_again_is_not_proven(month: Month, figure: Figure) -> None:
    """The share counts what is known; of an old day, that must have been all of it once."""
    month.live(1)
    assert month.night(1).code == CLEAN
    ends = []
    for number in (1, 4, 5, 40):
        with month.now(number):
            ran = month.type("reconcile", "--day", DAY_ONE, "--json", "--min-complete", "100")
        (day,) = json.loads(ran.out)["days"]
        ends.append((ran.code, day["percent"], len(day["doubts"])))
    assert ends == [(CLEAN, 100.0, 0)] * 2 + [(FINDINGS, 100.0, 2)] * 2
    with month.now(40):
        assert month.pull().code == CLEAN
        assert month.type("reconcile", "--day", DAY_ONE).code == CLEAN
    figure("G52", "a day listed in its first night alone: reconcile 3 from the fifth night on")


def test_calls_of_one_id_beside_a_midnight_certify_no_day(month: Month, figure: Figure) -> None:
    """Of two calls of others under one id, either may be the one that a recording is of."""
    calls, midnight = month.sandbox.world.calls, month.day(2)
    month.live(1)
    calls.put(Call("4711", midnight - timedelta(minutes=20), "447700900001", "12025550199", 600))
    late = month.sandbox.world.arrive(midnight + timedelta(minutes=25))
    recorded = call_of(month, late)
    calls.remove(recorded.id)
    calls.put(replace(recorded, fields={"id": "4711"}))
    assert month.night(1).code == CLEAN
    live(month, 7, first=2)
    assert {*month.codes} == {CLEAN}
    assert certificates(month).keys() & {DAY_ONE, "2026-03-02"} == set()
    code, told = reconcile(month)
    assert (code, told["proven"]) == (FINDINGS, False)
    assert "1 id is of several calls" in told["days"][0]["doubts"][0]
    figure("G52", "two calls of one id beside a midnight: certified 0 of 2 days, reconcile 3")


def test_what_a_doubtful_run_alone_has_listed_is_not_proven(month: Month) -> None:
    for number in (1, 2):
        month.live(number)
        month.ahead = timedelta(hours=number - 1)
        assert month.night(number).code == (CLEAN, FINDINGS)[number - 1]
    month.ahead = timedelta()
    with month.now(2):
        ends = [month.type("reconcile", "--day", f"2026-03-0{day}").code for day in (1, 2)]
    assert ends == [CLEAN, FINDINGS]


class Killed(BaseException):
    """What a process does that dies here: nothing more."""


@contextmanager
def dying() -> Iterator[None]:
    """Let a certificate be stored, and its manifest never be written."""

    def append(*_: object) -> None:
        raise Killed

    real = Certifier._write  # noqa: SLF001 - to die in the middle of it

    def write(self: Certifier, new: list[Certificate], seen: Head | None) -> object:
        with mock.patch.object(Journal, "append", append):
            return real(self, new, seen)

    with mock.patch.object(Certifier, "_write", write), pytest.raises(Killed):
        yield


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_pull_that_is_killed_in_between_converges(
    month: Month, figure: Figure, *, is_changed: bool
) -> None:
    live(month, 3)
    month.live(4)
    with dying():
        month.night(4)
    (stray,) = month.archive.glob("certificates/2026/03/01/*.json")
    assert verify(month) == FINDINGS
    if is_changed:
        month.sandbox.world.arrive(FIRST + timedelta(hours=12))
    live(month, 8 if is_changed else 5, first=5)
    (certificate,) = certificates(month)[DAY_ONE]
    assert certificate.calls.complete == 3 + is_changed
    assert stray.exists() is not is_changed
    assert verify(month) == CLEAN
    became = "set aside, another certified" if is_changed else "named by the next one"
    figure("D1", f"killed between a certificate and its manifest: {became}; verify clean")


def test_what_others_enter_meanwhile_is_looked_at_before_a_day_is_certified(
    month: Month, figure: Figure
) -> None:
    """Also where a command beside the run has had the catalog follow it already."""
    live(month, 3)
    month.live(4)
    real = Certifier._write  # noqa: SLF001 - something happens just before it

    def write(self: Certifier, new: list[Certificate], seen: Head | None) -> object:
        archive = self.archive
        Journal(archive.store).append(manifest_of(archive.id, [], ManifestKind.ACCEPT))
        archive.follow()
        return real(self, new, seen)

    with mock.patch.object(Certifier, "_write", write):
        month.night(4)
    assert certificates(month) == {}
    live(month, 5, first=5)
    assert DAY_ONE in certificates(month)
    figure("A9", "something was entered between a look and its certificate: certified unseen 0")


def test_a_certificate_is_checked_and_brought_back_as_other_files_are(
    month: Month, tmp_path: Path, figure: Figure
) -> None:
    live(month, 4)
    (path,) = month.archive.glob("certificates/2026/03/01/*.json")
    whole = path.read_bytes()
    copy = tmp_path / "copy"
    for each in sorted(month.archive.rglob("*")):
        if each.is_file() and PRIVATE not in each.parts:
            to = copy / each.relative_to(month.archive)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(each.read_bytes())
    path.write_bytes(whole.replace(b'"complete": 3', b'"complete": 4'))
    changed = month.type("verify")
    assert changed.code == FINDINGS
    assert str(path.relative_to(month.archive)) in changed.out + changed.err
    with month.now(4):
        assert month.type("repair").code == FINDINGS
        ran = month.type("repair", "--from", str(copy))
    assert ran.code == CLEAN
    assert path.read_bytes() == whole
    assert verify(month) == CLEAN
    path.unlink()
    assert verify(month) == FINDINGS
    figure(
        "T1", "a certificate changed, a certificate deleted: found 2 of 2, brought back from a copy"
    )


def test_a_clock_that_is_behind_passes_over_no_day(month: Month, figure: Figure) -> None:
    """What the last run has seen end is over, whatever this machine's clock shows."""
    live(month, 4)
    (lost, *_) = month.live(5)
    month.sandbox.world.recordings.remove(lost.id)
    live(month, 8, first=6)
    with month.now(3):
        ran = month.type("reconcile", "--json", "--since", DAY_ONE)
    told = json.loads(ran.out)
    assert [day["day"] for day in told["days"]] == [f"{month.day(n):%Y-%m-%d}" for n in range(1, 9)]
    assert (ran.code, [each["id"] for each in told["missing"]]) == (
        FINDINGS,
        [call_of(month, lost).id],
    )
    figure("G44", "reconcile, with a clock 5 days behind: 8 of 8 days looked at, exit 3")


def test_reconcile_certifies_when_it_is_asked_to(month: Month) -> None:
    """As for an archive that was begun before there were certificates."""
    with mock.patch.object(Certifier, "certify", return_value=Certified((), None)):
        live(month, 5)
    assert certificates(month) == {}
    code, told = reconcile(month, "--certify")
    assert (code, told["certified"]) == (CLEAN, [DAY_ONE])
    assert told["days"][0]["certificate"]["path"].startswith("certificates/2026/03/01/")
    assert reconcile(month, "--certify")[1]["certified"] == []
    assert DAY_ONE in certificates(month)
    assert verify(month) == CLEAN


def test_nothing_is_certified_without_a_call_log(month: Month) -> None:
    for number in range(1, 6):
        month.live(number)
        if number in {1, 4, 5}:
            assert month.night(number, "--no-calls").code == CLEAN
    assert certificates(month) == {}
    code, told = reconcile(month)
    assert (code, told["proven"]) == (FINDINGS, False)
    assert date.fromisoformat(told["days"][0]["day"]) == FIRST.date()
