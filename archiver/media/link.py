"""Links: presigned addresses, secret while they live, and when they die. Pure.

This is the only place that takes a link apart. What is checked (``allow_list``) and what is
connected to (``http``) are both these parts, so no second parser can read the same text another
way. The path is kept as it came: S3 keys may hold ``/../``, which must not be folded. What PHP adds
or leaves out is mended as browsers do: blanks around, ``&amp;``, a fragment, a final dot of the
host; a space and letters beyond ASCII are percent-encoded.

>>> parse(Secret("https://b.s3.amazonaws.com/k?X-Amz-Date=20210412T045621Z&X-Amz-Expires=900"))
<link>
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from msgspec import Struct

from archiver.secret import Secret, Unshown

MARGIN_S = 60
YOUNG = 0.9
"""Of a link's life that is left, the least of one that is as good as new."""
MAX_LENGTH = 16_384
LONGEST_HOST = 253
"""Of a name in the DNS (RFC 1035, 2.3.4); it is named in messages."""
SECRET_LENGTH = 16
"""A value of a query that is shorter opens nothing."""
OF_ANSWERS = "response-"
"""Begins the parameters that say what headers S3 is to answer with: no secrets."""
DEFAULT_PORTS = {"https": 443, "http": 80}
_LINK = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*)\.?"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>/[!-~]*)",
    re.IGNORECASE | re.ASCII,
)
_RAW = re.compile(r"[^\x00-\x1f!-\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WEB = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_SCHEME = re.compile(r"(data|file|ftps?|gs|rtmp|rtsp|s3|sftp|wss?)(?=:)", re.IGNORECASE)
"""Named in a refusal: any other may be a secret."""
_KEPT = 1_024
"""So many links stay taken apart: more than a slice has, as each is looked at at every stage."""
_SECONDS = re.compile(r"[0-9]{1,12}")
_IN_HAND = 64
"""Of so many links that are fetched it stays known what may not be kept of the answers."""
_SIGNED = re.compile(r"[0-9]{8}T[0-9]{6}Z")


class Link(Unshown, Struct, frozen=True):
    """A link taken apart. ``scheme`` and ``host`` are lower case, IPv6 hosts keep their brackets.

    A text that is no plain http(s) address gives a link with an empty ``host``, which every
    allow-list refuses, and a ``flaw`` that says why: one odd row must not stop a listing.
    ``target`` is path and query as they go on the wire. ``deadline`` is aware UTC and ``life_s``
    the seconds from signing to it, as far as the link says. ``object`` is the address without its
    query: for comparing only, since object keys hold phone numbers.
    """

    scheme: str
    host: str
    port: int
    target: str
    object: str
    deadline: datetime | None
    life_s: int | None
    flaw: str = ""

    def is_fresh(self, now: datetime) -> bool:
        """Whether there is life enough left at ``now``; a hint, the media server decides.

        The margin is the smaller of a minute and a tenth of the link's life.
        """
        if self.deadline is None:
            return True
        margin = MARGIN_S if self.life_s is None else min(MARGIN_S, self.life_s / 10)
        return now + timedelta(seconds=margin) < self.deadline

    def is_young(self, now: datetime) -> bool:
        """Whether nine tenths of its life are left at ``now``, by what the link says of it."""
        if self.deadline is None or self.life_s is None:
            return False
        return now + timedelta(seconds=self.life_s * YOUNG) <= self.deadline

    def is_told_by(self, text: str) -> bool:
        """Whether a text holds what opens the recording: a long value of the link's query."""
        return len(text) >= SECRET_LENGTH and any(value in text for value in _secrets(self.target))


@lru_cache(_IN_HAND)
def _secrets(target: str) -> frozenset[str]:
    """Return what of a query opens the recording, as sent and as meant: its long values."""
    query = target.partition("?")[2]
    as_sent = [each.partition("=")[::2] for each in query.split("&")]
    return frozenset(
        value
        for name, value in (*as_sent, *parse_qsl(query))
        if len(value) >= SECRET_LENGTH and not name.startswith(OF_ANSWERS)
    )


@lru_cache(_KEPT)
def parse(secret: Secret) -> Link:
    """Take a link apart; never raises."""
    served = secret.reveal()
    text = _plain(served) if len(served) <= MAX_LENGTH else served
    parts = _LINK.fullmatch(text) if len(text) <= MAX_LENGTH else None
    port = int(parts["port"] or DEFAULT_PORTS[parts["scheme"].lower()]) if parts else 0
    if parts is None or len(parts["host"]) > LONGEST_HOST or not 0 < port < 1 << 16:
        return Link("", "", 0, "", text.partition("?")[0], None, None, _flaw(text))
    scheme, host, target = parts["scheme"].lower(), parts["host"].lower(), parts["target"]
    path, _, query = target.partition("?")
    deadline, life_s = _life(dict(each.partition("=")[::2] for each in query.split("&")))
    return Link(scheme, host, port, target, f"{scheme}://{host}:{port}{path}", deadline, life_s)


def _plain(served: str) -> str:
    """Return a link as a browser would send it; what can't be is left for the pattern to refuse."""
    text = served.strip().replace("&amp;", "&")
    head, _, tail = text.partition("#")
    is_in_a_name = "?" in tail and "?" not in head
    text = text.replace("#", "%23") if is_in_a_name else head
    return _RAW.sub(lambda raw: quote(raw[0], safe="", errors="surrogatepass"), text)


def _flaw(text: str) -> str:
    """Say why a text is no plain http(s) address, without a word that may be secret."""
    web = _WEB.match(text)
    if len(text) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} characters"
    if web is None:
        other = _SCHEME.match(text)
        is_html = text.startswith("<")
        unknown = "is HTML, and no link by itself" if is_html else "has no http:// or https://"
        return f"it begins with {other[1].lower()}:" if other else f"it {unknown}"
    if _CONTROL.search(text):
        return "it has control characters in it"
    if "@" in web[1]:
        return "it names a user"
    if not text[web.end() :].startswith("/"):
        return "it has no path"
    return "its host or its port is in no form that is known"


def _life(query: dict[str, str]) -> tuple[datetime | None, int | None]:
    """Read when a link dies, and how long it lives.

    Signature version 4 says both in ``X-Amz-Date`` and ``X-Amz-Expires`` (Amazon S3 API reference,
    "Authenticating requests: using query parameters"), version 2 a Unix time in ``Expires``.
    """
    seconds = query.get("X-Amz-Expires") or query.get("Expires", "")
    if not _SECONDS.fullmatch(seconds):
        return None, None
    try:
        if not query.get("X-Amz-Expires"):
            return datetime.fromtimestamp(int(seconds), UTC), None
        date = query.get("X-Amz-Date", "")
        if not _SIGNED.fullmatch(date):
            return None, None
        return datetime.fromisoformat(date) + timedelta(seconds=int(seconds)), int(seconds)
    except (ValueError, OverflowError, OSError):
        return None, None
