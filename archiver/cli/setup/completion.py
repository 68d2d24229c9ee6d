"""``archiver completion``: print what makes a shell complete commands and options.

The script asks archiver itself for words, so it needs no renewal when commands are added.
"""

import os

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete, shell_complete

from archiver.cli.examples import examples

PROGRAM = "archiver"
COMPLETE = "_ARCHIVER_COMPLETE"
"""The variable by which a shell's script asks for words."""
SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(
    name="completion",
    epilog=examples(
        ("completion bash > ~/.local/share/bash-completion/completions/archiver", "for bash"),
        ("completion fish > ~/.config/fish/completions/archiver.fish", "for fish"),
    ),
)
@click.argument("shell", type=click.Choice([*SHELLS]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and options in a shell.

    \b
    bash   eval "$(archiver completion bash)" in ~/.bashrc
    zsh    eval "$(archiver completion zsh)" in ~/.zshrc, after compinit
    fish   archiver completion fish > ~/.config/fish/completions/archiver.fish
    """  # noqa: D301  # click wants the character itself, to leave the lines as they are
    cli = context.find_root().command
    click.echo(SHELLS[shell](cli, {}, PROGRAM, COMPLETE).source(), nl=False)


def answer(cli: click.Command) -> int:
    """Print the words that a script asks for; return the exit code that it expects."""
    return shell_complete(cli, {}, PROGRAM, COMPLETE, os.environ[COMPLETE])
