"""Object Lock: which lock an object gets, and whether the bucket holds to one."""
