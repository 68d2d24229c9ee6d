"""Each answer stands by the name and version of the server that gave it."""

from tests.s3servers.__main__ import figures
from tests.s3servers.question import Answer

GIVEN = [
    Answer("Old 1.0", "is it kept", "no", "yes"),
    Answer("Old 1.0", "is it there", "yes", "yes"),
    Answer("New 2.0", "is it kept", "yes", "yes"),
]


def test_no_answer_is_passed_off_as_another_server_s() -> None:
    assert figures(GIVEN) == {
        "Old 1.0: answers as AWS": "1 of 2",
        "New 2.0: answers as AWS": "1 of 1",
        "is it kept (AWS: yes)": "Old 1.0: no; New 2.0: the same",
        "is it there (AWS: yes)": "Old 1.0: the same",
    }
