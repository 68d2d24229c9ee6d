"""What a bucket does of what it is asked: tried, and remembered on this machine."""
