"""Objects on their way into a bucket: each by one PUT that is confirmed."""
