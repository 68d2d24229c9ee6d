"""How a bucket is reached: the client, its errors in words, and answers that are none of S3."""
