"""A server that AWS's own settings name has a private folder of its own, as one of ours has."""

from pathlib import Path

import pytest

from archiver.config.s3_options import Options
from archiver.config.settings import Settings
from archiver.store.s3.bucket_site import BucketSite
from archiver.store.s3.connecting.configured_endpoint import configured_endpoint
from archiver.store.s3.connecting.s3_client import connect
from archiver.store.sites import Address

ONE, OTHER = "http://one.example", "http://other.example"
CONFIG = f"""
[default]
region = us-east-1
[profile plain]
endpoint_url = {ONE}
[profile services]
services = of-s3
endpoint_url = {ONE}
[services of-s3]
s3 =
  endpoint_url = {OTHER}
[profile ignored]
endpoint_url = {ONE}
ignore_configured_endpoint_urls = true
"""


pytestmark = pytest.mark.usefixtures("quick_clients")


@pytest.fixture(autouse=True)
def _aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AWS's own settings be a file of this test, and no variable."""
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("profile", [None, "plain", "services", "ignored"])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_ENDPOINT_URL": "http://all.example"},
        {"AWS_ENDPOINT_URL": "http://all.example", "AWS_ENDPOINT_URL_S3": "http://s3.example"},
        {"AWS_ENDPOINT_URL": ONE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_PROFILE": "plain"},
    ],
)
def test_it_is_the_one_that_the_client_goes_to(
    profile: str | None, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asked = connect(Options(profile=profile)).meta.endpoint_url
    assert (configured_endpoint(profile) or "https://s3.amazonaws.com") == asked


def test_two_servers_share_no_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folder(endpoint: str | None = None) -> Path:
        settings = Settings(s3=Options(endpoint=endpoint))
        return BucketSite(Address("s3://calls/a", settings, tmp_path, lambda _: None)).workdir()

    at_aws = folder()
    found = {at_aws}
    for server in (ONE, OTHER):
        monkeypatch.setenv("AWS_ENDPOINT_URL", server)
        assert folder() == folder(server), "whoever says it, it is one server"
        found.add(folder())
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert (len(found), folder()) == (3, at_aws)


def test_a_profile_that_is_not_there_is_told_by_the_client(tmp_path: Path) -> None:
    assert configured_endpoint("unknown") is None
    settings = Settings(s3=Options(profile="unknown"))
    address = Address("s3://calls/a", settings, tmp_path, lambda _: None)
    assert BucketSite(address).workdir().parent == tmp_path
