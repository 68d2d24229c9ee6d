"""What a person accepted as lost, and the portal offers again, is news until it is fetched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from archiver.manifest.model import ManifestKind
from archiver.sandbox import Encoding, Faults, Recording, Trouble, Troubled
from archiver.sandbox.world.tones import Tone
from tests.conftest import Figure
from tests.nights import Month, month, shape
from tests.portal.bent import at_row, bend

__all__ = ["month", "shape"]

KEY = "rc/restored.mp3"


@contextmanager
def failing(month: Month, trouble: Trouble, key: str) -> Iterator[None]:
    """Let one object be refused on some nights."""
    month.sandbox.faults = Faults(media=(Troubled(trouble, keys=frozenset({key})),))
    yield
    month.sandbox.faults = Faults()


def object_of(one: Recording) -> str:
    """Return the name of its audio."""
    assert one.key is not None
    return one.key


def lose(month: Month, one: Recording) -> None:
    """Lose the audio of a recording at the provider."""
    del month.sandbox.world.objects[object_of(one)]


def swap(month: Month, one: Recording) -> None:
    """Serve other audio, of another length."""
    month.sandbox.world.objects[object_of(one)] = Tone(Encoding.BARE, 9, 77)


def accept(month: Month, id_: str) -> None:
    """Let a person accept it."""
    with month.now(1):
        assert month.type("accept", id_, "--reason", "the provider lost it").code == 0


@pytest.mark.parametrize(
    ("what", "trouble"), [(lose, Trouble.SERVER_ERROR), (swap, Trouble.REDIRECT)]
)
def test_what_was_accepted_and_is_offered_again_is_fetched_at_last(
    month: Month, trouble: Trouble, what: Callable[[Month, Recording], None], figure: Figure
) -> None:
    one, *_ = month.live(1)
    whole = month.sandbox.world.objects[object_of(one)]
    what(month, one)
    assert month.night(1).code == 3
    accept(month, one.id)
    month.sandbox.world.objects[KEY] = whole
    month.sandbox.world.recordings.put(replace(one, key=KEY))
    with failing(month, trouble, KEY):
        codes = [month.night(number).code for number in (2, 5)]
        assert 1 not in month.settled()
    codes += [month.night(number).code for number in (6, 8)]
    assert one.id in month.held()
    assert codes.count(3) > 1
    assert codes[-1] == 0
    figure(
        "G38",
        f"{what.__name__}, accepted, offered again and {trouble.value}: exits {[*map(int, codes)]}",
    )


def test_a_row_accepted_as_odd_and_readable_later(
    month: Month, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    one, *_ = month.live(1)
    with monkeypatch.context() as bent:
        bend(bent, at_row(one.id, lambda row: row[:-1] + b', "n": 1, "n": 2}'))
        assert month.night(1).code == 3
    accept(month, one.id)
    with failing(month, Trouble.SERVER_ERROR, object_of(one)):
        codes = [month.night(number).code for number in (2, 5)]
        assert 1 not in month.settled()
    codes += [month.night(number).code for number in (6, 8)]
    assert one.id in month.held()
    figure(
        "G38", f"a row accepted as odd, readable since, and not fetched: exits {[*map(int, codes)]}"
    )


def test_what_was_accepted_as_failed_and_names_other_audio(month: Month, figure: Figure) -> None:
    one, *_ = month.live(1, 5)
    with failing(month, Trouble.SERVER_ERROR, object_of(one)):
        for number in (1, 2, 3, 5, 8):
            month.night(number)
        accept(month, one.id)
        assert month.night(9, "--day", "2026-03-01").code == 0, "as it was accepted"
        month.sandbox.world.objects[KEY] = month.sandbox.world.objects[object_of(one)]
        month.sandbox.world.recordings.put(replace(one, key=KEY))
    with failing(month, Trouble.SERVER_ERROR, KEY):
        again = month.night(10, "--day", "2026-03-01")
    assert (again.code, "(offered_anew)" in again.err) == (3, True), again.err
    assert month.night(11, "--day", "2026-03-01").code == 0
    assert one.id in month.held()
    accepts = [each for each in month.manifests() if each.kind is ManifestKind.ACCEPT]
    figure("G38", f"accepted as failed, other audio not fetched: exit 3 after {len(accepts)} word")


def test_what_was_accepted_is_not_taken_for_the_same_by_a_catalog_made_anew(
    month: Month, figure: Figure
) -> None:
    one, *_ = month.live(1)
    lose(month, one)
    month.night(1)
    accept(month, one.id)
    assert month.night(2).code == 0
    month.sandbox.world.recordings.put(replace(one, key=KEY))
    month.sandbox.world.objects[KEY] = Tone(Encoding.BARE, 1, 5)
    for each in (month.archive / ".archiver").glob("catalog-*"):
        each.unlink()
    with failing(month, Trouble.SERVER_ERROR, KEY):
        again = month.night(3)
    assert (again.code, "(offered_anew)" in again.err) == (3, True), again.err
    figure("G38", "the same without the catalog that knew it: exit 3")
