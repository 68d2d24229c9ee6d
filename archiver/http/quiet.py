"""Keeping the HTTP libraries' own logs free of secrets, whatever handlers a program sets up.

httpx writes every address with its query at INFO, httpcore every header at DEBUG: the token, a
redirect's link. Both clients of this project call :func:`hush` when they are imported.
"""

import logging

HTTPCORE = ("connection", "http11", "http2", "proxy", "socks")


def hush() -> None:
    """Silence httpcore, and cut the query off every address that httpx logs. Harmless twice.

    What is disabled isn't even put together; the filter stays where a program's own settings of
    these loggers enable them again.
    """
    for name in HTTPCORE:
        logger = logging.getLogger(f"httpcore.{name}")
        logger.disabled = True
        logger.addFilter(_nothing)
    logging.getLogger("httpx").addFilter(_without_queries)


def _nothing(_record: logging.LogRecord) -> bool:
    return False


def _without_queries(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    record.msg, record.args = " ".join(word.partition("?")[0] for word in text.split(" ")), ()
    return True
