"""What becomes of a call of the client."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError


def outcome(call: Callable[..., Mapping[str, Any]], **arguments: object) -> tuple[int, str]:
    """Return a call's status and the code it was refused with, ``0`` and an error's name if cut."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"]), error.response["Error"][
            "Code"
        ]
    except HTTPClientError as error:
        return 0, type(error).__name__
    return int(answer["ResponseMetadata"]["HTTPStatusCode"]), ""
