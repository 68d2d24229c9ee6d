"""A bucket as the place of an archive: this machine keeps its part in the user's own folder."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from archiver.config.s3_options import Options, is_account, place
from archiver.config.settings import Settings
from archiver.domain.checks import Check
from archiver.errors import UsageError
from archiver.json_documents import Json
from archiver.store.base import Store
from archiver.store.s3.bucket_check import check_bucket, refuse_public
from archiver.store.s3.bucket_store import BucketStore
from archiver.store.s3.connecting.configured_endpoint import configured_endpoint
from archiver.store.s3.connecting.s3_client import connect
from archiver.store.s3.policy import policy
from archiver.store.sites import Address

AWS = "https://s3.amazonaws.com"
SPARE_CONNECTIONS = 8
"""For the manifests, and for sidecars that are read while all workers send."""


class BucketSite(Struct, frozen=True):
    """The site of an archive that is a bucket, or a part of one."""

    address: Address
    credentials: str = "AWS_"
    state: None = None

    @property
    def _settings(self) -> Settings:
        return self.address.settings

    def workdir(self) -> Path:
        """Return a folder of this machine's user, by the server and the address."""
        s3 = self._settings.s3
        server = s3.endpoint or configured_endpoint(s3.profile) or AWS
        where = f"{server} {self.address.text}"
        named = hashlib.sha256(where.encode()).hexdigest()
        if self.address.state is None:
            raise self.address.no_home()
        return self.address.state / named[:16]

    def open(self) -> BucketStore:
        """Return its store; nothing is sent yet."""
        chosen, where = self.options(), place(self.address.text)
        kept = self._settings.checked_retention()
        return BucketStore(connect(chosen), where, chosen, self.workdir(), kept)

    def require_usable(self, *, among_others: bool = False) -> None:
        """Do nothing: the server decides, once it is asked."""

    def require_there(self) -> None:
        """Do nothing: a server that is not there answers nothing."""

    def prepare(self, store: Store) -> None:
        """Refuse a public bucket, and one that does not lock what is to be locked."""
        if not isinstance(store, BucketStore):
            return
        if not self._settings.s3.public:
            refuse_public(store.bucket.facts())
        store.memory.clear()
        if self._settings.checked_retention().locks:
            store.memory.prove_locks()

    def remember(self) -> None:
        """Do nothing: a bucket is nowhere else tomorrow."""

    def checks(self, see: Callable[[], object], elsewhere: Callable[[], str]) -> Iterator[Check]:
        """Yield what the bucket does and says of itself."""
        try:
            store, kept = self.open(), self._settings.checked_retention()
        except UsageError as error:
            yield Check.fail("archive", error)
            return

        def see_all() -> None:
            see()
            elsewhere()

        may_be_public = self._settings.s3.public
        options, named = self.options(), self.address.text
        yield from check_bucket(store, named, options, kept, see_all, may_be_public=may_be_public)

    def uses(self) -> Mapping[tuple[str, ...], Callable[[], object]]:
        """Return what is to be locked, and whom the bucket must belong to."""
        return {
            ("lock", "retain", "legal_hold"): self._settings.checked_retention,
            ("s3_owner",): lambda: _owner(self._settings),
        }

    def policy(self) -> Json:
        """Return the policy of whoever writes to it."""
        settings = self._settings
        return policy(
            place(self.address.text),
            settings.s3.encryption,
            locks=settings.checked_retention().locks,
            is_aws=settings.s3.endpoint is None,
        )

    def options(self) -> Options:
        """Return how the bucket is reached."""
        settings = self._settings
        return replace(
            settings.s3,
            owner=_owner(settings),
            proxy=self.address.proxy_for(settings.s3.endpoint or self._host_at_aws()),
            ca_bundle=settings.network.ca_bundle,
            connections=settings.network.workers + SPARE_CONNECTIONS,
        )

    def _host_at_aws(self) -> str:
        """Return the address of the archive's own bucket at AWS: proxies may depend on it."""
        bucket, region = place(self.address.text).bucket, self._settings.s3.region
        return f"https://{bucket}.s3.{f'{region}.' if region else ''}amazonaws.com"


def _owner(settings: Settings) -> str | None:
    """Return whom the bucket must belong to. Raises :class:`UsageError` for a name at AWS."""
    named = settings.s3.owner
    if named and settings.s3.endpoint is None and not is_account(named):
        raise UsageError(
            "s3_owner must be such as 123456789012: AWS's accounts are twelve digits.",
            advice="Of a server that is not AWS, set s3_endpoint as well.",
        )
    return named
