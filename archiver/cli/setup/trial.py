"""Trying settings before they are written, with the checks of ``archiver doctor``."""

from collections.abc import Mapping
from dataclasses import replace

from archiver.app.opening.context import Context
from archiver.config.settings import FromEnvironment, FromFile, Settings
from archiver.config.token import VARIABLE
from archiver.errors import ExitCode


def context_of(settings: Settings, typed: str | None, environ: Mapping[str, str]) -> Context:
    """Return settings as a run will find them; ``typed`` is a token that is in no file yet."""
    if typed is not None:
        environ = {**environ, VARIABLE: typed}
    if typed is not None or (settings.portal.token is None and environ.get(VARIABLE)):
        settings = replace(settings, portal=replace(settings.portal, token=FromEnvironment()))
    return Context(settings, {}, environ)


def has_token(context: Context) -> bool:
    """Whether there is a token to try anything with: its file may be filled later."""
    match context.settings.portal.token:
        case FromFile(path):
            return path.exists()
        case source:
            return source is not None


def run(context: Context) -> ExitCode:
    """Tell every check on stderr; return the exit code of the first that failed, else 0."""
    from archiver.app.doctor import examine
    from archiver.cli.setup.doctor import told
    from archiver.domain.checks import exit_code

    return exit_code([*told(examine(context), err=True)])
