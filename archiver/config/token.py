"""Fetching the token from where it is kept; it is never shown, written or passed on.

Who may have a token file open is in :mod:`archiver.config.token_file`. A command runs without a
shell, and without ``ARCHIVER_TOKEN`` in its environment. The keyring is an extra, imported when a
token is kept there.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from archiver.config.settings import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    TokenSource,
    Typed,
)
from archiver.config.token_file import read
from archiver.errors import NoToken
from archiver.secret import Secret

VARIABLE = "ARCHIVER_TOKEN"
MAX_BYTES = 65_536
COMMAND_SECONDS = 60


def resolve(source: TokenSource | None, environ: Mapping[str, str]) -> Secret:
    """Return the token. Raises :class:`NoToken` when there is none, or it is not kept safely."""
    match source:
        case FromEnvironment():
            return _token(environ.get(VARIABLE, ""), VARIABLE)
        case FromFile(path):
            return _token(read(path, environ), "The token file")
        case FromCommand(argv):
            return _token(_run(argv, environ), "What token_command printed")
        case FromKeyring(service, user):
            return _token(_look_up(service, user), "The keyring's entry")
        case None:
            raise NoToken(
                "There is no token.", advice=f"Set {VARIABLE}, or run: archiver config init"
            )


def where(source: TokenSource | None) -> str:
    """Return how the token is kept, in words that may be shown."""
    match source:
        case Typed():
            return "set (typed)"
        case FromEnvironment():
            return "set (from environment)"
        case FromFile():
            return "set (from file)"
        case FromCommand():
            return "set (from command)"
        case FromKeyring():
            return "set (from keyring)"
        case None:
            return "not set"


def _token(text: str, origin: str) -> Secret:
    """Take the first line, if it can stand in a header."""
    token = text.strip().partition("\n")[0].strip()
    if not token:
        raise NoToken(f"{origin} is empty: there is no token in it.")
    if wrong := _wrong(token):
        raise NoToken(f"{origin} is no token: {wrong}.")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise NoToken(f"{origin} is no token: one holds neither spaces nor special characters.")
    return Secret(token)


def _wrong(token: str) -> str:
    """Say what was kept beside the token, in words that repeat nothing of it."""
    if token[0] in "\"'" and token[-1] == token[0]:
        return "it is in quotation marks, which docker's --env-file keeps. Take them away"
    if token.lower().startswith("bearer "):
        return "it begins with Bearer. Keep what stands after that alone"
    if token.startswith(f"{VARIABLE}="):
        return f"it is a line of an environment file. Keep what stands after {VARIABLE}= alone"
    return ""


def _run(argv: tuple[str, ...], environ: Mapping[str, str]) -> str:
    name = Path(argv[0]).name
    try:
        done = subprocess.run(  # noqa: S603  # the user's own command, without a shell
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={key: value for key, value in environ.items() if key != VARIABLE},
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoToken(f"token_command ({name}) took over {COMMAND_SECONDS} s.") from error
    except OSError as error:
        raise NoToken(f"token_command ({name}) cannot be run: {error.strerror}.") from error
    if done.returncode:
        raise NoToken(f"token_command ({name}) ended with status {done.returncode}.")
    return done.stdout[:MAX_BYTES].decode("utf-8", "replace")


def _look_up(service: str, user: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError, KeyringLocked
    except ImportError as error:
        raise NoToken(
            "token_keyring needs the keyring package, which isn't installed.",
            advice="Install it: pip install 'recording-archiver[keyring]'",
        ) from error
    try:
        kept = keyring.get_password(service, user)
    except KeyringLocked as error:
        raise NoToken(
            "The keyring is locked.",
            advice="Unlock it. For a nightly run use token_file: nobody is logged in then.",
        ) from error
    except KeyringError as error:
        raise NoToken(
            f"There is no keyring that can be used ({type(error).__name__}).",
            advice="Ask it yourself: keyring diagnose. A token_file needs none.",
        ) from error
    if kept is None:
        raise NoToken(
            "The keyring keeps nothing for the service and user of token_keyring.",
            advice="Put the token there: keyring set SERVICE USER",
        )
    return kept
