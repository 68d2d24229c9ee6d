"""Who decided is a name that may stay in the chain, whoever's machine it is."""

import getpass
import socket

import pytest

from archiver.app.opening.user import whoever
from archiver.errors import UsageError


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    monkeypatch.setattr(socket, "gethostname", lambda: "desk")


def test_the_option_comes_before_the_variable_and_that_before_the_login_name() -> None:
    assert whoever("eve", {"ARCHIVER_BY": "bob"}) == "eve"
    assert whoever(None, {"ARCHIVER_BY": " bob, night shift "}) == "bob, night shift"
    assert [whoever(None, {}), whoever(None, {"ARCHIVER_BY": ""})] == ["ann@desk"] * 2


def test_a_host_that_is_an_address_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "ip-172-31-22-11")
    assert whoever(None, {}) == "ann"


@pytest.mark.parametrize("name", ["", "+91 98450 00000", "an\x1b[2Jn"])
def test_what_may_not_stay_in_the_chain_is_refused_by_its_option(name: str) -> None:
    with pytest.raises(UsageError, match=r"^--by "):
        whoever(name, {})


def test_a_variable_that_holds_a_number_is_named() -> None:
    with pytest.raises(UsageError, match="ARCHIVER_BY holds a number"):
        whoever(None, {"ARCHIVER_BY": "9845000000"})


def test_a_user_without_a_name_is_told_how_to_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(UsageError) as refused:
        whoever(None, {})
    assert "ARCHIVER_BY" in str(refused.value.advice)
    assert whoever(None, {"ARCHIVER_BY": "eve"}) == "eve"
