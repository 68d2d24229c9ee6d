"""What a presigned link says of itself. Pure; nothing here prints a link.

Source: AWS Signature Version 4 query parameters: ``X-Amz-Date`` (UTC, basic format) and
``X-Amz-Expires`` (seconds); the older scheme has ``Expires`` (Unix time).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from archiver.secret import Secret

MOST_LIFE_S = 7 * 86_400
MARGIN_S = 60.0
MARGIN_PART = 10


@dataclass(frozen=True, slots=True)
class Link:
    """A link's host, object and deadline (aware UTC).

    ``object`` is its address without the query: it names the object, may hold phone numbers, and is
    for comparing only.
    """

    host: str
    object: str = field(repr=False)
    signed_at: datetime | None
    deadline: datetime | None

    @property
    def life_s(self) -> float | None:
        """How long it was signed for, in seconds; ``None`` when it does not say."""
        if self.signed_at is None or self.deadline is None:
            return None
        return (self.deadline - self.signed_at).total_seconds()

    def is_fresh(self, now: datetime) -> bool:
        """Whether there is time to begin: a margin of 60 s, or a tenth of a short life.

        A hint only: the server's answer decides. A link without a deadline counts as fresh.
        """
        if self.deadline is None:
            return True
        margin = min(MARGIN_S, (self.life_s or 0) / MARGIN_PART)
        return now + timedelta(seconds=margin) < self.deadline


def parse(secret: Secret) -> Link:
    """Read a link; what it does not say, or says in nonsense, is ``None``."""
    return _parse(secret.reveal())


@lru_cache(maxsize=1024)
def _parse(text: str) -> Link:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return Link("", text, None, None)
    names = {name.lower(): value for name, value in parse_qsl(parts.query, max_num_fields=64)}
    signed_at, deadline = _signature_4(names)
    return Link(host, f"{host}{parts.path}", signed_at, deadline or _unix(names.get("expires")))


def _signature_4(names: dict[str, str]) -> tuple[datetime | None, datetime | None]:
    expires = names.get("x-amz-expires", "")
    try:
        signed_at = datetime.strptime(names["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return None, None
    if not (expires.isascii() and expires.isdigit() and len(expires) < 8):  # noqa: PLR2004 - a week
        return signed_at, None
    return signed_at, signed_at + timedelta(seconds=min(int(expires), MOST_LIFE_S))


def _unix(text: str | None) -> datetime | None:
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 11):  # noqa: PLR2004
        return None
    return datetime.fromtimestamp(int(text), UTC)
