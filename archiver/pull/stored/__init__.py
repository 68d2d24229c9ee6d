"""What the archive has already: what earlier runs left in it, and what the chain says of it."""
