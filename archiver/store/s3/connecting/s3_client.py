"""A client for the bucket: AWS's ordinary chain of credentials, or a profile, or a role."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError
from botocore.session import Session as Core

from archiver import __version__
from archiver.config.s3_options import Options
from archiver.errors import UsageError
from archiver.http.connections import trust
from archiver.store.s3.connecting.expected_owner import name_owner
from archiver.store.s3.connecting.html_pages import refuse_pages
from archiver.store.s3.connecting.known_hashes import sign_by_known_hashes
from archiver.store.s3.connecting.pace import pace
from archiver.store.s3.connecting.redirects import refuse_redirects
from archiver.store.s3.connecting.service_models import find_services_by_name
from archiver.store.s3.connecting.short_bodies import send_at_once

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_ATTEMPTS = 6
_CONNECT_S = 10
_READ_S = 60
_REGION = "us-east-1"
"""What servers that have no regions take."""


def connect(options: Options) -> "S3Client":
    """Return a client; nothing is sent yet. Raises :class:`UsageError`."""
    _quieten()
    _see_variables()
    if options.ca_bundle:
        trust(options.ca_bundle)
    try:
        core = Core(profile=options.profile)
        find_services_by_name(core)
        if options.ca_bundle is None:
            _see_bundle(core.get_config_variable("ca_bundle"))
        if options.role:
            resolver = core.get_component("credential_provider")
            resolver.providers.insert(0, _Role(options.role, options.profile))
        session = boto3.session.Session(botocore_session=core)
        client: S3Client = session.client(
            "s3",
            region_name=options.region or session.region_name or _REGION,
            endpoint_url=options.endpoint,
            verify=str(options.ca_bundle) if options.ca_bundle else None,
            config=_config(options),
        )
    except (BotoCoreError, ValueError) as error:
        raise UsageError(
            f"The bucket's settings can't be used: {error}.",
            advice="Check the s3_ settings and ~/.aws/config.",
        ) from error
    pace(client)
    send_at_once(client)
    sign_by_known_hashes(client)
    name_owner(client)
    refuse_pages(client)
    refuse_redirects(client)
    return client


def _see_variables() -> None:
    """Raise :class:`UsageError` for a credential that no header takes, before it is sent."""
    for name in VARIABLES:
        text = os.environ.get(name, "")
        if text != text.strip() or not text.isprintable() or text[:1] in {'"', "'"}:
            raise UsageError(
                f"{name} has a line break, a blank or a quotation mark around it.",
                advice="Take it away: docker's --env-file and files written on Windows keep them.",
            )


def _see_bundle(path: str | None) -> None:
    """Raise :class:`UsageError` where the certificates that AWS's own settings name are none."""
    if path is None:
        return
    try:
        trust(Path(path))
    except UsageError as error:
        why = error.message.partition(": ")[2]
        raise UsageError(
            f"The certificates of AWS_CA_BUNDLE cannot be used: {why}",
            advice="It is a variable, or ca_bundle in ~/.aws/config: correct it or take it away. "
            "The setting ca_bundle comes first.",
        ) from error


def _quieten() -> None:
    """Let botocore log no more than anybody else, and never at DEBUG.

    There it writes out the credentials that a role is given, and every signature.
    """
    level = max(logging.INFO, logging.getLogger().level)
    logging.getLogger("botocore").setLevel(level)


def _config(options: Options) -> Config:
    proxy = options.proxy.reveal() if options.proxy else None
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": options.style.value},
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        max_pool_connections=options.connections,
        proxies={"http": proxy, "https": proxy} if proxy else {},
        request_checksum_calculation=options.checksums.value,
        response_checksum_validation=options.checksums.value,
        # Every request is made here, of values that were checked where they came in.
        parameter_validation=False,
        # Whole: else botocore makes its own anew for every request, a tenth of what one costs.
        user_agent=f"archiver/{__version__} Boto3/{boto3.__version__}",
    )


class _Role(CredentialProvider):
    """The credentials of a role, taken with those of the profile and renewed before they end."""

    METHOD = "archiver-role"
    CANONICAL_NAME = METHOD

    def __init__(self, role: str, profile: str | None) -> None:
        super().__init__()
        self._role = role
        self._profile = profile

    def load(self) -> DeferredRefreshableCredentials:
        """Return credentials that are fetched when they are first needed."""
        core = Core(profile=self._profile)
        source = core.get_credentials()
        if source is None:
            raise UsageError(
                "There are no AWS credentials to take the role with.",
                advice="Set s3_profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        fetcher = AssumeRoleCredentialFetcher(
            core.create_client, source, self._role, extra_args={"RoleSessionName": "archiver"}
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)
