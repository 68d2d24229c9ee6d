"""A bucket as the archive: one PUT for each object, create-only, checked by the server.

Imported only where a bucket is used: boto3 takes half a second to start.
"""
