"""What a bug report needs to know of this installation."""

import platform
from importlib import metadata

from archiver import __version__

DEPENDENCIES = ("boto3", "click", "httpx", "mutagen", "tqdm")


def describe() -> str:
    """Return the versions of archiver, Python, the platform and each dependency, one a line."""
    return "\n".join(
        (
            f"archiver {__version__}",
            f"Python {platform.python_version()} ({platform.python_implementation()})",
            platform.platform(),
            *(f"{name} {metadata.version(name)}" for name in DEPENDENCIES),
        )
    )
