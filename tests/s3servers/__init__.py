"""Real S3 servers on loopback, and what each of them can and can't do.

``server`` says what a server is, ``ceph`` and ``localstack`` start one each, ``questions`` are put
to it by plain boto3, ``checks`` holds the answers to what is known, and ``python -m
tests.s3servers`` tells them. None of these servers is AWS: what one of them does is said of that
server and version alone. ``make test`` starts none; its S3 is ``tests/s3``.
"""
