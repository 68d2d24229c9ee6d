"""What the answer to filters may lack, in words: on stderr, so that it reaches whoever pipes."""

from collections.abc import Iterator

from archiver.app.opening.filtering import MayBeMissing
from archiver.cli.screen.console import emit
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted
from archiver.domain.times.day_spans import day_spans

_UNTOLD = (
    "Of {}, nothing in the archive tells whether they match: no sidecar, no time, a field that "
    "can't be read, or no call that is known to be theirs. They are not shown:"
)


def tell_missing(missing: MayBeMissing) -> None:
    """Tell the person what may be missing."""
    for line in lines(missing):
        emit(line, "noticed")


def lines(missing: MayBeMissing) -> Iterator[str]:
    """Yield what is to be said, line by line."""
    for each in missing.unknown_ids:
        yield f"The archive has no recording {printable(each)}."
    if missing.untold:
        yield _UNTOLD.format(counted(missing.untold, "more recording"))
        yield from (
            f"  {printable(each.id)} ({each.at or 'no time'}): {each.outcome}"
            for each in missing.sample
        )
        if missing.untold > len(missing.sample):
            yield f"  and {missing.untold - len(missing.sample)} more: a shorter time leaves fewer."
    if missing.still_coming:
        yield (
            f"{day_spans(missing.still_coming)} may still get recordings, or have got some: the "
            "last proven listing was made before all can have come."
        )
    if missing.unlisted:
        yield (
            f"Of {day_spans(missing.unlisted)} the archive has no proven listing of a time when "
            "nothing more came: recordings may be missing."
        )
    if missing.is_unbegun:
        yield "No run has entered anything in this archive yet: recordings may be missing."
    if missing.begins:
        yield f"Nothing is known of any day before {missing.begins}, where the archive begins."
