"""A token in the system's keyring: found, missing, locked, or no keyring at all; never shown."""

import sys
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked

from archiver.config import token
from archiver.config.registry import parse
from archiver.config.settings import FromKeyring
from archiver.errors import UsageError
from archiver.secret import Secret

CANARY = "canary-4711-token"
KEPT = FromKeyring("archiver", "portal")


class InMemory(KeyringBackend):
    """A keyring that forgets everything with the test, and may be locked."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's
        self.kept: dict[tuple[str, str], str] = {}
        self.refusal: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.refusal is not None:
            raise self.refusal
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def backend() -> Iterator[InMemory]:
    before, mine = keyring.get_keyring(), InMemory()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


def test_the_token_comes_from_the_keyring(backend: InMemory) -> None:
    keyring.set_password("archiver", "portal", f"{CANARY}\n")
    assert backend.kept
    assert token.resolve(KEPT, {}) == Secret(CANARY)
    assert token.where(KEPT) == "set (from keyring)"


def test_a_keyring_that_keeps_nothing_is_told(backend: InMemory) -> None:
    backend.kept["archiver", "another"] = CANARY
    with pytest.raises(UsageError, match="keeps nothing") as refusal:
        token.resolve(KEPT, {})
    assert refusal.value.advice == "Put the token there: keyring set SERVICE USER"


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (KeyringLocked(f"locked, {CANARY}"), "The keyring is locked."),
        (InitError(f"no bus, {CANARY}"), r"no keyring that can be used \(InitError\)"),
    ],
)
def test_a_keyring_that_refuses_is_told_in_our_words(
    backend: InMemory, raised: Exception, says: str
) -> None:
    backend.refusal = raised
    with pytest.raises(UsageError, match=says) as refusal:
        token.resolve(KEPT, {})
    assert CANARY not in str(refusal.value) + refusal.value.advice


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="keyring package") as refusal:
        token.resolve(KEPT, {})
    assert "recording-archiver[keyring]" in refusal.value.advice


def test_the_setting_is_a_service_and_a_user() -> None:
    settings, problems = parse({"token_keyring": "voice/archiver/portal"}, str)
    assert (settings.portal.token, problems) == (FromKeyring("voice/archiver", "portal"), ())
    for wrong in ("archiver", "archiver/", "/portal", 5):
        assert parse({"token_keyring": wrong}, str)[1]


def test_one_place_of_the_token_is_enough() -> None:
    values = {"token_file": "/t", "token_command": "pass", "token_keyring": "a/b"}
    assert [str(each) for each in parse(values, str)[1]] == [
        "token_command: token_file is set as well: keep one",
        "token_keyring: token_file is set as well: keep one",
    ]
