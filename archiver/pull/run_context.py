"""What the stages of a run share."""

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.concurrency.stop import StopRequested, StopToken
from archiver.open_archive import OpenArchive
from archiver.portal.client import Client
from archiver.portal.session import PortalSession
from archiver.pull.events import Announce
from archiver.pull.ledger.ledger import Ledger
from archiver.store.base import Store


class RunContext(Struct, frozen=True):
    """One portal, one archive, and the books of one run; what is made of them is each stage's own.

    ``stopping`` is set by the run when it winds up, and ends every wait and transfer;
    ``stop_requested`` tells whether someone wants it to.
    """

    client: Client
    session: PortalSession
    archive: OpenArchive
    ledger: Ledger
    stopping: StopToken
    stop_requested: StopRequested
    announce: Announce

    @property
    def store(self) -> Store:
        """Where the archive's objects lie."""
        return self.archive.store

    @property
    def catalog(self) -> Catalog:
        """What is known of the archive."""
        return self.archive.catalog
