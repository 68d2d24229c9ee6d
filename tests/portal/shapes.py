"""One answer in each of the three shapes that a portal may give it."""

from archiver.portal.wire.answers import AnswerShape
from tests.canaries import SIGNATURE

LINK = f"https://media.example/k.mp3?X-Amz-Signature={SIGNATURE}"
ROW = {
    "id": "c136768e-8c0e-11e9-b795-6c2b59c79f5a",
    "call_from": "447700900122",
    "audio": LINK,
    "duration": "00:01:33",
    "created_at": "2019-06-11 06:04:21",
    "extra": {"kept": [1, LINK]},
}
ABOUT = {"current_page": 1, "last_page": 1, "per_page": 15, "total": 1}
ANSWERS = {
    AnswerShape.NESTED: {"status": "OK", "data": {**ABOUT, "data": [ROW]}},
    AnswerShape.RESOURCE: {
        "status": 200,
        "data": [ROW],
        "meta": ABOUT,
        "links": {"next": "//evil/"},
    },
    AnswerShape.FLAT: {"status": "OK", "data": [ROW]},
}
