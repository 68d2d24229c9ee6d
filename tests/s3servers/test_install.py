"""What is not installed says what would install it; it is installed only when that is asked for."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from msgspec import Struct, field

from tests.s3servers.install import install, lack
from tests.s3servers.server import Endpoint


class Fake(Struct, frozen=True):
    """A server that is there when a file is."""

    file: Path
    installing: tuple[tuple[str, ...], ...]
    name: str = "Fake"
    differs: dict[str, str] = field(default_factory=dict)

    def is_there(self) -> bool:
        return self.file.exists()

    def running(self) -> AbstractContextManager[Endpoint]:
        raise NotImplementedError


def test_what_is_missing_says_what_installs_it(tmp_path: Path) -> None:
    fake = Fake(tmp_path / "there", (("apt-get", "update"), ("apt-get", "install", "a b")))
    assert lack(fake) == "Fake is not installed: apt-get update && apt-get install 'a b'"


def test_it_is_installed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake = Fake(tmp_path / "there", (("mkdir", str(tmp_path / "there")),))
    assert install(fake) is None
    assert lack(fake) is None
    assert install(fake) is None  # a second mkdir would fail
    assert capsys.readouterr().out.splitlines() == [f"mkdir {tmp_path / 'there'}"]


@pytest.mark.parametrize("bad", ["false", "no-such-command"])
def test_an_install_that_fails_is_told_and_goes_no_further(bad: str, tmp_path: Path) -> None:
    fake = Fake(tmp_path / "there", ((bad,), ("mkdir", str(tmp_path / "there"))))
    told = install(fake)
    assert told is not None
    assert f"'{bad}'" in told
    assert not fake.is_there()
