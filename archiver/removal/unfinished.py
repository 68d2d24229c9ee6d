"""What is said of erasures that were begun, and never came to their end."""

from archiver.domain.quantities import counted


def told_unfinished(count: int) -> str:
    """Return in words how many there are, and what finishes them."""
    return f"{counted(count, 'erasure')} begun, not finished. Run: archiver erase --finish"
