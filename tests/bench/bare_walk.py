"""The least that reads every page of a window: requests with httpx, one at a time, and JSON.

python bare_walk.py ENDPOINT TOKEN FIRST LAST
"""

import sys
from itertools import count

import httpx


def main(endpoint: str, token: str, first: str, last: str) -> None:
    """Read the pages until one has no rows."""
    asked = {"datetime[r.created_at]": f"{first} 00:00:00 - {last} 23:59:59"}
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as portal:
        for page in count(1):
            answer = portal.get(f"{endpoint}voice/recordings", params={**asked, "page": page})
            if not answer.json()["data"]["data"]:
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
