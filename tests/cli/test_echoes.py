"""A portal that echoes secrets in its rows and refusals: none of them is shown or written."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from archiver.manifest.journal import Journal
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.canaries import SIGNATURE, Search
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
ECHOES: tuple[dict[str, object], ...] = (
    {"agent": TOKEN},
    {"agent": f"Ann ({TOKEN})", "notes": {"deep": [f"Bearer {TOKEN}", {TOKEN: 1}]}},
    {"notes": quote(TOKEN, safe="") + TOKEN.upper()},
    {"notes": f"X-Amz-Signature={SIGNATURE}", "agent": f"access_token={SIGNATURE}"},
    {"notes": f'{{"access_token": "{SIGNATURE}"}}', f"X-Amz-Signature={SIGNATURE}": "x"},
    {"access_token": SIGNATURE, "options": {"X-Amz-Security-Token": SIGNATURE}},
    {"id": TOKEN},
    {"id": f"X-Amz-Signature={SIGNATURE}"},
    {"audio": f"https://{TOKEN}.example/k.mp3"},
    {"audio": f"https://media.example/{TOKEN}/k.mp3?X-Amz-Signature={SIGNATURE}"},
)
"""Fields of a row that hold the token, or fields of a query without an address."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(seed=9)
    made = world.add(
        count=len(ECHOES) + 2,
        first=DAY,
        last=DAY + timedelta(hours=9),
        kinds=(Encoding.BARE,),
        seconds=(1,),
    )
    for recording, fields in zip(made, ECHOES, strict=False):
        world.edit(recording.id, **fields)
    for call, fields in zip([*world.calls], ECHOES, strict=False):
        world.calls.remove(call.id)
        world.calls.put(replace(call, fields=fields))
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path, {"ARCHIVER_ARCHIVE": str(tmp_path / "archive")})


def test_what_a_portal_echoes_is_neither_shown_nor_written(desk: Desk, figure: Figure) -> None:
    day = ("--day", "2021-04-06")
    typed = (
        ("pull", *day, "-vv"),
        ("pull", *day, "--json"),
        ("list", *day),
        ("list", *day, "--json"),
        ("list", *day, "--csv"),
        ("list", *day, "--calls", "--json"),
        ("list", *day, "--calls", "--csv"),
        ("get", *day, "--all", "-o", f"{desk.home}/out/"),
        ("get", *day, "--all", "--from-portal", "-o", f"{desk.home}/out/"),
        ("reconcile", *day),
        ("reconcile", *day, "--portal"),
        ("doctor",),
        ("verify",),
    )
    codes = [desk.run(*words).code for words in typed]
    assert set(codes) <= {0, 3}
    search = Search()
    search.text("what was printed", desk.printed.encode(), personal=True)
    search.folder(desk.home)
    forms = (TOKEN, SIGNATURE, TOKEN.upper(), quote(TOKEN, safe=""))
    texts = [path.read_bytes() for path in desk.home.rglob("*") if path.is_file()]
    hits = [
        form for form in forms for text in [*texts, desk.printed.encode()] if form.encode() in text
    ]
    assert search.hits == []
    assert hits == []
    ids = [
        e.id
        for _, m in Journal(LocalStore(desk.home / "archive")).manifests()
        for e in m.recordings
    ]
    assert sum(id_.startswith("no-id-") for id_ in ids) == 2, "an id that is a secret is none"
    figure("X6", f"{len(ECHOES)} kinds of echo, {len(typed)} commands, {len(texts)} files: hits 0")


def test_rows_stay_rows_though_they_are_scrubbed(desk: Desk) -> None:
    ran = desk.run("list", "--day", "2021-04-06", "--json")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert len(rows) == len(ECHOES) + 2
    assert "Ann (…)" in [row["agent"] for row in rows]
