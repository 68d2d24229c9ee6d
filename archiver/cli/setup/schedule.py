"""``archiver schedule``: print a systemd timer, cron line or CronJob for these settings.

The units stand on stdout, what to do with them on stderr. Nothing is installed, and no secret is in
them: the job reads the settings file, and the token from where that says it is kept.
"""

import os
import pwd
import shlex
from typing import Any

import click

from archiver.app.setup.schedule import Job, ScheduleRequest, schedule
from archiver.app.setup.service_user import ServiceUser, out_of_sight
from archiver.cli.examples import examples
from archiver.cli.loading import settings_request
from archiver.cli.options import archive_option, settings_options
from archiver.cli.screen.console import emit
from archiver.cli.setup.units.cron import line
from archiver.cli.setup.units.kubernetes import manifest
from archiver.cli.setup.units.systemd import units
from archiver.config.home import is_there

at_option = click.option(
    "--at",
    type=click.DateTime(["%H:%M"]),
    default="02:30",
    show_default=True,
    metavar="HH:MM",
    help="The earliest time; it begins within the hour.",
)


@click.group(
    epilog=examples(
        ("schedule systemd", "a service and its timer"),
        ("schedule cron --at 03:15", "a line for crontab -e"),
        ("schedule kubernetes --image registry.example/archiver:1", "a CronJob"),
    )
)
def command() -> None:
    """Print a nightly job for systemd, cron or Kubernetes.

    Of several accounts in the settings, each gets a job of its own, or those that --account names.
    """


@command.command(
    epilog=examples(
        ("schedule systemd --user archiver --at 03:15", "as a user of its own"),
        ("schedule systemd --account north", "of one account"),
    )
)
@archive_option
@settings_options
@at_option
@click.option("--user", metavar="NAME", help="Run as this user [default: you].")
def systemd(user: str | None, **options: Any) -> None:  # noqa: ANN401  # as click gives them
    """Print a hardened service and its timer, in this machine's time."""
    runner = user or _own_name()
    is_another = runner != _own_name()
    jobs = _jobs(options, has_credentials=True, is_run_by_another=is_another)
    text = "\n".join(units(job, runner) for job in jobs)
    other = ServiceUser.of(runner) if is_another else None
    click.echo(text, nl=False)
    hindered = (each for job in jobs for each in (other.hindered(job) if other else ()))
    unseen = (each for job in jobs for each in out_of_sight(job))
    for warning in dict.fromkeys((*hindered, *unseen)):
        emit(warning)
    for folder in dict.fromkeys(folder for job in jobs for folder in job.writes):
        if not is_there(folder):
            emit(f"{folder} is not there yet. Make it, as that user, before the first run.")
    emit("Save each part under the name in its first line, then:")
    timers = " ".join(f"{job.name}.timer" for job in jobs)
    emit(f"systemctl daemon-reload && systemctl enable --now {timers}")


@command.command(
    epilog=examples(
        ("schedule cron --at 03:15", "a line for crontab -e"),
        ("schedule cron --account north", "of one account"),
    )
)
@archive_option
@settings_options
@at_option
def cron(**options: Any) -> None:  # noqa: ANN401  # as click gives them
    """Print a line for your own crontab, in this machine's time."""
    click.echo("".join(map(line, _jobs(options))), nl=False)
    emit("Put it into your crontab: crontab -e")


@command.command(
    epilog=examples(
        (
            "schedule kubernetes --image registry.example/archiver:1 > archiver.yaml",
            "look at it first",
        ),
        (
            "schedule kubernetes --image registry.example/archiver:1 | kubectl apply -f -",
            "set it up at once",
        ),
    )
)
@archive_option
@settings_options
@at_option
@click.option("--image", required=True, metavar="IMAGE", help="The image that holds archiver.")
def kubernetes(image: str, **options: Any) -> None:  # noqa: ANN401  # as click gives them
    """Print a CronJob for kubectl, as JSON; its times are UTC."""
    jobs = _jobs(options, given=("archive", "token"))
    click.echo(manifest(jobs, image), nl=False)
    for job in jobs:
        emit(f"It wants a volume claim and a secret, both named {job.name}.")
        emit("To make the secret, where TOKEN is the file that holds the token:")
        emit(
            f"kubectl create secret generic {job.name} "
            f"{shlex.quote(f'--from-file=archiver.toml={job.config}')} --from-file=token=TOKEN"
        )


def _jobs(
    options: dict[str, Any],
    given: tuple[str, ...] = ("archive",),
    *,
    has_credentials: bool = False,
    is_run_by_another: bool = False,
) -> tuple[Job, ...]:
    """Return what to run, for each account, after saying what a person must know or do besides."""
    at, settings = options["at"].time(), settings_request(options)
    request = ScheduleRequest(
        at, settings, given, has_credentials=has_credentials, is_run_by_another=is_run_by_another
    )
    result = schedule(request)
    for remark in result.remarks:
        emit(remark)
    return result.jobs


def _own_name() -> str:
    """Return the name of whoever runs this; the number, where it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
