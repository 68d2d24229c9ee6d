"""One bucket, and what is read of it: objects, versions, listings, its own settings."""
