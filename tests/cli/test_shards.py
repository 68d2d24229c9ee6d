"""Accounts divided over machines: each to exactly one, and always to the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.app.opening.context import Context
from archiver.cli.shards import Shard, share
from archiver.config.settings import DEFAULTS
from archiver.errors import UsageError


@given(st.from_regex("[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?", fullmatch=True), st.integers(1, 50))
def test_every_account_is_of_exactly_one_shard(name: str, count: int) -> None:
    assert sum(Shard(index, count).has(name) for index in range(count)) == 1


def test_an_account_never_changes_its_shard() -> None:
    """The machines may run different versions, on different Pythons."""
    names = ("acme", "north", "south", "east", "west", "a-1", "b_2")
    shards = [next(n for n in range(3) if Shard(n, 3).has(name)) for name in names]
    assert shards == [2, 1, 2, 1, 1, 2, 2]


@pytest.mark.parametrize("text", ["", "1", "3/3", "0/0", "-1/3", "1/-3", "1/3/5", "a/b", "1.0/2"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="must be such as 0/3"):
        Shard.of(text)


def test_without_accounts_there_is_nothing_to_divide() -> None:
    alone = Context(DEFAULTS, {}, {})
    assert share([alone], None) == (alone,)
    with pytest.raises(UsageError, match="the settings have none"):
        share([alone], "0/1")
