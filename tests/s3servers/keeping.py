"""Holds, erasures and disposals in a bucket of every server that can lock, read back by version.

Like ``checks`` it has to be named: ``make test`` holds the stand-in of ``tests/s3`` to the same.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec import Struct

from archiver.errors import ExitCode
from archiver.sandbox import Encoding, Sandbox
from tests.cli.desk import Desk
from tests.pulls import DAY, portal
from tests.s3.test_hold import legal_holds
from tests.s3servers.archive import Version, settings, versions
from tests.s3servers.question import outcome
from tests.s3servers.server import S3, Endpoint

FEW = 3
PAIR = 2
"""Audio and its sidecar."""
CALLS = 1
"""The file with the rows of their calls, which is written anew without them."""
ON = f"{DAY:%Y-%m-%d}"
WHY = ("--reason", "they asked for it", "--yes")
CASE = ("--matter", "Miller", *WHY)
REFUSED = "403 AccessDenied"
RULE = {"ARCHIVER_RETENTION": '[{ period = "1y", action = "dispose" }]'}
FOR_GOOD = {"ARCHIVER_LOCK": "compliance", "ARCHIVER_RETAIN": "30y", "ARCHIVER_MAX_RETAIN": "30y"}

NOTHING: Mapping[str, str] = {}


class Place(Struct, frozen=True):
    """An archive in a bucket that can lock, and the server's own word of it."""

    client: S3
    bucket: str
    sandbox: Sandbox
    home: Path
    environ: dict[str, str]

    def told(self, *words: str, code: int = 0, more: Mapping[str, str] = NOTHING) -> Any:  # noqa: ANN401 - JSON
        """Type a command, with some settings more; return what it prints."""
        desk = Desk(self.sandbox, self.home, {**self.environ, **more})
        ran = desk.run(*words, "--json")
        assert (ran.code, desk.leaks()) == (code, []), (ran.out, ran.err)
        return json.loads(ran.out)

    def pull(self, *words: str, more: Mapping[str, str] = NOTHING) -> Any:  # noqa: ANN401 - JSON
        """Pull the day."""
        return self.told("pull", "--day", ON, *words, more=more)

    def recordings(self) -> list[str]:
        """Return the ids of what the portal has."""
        return [each.id for each in self.sandbox.world.recordings]

    def versions(self, recording: str) -> list[Version]:
        """Return every version of a recording that the server lists."""
        return [each for each in versions(self.client, self.bucket) if recording in each.key]

    def held(self, recording: str) -> int:
        """Return of how many versions the server says that they have a legal hold."""
        return legal_holds(self.client, self.bucket, recording)

    def asked(self, call: str, version: Version) -> str:
        """Return how the server answers a call about one version."""
        where = {"Bucket": self.bucket, "Key": version.key, "VersionId": version.id}
        return outcome(lambda: getattr(self.client, call)(**where))

    def require_gone(self, before: list[Version]) -> None:
        """See that none of these versions can be had by its id."""
        assert before
        for each in before:
            with pytest.raises(ClientError, match=r"NoSuch|404"):
                self.client.get_object(Bucket=self.bucket, Key=each.key, VersionId=each.id)


@pytest.fixture
def place(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Return an empty archive in a bucket that can lock."""
    for name, value in endpoint.account().items():
        monkeypatch.setenv(name, value)
    bucket = endpoint.bucket(locked=True)
    with portal(FEW) as sandbox:
        environ = settings(endpoint, bucket, tmp_path)
        environ["ARCHIVER_ENDPOINT"] = sandbox.endpoint
        yield Place(endpoint.client(), bucket, sandbox, tmp_path, environ)


def test_a_legal_hold_is_set_read_back_and_released(place: Place) -> None:
    place.pull()
    held, other = place.recordings()[:2]
    number = str(place.told("hold", "add", held, *CASE)["hold"])
    before = place.versions(held)
    assert (place.held(held), place.held(other), len(before)) == (PAIR, 0, PAIR)
    assert {place.asked("delete_object", each) for each in before} == {REFUSED}
    refused = place.told("erase", held, *WHY, code=ExitCode.FINDINGS)
    assert (refused["refused"], refused["removed"], refused["legal_hold"]) == (True, 0, True)
    released = place.told("hold", "release", "--hold", number, *WHY)
    assert (released["unlocked"], released["erased"], place.held(held)) == (PAIR, 1, 0)
    place.require_gone(before)
    assert place.versions(held) == []
    place.told("verify", "--read")


def test_what_comes_later_and_is_held_has_the_legal_hold(place: Place) -> None:
    place.pull()
    place.told("hold", "add", "--day", ON, "--future", *CASE)
    at = DAY + timedelta(hours=23)
    (new,) = place.sandbox.world.add(
        count=1, first=at, last=at, kinds=(Encoding.BARE,), seconds=(1,)
    )
    place.pull()
    assert place.held(new.id) == PAIR
    assert {place.asked("delete_object", each) for each in place.versions(new.id)} == {REFUSED}


def test_what_is_disposed_of_is_gone_in_every_version_and_what_is_held_stays(place: Place) -> None:
    place.pull()
    held, *over = place.recordings()
    place.told("hold", "add", held, *CASE)
    before = {each: place.versions(each) for each in place.recordings()}
    plan = place.told("dispose", more=RULE)
    assert (sorted(plan["recordings"]), plan["held"]) == (sorted(over), 1)
    done = place.told("dispose", "--confirm", plan["plan"], more=RULE)
    assert (done["disposed"], done["removed"]) == (len(over), PAIR * len(over) + CALLS)
    for each in over:
        place.require_gone(before[each])
    assert (place.versions(held), place.held(held)) == (before[held], PAIR)
    assert place.pull()["outcomes"]["erased"] == len(over)
    place.told("verify", "--read")


def test_what_is_locked_for_compliance_is_neither_planned_nor_erased(place: Place) -> None:
    place.pull("--confirm-compliance", more=FOR_GOOD)
    before = {each: place.versions(each) for each in place.recordings()}
    until = f"{DAY.year + 30}"
    plan = place.told("dispose", more={**RULE, **FOR_GOOD})
    assert (plan["recordings"], plan["locked"], plan["until"][:4]) == ([], FEW, until)
    for each, its in before.items():
        told = place.told("erase", each, *WHY, code=ExitCode.FINDINGS, more=FOR_GOOD)
        assert (told["refused"], told["removed"], told["until"][:4]) == (True, 0, until)
        assert {place.asked("delete_object", one) for one in its} == {REFUSED}
        assert place.versions(each) == its
    place.told("verify", "--read")
