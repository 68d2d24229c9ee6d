"""The terms on which a sandbox serves: what stays the same while it runs."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from archiver.sandbox.portal.page_layouts import SandboxShape

Auth = Literal["both", "header", "query"]
BUCKET = "media-bucket"


class Terms(Struct, frozen=True):
    """``auth`` is how the token may come; ``link_life`` is in seconds, ``rate_limit`` a minute."""

    tokens: frozenset[str]
    shape: SandboxShape
    auth: Auth
    per_page: int
    link_life: int
    rate_limit: int | None
    root_path: str
    now: Callable[[], datetime]
