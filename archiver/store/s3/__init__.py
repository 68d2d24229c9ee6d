"""A bucket as the archive: one PUT for each object, create-only, checked by the server.

Imported only where a bucket is used: botocore takes a third of a second to start.
"""
