"""Worked examples: what every ``--help`` ends with. A test holds each to what its command takes."""

from collections.abc import Mapping, Sequence

import click

from archiver.config.archive_address import EXAMPLE

Example = tuple[str, str]
"""A command line without its ``archiver``, and what it does."""
EXAMPLES: Mapping[str, Sequence[Example]] = {
    "list": (
        ("list --day yesterday", "what was recorded yesterday"),
        ("list --since 7d --csv > week.csv", "a week, for a spreadsheet"),
        ("list --calls --day today --json | jq .status", "today's calls, every field"),
    ),
    "get": (
        ("get 3f10cb7c-e61a-11f1-a97c-91b72265b1f5", "one recording, by its id"),
        ("get 3f10cb7c --day 2026-11-22", "by the beginning of its id"),
        ("get --number 12025550121 --day yesterday", "by number; asks which, if there are several"),
        ("get --agent asha --day yesterday --all -o calls/", "an agent's day, into a folder"),
        ("get 3f10cb7c-e61a-11f1-a97c-91b72265b1f5 -o - | ffplay -", "listen to it"),
    ),
    "pull": (
        ("pull --day yesterday -a ./archive", "one day, into a folder"),
        ("pull --since 2026-11-01 -a ./archive", "once: from which day on"),
        ("pull -a ./archive --quiet", "every night: whatever is due"),
        (f"pull --since 30d -a {EXAMPLE} --dry-run", "what would it come to?"),
    ),
    "verify": (
        ("verify -a ./archive", "read it all back"),
        ("verify -a ./archive --sample 1/30", "every night a part: all in 30 days"),
        (f"verify -a {EXAMPLE} --json > verified.json", "for an auditor"),
    ),
    "accept": (
        (
            'accept 3f10cb7c-e61a-11f1-a97c-91b72265b1f5 --reason "listened to it"',
            "one finding",
        ),
        (
            'accept --verdict gone --reason "they confirmed it" -n',
            "what would be accepted?",
        ),
    ),
    "repair": (
        ("repair -a ./archive --dry-run", "what is damaged or missing?"),
        ("repair -a ./archive --from /mnt/copy", "bring it back from a copy"),
    ),
    "probe": (
        ("probe call.mp3", "is it whole, and how long?"),
        ("probe --reported 00:01:33 call.mp3", "is it as long as the portal said?"),
    ),
    "reconcile": (
        ("reconcile --day yesterday -a ./archive", "which calls have no recording?"),
        ("reconcile --since 7d --every-call -a ./archive", "where every call is recorded"),
    ),
    "doctor": (
        ("doctor -a ./archive", "is everything in order?"),
        (f"doctor -a {EXAMPLE} --policy > policy.json", "the rights that a bucket needs"),
    ),
    "config": (
        ("config init", "write the settings file"),
        ("config check", "what is wrong with it?"),
        ("config show", "what is in force, and from where?"),
    ),
    "config init": (
        ("config init", "asks for everything"),
        (
            "config init --archive /srv/calls --token-file ./token --untried",
            "asks nothing",
        ),
    ),
    "config check": (("config check --config ./archiver.toml", "a file that is not in use yet"),),
    "config show": (("config show --account north", "of one account"),),
    "schedule": (
        ("schedule systemd", "a service and its timer"),
        ("schedule cron --at 03:15", "a line for crontab -e"),
        ("schedule kubernetes --image registry.example/archiver:1", "a CronJob"),
    ),
    "schedule systemd": (
        ("schedule systemd --user archiver --at 03:15", "as a user of its own"),
        ("schedule systemd --account north", "of one account"),
    ),
    "schedule cron": (("schedule cron --at 03:15", "a line for crontab -e"),),
    "schedule kubernetes": (
        (
            "schedule kubernetes --image registry.example/archiver:1 | kubectl apply -f -",
            "set it up at once",
        ),
    ),
    "completion": (("completion fish > ~/.config/fish/completions/archiver.fish", "for fish"),),
    "demo": (("demo --archive ./demo-archive", "keep what it archives"),),
    "sandbox": (
        ("sandbox --recordings 60 --days 2 --port 8765", "a portal to try things on"),
        ("sandbox --fault slow=20 --fault missing=2", "one with troubles"),
    ),
}


def epilog(examples: Sequence[Example]) -> str:
    """Return the lines that show examples, each as it can be pasted."""
    lines = [f"  archiver {call}\n      {meaning}" for call, meaning in examples]
    return "\b\nExamples:\n" + "\n".join(lines)


def add_to(command: click.Command, name: str) -> None:
    """Let the help of a command end with its examples, and that of each command below it."""
    if name in EXAMPLES:
        command.epilog = epilog(EXAMPLES[name])
    for below in getattr(command, "commands", {}).values():
        add_to(below, f"{name} {below.name}")
