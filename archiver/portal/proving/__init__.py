"""Listings that can be believed: generators that ask for pages and are sent them. Pure."""
