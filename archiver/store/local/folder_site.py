"""A folder as the place of an archive: beside it is room for all that this machine keeps."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from archiver.domain.checks import Check
from archiver.domain.layout import PRIVATE
from archiver.errors import UsageError
from archiver.json_documents import Json
from archiver.store.base import Store
from archiver.store.local import mounts
from archiver.store.local.folder_check import check_folder
from archiver.store.local.local_store import LocalStore
from archiver.store.local.preconditions import require_usable_folder
from archiver.store.sites import Address


class FolderSite(Struct, frozen=True):
    """The site of an archive that is a folder."""

    address: Address
    credentials: str = ""

    @property
    def folder(self) -> Path:
        """The folder."""
        return Path(self.address.text)

    @property
    def state(self) -> Path | None:
        """A folder of this user for this archive."""
        named = hashlib.sha256(f"folder {self.address.text}".encode()).hexdigest()
        return self.address.state and self.address.state / named[:16]

    def workdir(self) -> Path:
        """Return the private folder in it."""
        return self.folder / PRIVATE

    def open(self) -> Store:
        """Return its store."""
        settings = self.address.settings
        if settings.checked_retention().locks:
            raise UsageError(
                "A folder can't lock what is stored in it.",
                advice="Archive into a bucket with Object Lock, or take lock and legal_hold away.",
            )
        return LocalStore(self.folder, file_mode=settings.file_mode, folder_mode=settings.dir_mode)

    def require_usable(self, *, among_others: bool = False) -> None:
        """See that its disk is mounted, and the folder an archive's or one to begin in."""
        self.require_there()
        require_usable_folder(self.folder, among_others=among_others)

    def require_there(self) -> None:
        """See that its disk is mounted."""
        if memory := self._mount_memory:
            mounts.require_mounted(self.folder, memory)

    def prepare(self, store: Store) -> None:
        """Do nothing: whoever can write to it may."""

    def remember(self) -> None:
        """Note where its disk is mounted."""
        if memory := self._mount_memory:
            mounts.remember(self.folder, memory)

    def checks(self, see: Callable[[], object], elsewhere: Callable[[], str]) -> Iterator[Check]:
        """Yield one check: a file is stored as every recording will be."""
        yield check_folder(self.folder, see, elsewhere)

    def uses(self) -> Mapping[tuple[str, ...], Callable[[], object]]:
        """Return that nothing is to be locked."""
        return {("lock", "retain", "legal_hold"): self.open}

    def policy(self) -> Json:
        """Raise :class:`UsageError`: the file system's own rights decide."""
        raise UsageError("Only a bucket has a policy.", advice="Give --archive s3://bucket/prefix.")

    @property
    def _mount_memory(self) -> Path | None:
        """The file for that, which is not on that disk; ``None`` where the user has no home."""
        return self.state and self.state / "mount"
