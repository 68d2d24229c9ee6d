"""Keeping the HTTP library's own logs free of secrets, whatever handlers a program sets up.

httpcore writes every header at DEBUG: the token, a redirect's link. Both clients of this project
call :func:`hush` when they are imported.
"""

import logging

HTTPCORE = ("connection", "http11", "http2", "proxy", "socks")


def hush() -> None:
    """Silence httpcore. Harmless twice.

    What is disabled isn't even put together; the filter stays where a program's own settings of
    these loggers enable them again.
    """
    for name in HTTPCORE:
        logger = logging.getLogger(f"httpcore.{name}")
        logger.disabled = True
        logger.addFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False
