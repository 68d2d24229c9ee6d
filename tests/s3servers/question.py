"""A question to a server, and how its answer is put into words."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from msgspec import Struct

from tests.s3servers.server import Endpoint

Reply = Mapping[str, Any]
TOLD, UNTOLD = "told", "not told"
ANSWER = "answer"
"""The property by which a test tells an :class:`Answer`."""


class Question(Struct, frozen=True):
    """What is asked of a server, and what AWS's documentation says that AWS answers."""

    name: str
    aws: str
    ask: Callable[[Endpoint], str]


class Answer(Struct, frozen=True):
    """What a server, named with its version, said to a question, and what AWS is said to say."""

    server: str
    question: str
    said: str
    aws: str


def _status(reply: Reply) -> int:
    return int(reply["ResponseMetadata"]["HTTPStatusCode"])


def outcome(call: Callable[[], Reply], said: Callable[[Reply], object] = _status) -> str:
    """Return what the reply to a call ``said``, or how it was refused: ``404 NoSuchKey``."""
    try:
        return str(said(call()))
    except ClientError as refused:
        status, code = str(_status(refused.response)), refused.response["Error"]["Code"]
        return status if code == status else f"{status} {code}"


def told(reply: Reply, **fields: object) -> str:
    """Return whether a reply has these fields, with these values."""
    return TOLD if all(reply.get(name) == value for name, value in fields.items()) else UNTOLD
