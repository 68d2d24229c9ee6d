"""Moments, windows and clocks: the portal's, this machine's, and what a person types."""
