"""The store's own contract, and a whole pull, in every kind of bucket of every server.

Like ``checks`` it has to be named: ``make test`` holds the stand-in of ``tests/s3`` to the same.
"""

import json
from pathlib import Path

import pytest

from archiver.store.base import Store
from tests.canaries import TOKEN
from tests.cli.desk import Desk
from tests.pulls import DAY, portal
from tests.s3.stores import bucket_store
from tests.s3servers.server import Endpoint
from tests.store.test_contract import *  # noqa: F403 - its tests, over the store below

COUNT = 24


@pytest.fixture(params=["plain", "versioned", "locked"])
def bucket(request: pytest.FixtureRequest, endpoint: Endpoint) -> str:
    """Return an empty bucket of each kind."""
    kind = request.param
    return endpoint.bucket(versioned=kind == "versioned", locked=kind == "locked")


@pytest.fixture  # type: ignore[no-redef]  # in place of the contract's own
def store(endpoint: Endpoint, bucket: str, tmp_path: Path) -> Store:
    """Return an archive in a bucket of a real server."""
    return bucket_store(endpoint.client(), f"s3://{bucket}/a/b", tmp_path)


@pytest.fixture
def environ(
    endpoint: Endpoint, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return the settings of an archive in the bucket, and of nothing else on this machine."""
    account = endpoint.account()
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    return {
        **account,
        "HOME": str(tmp_path),
        "ARCHIVER_TOKEN": TOKEN,
        "ARCHIVER_RATE": "60000",
        "ARCHIVER_ARCHIVE": f"s3://{bucket}/calls",
        "ARCHIVER_S3_ENDPOINT": endpoint.url,
        "ARCHIVER_S3_STYLE": "path",
    }


def test_a_whole_pull(environ: dict[str, str], tmp_path: Path) -> None:
    with portal(COUNT) as sandbox:
        desk = Desk(sandbox, tmp_path, {**environ, "ARCHIVER_ENDPOINT": sandbox.endpoint})
        assert _outcomes(desk, "archived") == COUNT
        for words in (["verify"], ["verify", "--read"]):
            verified = desk.run(*words, "--json")
            # A pair each, the archive's own file, a manifest, and the day's calls.
            assert (verified.code, json.loads(verified.out)["ok"]) == (0, 2 * COUNT + 3)
        assert _outcomes(desk, "held") == COUNT
        first = next(iter(sandbox.world.recordings)).id
        assert desk.run("get", first, "-o", str(tmp_path / "one.mp3")).code == 0
        assert (tmp_path / "one.mp3").stat().st_size > 0
        assert desk.leaks() == []


def _outcomes(desk: Desk, outcome: str) -> int:
    """Pull the day again and return how many recordings came to this."""
    pulled = desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", "--json")
    assert pulled.code == 0, pulled.err
    return int(json.loads(pulled.out)["outcomes"][outcome])
