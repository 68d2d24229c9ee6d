"""Chance that repeats: one seed makes one world, whoever plays in it."""

from random import Random


def chance(seed: int | str) -> Random:
    """Return what draws the same for the same seed; no secret is ever made of it."""
    return Random(seed)  # noqa: S311 - as said
