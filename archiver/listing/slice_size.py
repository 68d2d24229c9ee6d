"""How many rows a slice of a listing may have, by the life of its links. Pure."""

SHORT_LIFE_S = 1_200
SLICE_ROWS = 300
PAGE_ROWS = 15


def slice_rows(link_life_s: float | None) -> int:
    """Return how many rows a slice may have, so that its links can all be begun in time.

    An hour's links allow 300 rows; links that live seconds only a page.
    """
    if link_life_s is None or link_life_s >= SHORT_LIFE_S:
        return SLICE_ROWS
    return max(PAGE_ROWS, int(SLICE_ROWS * link_life_s / SHORT_LIFE_S))
