"""A command that is advised is of the archive, or the account, that was named."""

from pathlib import Path

import pytest

from archiver.cli.main import cli
from archiver.cli.screen.next_commands import _OF_AN_ARCHIVE, placed
from archiver.sandbox import Sandbox, World
from tests.cli.desk import TOKEN, Desk


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("See: archiver find.", "See: archiver find -a './one day'."),
        ("archiver accept 7 --reason TEXT", "archiver accept -a './one day' 7 --reason TEXT"),
        ("archiver hold list; or wait", "archiver hold list -a './one day'; or wait"),
        ("archiver repair -a COPY --from ARCHIVE", "archiver repair -a COPY --from ARCHIVE"),
        ("It is a copy that archiver copy keeps.", "It is a copy that archiver copy keeps."),
        ("archiver: Nothing is there.", "archiver: Nothing is there."),
    ],
)
def test_commands_in_a_line_name_the_archive(line: str, said: str) -> None:
    assert placed(line, archive="./one day", account=None) == said
    assert placed(line, archive=None, account=None) == line
    in_account = placed(line, archive="./one day", account="delhi")
    assert in_account == said.replace("-a './one day'", "--account delhi")


@pytest.mark.parametrize("name", _OF_AN_ARCHIVE)
def test_each_of_them_takes_an_archive_and_an_account(name: str) -> None:
    command = cli.get_command(None, name.partition(" ")[0])  # type: ignore[arg-type]  # it asks nothing of its context
    for part in name.split()[1:]:
        command = getattr(command, "commands", {})[part]
    assert command is not None
    options = {option for each in command.params for option in each.opts}
    assert options >= {"-a", "--account"}


def test_what_is_advised_of_another_archive_than_that_of_the_settings_is_of_it(
    tmp_path: Path,
) -> None:
    """Typed as it stood, it accepted a finding in the wrong chain."""
    second, chosen = str(tmp_path / "second"), {"ARCHIVER_ARCHIVE": str(tmp_path / "main")}
    with Sandbox(World(seed=1), token=TOKEN) as sandbox:
        desk = Desk(sandbox, tmp_path, chosen)
        refused = desk.run("accept", "7", "--reason", "heard", "-a", second)
        assert refused.code == 2
        assert f"archiver pull -a {second} --since DATE" in refused.err
        assert "archiver pull --since DATE" in desk.run("accept", "7", "--reason", "heard").err
