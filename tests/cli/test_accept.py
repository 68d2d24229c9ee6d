"""``archiver accept``: what a person accepts counts no more, and opens again by news only."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.check.acceptance import Selection, choose, enter
from archiver.check.audit import audit
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import Report
from archiver.errors import UsageError
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import ListedDay
from archiver.manifest.state import ids_digest
from archiver.open_archive import OpenArchive
from archiver.pull.ledger.ledger import Ledger
from archiver.pull.ledger.totals import RunTotals
from archiver.sandbox import Encoding as Audio
from archiver.sandbox import Faults, ListingFaults, Recording, Sandbox, Trouble, Troubled, World
from archiver.sandbox.world.tones import Tone
from archiver.store.local import LocalStore
from tests.archives import PORTAL, entry, manifest_of, row, store_one
from tests.catalogs import opened
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure
from tests.store.memory import MemoryStore

pytestmark = pytest.mark.slow

DAY = datetime(2021, 4, 6, tzinfo=UTC)
PULL = ("pull", "--day", "2021-04-06", "--json")
WHY = ("--reason", "listened to it", "--by", "ann")


@pytest.fixture
def world() -> World:
    world = World(seed=9)
    world.add(count=6, first=DAY, last=DAY + timedelta(hours=9), kinds=(Audio.BARE,), seconds=(5,))
    return world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})


def spoil(world: World, count: int) -> list[str]:
    """Let some be of another length than the portal says; return their ids."""
    ids = [each.id for each in world.recordings][:count]
    for id_ in ids:
        world.edit(id_, duration="00:00:59")
    return ids


def body_of(world: World, recording: Recording) -> bytes:
    stored = world.stored(recording.key or "")
    assert stored is not None
    return stored.body


def pulled(desk: Desk) -> tuple[int, dict[str, Any]]:
    ran = desk.run(*PULL)
    return ran.code, json.loads(ran.out)


def refused(ran: Ran) -> str:
    assert (ran.code, ran.out) == (2, "")
    return ran.err


def manifests(desk: Desk) -> list[Manifest]:
    """Return those of runs and of persons: what is certified follows from them."""
    every = (each for _, each in Journal(LocalStore(desk.home / "archive")).manifests())
    return [each for each in every if each.kind is not ManifestKind.CERTIFY]


@pytest.mark.parametrize("is_held", [False, True], ids=["never held", "held"])
def test_what_is_accepted_counts_no_more_until_the_portal_says_something_else(
    is_held: bool,  # noqa: FBT001 - a case
    desk: Desk,
    world: World,
    root: Path,
) -> None:
    if is_held:
        assert pulled(desk)[0] == 0
    bad, other = spoil(world, 2)
    assert pulled(desk)[0] == 3

    ran = desk.run("accept", bad, *WHY, "--json")

    told = json.loads(ran.out)
    schema = json.loads((root / "manifests/accept.schema.json").read_bytes())
    Draft202012Validator(schema).validate(told)
    assert (ran.code, told["open"], [each["id"] for each in told["accepted"]]) == (0, 1, [bad])
    said = manifests(desk)[-1]
    assert (said.kind, said.decision) == (ManifestKind.ACCEPT, Decision("ann", "listened to it"))
    assert [(each.id, each.outcome) for each in said.recordings] == [(bad, Outcome.QUARANTINED)]
    assert pulled(desk)[0] == 3, "the other one is open"
    assert (
        desk.run("accept", other, *WHY)
        .err.splitlines()[-1]
        .startswith("Accepted by ann. Findings: 1 accepted, 0 open. Head: ")
    )
    asked, entered = desk.sandbox.counts["not_modified"], len(manifests(desk))
    code, told = pulled(desk)
    assert (code, told["findings"], told["clean"]) == (0, {"new": 0, "open": 0}, True)
    assert told["outcomes"]["held" if is_held else "quarantined"] >= 2
    assert told["bytes"] == 0, "what is accepted is asked about, and not fetched"
    assert desk.sandbox.counts["not_modified"] == asked + 2
    assert [each.recordings for each in manifests(desk)[entered:]] == [()], "it is no news"
    world.edit(bad, duration="00:00:58")
    code, told = pulled(desk)
    assert (code, told["findings"]) == (3, {"new": 1, "open": 1})
    world.edit(bad, duration="00:00:05")
    assert pulled(desk)[0] == 0, "it came good"
    assert audit(LocalStore(desk.home / "archive")).is_clean
    assert desk.leaks() == []


@pytest.mark.parametrize("is_held", [False, True], ids=["never held", "held"])
def test_what_was_accepted_and_comes_good_is_archived(
    is_held: bool,  # noqa: FBT001 - a case
    desk: Desk,
    world: World,
    figure: Figure,
) -> None:
    """Under the same row: nothing but the ETag of its audio tells."""
    first, second, third, *_ = world.recordings
    if is_held:
        assert pulled(desk)[0] == 0
    for each in (first, second):
        whole = body_of(world, each)
        world.edit(each.id, notes="corrected")
        world.store(each.key or "", whole[: len(whole) // 3])
    lost = world.objects.pop(third.key or "")
    world.edit(third.id, notes="corrected")
    assert pulled(desk)[0] == 3
    assert desk.run("accept", "--day", "2021-04-06", *WHY).code == 0
    assert pulled(desk)[0] == 0
    world.objects[third.key or ""] = lost
    tone = Tone(Audio.BARE, 5)
    for each in (first, second):
        world.objects[each.key or ""] = tone

    code, told = pulled(desk)

    assert (code, told["outcomes"]["archived"], told["findings"]["open"]) == (0, 3, 0)
    entries = {each.id: each for each in manifests(desk)[-1].recordings}
    assert {each.verdict for each in entries.values()} == {Verdict.VERIFIED}
    assert audit(LocalStore(desk.home / "archive")).is_clean
    figure("G21", f"accepted 3, {'held' if is_held else 'never held'}; came good: archived 3")


@pytest.mark.parametrize(
    "trouble", [Trouble.SERVER_ERROR, Trouble.NOT_FOUND, Trouble.GZIP, Trouble.LYING_ETAG]
)
def test_what_was_accepted_stays_so_while_nothing_comes_in_its_place(
    trouble: Trouble, desk: Desk, world: World, figure: Figure
) -> None:
    bad = spoil(world, 2)
    keys = frozenset(world.recordings[id_].key or "" for id_ in bad)
    pulled(desk)
    assert desk.run("accept", *bad, *WHY).code == 0
    desk.sandbox.faults = Faults(media=(Troubled(trouble, keys=keys),))
    ends = [pulled(desk) for _ in range(2)]
    assert [(code, told["clean"], told["findings"]) for code, told in ends] == [
        (0, True, {"new": 0, "open": 0})
    ] * 2
    figure("G21", f"accepted 2, then {trouble} for 2 nights: findings that open by themselves 0")


def test_what_was_accepted_as_gone_is_no_new_failure_on_a_bad_night(
    desk: Desk, world: World
) -> None:
    lost = [*world.recordings][3]
    keys = frozenset({lost.key or ""})
    desk.sandbox.faults = Faults(media=(Troubled(Trouble.NOT_FOUND, keys=keys),))
    pulled(desk)
    assert desk.run("accept", lost.id, *WHY).code == 0
    for trouble in (Trouble.NOT_FOUND, Trouble.SERVER_ERROR, Trouble.NOT_FOUND):
        desk.sandbox.faults = Faults(media=(Troubled(trouble, keys=keys),))
        code, told = pulled(desk)
        assert (code, told["findings"]["open"]) == (0, 0), trouble


def test_all_of_a_verdict_and_a_day(desk: Desk, world: World) -> None:
    bad = spoil(world, 2)
    lost = [*world.recordings][3]
    trouble = Troubled(Trouble.NOT_FOUND, keys=frozenset({lost.key or ""}))
    desk.sandbox.faults = Faults(media=(trouble,))
    pulled(desk)
    for options in (("--verdict", "truncated"), ("--day", "2021-04-07")):
        assert "No open finding is like that" in refused(desk.run("accept", *options, *WHY))
    ran = desk.run("accept", "--verdict", "duration_mismatch", *WHY, "-n", "--json")
    assert {each["id"] for each in json.loads(ran.out)["accepted"]} == set(bad)
    assert len(manifests(desk)) == 2, "a dry run writes nothing"
    both = ("--verdict", "duration_mismatch", "--day", "2021-04-06")
    assert json.loads(desk.run("accept", *both, *WHY, "--json").out)["open"] == 1
    assert desk.run("accept", "--verdict", "gone", *WHY).code == 0
    assert pulled(desk)[0] == 0, "what is gone is asked for again, and no finding"


def test_all_or_nothing(desk: Desk, world: World) -> None:
    bad, *_ = spoil(world, 1)
    pulled(desk)
    good = [*world.recordings][-1].id
    said = refused(desk.run("accept", bad, good, "4711", *WHY))
    assert f"Recording {good} is no open finding (archived)." in said
    assert "No manifest names a recording 4711." in said
    assert "Nothing was accepted" in said
    assert len(manifests(desk)) == 2
    desk.run("accept", bad, *WHY)
    assert f"Recording {bad} is no open finding" in refused(desk.run("accept", bad, *WHY))


def test_an_id_may_be_its_beginning(desk: Desk, world: World) -> None:
    """That of a recording, or of a call without one; not that of both."""
    bad, *_ = spoil(world, 1)
    world.remove([*world.recordings][3].id)
    calls = [*world.calls]
    lost, alike = calls[3].id, replace(calls[5], id=f"{bad[:8]}-1111{bad[13:]}")
    world.calls.remove(calls[5].id)
    world.calls.put(alike)
    pulled(desk)

    several = refused(desk.run("accept", bad[:8], *WHY))
    ran = desk.run("accept", bad[:11], lost[:8], *WHY, "--json")

    assert f"{bad[:8]} is the beginning of 2 ids: {alike.id}, {bad}." in several
    told = json.loads(ran.out)
    assert (ran.code, [each["id"] for each in told["accepted"]]) == (0, [bad])
    assert [each["id"] for each in told["decision"]["gaps"]] == [lost]
    assert "No manifest names a recording beef." in refused(desk.run("accept", "beef", *WHY))


def test_a_reason_that_may_not_stay_is_refused(desk: Desk, world: World) -> None:
    bad, *_ = spoil(world, 1)
    pulled(desk)
    for reason in ("asked +44 7700 900123", "a\x1b[2J", ""):
        assert "--reason" in refused(desk.run("accept", bad, "--reason", reason))
    assert "--by" in refused(desk.run("accept", bad, "--reason", "heard", "--by", "0770 0900 123"))
    assert "Accept what?" in refused(desk.run("accept", *WHY))
    assert "--verdict is one of" in refused(desk.run("accept", "--verdict", "fine", *WHY))
    assert "--day is a date" in refused(desk.run("accept", "--day", "monday", *WHY))
    assert "leave out" in refused(desk.run("accept", bad, "--day", "2021-04-06", *WHY))
    assert "There is no archive" in refused(desk.run("accept", bad, *WHY, "-a", "elsewhere"))


def test_an_unproven_listing_is_accepted_for_its_whole_day(desk: Desk) -> None:
    desk.sandbox.faults = Faults(listing=ListingFaults(total_off=1))
    ran = desk.run(*(each for each in PULL if each != "--json"))
    assert (ran.code, "accept --listing DATE --reason TEXT." in ran.err) == (3, True), ran.err
    listing = ("accept", "--listing", "2021-04-06", *WHY)
    assert (
        "the listing of 2021-04-06, 6 recordings, where the portal says 7: it was not proven"
        in desk.run(*listing, "-n").err
    )
    assert desk.run(*listing).code == 0
    said = manifests(desk)[-1].decision
    assert said is not None
    assert said.listings == (date(2021, 4, 6),)
    with closing(Catalog(desk.home / "archive/.archiver")) as catalog:
        catalog.follow(Journal(LocalStore(desk.home / "archive")))
        assert catalog.days.settled([Report.RECORDINGS], date(2021, 4, 7)) == {date(2021, 4, 6)}
    assert "is proven and whole, accepted, or not known" in refused(desk.run(*listing))
    ran = desk.run(*PULL)
    assert ran.code == 0
    assert "NOT PROVEN" in ran.err
    assert json.loads(ran.out)["windows"][0]["proven"] is False
    assert "is proven and whole, accepted, or not known" in refused(desk.run(*listing))


def test_an_accepted_listing_that_gets_worse_is_open_again(
    desk: Desk, world: World, figure: Figure
) -> None:
    def listed(total_off: int) -> int:
        desk.sandbox.faults = Faults(listing=ListingFaults(total_off=total_off))
        return pulled(desk)[0]

    def accepted() -> list[dict[str, Any]]:
        ran = desk.run("accept", "--listing", "2021-04-06", *WHY, "--json")
        told: dict[str, Any] = json.loads(ran.out)
        return list(told["decision"]["listed"])

    assert listed(1) == 3
    both = accepted()
    assert [(each["report"], each["count"], each["total"]) for each in both] == [
        ("recordings", 6, 7),
        ("calls", 6, 7),
    ]
    assert manifests(desk)[-1].decision == Decision(
        "ann",
        "listened to it",
        (DAY.date(),),
        tuple(
            ListedDay(
                *(Report(each["report"]), DAY.date(), 6, each["sha256"]),
                proven=False,
                total=7,
                lacks=ids_digest(())[1],
            )
            for each in both
        ),
    )
    codes = [listed(1), listed(2), listed(1)]
    first, *_ = world.recordings
    world.arrive(DAY + timedelta(hours=5))
    codes.append(listed(1))
    accepted()
    codes.append(listed(1))
    world.remove(first.id)
    codes.append(listed(2))
    world.recordings.put(first)
    codes.append(listed(1))
    world.calls.remove(next(iter(world.calls)).id)
    codes.append(listed(1))
    assert [each["report"] for each in accepted()] == ["calls"]
    codes.append(listed(1))
    assert codes == [0, 3, 0, 3, 0, 3, 0, 3, 0]
    figure(
        "G8", "accepted, then another total, a row more, one fewer, a call fewer: exit 3, 4 of 4"
    )


def test_an_accepted_listing_that_comes_back_lacking_more_is_open_again(
    desk: Desk, world: World, figure: Figure
) -> None:
    """What came after it was accepted went again: the rows are those that were accepted."""
    first, *_ = world.recordings
    assert pulled(desk)[0] == 0
    world.remove(first.id)
    codes = [pulled(desk)[0]]
    assert desk.run("accept", "--listing", "2021-04-06", *WHY).code == 0
    codes.append(pulled(desk)[0])
    late = world.arrive(DAY + timedelta(hours=5))
    codes.append(pulled(desk)[0])
    world.remove(late.id)
    codes.append(pulled(desk)[0])
    assert desk.run("status").code == 3
    assert desk.run("accept", "--listing", "2021-04-06", *WHY).code == 0
    codes.append(pulled(desk)[0])
    assert codes == [3, 0, 3, 3, 0]
    figure("G8", "accepted, one comes and goes again, the rows are the accepted ones: exit 3")


def test_accepting_needs_no_lock_and_a_run_decides_again(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *_ = spoil(world, 1)
    pulled(desk)
    end = Ledger.end

    def accepted_first(self: Ledger, *, interrupted: bool) -> tuple[Head, RunTotals]:
        assert desk.run("accept", bad, *WHY).code == 0
        return end(self, interrupted=interrupted)

    monkeypatch.setattr(Ledger, "end", accepted_first)
    code, told = pulled(desk)
    assert (code, told["findings"]) == (0, {"new": 0, "open": 0})
    assert [each.kind for each in manifests(desk)] == [
        ManifestKind.RUN,
        ManifestKind.RUN,
        ManifestKind.ACCEPT,
        ManifestKind.RUN,
    ]


class Interrupted(Catalog):
    """A catalog beside which something happens, once, as soon as it has caught up."""

    happening: Callable[[], None] | None = None

    def follow(self, journal: Journal, *_: object) -> None:
        super().follow(journal)
        happening, self.happening = self.happening, None
        if happening:
            happening()


def test_two_at_once_are_both_in_the_chain(tmp_path: Path) -> None:
    store = MemoryStore()
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    journal.append(manifest_of(archive, [entry(str(n), Outcome.GONE) for n in (1, 2)]))
    one, other = Interrupted(tmp_path / "one.sqlite"), Interrupted(tmp_path / "other.sqlite")
    why = Decision("ann", "heard")

    def accepted(catalog: Catalog, id_: str) -> int:
        choice = Selection((id_,))
        opened = OpenArchive(store, journal, catalog)
        return enter(opened, choice, choose(catalog, choice), why)[1]

    left: list[int] = []
    with closing(one), closing(other):
        for catalog in (one, other):
            catalog.follow(journal)
        one.happening = lambda: left.append(accepted(other, "2"))
        left.append(accepted(one, "1"))

    entries = [[each.id for each in manifest.recordings] for _, manifest in journal.manifests()]
    assert (entries, left) == ([["1", "2"], ["2"], ["1"]], [1, 0])


def test_what_has_changed_meanwhile_is_not_accepted(tmp_path: Path) -> None:
    store = MemoryStore()
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    journal.append(manifest_of(archive, [store_one(store, row("1"), b"cut", Verdict.TRUNCATED)]))
    catalog = opened(tmp_path)
    catalog.follow(journal)
    choice = Selection(("1",))
    chosen = choose(catalog, choice)
    journal.append(manifest_of(archive, [store_one(store, row("1"), b"other", Verdict.DAMAGED)]))
    with pytest.raises(UsageError, match="changed meanwhile"):
        enter(OpenArchive(store, journal, catalog), choice, chosen, Decision("ann", "heard"))
