"""Who asks for a number to be erased means every row that ever told it, and is told what stays."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.app.keeping.erase import EraseRequest, EraseResult, erase
from archiver.domain.outcomes import Verdict
from archiver.domain.recordings import Row
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from tests.archives import audio_of, lose_catalog, row, store_one
from tests.cli.conftest import Run, run
from tests.conftest import Figure
from tests.copy.copies import Vault, add, add_calls, vault

__all__ = ["run"]
THEIRS, OTHER = "447700900777", "447700900888"
WHY = ("--reason", "the customer asked for it", "--yes")


@pytest.fixture
def made(tmp_path: Path) -> Vault:
    return vault(tmp_path)


def with_number(id_: str, number: str) -> Row:
    plain = row(id_)
    return replace(plain, fields={**plain.fields, "call_from": number, "call_to": "12025550142"})


def erased(made: Vault, *numbers: str, **more: object) -> EraseResult:
    filters = FilterRequest(number=numbers, **more)  # type: ignore[arg-type]  # a test names any
    return erase(EraseRequest(filters, "asked for"), made.context())


def found_in(made: Vault, number: str) -> list[Path]:
    """Return the files that have a number, or have it turned round, as a catalog does."""
    texts = number.encode(), number[::-1].encode()
    files = (path for path in made.archive.rglob("*") if path.is_file())
    return [path for path in files if any(text in path.read_bytes() for text in texts)]


def call(id_: str, number: str, end: str = "2019-06-11T06:04:21") -> bytes:
    told = {"id": id_, "call_from": number, "call_to": "12025550142", "end_at": end}
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize("typed", [THEIRS, "0777", "*0900777*"])
@pytest.mark.parametrize("which", ["former", "refused", "former refused"])
@pytest.mark.parametrize("catalog", ["as it was", "made anew"])
def test_a_number_of_a_former_or_a_refused_row_is_erased_too(
    typed: str,
    which: str,
    catalog: str,
    made: Vault,
    figure: Figure,
) -> None:
    bad = audio_of("cut"), Verdict.TRUNCATED, 1_000
    add(made, store_one(made.store, with_number("7", OTHER if "refused" in which else THEIRS)))
    if "refused" in which:
        add(made, store_one(made.store, with_number("7", THEIRS), *bad))
    if "former" in which:
        add(made, store_one(made.store, with_number("7", OTHER), audio_of("newer")))
    assert len(found_in(made, THEIRS)) == 1
    if catalog == "made anew":
        lose_catalog(made.archive)
    result = erased(made, typed)
    assert (result.code, result.plan.ids, result.plan.by_other_row) == (0, ("7",), ("7",))
    assert found_in(made, THEIRS) == []
    assert erased(made, typed).plan.is_nothing
    figure("P2", f"the number of a {which} row, erased as {typed}: in 0 files")


def test_rows_of_other_calls_with_the_number_are_told(
    made: Vault, run: Run, figure: Figure
) -> None:
    add(made, store_one(made.store, with_number("7", THEIRS)))
    add_calls(made, call("31", THEIRS) + call("32", OTHER))
    add_calls(made, call("33", THEIRS, "2019-06-12T06:00:00"))
    of_bob = erased(made, THEIRS, agent=("Bob",)).plan
    assert (of_bob.ids, of_bob.calls_left) == ((), {}), "single recordings are meant"
    code, out, err = run("erase", "--number", THEIRS, "--json", *WHY, "-a", str(made.archive))
    told = json.loads(out)
    assert (code, told["erased"], told["call_rows"]) == (3, 1, 1), err
    assert told["calls_left"] == {"2019-06-12": 1}
    again = ("erase", "--number", THEIRS, *WHY, "-a", str(made.archive))
    code, _, err = run(*again)
    assert (code, "Rows of 1 call with the number stay, of 2019-06-12:" in err) == (3, True), err
    assert erased(made, THEIRS, until="2019-06-11").plan.calls_left == {}
    assert made.verify(made.archive).code is ExitCode.CLEAN
    figure("P2", "a number erased, once called without a recording: told, exit 3, and again")
