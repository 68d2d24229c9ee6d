"""How names of a folder are cleared: a file is linked to another name, or removed."""

import os
from contextlib import suppress

from msgspec import Struct

from archiver.domain.layout import checked
from archiver.store.disk.folders import Folders, sync
from archiver.store.local.file_names import adopt, handling, hash_on_disk, link, sync_file
from archiver.store.os_errors import map_os_errors


class FolderClearing(Struct, frozen=True):
    """Clears names below ``folders``. Safe for threads."""

    folders: Folders

    def set_aside(self, key: str, new_key: str) -> None:
        """Link the file to ``new_key``, then remove ``key``.

        Bytes, new name and old name reach the disk in that order: it may never have synced what was
        copied in or left by a killed run, and at no moment may both names be lost.
        """
        *names, name = checked(key).split("/")
        *new_names, new_name = checked(new_key).split("/")
        with (
            handling(key, f"setting {key} aside"),
            self.folders.open(names) as folder,
            self.folders.open(new_names, create=True) as new_folder,
        ):
            _, sha256 = hash_on_disk(folder, name)
            sync_file(folder, name)
            if not link(folder, name, new_folder, new_name):
                adopt(new_key, new_folder, new_name, sha256)
            sync(new_folder)
            os.unlink(name, dir_fd=folder)
            sync(folder)

    def uncover(self, key: str, version: str | None, sha256: str) -> None:
        """Do nothing: there is one version."""

    def remove_versions(self, key: str) -> None:
        """Remove the file; that is on disk when this returns, also where it was gone before."""
        *names, name = checked(key).split("/")
        with (
            map_os_errors(f"removing {key}"),
            suppress(FileNotFoundError),
            self.folders.open(names) as folder,
        ):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            sync(folder)
