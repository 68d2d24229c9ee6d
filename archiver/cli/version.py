"""What a bug report needs to know of this installation."""

import platform
import sqlite3
import ssl
from importlib import metadata

from archiver import __version__
from archiver.manifest.format import FORMAT

DEPENDENCIES = (
    "boto3",
    "certifi",
    "click",
    "httpcore",
    "httpx",
    "msgspec",
    "mutagen",
    "tqdm",
    "urllib3",
)
EXTRAS = ("keyring", "distributed")


def describe() -> str:
    """Return the versions of archiver and of all that it stands on, one a line."""
    return "\n".join(
        (
            f"archiver {__version__}",
            f"archive format {FORMAT}",
            f"Python {platform.python_version()} ({platform.python_implementation()})",
            platform.platform(),
            ssl.OPENSSL_VERSION,
            f"SQLite {sqlite3.sqlite_version}",
            *(f"{name} {_version(name)}" for name in (*DEPENDENCIES, *EXTRAS)),
        )
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "is not installed"
