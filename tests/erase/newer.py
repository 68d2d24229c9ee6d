"""Newer versions that are not good: of what is held, or of what is not."""

from archiver.domain.outcomes import Outcome, Verdict
from tests.archives import MORNING, audio_of, entry, row, store_one
from tests.copy.copies import Vault, add


def newer_than_held(made: Vault, id_: str, word: str, *, is_held: bool = True) -> None:
    """Archive a recording, unless it is held not, and then a newer version that is not good."""
    if is_held:
        add(made, store_one(made.store, row(id_)))
    if word == Outcome.GONE:
        add(made, entry(id_, Outcome.GONE, created_at=MORNING))
        return
    cut = store_one(made.store, row(id_), audio_of(f"{id_} cut"), Verdict.TRUNCATED, 1_000)
    add(made, cut)
