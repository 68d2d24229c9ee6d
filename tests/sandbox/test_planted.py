"""What is planted is there: the judge of the product comes to the words that are expected."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from archiver.audio.measure import measure
from archiver.audio.verdict import judge
from archiver.domain.outcomes import Tolerance
from archiver.domain.row.fields import FieldNotUnderstood, length_ms
from archiver.sandbox import Encoding, Faults, Sandbox, Tone, World
from archiver.sandbox.switches import SWITCHES, described, switch_on
from archiver.sandbox.world.blemish import Blemish
from archiver.sandbox.world.planted import plant
from tests.clients import plain_client

TODAY = datetime(2026, 3, 4, 15, tzinfo=UTC)


def reached(
    row: dict[str, str | None], path: Path, client: httpx.Client
) -> tuple[str, str | None, tuple[str, ...]]:
    """Do by hand what the archiver does with one row."""
    if row["audio"] is None:
        return "no_audio", None, ()
    answer = client.get(row["audio"])
    if answer.status_code == 404:
        return "gone", None, ()
    path.write_bytes(answer.content)
    reported = unread = None
    try:
        reported = length_ms(row["duration"])
    except FieldNotUnderstood as error:
        unread = str(error)
    judgement = judge(measure(path), reported, Tolerance(), unread=unread, length_proven=True)
    outcome = "archived" if judgement.verdict.is_good else "quarantined"
    return outcome, judgement.verdict.value, judgement.concerns


@pytest.mark.parametrize("seed", [1, 2])
def test_every_recording_comes_to_what_is_expected(seed: int, tmp_path: Path) -> None:
    world, expected = plant(seed, TODAY)
    with Sandbox(world, shape="flat", now=lambda: TODAY) as sandbox, plain_client() as client:
        params = {"access_token": sandbox.token}
        page = client.get(f"{sandbox.endpoint}voice/recordings", params=params).json()
        came = {row["id"]: reached(row, tmp_path / "audio", client) for row in page["data"]}
    wanted = {each: (e.outcome, e.verdict, e.concerns) for each, e in expected.items()}
    assert came == wanted


def test_it_holds_every_blemish_and_every_kind_of_audio() -> None:
    world, expected = plant(1, TODAY)
    planted = Counter(each.planted for each in expected.values())
    assert set(planted) == {*Blemish, None}
    assert planted[None] == 45
    assert {kept.kind for kept in world.objects.values() if isinstance(kept, Tone)} == set(Encoding)
    days = {world.wall(recording.at).date().isoformat() for recording in world.recordings}
    assert days == {"2026-03-02", "2026-03-03"}


def test_no_two_recordings_have_the_same_audio() -> None:
    world, _ = plant(1, TODAY)
    bodies = [stored.body for key in world.objects if (stored := world.stored(key))]
    whole = [body for body in bodies if not body.startswith(b"<")]
    assert len({*whole}) == len(whole) > 50


def test_two_rows_lead_to_one_object() -> None:
    world, _ = plant(1, TODAY)
    keys = Counter(recording.key for recording in world.recordings)
    assert max(keys.values()) == 2


def test_faults_by_name(world: World) -> None:
    faults = switch_on(world, ["cut=20", "whole-days", "null-audio=3", "total-off=-1"])
    assert [troubled.share for troubled in faults.media] == [0.2]
    assert (faults.filter.whole_days, faults.listing.total_off) == (True, -1)
    assert sum(recording.key is None for recording in world.recordings) == 3


def test_every_name_is_described_and_does_something(world: World) -> None:
    names = [name for name, _ in described()]
    assert len(names) == len(set(names)) == len(SWITCHES) + len(Blemish)
    for name in SWITCHES:
        assert switch_on(world, [name]) != Faults()
    before = list(world.recordings), dict(world.objects)
    for blemish in Blemish:
        switch_on(world, [blemish])
    assert (list(world.recordings), dict(world.objects)) != before


@pytest.mark.parametrize("wish", ["nothing", "cut=x", "cut=", "null-audio=41"])
def test_a_wish_that_cannot_be_met_is_said(world: World, wish: str) -> None:
    with pytest.raises(ValueError, match=wish.partition("=")[0]):
        switch_on(world, [wish])
