"""Which server AWS's own settings name for S3, where ours name none: boto3 goes by them.

A variable comes before ``~/.aws/config``, and what is for S3 alone before what is for all (AWS SDKs
and Tools Reference Guide, service-specific endpoints).
"""

import os
from contextlib import suppress
from functools import lru_cache

from botocore.exceptions import BotoCoreError
from botocore.session import Session as Core

_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_FILES_BY = (
    "HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)  # fmt: skip
"""What decides which files and which profile are read, and whether they count."""


def configured_endpoint(profile: str | None) -> str | None:
    """Return that server's address; ``None`` for AWS, and where the profile is not there."""
    names = (*_VARIABLES, *_FILES_BY)
    return _configured(profile, tuple(os.environ.get(name) for name in names))


@lru_cache
def _configured(profile: str | None, told: tuple[str | None, ...]) -> str | None:
    """Look it up once, since that reads files; ``told`` is what the variables say."""
    with suppress(BotoCoreError):
        core = Core(profile=profile)
        if core.get_config_variable("ignore_configured_endpoint_urls"):
            return None
        of_profile = core.get_scoped_config()
        services = core.full_config.get("services", {}).get(of_profile.get("services"), {})
        of_files = (services.get("s3", {}).get("endpoint_url"), of_profile.get("endpoint_url"))
        return next((each for each in (*told[: len(_VARIABLES)], *of_files) if each), None)
    return None
