"""A check-up of a portal, its media hosts and an archive's place; it changes nothing."""
