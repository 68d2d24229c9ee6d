"""Audio that is cut, holed, exchanged or missing, with and without a length that anyone tells."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from msgspec.structs import replace

from tests.lies.portal import DRAFT_S, Served, Show, draft_key
from tests.lies.trick import Trick, some, some_nights, trick
from tests.lies.truth import AT_NIGHT, DAY, Truth, audio


def serving(
    name: str, number: str, nights: range, served: dict[str, Served], **more: object
) -> Trick:
    return Trick(
        name, number, nights,
        lambda show, _now: replace(show, served={**show.served, **served}), **more,  # type: ignore[arg-type]  # Trick's own fields
    )  # fmt: skip


def _cut(random: Random, body: bytes) -> bytes:
    """Return a body cut on a frame's edge: frames of 72 bytes behind a tag of 87."""
    tag = len(body) % 72
    frames = (len(body) - tag) // 72
    return body[: tag + 72 * int(frames * random.uniform(0.2, 0.7))]


@trick
def cut(random: Random, truth: Truth) -> Trick:
    """Cut audio whose length is reported."""
    served = {
        one.key: Served(_cut(random, one.body), random.random() < 0.5, random.random() < 0.5)
        for one in some(random, truth)
    }
    return serving("audio cut", "8", range(truth.nights), served)


@trick
def cut_untold(random: Random, truth: Truth) -> Trick:
    """Cut audio of which nobody tells a length."""
    chosen = some(random, truth)
    ids = frozenset(one.id for one in chosen)
    made = serving(
        "audio cut, no length told", "11", range(truth.nights),
        {
            one.key: Served(_cut(random, one.body), tells_length=False, tells_md5=False)
            for one in chosen
        },
    )  # fmt: skip
    return replace(made, bend=lambda show, now: replace(made.bend(show, now), unreported=ids))


@trick
def cut_unseen(random: Random, truth: Truth) -> Trick:
    """Cut audio whose length nobody reports, as an object that is whole."""
    chosen = some(random, truth)
    ids = frozenset(one.id for one in chosen)
    made = serving(
        "audio cut where it lies", "-", range(truth.nights + 10),
        {one.key: Served(_cut(random, one.body)) for one in chosen}, unseen=ids,
    )  # fmt: skip
    return replace(made, bend=lambda show, now: replace(made.bend(show, now), unreported=ids))


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}m {seconds % 60}s"


SPELLINGS: tuple[Callable[[int], object], ...] = (
    _minutes,
    lambda seconds: f"{seconds} sec",
    lambda seconds: f"PT{seconds}S",
    lambda seconds: f"{seconds},0",
    lambda seconds: f"{seconds / 60:.4f} minutes",
    lambda seconds: f"about {seconds}",
    lambda seconds: [seconds],
    lambda seconds: f"{seconds * 1000} ms",
)


@trick
def spelt_oddly(random: Random, truth: Truth) -> Trick:
    """Report lengths in another form, and serve audio cut to half."""
    spelling = random.choice(SPELLINGS)
    made = cut(random, truth)
    return replace(
        made, name="lengths in another form, audio cut", number="8",
        bend=lambda show, now: replace(made.bend(show, now), duration=spelling),
    )  # fmt: skip


@trick
def holed(random: Random, truth: Truth) -> Trick:
    """Serve audio with a hole of zeroes."""
    served = {}
    for one in some(random, truth):
        at = random.randrange(len(one.body) // 4, len(one.body) // 2)
        body = one.body[:at] + bytes(1_000) + one.body[at + 1_000 :]
        served[one.key] = Served(body, tells_md5=random.random() < 0.5)
    return serving("audio with a hole", "13", range(truth.nights), served)


@trick
def shared(random: Random, truth: Truth) -> Trick:
    """Serve one audio for several recordings of the same length."""
    one = random.choice(truth.recordings)
    others = [each for each in truth.recordings if each.seconds == one.seconds]
    served = {each.key: Served(one.body) for each in others}
    made = serving("one audio for several", "12", range(truth.nights + 10), served)
    return replace(made, alone=frozenset(each.id for each in others))


@trick
def other_audio(random: Random, truth: Truth) -> Trick:
    """Serve other audio of the same length."""
    chosen = some(random, truth, 0.2)
    ids = frozenset(one.id for one in chosen)
    return serving(
        "other audio of the same length", "-", range(truth.nights + 10),
        {one.key: Served(audio(f"other {one.id}", one.seconds)) for one in chosen}, unseen=ids,
    )  # fmt: skip


@trick
def swapped(random: Random, truth: Truth) -> Trick:
    """Serve other audio of another length."""
    chosen = some(random, truth, 0.3)
    return serving(
        "other audio", "12", range(truth.nights),
        {one.key: Served(audio(f"other {one.id}", one.seconds + 9)) for one in chosen},
    )  # fmt: skip


@trick
def replaced_in_vain(random: Random, truth: Truth) -> Trick:
    """Replace versions of the last days by longer ones, whose objects fail for some nights."""
    night = random.randrange(1, max(2, truth.nights - 3))
    nights = range(night, min(night + random.randint(1, 5), truth.nights))
    since = truth.night(night) - 2 * DAY - AT_NIGHT
    chosen = [one for one in truth.recordings if since <= one.at] or [truth.recordings[-1]]
    drafts = frozenset(one.id for one in chosen)
    earlier = {draft_key(one.id): Served(audio(f"draft {one.id}", DRAFT_S)) for one in chosen}
    failing = {one.key: Served(b"", status=500) for one in chosen}

    def bend(show: Show, now: datetime) -> Show:
        if now < truth.night(night):
            return replace(show, drafts=drafts, served={**show.served, **earlier})
        is_failing = now < truth.night(nights.stop)
        return replace(show, served={**show.served, **failing}) if is_failing else show

    return Trick("newer versions that fail", "22", range(nights.stop), bend)


@trick
def failed_before_a_budget(random: Random, truth: Truth) -> Trick:
    """Let objects of the first day fail in its look-back, and no run have time for older days."""
    chosen = [one for one in some(random, truth) if one.at < truth.begins + DAY]
    failing = {one.key: Served(b"", status=500) for one in chosen}
    until = truth.night(random.choice((2, 3, 3)))

    def bend(show: Show, now: datetime) -> Show:
        return replace(show, served={**show.served, **failing}) if now < until else show

    return Trick("objects fail before a budget", "20", range(truth.nights + 2), bend, windows=4)


@trick
def gone(random: Random, truth: Truth) -> Trick:
    """Lose objects for some nights."""
    chosen = some(random, truth, 0.3)
    return serving(
        "objects empty", "13", some_nights(random, truth), {one.key: Served(b"") for one in chosen}
    )
