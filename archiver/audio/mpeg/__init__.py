"""MPEG audio: a walk over its frames, and what stands around them."""
