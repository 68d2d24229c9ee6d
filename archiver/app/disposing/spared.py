"""What filters fit only by what became of a newer version, while another is held.

``find`` shows it by the word for that version. Whoever removes by such a word means what is not
held: the recording that is held may be the last there is.
"""

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.filters.filters import Filters, Standing


def is_spared(row: FoundRow, filters: Filters) -> bool:
    """Whether a recording that fits is held, and no word of ``--outcome`` means what is held."""
    state, words = row.state, filters.standings
    if not (state.held and words):
        return False
    means_held = Standing.ARCHIVED in words
    means_finding = Standing.OPEN in words and state.is_open
    means_accepted = Standing.ACCEPTED in words and state.accepted
    return not (means_held or means_finding or means_accepted)
