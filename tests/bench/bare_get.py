"""The least that gets one recording by its id: two requests with httpx, and a file; no check.

python bare_get.py ENDPOINT TOKEN ID DAY FILE
"""

import sys
from pathlib import Path

import httpx


def main(endpoint: str, token: str, id_: str, day: str, path: str) -> None:
    """List the first page of the day, find the id, download."""
    asked = {"datetime[r.created_at]": f"{day} 00:00:00 - {day} 23:59:59"}
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as portal:
        listed = portal.get(f"{endpoint}voice/recordings", params=asked).json()["data"]["data"]
    link = next(row["audio"] for row in listed if row["id"] == id_)
    with httpx.Client() as media:
        Path(path).write_bytes(media.get(link).content)


if __name__ == "__main__":
    main(*sys.argv[1:])
