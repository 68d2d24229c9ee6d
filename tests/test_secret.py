"""What holds secrets shows nothing of them; and a struct that is made anew is checked."""

import pytest
from msgspec.structs import replace

from archiver.app.opening.context import SettingsRequest
from archiver.app.opening.tokens_in_use import TokensInUse
from archiver.app.workers.cluster.batches import Batch
from archiver.manifest.records.files import Head
from archiver.media.link import parse
from archiver.secret import Secret, Unshown

CANARY = "canary-value"


@pytest.mark.parametrize(
    "kept",
    [
        Secret(CANARY),
        parse(Secret(f"https://media.example/{CANARY}.mp3?sig={CANARY}")),
        SettingsRequest({"token": CANARY}),
        TokensInUse({CANARY: ("one", "there")}),
        Batch("run", (Secret(CANARY),)),
    ],
    ids=lambda kept: type(kept).__name__,
)
def test_nothing_of_it_is_printed(kept: Unshown) -> None:
    name = type(kept).__name__
    assert repr(kept) == str(kept) == f"<{name.lower()}>"
    assert not [*kept.__rich_repr__()]


def test_what_is_replaced_is_checked_as_what_is_made() -> None:
    with pytest.raises(ValueError, match="number"):
        replace(Head(1, "0" * 64), number=0)
