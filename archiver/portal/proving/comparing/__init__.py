"""Holding an answer against other answers, none of which proves itself."""
