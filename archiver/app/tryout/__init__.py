"""Trying it without an account."""
