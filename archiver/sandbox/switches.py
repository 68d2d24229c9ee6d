"""The faults by name, for people: ``cut=20``, ``whole-days``, ``null-audio=3``."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from archiver.sandbox.chance import chance
from archiver.sandbox.faults import Faults, Trouble, Troubled
from archiver.sandbox.storm import storm
from archiver.sandbox.world.blemish import Blemish, blemish
from archiver.sandbox.world.world import World


class Switch(Struct, frozen=True):
    """What a name does; ``value`` says what its number means and ``default`` what it is unsaid."""

    sentence: str
    value: str
    default: int
    change: Callable[[Faults, int], Faults]


def _media(sentence: str, trouble: Trouble) -> Switch:
    def change(faults: Faults, percent: int) -> Faults:
        return replace(faults, media=(*faults.media, Troubled(trouble, share=percent / 100)))

    return Switch(sentence, "percent of downloads", 5, change)


def _with(faults: Faults, group: str, name: str, value: object) -> Faults:
    """Return the faults with one of a group changed."""
    changed = replace(getattr(faults, group), **{name: value})
    return replace(faults, **{group: changed})


def _count(sentence: str, value: str, default: int, group: str, name: str) -> Switch:
    return Switch(sentence, value, default, lambda faults, n: _with(faults, group, name, n))


def _yes_or_no(sentence: str, group: str, name: str) -> Switch:
    def change(faults: Faults, number: int) -> Faults:
        return _with(faults, group, name, bool(number))

    return Switch(sentence, "1 or 0", 1, change)


SWITCHES = {
    "cut": _media("downloads end in the middle", Trouble.CUT),
    "cut-unsized": _media("downloads end in the middle and look whole", Trouble.CUT_UNSIZED),
    "reset": _media("connections are reset in the middle", Trouble.RESET),
    "slow": _media("downloads stall at two bytes a second", Trouble.SLOW),
    "html": _media("an HTML page comes in place of the audio", Trouble.HTML),
    "slow-down": _media("503 SlowDown", Trouble.SLOW_DOWN),
    "server-error": _media("500 InternalError", Trouble.SERVER_ERROR),
    "refused": _media("links are refused before their deadline", Trouble.REFUSED),
    "flipped": _media("one bit is flipped on the way", Trouble.FLIPPED),
    "storm": Switch(
        "all that can go wrong for a moment, at once",
        "percent of requests",
        5,
        lambda faults, percent: storm(percent / 100, faults),
    ),
    "arrivals": _count("recordings arrive between pages", "how many", 10, "listing", "arrivals"),
    "departures": _count(
        "recordings vanish between pages", "how many", 10, "listing", "departures"
    ),
    "total-off": _count("the total is wrong", "by how much", 1, "listing", "total_off"),
    "no-total": _yes_or_no("pages tell no total", "listing", "no_total"),
    "limit": _count(
        "answers are cut, and their total with them", "how many rows", 400, "listing", "limit"
    ),
    "exact-ends": _yes_or_no(
        "windows end at the beginning of their last second", "filter", "exact_ends"
    ),
    "first-page-again": _yes_or_no("every page is the first", "listing", "first_page_again"),
    "whole-days": _yes_or_no("the filter is blind to times of day", "filter", "whole_days"),
    "unfiltered": _yes_or_no("the filter is ignored", "filter", "ignored"),
    "no-rights": Switch(
        "the token has lost its right: every report is empty",
        "1 or 0",
        1,
        lambda faults, n: _with(
            faults, "listing", "unseen_reports", frozenset(("recordings", "calls") if n else ())
        ),
    ),
    "page-errors": _count("report requests answered with 500", "how many", 5, "pages", "errors"),
    "token-dies": _count(
        "the token is revoked", "after how many requests", 20, "pages", "token_dies_after"
    ),
    "dateless": _yes_or_no("the portal sends no Date", "clock", "dateless"),
    "skew": _count("the portal's Date is ahead", "seconds", 7_200, "clock", "skew_seconds"),
}
BLEMISHES = {
    Blemish.WRONG_DURATION: "rows say 46 s too much",
    Blemish.NULL_DURATION: "rows without a duration",
    Blemish.UNREAD_DURATION: "rows with a duration in words that mean nothing",
    Blemish.NULL_AUDIO: "rows without a link",
    Blemish.SHARED_OBJECT: "rows that lead to another's object",
    Blemish.TRUNCATED: "objects cut short",
    Blemish.DAMAGED: "objects with a hole",
    Blemish.NOT_AUDIO: "objects that are HTML",
    Blemish.MISSING: "objects that do not exist",
    Blemish.HOSTILE: "rows that attack paths, terminals and spreadsheets",
}


def described() -> Iterable[tuple[str, str]]:
    """Yield every name with its sentence."""
    for name, switch in SWITCHES.items():
        yield name, f"{switch.sentence} ({switch.value}; {switch.default} unless said)"
    for what, sentence in BLEMISHES.items():
        yield what, f"{sentence} (how many recordings; 1 unless said)"


def switch_on(world: World, wishes: Iterable[str]) -> Faults:
    """Blemish ``world`` and return the faults as ``wishes`` ask: each ``NAME`` or ``NAME=NUMBER``.

    ``ValueError``, with a sentence, for one that is not understood or finds no recording.
    """
    faults = Faults()
    untouched = list(world.recordings)
    chance(world.seed).shuffle(untouched)
    for wish in wishes:
        name, number = _read(wish)
        if name in SWITCHES:
            switch = SWITCHES[name]
            faults = switch.change(faults, switch.default if number is None else number)
            continue
        for turn in range(1 if number is None else number):
            if not untouched:
                raise ValueError(f"{wish}: there are no recordings left to spoil.")
            blemish(world, untouched.pop(), Blemish(name), turn)
    return faults


def _read(wish: str) -> tuple[str, int | None]:
    name, equals, text = wish.partition("=")
    if name not in SWITCHES and name not in set(Blemish):
        near = get_close_matches(name, (*SWITCHES, *Blemish), n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"{name}: there is no such fault.{meant}")
    if equals and not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError(f"{wish}: what follows = must be a whole number.")
    return name, int(text) if equals else None
