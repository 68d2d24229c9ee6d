"""Rows are taken in once, however often and in whatever order walks show them."""

from hypothesis import given
from hypothesis import strategies as st

from archiver.domain.recordings import Report
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.ledger.seen_ids import SeenIds
from tests.archives import row

ASK = PageQuery.first(Report.RECORDINGS, None)


@given(st.lists(st.lists(st.text(st.characters(), max_size=3))))
def test_every_id_is_new_once(walks: list[list[str]]) -> None:
    seen, new = SeenIds(), list[str]()
    for ids in walks:
        new += [each.row.id for each in seen.add(Listed(row(id_), ASK) for id_ in ids)]
    assert new == list(dict.fromkeys(id_ for ids in walks for id_ in ids))
    assert len(seen) == len(new)
    seen.close()
