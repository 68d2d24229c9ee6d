"""``archiver schedule``: print a systemd timer, cron line or CronJob for these settings.

The units stand on stdout, what to do with them on stderr. Nothing is installed, and no secret is in
them: the job reads the settings file, and the token from where that says it is kept.
"""

import os
import platform
import pwd
import shlex
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.options import account_option, archive_option, config_option
from archiver.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from archiver.app.opening.context import Context
    from archiver.cli.setup.units.job import Job

at_option = click.option(
    "--at",
    type=click.DateTime(["%H:%M"]),
    default="02:30",
    show_default=True,
    metavar="HH:MM",
    help="The earliest time; it begins within the hour.",
)


@click.group()
def command() -> None:
    """Print a nightly job for systemd, cron or Kubernetes.

    Of several accounts in the settings, each gets a job of its own, or those that --account names.
    """


@command.command()
@archive_option
@account_option
@config_option
@at_option
@click.option("--user", metavar="NAME", help="Run as this user [default: you].")
def systemd(user: str | None, **options: Any) -> None:  # noqa: ANN401  # as click gives them
    """Print a hardened service and its timer, in this machine's time."""
    from archiver.cli.screen.console import emit
    from archiver.cli.setup.units.systemd import units

    jobs = _jobs(options, has_credentials=True)
    click.echo("\n".join(units(job, user or _own_name()) for job in jobs), nl=False)
    for folder in dict.fromkeys(folder for job in jobs for folder in job.writes):
        if not Path(folder).exists():
            emit(f"{folder} is not there yet. Make it, as that user, before the first run.")
    emit("Save each part under the name in its first line, then:")
    timers = " ".join(f"{job.name}.timer" for job in jobs)
    emit(f"systemctl daemon-reload && systemctl enable --now {timers}")


@command.command()
@archive_option
@account_option
@config_option
@at_option
def cron(**options: Any) -> None:  # noqa: ANN401  # as click gives them
    """Print a line for your own crontab, in this machine's time."""
    from archiver.cli.screen.console import emit
    from archiver.cli.setup.units.cron import line

    click.echo("".join(map(line, _jobs(options))), nl=False)
    emit("Put it into your crontab: crontab -e")


@command.command()
@archive_option
@account_option
@config_option
@at_option
@click.option("--image", required=True, metavar="IMAGE", help="The image that holds archiver.")
def kubernetes(image: str, **options: Any) -> None:  # noqa: ANN401  # as click gives them
    """Print a CronJob for kubectl, as JSON; its times are UTC."""
    from archiver.cli.screen.console import emit
    from archiver.cli.setup.units.kubernetes import manifest

    jobs = _jobs(options, beside=("archive", "token"))
    click.echo(manifest(jobs, image), nl=False)
    for job in jobs:
        emit(f"It wants a volume claim and a secret named {job.name}; with TOKEN a file, by:")
        emit(
            f"kubectl create secret generic {job.name} "
            f"{shlex.quote(f'--from-file=archiver.toml={job.config}')} --from-file=token=TOKEN"
        )


def _jobs(
    options: dict[str, Any],
    beside: tuple[str, ...] = ("archive",),
    *,
    has_credentials: bool = False,
) -> "list[Job]":
    """Return what to run, for each account; jobs get the fields of ``beside`` not from the file.

    With ``has_credentials`` it may be given files by systemd. Raises :class:`UsageError` when the
    settings are not in a file.
    """
    from archiver.app.opening import context as configuration
    from archiver.cli import loading
    from archiver.cli.screen.console import emit

    at: datetime = options.pop("at")
    contexts = loading.load_each(options)
    config = configuration.find_file(options["config"], os.environ)
    if config is None:
        raise UsageError(
            "There is no settings file, and a nightly run reads nothing else.",
            advice="Write one: archiver config init",
        )
    if "token" not in beside:
        for context in contexts:
            _see_token_source(config, context, has_credentials=has_credentials)
    behind = dict.fromkeys(each for context in contexts for each in _left_behind(context, beside))
    for variable in behind:
        emit(f"Warning: {variable} is set here and not in the job, which reads {config} alone.")
    return [_job(context, config, at) for context in contexts]


def _job(context: "Context", config: Path, at: "datetime") -> "Job":
    from archiver.cli.setup.units.job import Job, delay

    return Job(
        program=_program(),
        config=config,
        archive=context.archive(),
        at=at.time(),
        delay=delay(f"{platform.node()} {context.archive()}"),
        metrics=context.settings.notify.metrics,
        names_archive=not context.places["archive"].startswith(f"{config}:"),
        account=context.account,
    )


def _see_token_source(config: Path, context: "Context", *, has_credentials: bool) -> None:
    """Raise :class:`UsageError` where the job could not tell from its file where the token is."""
    from archiver.cli import loading
    from archiver.cli.screen.console import emit
    from archiver.config.settings import CREDENTIALS, FromFile

    environ = {name: text for name, text in os.environ.items() if not name.startswith("ARCHIVER_")}
    account = (context.account,) if context.account else ()
    alone = loading.load({"config": config, "account": account}, environ)
    kept = alone.settings.portal.token
    if isinstance(kept, FromFile) and kept.path.parts[0] == CREDENTIALS:
        if not has_credentials:
            raise UsageError(
                f"token_file is {kept.path}, which only a systemd service has.",
                advice="Keep the token in a file of your own (0600) and name that in token_file.",
            )
        emit(f"The service needs a line LoadCredential={kept.path.name}:FILE, where the token is.")
    if kept is None:
        raise UsageError(
            f"{config} does not say where the token is kept, and the job reads nothing else.",
            advice="Set token_file in it (or token_command, token_keyring), then print the job.",
        )


def _left_behind(context: "Context", beside: tuple[str, ...]) -> Iterator[str]:
    """Yield the variables that decide something here and nothing in the job."""
    from archiver.app.opening.archives import site
    from archiver.config.proxies import VARIABLES

    for field, place in context.places.items():
        if place.startswith("ARCHIVER_") and field not in beside:
            yield place
    foreign = VARIABLES if context.settings.network.proxy is None else frozenset()
    prefix = site(context).credentials
    for name in sorted(context.environ):
        is_credential = bool(prefix) and name.startswith(prefix)
        if is_credential or name.lower() in foreign:
            yield name


def _own_name() -> str:
    """Return the name of whoever runs this; the number, where it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _program() -> Path:
    """Return the full path of the installed command: a job has no PATH to look it up in."""
    try:
        files = metadata.files("recording-archiver") or ()
    except metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == "archiver" and file.parent.name == "bin":
            return Path(os.path.normpath(file.locate()))
    raise UsageError(
        "The archiver command of this installation can't be found.",
        advice="Install it with pip or pipx, and run the installed command.",
    )
