"""Mutants of a target's seeds: the same ones every time, for where no fuzzer can run."""

from collections.abc import Iterator
from random import Random

from tests.fuzz.target import Target

MOST_CHANGES = 6
LONGEST_SLICE = 64


def mutants(target: Target, count: int) -> Iterator[bytes]:
    """Yield ``count`` inputs, each a seed with a few changes."""
    random = Random(target.name)
    for _ in range(count):
        data = bytearray(random.choice(target.seeds))
        for _ in range(random.randint(1, MOST_CHANGES)):
            _change(data, target, random)
        yield bytes(data[: target.longest])


def _change(data: bytearray, target: Target, random: Random) -> None:
    """Flip a bit, or put a byte, a word or a piece of any seed over or between what is there."""
    at = random.randint(0, len(data))
    over = random.choice((0, 0, 1, random.randint(0, LONGEST_SLICE)))
    match random.randrange(5):
        case 0 if at < len(data):
            data[at] ^= 1 << random.randrange(8)
        case 1:
            data[at : at + over] = bytes([random.randrange(256)])
        case 2:
            del data[at : at + over]
        case 3:
            other = random.choice(target.seeds)
            begin = random.randint(0, len(other))
            data[at : at + over] = other[begin : begin + random.randint(0, LONGEST_SLICE)]
        case _:
            data[at : at + over] = random.choice(target.words)
