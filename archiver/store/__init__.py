"""Where the archive's objects lie: a folder, a bucket, or memory, under one promise (``base``)."""
