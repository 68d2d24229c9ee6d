"""A row without news is held by what the catalog tells of it, and only where all else agrees."""

from datetime import datetime
from itertools import product
from pathlib import Path

from msgspec.structs import replace

from archiver.domain.outcomes import Concern, Outcome, Verdict
from archiver.domain.recordings import Essential, Odd, Report, Row
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.plan import divide, is_unchanged
from archiver.scrubbing import cleaned
from tests.archives import MORNING, PORTAL, manifest_of, row, store_one
from tests.catalogs import opened
from tests.store.memory import MemoryStore

ASK = PageQuery.first(Report.RECORDINGS, None)
STATES = [
    *product(
        (Outcome.ARCHIVED, Outcome.QUARANTINED, Outcome.FAILED),
        (None, *Verdict),
        ((), (Concern.DURATION_UNREAD,), (Concern.TIME_UNREAD, Concern.DURATION_UNREAD)),
        (MORNING, None),
    )
]
"""Outcome, verdict, concerns and time: also such as no run enters."""


def told(id_: str, at: datetime | None) -> Row:
    """Return a row as it is read from an answer, without the query of its link."""
    listed = row(id_, at)
    return replace(listed, fields=cleaned(listed.fields))


def entries(store: MemoryStore) -> list[Entry]:
    made = []
    for number, (outcome, verdict, concerns, at) in enumerate(STATES):
        stored = store_one(store, told(str(number), at))
        made.append(replace(stored, outcome=outcome, verdict=verdict, concerns=concerns))
    return made


def served(was: Row) -> list[Row]:
    """Return a row as it was, with other words, with what can't be read, and unreadable."""
    unread = {Essential.LENGTH: "the portal gives its length in a form that is not understood"}
    return [
        was,
        replace(was, fields={**was.fields, "agent": "Ben"}),
        replace(was, unread=unread),
        replace(was, fields={"id": was.id}, odd=Odd(1, "it is no object")),
    ]


def test_a_row_without_news_is_held_by_all_that_is_known(tmp_path: Path) -> None:
    store = MemoryStore()
    journal, catalog = Journal(store), opened(tmp_path)
    journal.append(manifest_of(journal.create_or_open(PORTAL).archive, entries(store)))
    catalog.follow(journal, journal.documents.sidecar)
    ids = [str(number) for number in range(len(STATES))]
    known, before = catalog.recordings.many(ids), catalog.recordings.fingerprints(ids)
    verified = catalog.recordings.told_of_verified(ids)
    unchanged = list[str]()
    for id_, (_, _, _, at) in zip(ids, STATES, strict=True):
        for now in served(told(id_, at)):
            if is_unchanged(verified.get(now.id), now):
                unchanged.append(id_)
                assert divide([Listed(now, ASK)], known, before).held
    plain = STATES.index((Outcome.ARCHIVED, Verdict.VERIFIED, (), MORNING))
    assert unchanged == [str(plain)], "as it was, and nothing else"
