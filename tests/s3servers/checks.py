"""What every server is held to. Not collected by ``make test``: it has to be named.

python -m pytest tests/s3servers/checks.py
"""

from collections.abc import Callable

import pytest

from tests.s3servers import access, locking, reading, writing
from tests.s3servers.question import ANSWER, Answer, Question
from tests.s3servers.server import Endpoint, Server

QUESTIONS = (*writing.QUESTIONS, *locking.QUESTIONS, *access.QUESTIONS, *reading.QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_server_answers_as_aws_does_or_as_is_known_of_it(
    server: Server,
    endpoint: Endpoint,
    question: Question,
    record_property: Callable[[str, object], None],
) -> None:
    said = question.ask(endpoint)
    record_property(ANSWER, Answer(endpoint.server, question.name, said, question.aws))
    assert said in {question.aws, server.differs.get(question.name)}


def test_what_is_known_of_a_server_is_asked(server: Server) -> None:
    assert {*server.differs} <= {question.name for question in QUESTIONS}
