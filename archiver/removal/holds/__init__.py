"""Holds: what they bind, a bucket's own legal holds for them, and the erasures they put off."""
