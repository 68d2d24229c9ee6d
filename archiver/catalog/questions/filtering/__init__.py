"""Choosing recordings by filters, and what is said of each."""
