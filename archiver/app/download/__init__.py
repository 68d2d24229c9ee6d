"""Listing, getting and pulling."""
