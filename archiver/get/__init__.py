"""Finding one or a few recordings, in an archive or at the portal, and fetching them."""
