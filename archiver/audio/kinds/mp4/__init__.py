"""MP4: boxes, tracks and fragments."""
