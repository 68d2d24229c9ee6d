"""Filters over the catalog: held against a plain look at every row, by plans that use an index."""

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from archiver.app.opening.context import Context
from archiver.app.opening.filtering import may_be_missing
from archiver.catalog import Catalog, sealed
from archiver.catalog.numbers import fits
from archiver.catalog.questions.filtering.filter_sql import passing
from archiver.config.settings import DEFAULTS
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import Row
from archiver.domain.times.portal_offsets import always
from archiver.domain.times.window import Window
from archiver.errors import DestinationError, UsageError
from archiver.filters.filters import Filters, Length, NumberPattern, Standing
from archiver.filters.request import FilterRequest
from archiver.get.archive_reader import ArchiveReader
from archiver.get.archive_search import matching, whole
from archiver.get.get_events import DayNotWhole, GetEvent
from archiver.get.output_files import Target
from archiver.json_documents import Json
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, ManifestKind
from archiver.open_archive import OpenArchive
from tests.archives import MORNING, PORTAL, entry, fill, manifest_of, row, store_one
from tests.catalogs import opened
from tests.store.memory import MemoryStore

HOUR = timedelta(hours=1)
DAY = Window.day(MORNING.date())
UUIDS = ("3f10cb7c-e61a-11f1-a97c-91b72265b1f5", "3f10cb7c-e61a-11f1-a97c-91b72265b1f6")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def catalog_of(path: Path, store: MemoryStore) -> Catalog:
    catalog = opened(path)
    catalog.follow(Journal(store))
    return catalog


def talk(id_: str, at: datetime | None = MORNING, /, **fields: Json) -> Row:
    """Return a row with other fields than usual."""
    usual = row(id_, at)
    return replace(usual, fields={**usual.fields, **fields})


def append(store: MemoryStore, *entries: Entry, kind: ManifestKind = ManifestKind.RUN) -> None:
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    journal.append(manifest_of(archive, entries, kind))


def found(catalog: Catalog, filters: Filters) -> list[str]:
    rows = [str(each.id) for each in catalog.filtered.matching(filters)]
    assert catalog.filtered.count(filters) == len(rows)
    return rows


def untold(catalog: Catalog, filters: Filters) -> list[str]:
    rows = [str(each.id) for each in catalog.filtered.untold(filters)]
    assert catalog.filtered.count_untold(filters) == len(rows)
    return rows


def numbers(*texts: str, anywhere: bool = False) -> Filters:
    return Filters(numbers=tuple(NumberPattern(text, anywhere) for text in texts))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (numbers("07700 900123"), ["plain"]),
        (numbers("00447700900123", "0091 11 2345 6780"), ["plain", "delhi"]),
        (numbers("0123"), ["plain"]),
        (numbers("123"), ["plain"]),
        (numbers("104"), ["extension"]),
        (numbers("0104"), ["extension"]),
        (numbers("4"), ["extension"]),
        (numbers("9001", anywhere=True), ["plain"]),
        (numbers("123456", anywhere=True), ["delhi"]),
        (numbers("0006", anywhere=True), []),
        (numbers("010", anywhere=True), ["extension"]),
        (numbers("012", anywhere=True), ["plain"]),
        (numbers("044", anywhere=True), []),
        (numbers("17700900123"), []),
    ],
)  # fmt: skip
def test_numbers_by_any_form_by_their_end_and_by_their_middle(
    filters: Filters, expected: list[str], tmp_path: Path, store: MemoryStore
) -> None:
    listed = [
        talk("plain", MORNING, call_from="+44 7700 900123", call_to="anonymous"),
        talk("delhi", MORNING + HOUR, call_from="+91 11 2345 6780", call_to=None),
        talk("extension", MORNING + 2 * HOUR, call_from="0104", call_to=""),
    ]
    append(store, *(store_one(store, each) for each in listed))
    catalog = catalog_of(tmp_path, store)
    assert found(catalog, filters) == expected
    assert untold(catalog, filters) == []


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text("0179 +*-/,x()", max_size=20), min_size=1, max_size=6),
    st.text("0179", min_size=1, max_size=12).filter(lambda text: text.strip("0")),
    st.booleans(),
)
def test_a_number_passes_in_the_catalog_as_it_does_beside_it(
    served: list[str],
    typed: str,
    anywhere: bool,  # noqa: FBT001 - drawn
) -> None:
    store = MemoryStore()
    listed = [talk(f"r{n}", call_from=each, call_to=None) for n, each in enumerate(served)]
    append(store, *(store_one(store, each) for each in listed))
    pattern = NumberPattern(typed, anywhere)
    with tempfile.TemporaryDirectory() as folder, closing(Catalog(Path(folder))) as catalog:
        catalog.follow(Journal(store))
        answer = {each.id for each in catalog.filtered.matching(Filters(numbers=(pattern,)))}
    assert answer == {f"r{n}" for n, each in enumerate(served) if fits(pattern, each)}


WANTED = ("+1 202 555 0121", "2025550121", "0121", "*5550121*", "*0121*")


@pytest.mark.parametrize(
    "served",
    [
        12025550121,
        12025550121.0,
        "sip:12025550121@10.0.0.5:5060",
        "sip:%2B12025550121:secret@pbx.example;user=phone",
        '"Ann Lee" <sips:+12025550121@pbx9.example;transport=tls>;tag=99',
        "tel:+1-202-555-0121;phone-context=+44",
        "tel:+1-202-555-0121;ext=5",
        "+1 (202) 555-0121 ext. 5",
        "+1 (202) 555-0121x5",
        "+12025550121, +447700900123",
        "+12025550121/+447700900123",
        "12025550121 12025550143",
        "2025550143/2025550121",
        "+1 202 555 0143 / +1 202 555 0121",
        "12025550143 - 12025550121",
        "020 7946 0143 / 1 202 555 0121",
        "07700900123 or 12025550121",
        "1,202,555,0121",
        "\uff0b\uff11 \uff12\uff10\uff12 \uff15\uff15\uff15 \uff10\uff11\uff12\uff11",
        "\u0661\u0662\u0660\u0662\u0665\u0665\u0665\u0660\u0661\u0662\u0661",
        "Ann 12025550121",
    ],
)
def test_a_number_is_found_in_whichever_form_it_is_served(
    served: Json, tmp_path: Path, store: MemoryStore
) -> None:
    append(store, store_one(store, talk("1", call_from=served, call_to="104")))
    catalog = catalog_of(tmp_path, store)
    for typed in WANTED:
        filters = FilterRequest(number=(typed,)).read(MORNING, always(0))
        assert (found(catalog, filters), untold(catalog, filters)) == (["1"], []), typed
    for other in ("5060", "+1 202 555 0122", "99", "*0122*"):
        filters = FilterRequest(number=(other,)).read(MORNING, always(0))
        assert (found(catalog, filters), untold(catalog, filters)) == ([], []), other
    assert matching(catalog, [NumberPattern("+1 202 555 0121")], [], None).given[0].id == "1", (
        "get finds it"
    )


FORMS = (
    *("+447700900123", "+44 07700 900123", "0044-07700-900123", "+4407700900123", "07700 900123"),
    *("+44 (0)7700 900123", "447700900123.0", "sip:+4407700900123@10.0.0.5"),
)


def test_a_zero_behind_a_countrys_code_hides_no_number(tmp_path: Path, store: MemoryStore) -> None:
    listed = [talk(f"r{n}", call_from=each, call_to="104") for n, each in enumerate(FORMS)]
    rome = talk("rome", call_from="+39 06 1234567", call_to="104")
    append(store, *(store_one(store, each) for each in [*listed, rome]))
    catalog = catalog_of(tmp_path, store)
    for typed in FORMS[:-2]:
        asked = FilterRequest(number=(typed,)).read(MORNING, always(0))
        assert {*found(catalog, asked)} == {each.id for each in listed}, typed
    for typed in ("+39061234567", "+39 06 1234567", "06 1234567", "0039061234567"):
        assert found(catalog, FilterRequest(number=(typed,)).read(MORNING, always(0))) == [
            "rome"
        ], typed


@pytest.mark.parametrize(
    ("served", "typed"),
    [
        ("\u0130pek", "ipek"),
        ("IPEK", "\u0130pek"),
        ("Ann\u200b Lee", "ann lee"),
        ("A\u200c\u030asa", "\u00e5sa"),
        ("Mei\u00adling", "meiling"),
        ("Ann Lee", "\u202eann\u2060 lee"),
    ],
)
def test_what_nobody_sees_in_a_name_hides_no_agent(
    served: str, typed: str, tmp_path: Path, store: MemoryStore
) -> None:
    append(store, store_one(store, talk("1", agent=served)))
    catalog = catalog_of(tmp_path, store)
    assert found(catalog, FilterRequest(agent=(typed,)).read(MORNING, always(0))) == ["1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"call_from": ["12025550121"]},
        {"call_to": {"number": "12025550121"}},
        {"call_from": True},
        {"call_from": 1.5},
        {"call_from": None, "call_to": None},
        {"call_from": "anonymous", "call_to": ""},
        {"call_from": "+1202555XXXX"},
        {"call_from": "*******0121"},
        {"call_from": "0770*900123"},
        {"call_from": "1.2025550121E+10"},
        {"call_from": "1-800-FLOWERS"},
        {"call_from": "SIP/104-00000a1b"},
        {"call_from": "120255501211202555014399"},
        {"call_from": "(" * 200_000 + "0144"},
    ],
    ids=lambda fields: repr(fields)[:60],
)
def test_a_number_that_cannot_be_read_may_be_any(
    fields: dict[str, Json], tmp_path: Path, store: MemoryStore
) -> None:
    append(store, store_one(store, talk("1", **fields)), store_one(store, talk("2")))
    catalog = catalog_of(tmp_path, store)
    for filters in (numbers("0155"), numbers("0155", anywhere=True), numbers("+44 20 7946 0155")):
        assert (found(catalog, filters), untold(catalog, filters)) == ([], ["1"])
        assert untold(catalog, replace(filters, agents=("ann",))) == ["1"]
        assert untold(catalog, replace(filters, agents=("ben",))) == [], "it is none of his"
    assert untold(catalog, Filters(agents=("ann",))) == []
    assert [
        each.id for each in matching(catalog, [NumberPattern("+44 20 7946 0155")], [], None).untold
    ] == ["1"]


def test_what_is_found_by_a_number_that_is_read_is_no_doubt(
    tmp_path: Path, store: MemoryStore
) -> None:
    append(store, store_one(store, talk("1", call_from=["104"], call_to="+44 7700 900123")))
    catalog = catalog_of(tmp_path, store)
    wanted = numbers("07700 900123")
    assert (found(catalog, wanted), untold(catalog, wanted)) == (["1"], [])
    both = replace(wanted, statuses=("answered",))
    assert (found(catalog, both), untold(catalog, both)) == ([], ["1"])


@pytest.mark.parametrize("served", [{"name": "Ben"}, ["Ben"], True, 1.5])
def test_what_is_no_text_may_be_what_is_asked_for(
    served: Json, tmp_path: Path, store: MemoryStore
) -> None:
    said = dict.fromkeys(("agent", "status", "service", "region", "notes"), served)
    append(store, store_one(store, talk("1", **said)))
    catalog = catalog_of(tmp_path, store)
    asked = [
        Filters(agents=("ben",)),
        *(Filters(**{name: ("ben",)}) for name in ("statuses", "services", "regions", "notes")),  # type: ignore[arg-type]  # each is a tuple
    ]
    for filters in asked:
        assert (found(catalog, filters), untold(catalog, filters)) == ([], ["1"]), filters
    assert untold(catalog, numbers("0155")) == []


@pytest.mark.parametrize("served", ["Jos\u00e9  Wei\u00df ", "Jose\u0301\u00a0WEISS"])
@pytest.mark.parametrize("typed", ["jos\u00e9 weiss", "JOSE\u0301 WEI\u00df"])
def test_however_an_accent_or_a_space_is_encoded_it_is_one_name(
    served: str, typed: str, tmp_path: Path, store: MemoryStore
) -> None:
    said = dict.fromkeys(("agent", "status", "service", "region", "notes"), served)
    append(store, store_one(store, talk("1", **said)))
    catalog = catalog_of(tmp_path, store)
    for filters in (
        Filters(agents=(typed,)),
        Filters(statuses=(typed,), services=(typed,), regions=(typed,), notes=tuple(typed.split())),
    ):
        assert (found(catalog, filters), untold(catalog, filters)) == (["1"], [])
    assert [each.id for each in matching(catalog, [], [typed], None).given] == ["1"]


def test_a_row_says_where_it_lies_and_what_is_known(tmp_path: Path, store: MemoryStore) -> None:
    fields = {"status": "ANSWERED", "service": "Sales", "notes": "Call back", "region": None}
    stored = store_one(store, talk("1", MORNING, **fields))
    append(store, stored, entry("2", Outcome.GONE, created_at=MORNING + HOUR))
    first, second = catalog_of(tmp_path, store).filtered.matching(Filters())
    assert (first.audio, first.state.sidecar) == (stored.audio, stored.sidecar)
    assert (first.caller, first.called, first.agent) == (
        "+44 7700 900123",
        "12025550143",
        "Ann Lee",
    )
    assert (first.reported_ms, first.measured_ms, first.length_ms) == (5_000, 5_010, 5_010)
    assert (first.manifest, first.is_proven, first.call) == (1, False, None)
    assert (first.words.status, first.words.service, first.words.region) == (
        "ANSWERED",
        "Sales",
        None,
    )
    assert (second.audio, second.caller, second.length_ms, second.manifest) == (None, None, None, 1)
    assert second.state.outcome is Outcome.GONE


def test_a_later_manifest_that_says_less_leaves_the_proof(
    tmp_path: Path, store: MemoryStore
) -> None:
    append(store, store_one(store, row("1")), entry("2", Outcome.NO_AUDIO))
    append(store, entry("1", Outcome.GONE), entry("2", Outcome.GONE))
    rows = catalog_of(tmp_path, store).filtered.matching(Filters())
    assert {each.id: each.manifest for each in rows} == {"1": 1, "2": 2}


def test_the_verdict_is_that_of_the_audio_that_is_held(tmp_path: Path, store: MemoryStore) -> None:
    append(store, store_one(store, row("1")))
    append(store, store_one(store, row("1", agent="Ben"), b"cut", Verdict.TRUNCATED))
    catalog = catalog_of(tmp_path, store)
    (only,) = catalog.filtered.matching(Filters(verdicts=(Verdict.VERIFIED,)))
    assert (only.verdict, only.outcome, only.finding) == ("verified", "archived", "truncated")
    assert found(catalog, Filters(verdicts=(Verdict.TRUNCATED,))) == []
    assert found(catalog, Filters(standings=(Standing.QUARANTINED,))) == ["1"]


def test_what_nobody_has_any_more_is_looked_for_no_more(tmp_path: Path, store: MemoryStore) -> None:
    append(store, store_one(store, talk("1", agent="Änne")), store_one(store, talk("2")))
    append(store, store_one(store, talk("1", agent="Ben", call_from="07700 900456"), b"anew"))
    catalog = catalog_of(tmp_path, store)
    database = catalog._db  # noqa: SLF001 - what is looked through, not what is found
    agents = database.execute("SELECT agent_key FROM each_agent").fetchall()
    assert sorted(agents) == [("ann lee",), ("ben",)]
    count = "SELECT count(DISTINCT reversed) FROM numbers"
    assert database.execute(count).fetchone() == (4,), "one has a zero in front"
    assert database.execute("SELECT count(*) FROM each_number").fetchone() == (4,)
    assert found(catalog, Filters(agents=("änne",))) == []
    assert found(catalog, Filters(agents=("BEN",))) == ["1"]
    append(store, store_one(store, talk("2", agent="Ben", call_from=None, call_to="1"), b"new"))
    append(store, store_one(store, talk("1", agent=None, call_from=None, call_to=None), b"newer"))
    catalog = catalog_of(tmp_path, store)
    database = catalog._db  # noqa: SLF001 - as above
    assert database.execute("SELECT * FROM each_agent").fetchall() == [("ben",)]
    assert database.execute("SELECT * FROM each_number").fetchall() == [("1",)]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing.ARCHIVED, ["gone-since", "good"]),
        (Standing.QUARANTINED, ["accepted", "bad"]),
        (Standing.GONE, ["gone", "gone-since"]),
        (Standing.NO_AUDIO, ["waits"]),
        (Standing.WAITING, ["waits"]),
        (Standing.OPEN, ["bad", "gone", "gone-since"]),
        (Standing.ACCEPTED, ["accepted"]),
        (Standing.ERASED, ["erased"]),
        (Standing.FAILED, []),
    ],
)
def test_standings(
    standing: Standing, expected: list[str], tmp_path: Path, store: MemoryStore
) -> None:
    bad, accepted = (
        store_one(store, row(id_), verdict=Verdict.TRUNCATED) for id_ in ("bad", "accepted")
    )
    append(
        store,
        *(store_one(store, row(id_)) for id_ in ("good", "gone-since")),
        *(bad, accepted),
        *(entry("gone", Outcome.GONE), entry("waits", Outcome.NO_AUDIO)),
        entry("erased", Outcome.ERASED),
    )
    append(store, entry("gone-since", Outcome.GONE))
    append(store, accepted, kind=ManifestKind.ACCEPT)
    catalog = catalog_of(tmp_path, store)
    assert sorted(found(catalog, Filters(standings=(standing,)))) == expected
    both = Filters(standings=(standing, Standing.ARCHIVED))
    assert sorted(found(catalog, both)) == sorted({*expected, "good", "gone-since"})


def test_ids_by_their_beginning_unless_it_is_that_of_several(
    tmp_path: Path, store: MemoryStore
) -> None:
    digits_first = "12345678-e61a-11f1-a97c-91b72265b1f5"
    ids = (*UUIDS, f"{UUIDS[1]}~0123456789ab", digits_first, "12", "123", "12345", "123456789")
    append(store, *(store_one(store, row(id_)) for id_ in ids))
    catalog = catalog_of(tmp_path, store)
    assert found(catalog, Filters(ids=("1234",))) == [digits_first], (
        "digits begin a UUID, no number"
    )
    assert found(catalog, Filters(ids=("12345",))) == ["12345"], "what has that id is meant"
    assert found(catalog, Filters(ids=("3f1", "123"))) == ["123"], "three letters are too few"
    assert found(catalog, Filters(ids=(UUIDS[1],))) == [UUIDS[1], f"{UUIDS[1]}~0123456789ab"]
    assert found(catalog, Filters(ids=(UUIDS[0][:36], "12"))) == ["12", UUIDS[0]]
    assert found(catalog, Filters(ids=("9999",))) == []
    assert catalog.filtered.unknown_ids(Filters(ids=("12", "9999", UUIDS[0]))) == ("9999",)
    with pytest.raises(UsageError, match="is the beginning of 2 ids"):
        found(catalog, Filters(ids=("3f10cb7c",)))


def test_any_number_of_ids_may_be_given(tmp_path: Path, store: MemoryStore) -> None:
    odd = "\ud800 odd \0 id"
    append(store, store_one(store, row("7")), store_one(store, row(odd)))
    catalog = catalog_of(tmp_path, store)
    question = passing(Filters(ids=("7",)), [*map(str, range(40_000)), odd])
    where, *values = question
    asked = f"SELECT count(*) FROM recordings {where}"  # noqa: S608 - what filters make
    assert catalog._db.execute(asked, values).fetchone() == (2,)  # noqa: SLF001 - how it is asked
    assert sorted(found(catalog, Filters(ids=(odd, "7")))) == ["7", odd]


@pytest.mark.parametrize("asked", ["1700000000.123", "1700000000.wav", "1700000000.mp3"])
def test_an_id_with_a_dot_is_itself_before_it_is_a_file(
    asked: str, tmp_path: Path, store: MemoryStore
) -> None:
    served = ("1700000000", "1700000000.123", "1700000000.wav", "1700000001")
    append(store, *(store_one(store, row(id_)) for id_ in served))
    catalog = catalog_of(tmp_path, store)
    expected = [asked] if asked in served else ["1700000000"]
    assert found(catalog, Filters(ids=(asked,))) == expected
    assert whole(catalog, [asked]) == expected, "get means the same"
    assert catalog.filtered.unknown_ids(Filters(ids=(asked, "1700000001.5"))) == ("1700000001.5",)
    assert whole(catalog, [asked, "1700000001.5"]) == [*expected, "1700000001.5"]


def test_an_id_is_no_other_that_only_looks_like_its_alias(
    tmp_path: Path, store: MemoryStore
) -> None:
    ids = ("7", "7~", "7~0123456789ab", "7~x", "8~x")
    append(store, *(store_one(store, row(id_)) for id_ in ids))
    catalog = catalog_of(tmp_path, store)
    assert found(catalog, Filters(ids=("7",))) == ["7", "7~0123456789ab"]
    assert found(catalog, Filters(ids=("7~x",))) == ["7~x"]
    assert catalog.filtered.unknown_ids(Filters(ids=("7", "8"))) == ("8",)


def test_what_nothing_tells_is_told_apart(tmp_path: Path, store: MemoryStore) -> None:
    append(
        store,
        store_one(store, talk("other", agent="Ben")),
        entry("silent", Outcome.NO_AUDIO, created_at=MORNING),
        entry("elsewhere", Outcome.NO_AUDIO, created_at=MORNING - timedelta(days=9)),
        entry("erased", Outcome.ERASED, created_at=MORNING),
        store_one(store, talk("undated", None)),
    )
    catalog = catalog_of(tmp_path, store)
    assert (found(catalog, Filters(window=DAY)), untold(catalog, Filters(window=DAY))) == (
        ["erased", "other", "silent"],
        ["undated"],
    )
    ann = Filters(agents=("ann",), window=DAY)
    assert (found(catalog, ann), untold(catalog, ann)) == ([], ["undated", "silent"])
    long = Filters(length=Length(1, None), verdicts=(Verdict.VERIFIED,))
    assert (found(catalog, long), untold(catalog, long)) == (["undated", "other"], [])
    assert untold(catalog, Filters(length=Length(1, None))) == ["elsewhere", "silent"]
    assert untold(catalog, Filters(statuses=("answered",))) == [
        "undated",
        "elsewhere",
        "other",
        "silent",
    ]


AGENTS = ("Ann Lee", "Änne", "ben", None)
SERVICES = ("Sales", "SUPPORT", None)


def made_up(store: MemoryStore, chance: random.Random, count: int) -> dict[str, Row]:
    """Store recordings of every kind; return their rows, by id."""
    rows: dict[str, Row] = {}
    entries = []
    for number in range(count):
        at = MORNING + timedelta(minutes=chance.randrange(3_000)) if chance.random() < 0.9 else None
        told = talk(
            str(number),
            at,
            call_from=chance.choice(("+44 7700 900123", "07700 900124", "104", None)),
            call_to="".join(chance.choices("0123456789", k=chance.choice((3, 8, 12)))),
            agent=chance.choice(AGENTS),
            service=chance.choice(SERVICES),
            notes=chance.choice(("Call BACK tomorrow", "back", None)),
        )
        rows[told.id] = told
        verdict = chance.choice((Verdict.VERIFIED, Verdict.DAMAGED))
        entries.append(store_one(store, told, verdict=verdict))
    append(store, *entries)
    return rows


def drawn(chance: random.Random) -> Filters:
    """Return any filters."""
    start = MORNING + timedelta(minutes=chance.randrange(2_000))
    fields: dict[str, Callable[[], object]] = {
        "numbers": lambda: (
            NumberPattern(chance.choice(("7700900123", "104", "23", "5"))),
            NumberPattern("".join(chance.choices("0123456789", k=2)), anywhere=True),
        ),
        "agents": lambda: (chance.choice(("änn", "N", "lee")),),
        "window": lambda: Window(start, start + 9 * HOUR),
        "length": lambda: chance.choice((Length(5_010), Length(None, 5_009), Length(1, 9_999))),
        "verdicts": lambda: (chance.choice((Verdict.VERIFIED, Verdict.DAMAGED)),),
        "standings": lambda: (chance.choice((Standing.ARCHIVED, Standing.QUARANTINED)),),
        "services": lambda: ("sales", "Support")[: chance.randrange(1, 3)],
        "notes": lambda: ("back", "call")[: chance.randrange(1, 3)],
        "ids": lambda: tuple(map(str, range(chance.randrange(60)))),
    }
    some = chance.sample([*fields], k=chance.randrange(1, 5))
    return Filters(**{name: fields[name]() for name in some})  # type: ignore[arg-type]  # as drawn


def is_wanted(filters: Filters, told: Row, verdict: Verdict | None) -> bool:
    """Whether a row passes all filters, by a plain look at it."""
    ends = [
        "".join(c for c in str(told.fields.get(name) or "") if c.isdigit())
        for name in ("call_from", "call_to")
    ]
    agent, service, notes = (
        str(told.fields.get(name) or "").casefold() for name in ("agent", "service", "notes")
    )
    shelf = Standing.ARCHIVED if verdict is Verdict.VERIFIED else Standing.QUARANTINED
    length, span = filters.length or Length(), filters.window
    return all(
        (
            not filters.ids or told.id in filters.ids,
            not filters.numbers
            or any(
                pattern.text in end if pattern.anywhere else end.endswith(pattern.text)
                for pattern in filters.numbers
                for end in ends
            ),
            not filters.agents or any(part.casefold() in agent for part in filters.agents),
            span is None or told.at in span,
            (length.shortest or 0) <= 5_010 <= (length.longest or 5_010),
            not filters.verdicts or verdict in filters.verdicts,
            not filters.standings or shelf in filters.standings,
            not filters.services or service in {each.casefold() for each in filters.services},
            all(word in notes for word in filters.notes),
        )
    )


def test_whatever_is_asked_the_answer_is_that_of_a_plain_look(
    tmp_path: Path, store: MemoryStore
) -> None:
    chance = random.Random(11)
    rows = made_up(store, chance, 120)
    catalog = catalog_of(tmp_path, store)
    every = {str(each.id): each.verdict for each in catalog.filtered.matching(Filters())}
    assert len(every) == 120
    matched = 0
    for _ in range(300):
        filters = drawn(chance)
        expected = {id_ for id_, told in rows.items() if is_wanted(filters, told, every[id_])}
        answer = found(catalog, filters)
        assert set(answer) == expected, filters
        assert len(answer) == len(expected), filters
        assert not {*untold(catalog, filters)} & expected
        matched += len(answer)
    assert matched > 500


def plans(catalog: Catalog, filters: Filters) -> Iterator[str]:
    """Yield the lines of the plans of all that is asked for these filters."""
    database = catalog._db  # noqa: SLF001 - how it is asked is what is tested
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    catalog.filtered.count(filters)
    catalog.filtered.count_untold(filters)
    assert [*catalog.filtered.matching(filters), *catalog.filtered.untold(filters)]
    database.set_trace_callback(None)
    for question in asked:
        if question.startswith("SELECT"):
            yield from (line[3] for line in database.execute(f"EXPLAIN QUERY PLAN {question}"))


BY_ID = "sqlite_autoindex_recordings_1 (id=?)"
BY_DAY = "INDEX by_time (at>? AND at<?)"
FEW = {
    "SCAN json_each VIRTUAL TABLE INDEX 1:": "the ids that were given",
    "SCAN followed": "one row, of the head",
    "SCAN each_agent": "the agents that there are, for a part of a name",
    "SCAN each_number": "the numbers that there are, for digits in the middle",
    "SCAN recordings USING INDEX no_numbers": "what tells no number, an index of nothing else",
    "SCAN recordings USING INDEX no_agent": "the same of agents",
    "SCAN recordings USING COVERING INDEX by_finding": "open findings, the same",
    "SCAN recordings USING COVERING INDEX by_acceptance": "what was accepted, the same",
}
"""What is read from end to end, and is not all recordings."""
DAMAGED, LONG = (Verdict.DAMAGED,), Length(1, None)


@pytest.mark.parametrize(
    ("filters", "way"),
    [
        (Filters(ids=(UUIDS[0],)), BY_ID),
        (numbers("0123"), BY_ID),
        (numbers("07700 900123"), BY_ID),
        (numbers("9001", anywhere=True), BY_ID),
        (replace(numbers("0123"), window=DAY, verdicts=DAMAGED, length=LONG), BY_ID),
        (Filters(agents=("ann",)), "by_agent (agent_key=?)"),
        (Filters(agents=("ann",), window=DAY), "by_agent (agent_key=? AND at>? AND at<?)"),
        (Filters(agents=("ann",), verdicts=DAMAGED, services=("sales",)), "by_agent (agent_key=?)"),
        (Filters(window=DAY), BY_DAY),
        (Filters(window=DAY, length=LONG), BY_DAY),
        (Filters(window=DAY, standings=(Standing.ARCHIVED,)), BY_DAY),
        (Filters(length=LONG), "by_length (length_ms>?)"),
        (Filters(length=Length(1, 9_000)), "by_length (length_ms>? AND length_ms<?)"),
        (Filters(verdicts=DAMAGED), "by_verdict (audio_verdict=?)"),
        (Filters(verdicts=DAMAGED, window=DAY), "by_verdict (audio_verdict=? AND at>? AND at<?)"),
        (Filters(standings=(Standing.GONE,)), "by_outcome (outcome=?)"),
        (Filters(standings=(Standing.WAITING,)), "by_tries (tries>?)"),
        (Filters(standings=(Standing.OPEN, Standing.GONE)), "by_finding"),
        (Filters(standings=(Standing.ACCEPTED,), window=DAY), "by_acceptance"),
        (Filters(services=("sales",), window=DAY), BY_ID),
        (Filters(notes=("back",), window=DAY), BY_ID),
    ],
)
def test_each_question_goes_by_an_index(
    filters: Filters, way: str, tmp_path: Path, store: MemoryStore
) -> None:
    fields = {"agent": "Ann Lee", "service": "Sales", "notes": "back"}
    bad = store_one(store, talk(UUIDS[0], MORNING, **fields), verdict=Verdict.DAMAGED)
    others = (talk("bad", MORNING, **fields), talk("undated", None))
    append(store, bad, *(store_one(store, each, verdict=Verdict.DAMAGED) for each in others))
    append(store, bad, kind=ManifestKind.ACCEPT)
    append(store, entry("waits", Outcome.NO_AUDIO), entry("gone", Outcome.GONE, created_at=MORNING))
    append(store, store_one(store, talk("good", MORNING, **fields)))
    lines = [*plans(catalog_of(tmp_path, store), filters)]
    assert any(way in line for line in lines), lines
    assert {line for line in lines if line.startswith("SCAN")} <= FEW.keys()


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(standings=(Standing.ARCHIVED,)), Filters(statuses=("answered",))],
    ids=["all", "archived", "calls that nothing tells of"],
)
def test_only_these_look_at_every_recording(
    filters: Filters, tmp_path: Path, store: MemoryStore
) -> None:
    fill(store)
    lines = [*plans(catalog_of(tmp_path, store), filters)]
    assert {line.split(" USING")[0] for line in lines if line.startswith("SCAN")} == {
        "SCAN recordings",
        "SCAN followed",
    }


def test_what_is_asked_in_one_state_is_of_one_however_much_is_entered(
    tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "_WAIT_S", 0.05)
    fill(store, manifests=1)
    catalog = catalog_of(tmp_path, store)
    append(store, store_one(store, row("late")))
    with catalog.in_one_state():
        head = catalog.followed()
        with pytest.raises(DestinationError, match="stayed locked"):
            catalog_of(tmp_path, store)
        assert (catalog.followed(), catalog.filtered.count(Filters())) == (head, 2)
        rows = catalog.filtered.matching(Filters())
    catalog_of(tmp_path, store).close()
    assert [each.id for each in rows] == ["1", "2"], "which they are was known by then"
    assert catalog.filtered.count(Filters()) == 3


def test_get_asks_for_what_it_gives_and_what_it_lacks_in_one_state(
    tmp_path: Path, store: MemoryStore
) -> None:
    fill(store, manifests=1)
    catalog = catalog_of(tmp_path / "catalog", store)
    heard: list[GetEvent] = []
    archive = OpenArchive(store, Journal(store), catalog)
    reader = ArchiveReader(archive, Target(str(tmp_path)), heard.append)
    asked: list[str] = []
    catalog._db.set_trace_callback(asked.append)  # noqa: SLF001 - how it is asked is tested
    context, filters = Context(DEFAULTS, {}, {}), Filters(window=DAY)
    reader.matching(
        (), (), DAY, lambda: may_be_missing(catalog, filters, context).not_whole, lambda _: []
    )
    catalog._db.set_trace_callback(None)  # noqa: SLF001 - as above
    state = asked[: asked.index("COMMIT")]
    assert state[0] == "BEGIN"
    assert any("FROM recordings" in each for each in state)
    assert any("FROM listings" in each for each in state)
    assert [each.day for each in heard if isinstance(each, DayNotWhole)] == [MORNING.date()]


def test_a_run_can_enter_while_somebody_reads_on(tmp_path: Path, store: MemoryStore) -> None:
    fill(store, manifests=2)
    catalog = catalog_of(tmp_path, store)
    reading = catalog.filtered.matching(Filters())
    first = next(reading)
    append(store, store_one(store, row("late")))
    other = catalog_of(tmp_path, store)
    assert other.recordings.get("late") is not None
    assert [first.id, *(each.id for each in reading)] == ["1", "2", "3", "4"]
