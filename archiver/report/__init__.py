"""One page of an archive, in one file: days, findings, recordings, and how to check them."""
