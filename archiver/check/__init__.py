"""The second flow: an archive held against its chain, and brought back where it differs."""
