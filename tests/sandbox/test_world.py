"""The world: the same from a seed, dated by its ids, and changeable."""

# ruff: noqa: DTZ001 - the portal's clock has no zone

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from archiver.sandbox import World
from archiver.sandbox.world.world import Recording
from tests.conftest import Figure

DAY = datetime(2019, 6, 11, tzinfo=UTC)
EPOCH = datetime(1582, 10, 15, tzinfo=UTC)


def made(seed: int) -> list[Recording]:
    return World(seed).add(count=50, first=DAY, last=DAY + timedelta(days=1))


def test_the_same_seed_makes_the_same_world() -> None:
    assert made(3) == made(3)
    assert made(3) != made(4)


def test_a_seed_makes_the_same_days_whenever_it_is_started(figure: Figure) -> None:
    noon = DAY + timedelta(days=9, hours=12)
    started = (noon, noon + timedelta(hours=2), noon + timedelta(hours=26))
    worlds = [World(3) for _ in started]
    for world, now in zip(worlds, started, strict=True):
        made = world.live(count=60, days=3, now=now)
        assert (len(made), len(world.calls), len(world.objects)) == (60, 60, 60)
        assert all(now - timedelta(days=4) < each.at <= now for each in made)
    first, *later = ({each.id: each for each in world.recordings} for world in worlds)
    shared = [first.keys() & other.keys() for other in later]
    assert [len(ids) for ids in shared] == [58, 38]
    assert all(first[id_] == other[id_] for other in later for id_ in first.keys() & other.keys())
    key = next(key for each in reversed([*worlds[0].recordings]) if (key := each.key))
    assert worlds[0].stored(key) == worlds[1].stored(key)
    figure(
        "R13", f"one seed, started 3 times: {len(shared[0])} and {len(shared[1])} of 60 ids again"
    )


def test_an_id_is_a_version_1_uuid_of_the_moment() -> None:
    for recording in made(1):
        uuid = UUID(recording.id)
        assert uuid.version == 1
        assert EPOCH + timedelta(microseconds=uuid.time // 10) == recording.at


def test_numbers_are_reserved_for_fiction() -> None:
    for recording in made(2):
        assert recording.call_from.startswith("447700900")
        assert recording.call_to.startswith("120255501")
        assert recording.key is not None
        assert recording.call_to in recording.key


def test_every_recording_has_a_call_that_stays_when_it_goes() -> None:
    world = World(1)
    recordings = world.add(count=5, first=DAY, last=DAY + timedelta(hours=1))
    world.remove(recordings[2].id)
    assert (len(world.recordings), len(world.calls), len(world.objects)) == (4, 5, 4)


@given(
    minutes=st.integers(-12 * 60, 14 * 60),
    wall=st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)),
)
def test_the_portals_clock_is_the_moment_and_its_offset(minutes: int, wall: datetime) -> None:
    world = World(utc_offset_minutes=minutes)
    whole = wall.replace(microsecond=0)
    assert world.wall(world.moment(whole)) == whole
    assert world.moment(whole) + timedelta(minutes=minutes) == whole.replace(tzinfo=UTC)


@given(
    seconds=st.lists(st.integers(0, 30), min_size=1, max_size=40),
    first=st.integers(0, 30),
    length=st.integers(0, 30),
    skip=st.integers(0, 10),
    take=st.integers(1, 10),
)
def test_a_timeline_gives_what_sorting_gives(
    seconds: list[int], first: int, length: int, skip: int, take: int
) -> None:
    world = World()
    for second in seconds:
        world.arrive(DAY + timedelta(seconds=second))
    low, high = DAY + timedelta(seconds=first), DAY + timedelta(seconds=first + length)
    inside = [each for each in world.recordings if low <= each.at < high]
    inside.sort(key=lambda each: (each.at, each.id), reverse=True)
    total, page = world.recordings.between(low, high, skip, take)
    assert total == len(inside)
    assert page == inside[skip : skip + take]
