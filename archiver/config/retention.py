"""What the settings say is to be locked."""

from archiver.config.settings import Settings
from archiver.domain.retention import Retention
from archiver.errors import UsageError


def retention_of(settings: Settings) -> Retention:
    """Return what is to be locked. Raises :class:`UsageError` for what makes no sense together."""
    if (settings.lock is None) != (settings.retain is None):
        raise UsageError(
            "lock and retain belong together: how, and how long.",
            advice="Give both, such as --lock governance --retain 5y, or neither.",
        )
    return Retention(
        settings.lock,
        settings.retain,
        settings.legal_hold,
        settings.lock_after,
        settings.max_retain,
    )
