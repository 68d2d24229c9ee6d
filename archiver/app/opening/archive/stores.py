"""The archive's address in the settings, as the kind of store that it names."""

from pathlib import Path

from msgspec.structs import replace

from archiver.app.opening.context import Context
from archiver.config import home
from archiver.domain.retention import UNLOCKED
from archiver.store.base import Store
from archiver.store.kinds import site_of
from archiver.store.sites import Address, Site


def site(context: Context) -> Site:
    """Return where the archive lies. Raises :class:`UsageError` when none is named."""
    return site_at(context.archive(), context)


def site_at(address: str, context: Context) -> Site:
    """Return a site by its address, with all else as the settings say."""
    state = home.state_folder(context.environ)
    return site_of(Address(address, context.settings, state, context.proxy))


def workdir(context: Context) -> Path:
    """Return the private folder of this machine for the archive."""
    return site(context).workdir()


def open_store(context: Context) -> Store:
    """Return the archive's store; nothing is written by opening it. Raises :class:`UsageError`."""
    return site(context).open()


def only_read(context: Context, address: str) -> Context:
    """Return the context of an archive in which nothing is written, and so nothing locked."""
    unlocked = replace(context.settings, archive=address, retention=UNLOCKED)
    return replace(context, settings=unlocked)
