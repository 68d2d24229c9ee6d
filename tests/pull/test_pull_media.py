"""Whole pulls from a media server that misbehaves: nothing half, nothing lost, no secret sent."""

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from msgspec.structs import replace

from archiver.audio.measure import measure
from archiver.domain.outcomes import Outcome, Tolerance, Verdict
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.sandbox import Encoding, Faults, FilterFaults, Sandbox, Trouble, Troubled, World
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
CORPUS = Path(__file__).parent.parent / "corpus"


def world(count: int, kinds: tuple[Encoding, ...] = (Encoding.BARE,), seconds: int = 2) -> World:
    made = World(seed=5)
    last = DAY + timedelta(hours=23)
    made.add(count=count, first=DAY, last=last, kinds=kinds, seconds=(seconds,))
    return made


def pull(sandbox: Sandbox, home: Path, *words: str) -> Ran:
    archive = str(home / "archive")
    return Desk(sandbox, home).run("pull", "-a", archive, "--day", "2021-04-06", *words)


def entries(home: Path) -> list[Entry]:
    """Return every entry of the chain."""
    journal = Journal(LocalStore(home / "archive"))
    return [entry for _head, manifest in journal.manifests() for entry in manifest.recordings]


def verdicts(home: Path) -> Counter[Verdict | None]:
    return Counter(entry.verdict for entry in entries(home))


def test_links_that_live_seconds(tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(150), token=TOKEN, link_life=3) as sandbox:
        ran = pull(sandbox, tmp_path)
        expired, asked = sandbox.counts["expired"], sandbox.counts["recordings"]
    assert ran.code == 0, ran.err
    assert verdicts(tmp_path) == {Verdict.VERIFIED: 150}
    figure("2", f"150 of 150 over links of 3 s: {asked} requests, expired at a GET {expired}")
    figure("N17", f"150 first tries over links of 3 s, {expired} expired")


def test_refused_links_are_renewed(tmp_path: Path, figure: Figure) -> None:
    refused = Troubled(Trouble.REFUSED, times=1)
    with Sandbox(world(20), Faults(media=(refused,)), token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path)
        refusals, most = sandbox.counts["refused"], max(sandbox.counts.objects.values())
        asked = sandbox.counts["recordings"]
    assert ran.code == 0, ran.err
    assert verdicts(tmp_path) == {Verdict.VERIFIED: 20}
    assert (refusals, most) == (20, 2)
    assert asked <= 20 + 20
    figure("N15", f"lost 0 of 20, links refreshed {refusals}, {asked} requests")


@pytest.mark.parametrize(
    "faults",
    [
        Faults(filter=FilterFaults(times_unreadable=True)),
        Faults(filter=FilterFaults(whole_days=True)),
        Faults(filter=FilterFaults(ignored=True)),
    ],
)
def test_links_are_renewed_where_times_are_not_honoured(
    faults: Faults, tmp_path: Path, figure: Figure
) -> None:
    refused = replace(faults, media=(Troubled(Trouble.REFUSED, times=1),))
    made = world(20)
    older = DAY - timedelta(hours=1)  # where the filter is ignored only an older row shows the end
    made.add(count=1, first=older, last=older, kinds=(Encoding.BARE,), seconds=(2,))
    with Sandbox(made, refused, token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path)
        asked = sandbox.counts["recordings"]
    assert ran.code == 0, ran.err
    assert verdicts(tmp_path) == {Verdict.VERIFIED: 20}
    figure("N15", f"times of day not honoured: lost 0 of 20, {asked} requests")


def test_a_link_that_stays_refused_is_renewed_twice(tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(3), Faults(media=(Troubled(Trouble.EXPIRED),)), token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path)
        most = max(sandbox.counts.objects.values())
    assert ran.code == 3
    assert most == 3
    assert {entry.outcome for entry in entries(tmp_path)} == {Outcome.FAILED}
    figure("N15", f"refused for good: {most} tries each, then failed, exit {ran.code}")


def test_a_link_may_expire_while_its_transfer_runs(tmp_path: Path, figure: Figure) -> None:
    slow = Troubled(Trouble.SLOW, at=0.5, piece=700, interval=0.7, times=1)
    with Sandbox(world(3), Faults(media=(slow,)), token=TOKEN, link_life=2) as sandbox:
        ran = pull(sandbox, tmp_path)
    assert ran.code == 0, ran.err
    assert verdicts(tmp_path) == {Verdict.VERIFIED: 3}
    figure("N16", "lost 0 of 3")


@pytest.mark.parametrize("trouble", [Trouble.NOT_FOUND, Trouble.GONE])
def test_what_is_gone_is_a_finding(trouble: Trouble, tmp_path: Path, figure: Figure) -> None:
    made = world(20)
    lost = frozenset(each.key for each in [*made.recordings][::5] if each.key)
    with Sandbox(made, Faults(media=(Troubled(trouble, keys=lost),)), token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path)
    outcomes = Counter(entry.outcome for entry in entries(tmp_path))
    assert ran.code == 3
    assert outcomes == {Outcome.GONE: 4, Outcome.ARCHIVED: 16}
    figure("N20", f"{trouble}: gone 4, others stored 16 of 16, exit {ran.code}")


@pytest.mark.parametrize("trouble", [Trouble.HTML, Trouble.XML])
def test_pages_of_errors_are_no_audio(trouble: Trouble, tmp_path: Path, figure: Figure) -> None:
    with Sandbox(world(5), Faults(media=(Troubled(trouble),)), token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path)
    assert ran.code == 3
    stored = verdicts(tmp_path)[Verdict.VERIFIED]
    assert stored == 0
    figure("N12", f"{trouble} under 200: stored as verified {stored} of 5")


@pytest.mark.parametrize(
    "trouble", [Trouble.CUT, Trouble.CUT_CHUNKED, Trouble.RESET, Trouble.CUT_UNSIZED]
)
def test_nothing_cut_in_transit_is_accepted(
    trouble: Trouble, tmp_path: Path, figure: Figure
) -> None:
    kinds = tuple(Encoding)
    cut = Troubled(trouble, at=0.5, times=1)
    with Sandbox(world(12, kinds, seconds=8), Faults(media=(cut,)), token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path)
        struck = sandbox.counts["troubled"]
    assert struck >= 12
    assert ran.code == 0, ran.err
    for entry in entries(tmp_path):
        assert entry.verdict is Verdict.VERIFIED
        assert abs((entry.duration_ms or 0) - 8_000) < 100
    figure("5", f"{trouble}: {struck} transfers cut, 12 of 12 whole in the end, cut ones 0")


@pytest.mark.parametrize("etags", ["md5", "none"])
def test_a_bit_that_flips_on_the_way(
    etags: Literal["md5", "none"], tmp_path: Path, figure: Figure
) -> None:
    made = world(30)
    keys = [each.key or "" for each in made.recordings]
    flips = tuple(
        Troubled(Trouble.FLIPPED, at=n / 30, times=1, keys=frozenset({key}))
        for n, key in enumerate(keys)
    )
    with Sandbox(made, Faults(media=flips, etags=etags), token=TOKEN) as sandbox:
        pull(sandbox, tmp_path)
        struck = sandbox.counts["troubled"]
        served = {
            each.id: sandbox.world.stored(each.key or "") for each in sandbox.world.recordings
        }
    held = [entry for entry in entries(tmp_path) if entry.outcome is Outcome.ARCHIVED]
    wrong = 0
    for entry in held:
        body = served[entry.id]
        assert entry.audio is not None
        assert body is not None
        wrong += entry.audio.sha256 != hashlib.sha256(body.body).hexdigest()
    assert struck >= 30
    assert len(held) + sum(e.outcome is Outcome.QUARANTINED for e in entries(tmp_path)) == 30
    if etags == "md5":
        assert (len(held), wrong) == (30, 0)
    else:
        assert wrong > 0, "or the limit that is stated is none"
    figure("M7", f"ETag {etags}: {struck} bodies with a flipped bit, wrong bytes archived {wrong}")


def test_no_credential_reaches_the_media_host(tmp_path: Path, figure: Figure) -> None:
    made = world(20)
    sent_away = frozenset(each.key for each in [*made.recordings][::4] if each.key)
    away = Troubled(Trouble.REDIRECT, keys=sent_away)
    with Sandbox(made, Faults(media=(away,)), token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path)
        names = {name for name, _value in sandbox.counts.media_headers}
        told = [value for _name, value in sandbox.counts.media_headers if TOKEN in value]
        refused = sandbox.counts["credentials"]
    assert names <= {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
        "range",
        "if-range",
    }
    assert (told, refused) == ([], 0)
    figure("X5", f"credentials at the media host {refused}")
    outcomes = Counter(entry.outcome for entry in entries(tmp_path))
    assert ran.code == 3
    assert outcomes == {Outcome.ARCHIVED: 15, Outcome.FAILED: 5}
    figure("X4", "redirects of the media server 5, followed 0, the other 15 archived")


def test_cut_files_served_as_if_whole(tmp_path: Path, figure: Figure) -> None:
    """Every encoding, cut at three places: what is verified lost no more than the tolerance."""
    names = sorted(path.name for path in CORPUS.glob("*.mp[123]"))
    made = world(3 * len(names))
    whole_ms, has_header = {}, {}
    for n, recording in enumerate(made.recordings):
        body, part = (CORPUS / names[n % len(names)]).read_bytes(), (n // len(names) + 1) / 4
        facts = measure(CORPUS / names[n % len(names)])
        whole_ms[recording.id] = facts.duration_ms
        has_header[recording.id] = facts.header_ms is not None
        made.store(recording.key or "", body[: int(len(body) * part)])
        made.edit(recording.id, duration=None if n % 2 else whole_ms[recording.id] / 1000)
    tolerance = Tolerance(500, 10)
    with Sandbox(made, token=TOKEN) as sandbox:
        ran = pull(sandbox, tmp_path, "--tolerance", "0.5s, 1%")
    assert ran.code == 3
    accepted = unknown = 0
    for entry in entries(tmp_path):
        lost = whole_ms[entry.id] - (entry.duration_ms or 0)
        if entry.verdict is Verdict.VERIFIED:
            accepted += 1
            assert lost <= tolerance.span_ms(whole_ms[entry.id])
        if entry.verdict in {Verdict.VERIFIED, Verdict.DURATION_UNKNOWN}:
            assert not has_header[entry.id], "its own header disagrees with a cut file"
        unknown += entry.verdict is Verdict.DURATION_UNKNOWN
    figure(
        "5",
        f"{len(whole_ms)} cuts of {len(names)} encodings served as whole: {accepted} verified, all "
        f"within the tolerance; {unknown} without a report or a header to hold them to",
    )
